"""A further phone or e-mail of a lead, client or contact person."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import TABLE_OPTIONS, Batched, Model, Recorded, one_of

if TYPE_CHECKING:
    from app.models.client import Client, ContactPerson
    from app.models.lead import Lead


class ContactKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"


class ContactPoint(Recorded, Batched, Model):
    """`key` is E.164 or the normalised address (empty when not valid), `typed` as people wrote it.

    The only row that goes with its owner by a database cascade.
    """

    __tablename__ = "contact_point"
    __table_args__ = (
        one_of("kind", ContactKind),
        CheckConstraint(
            "(CASE WHEN lead_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN client_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_owner",
        ),
        Index(None, "key", "kind"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    typed: Mapped[str] = mapped_column(String(320))  # the longest e-mail text that intake keeps
    key: Mapped[str | None] = mapped_column(String(320))
    extension: Mapped[str | None] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(60), default="")
    lead_id: Mapped[int | None] = mapped_column(
        ForeignKey("lead.id", ondelete="CASCADE"), index=True
    )
    client_id: Mapped[int | None] = mapped_column(
        ForeignKey("client.id", ondelete="CASCADE"), index=True
    )
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("contact_person.id", ondelete="CASCADE"), index=True
    )

    lead: Mapped[Lead | None] = relationship(back_populates="contact_points")
    client: Mapped[Client | None] = relationship(back_populates="contact_points")
    person: Mapped[ContactPerson | None] = relationship(back_populates="contact_points")

    def __repr__(self) -> str:
        return self.typed
