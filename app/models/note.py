"""A note: one line of the story of a lead or client. The sentence is made when it is shown."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import N_, NotAllowedNow
from app.models.actor import current_actor
from app.models.base import TABLE_OPTIONS, Batched, Json, Model, UtcDateTime, one_of
from app.models.checks import checked_text, required
from app.models.clock import utc_now

if TYPE_CHECKING:
    from app.models.client import Client
    from app.models.contract import Contract
    from app.models.lead import Lead


class NoteKind(StrEnum):
    PERSON = "person"
    CALL = "call"
    CREATED = "created"
    CHANGED = "changed"
    ASSIGNED = "assigned"
    CLAIM_TAKEN = "claim_taken"
    ASKED_AGAIN = "asked_again"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"
    REOPENED = "reopened"
    SIGNED = "signed"
    AMENDED = "amended"
    COMPLETED = "completed"
    TERMINATED = "terminated"
    VOIDED = "voided"
    DELETED = "deleted"
    PUT_AWAY = "put_away"
    BROUGHT_BACK = "brought_back"
    MERGED = "merged"


PEOPLES_KINDS = (NoteKind.PERSON, NoteKind.CALL)


class Note(Batched, Model):
    """`changes` is a JSON list of {field, old, new} in machine form; `facts` what else the sentence
    needs (a deleted draft's service and amount, a call's outcome). `author` is kept as text beside
    the user or source, so that the story outlives them.
    """

    __tablename__ = "note"
    __table_args__ = (
        one_of("kind", NoteKind),
        CheckConstraint("lead_id IS NOT NULL OR client_id IS NOT NULL", name="whose"),
        Index(None, "at", "id"),
        Index(None, "lead_id", "at"),
        Index(None, "client_id", "at"),
        Index(None, "contract_id", "at"),
        # The pinned ones of a lead or client are few among all that was said.
        *(
            Index(
                f"ix_note_{whose}_pinned",
                whose,
                postgresql_where=text("pinned"),
                sqlite_where=text("pinned = 1"),
            )
            for whose in ("lead_id", "client_id")
        ),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text, default="")
    changes: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    facts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    pinned: Mapped[bool] = mapped_column(Boolean, default=False)
    author_kind: Mapped[str] = mapped_column(String(20), default=lambda: current_actor().kind)
    author: Mapped[str] = mapped_column(String(200), default=lambda: current_actor().name)
    author_user_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id"), default=lambda: current_actor().user_id
    )
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"))

    lead: Mapped[Lead | None] = relationship(back_populates="notes")
    client: Mapped[Client | None] = relationship(back_populates="notes")
    contract: Mapped[Contract | None] = relationship(back_populates="notes")

    @property
    def is_of_people(self) -> bool:
        return self.kind in PEOPLES_KINDS

    def rewrite(self, text: str) -> None:
        """Changes what a person wrote. System notes cannot be edited."""
        if not self.is_of_people:
            raise NotAllowedNow(N_("Only notes that people wrote can be edited."))
        self.text = written(text)

    @property
    def can_be_pinned(self) -> bool:
        return self.is_of_people

    def pin(self) -> None:
        """It stands above the story. Only what people wrote is worth that."""
        if not self.can_be_pinned:
            raise NotAllowedNow(N_("Only notes that people wrote can be pinned."))
        self.pinned = True

    def unpin(self) -> None:
        self.pinned = False

    def __repr__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"


def written(text: str) -> str:
    """A person's words: cleaned, not empty, at most 10,000 characters."""
    words = checked_text("text", text, limit=10_000, multiline=True)
    required("text", words)
    return words
