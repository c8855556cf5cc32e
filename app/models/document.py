"""A document: one PDF of one version of a contract's terms. The row is the queue (law 3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)  # fmt: skip
from sqlalchemy.orm import Mapped, deferred, mapped_column, object_session, relationship

from app.errors import N_, NotAllowedNow
from app.models.base import TABLE_OPTIONS, Batched, Json, Model, UtcDateTime, one_of
from app.models.clock import utc_now

if TYPE_CHECKING:
    from app.models.contract import Contract

MAX_ATTEMPTS = 5


class DocumentKind(StrEnum):
    GENERATED = "generated"
    SIGNED_COPY = "signed_copy"


class DocumentState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class Document(Batched, Model):
    """`terms` are frozen when the version is ordered. A lease (token and end) marks the worker that
    renders it; after `attempts` = 5 failures the state is failed until somebody retries.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("contract_id", "kind", "version"),
        one_of("kind", DocumentKind),
        one_of("state", DocumentState),
        CheckConstraint("state <> 'ready' OR content IS NOT NULL", name="ready_has_content"),
        Index(None, "state", "next_try_at", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    kind: Mapped[str] = mapped_column(String(20), default=DocumentKind.GENERATED.value)
    version: Mapped[int] = mapped_column(Integer)
    terms: Mapped[dict[str, Any]] = mapped_column(Json)
    media_type: Mapped[str] = mapped_column(String(100), default="application/pdf")
    size: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    state: Mapped[str] = mapped_column(String(20), default=DocumentState.WAITING.value)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str | None] = mapped_column(Text)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    contract: Mapped[Contract] = relationship(back_populates="documents")

    @property
    def is_ready(self) -> bool:
        return self.state == DocumentState.READY

    def retry(self) -> None:
        """Puts a failed document back into the queue with fresh tries."""
        session = object_session(self)
        if session is not None:
            session.flush()
            # A colleague may have been quicker. Its contract, joined by a page, is not locked.
            session.refresh(self, with_for_update={"of": Document})
        if self.is_ready:
            raise NotAllowedNow(N_("This document is ready."))
        self.state = DocumentState.WAITING.value
        self.attempts = 0
        self.reason = None
        self.next_try_at = utc_now()
        self.lease_token = self.leased_until = None

    def __repr__(self) -> str:
        return f"{self.kind} v{self.version}"
