"""A submission: one request from a source, one imported row or one manual entry; never lost."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from app.models.base import TABLE_OPTIONS, Batched, Json, Model, UtcDateTime, one_of
from app.models.clock import utc_now

if TYPE_CHECKING:
    from app.models.campaign import Campaign
    from app.models.lead import Lead
    from app.models.source import Source


class Outcome(StrEnum):
    """Pending: the platform sent an id alone, and the answers are still to be fetched."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    REJECTED = "rejected"
    TEST = "test"
    FAILED = "failed"
    PENDING = "pending"


class Submission(Batched, Model):
    """`body` holds the raw bytes with secrets stripped, `body_digest` their SHA-256 as received.

    `reasons` and `warnings` map a field to a list of {code, params}. `first_id` of a repeated one
    points to the accepted submission that it repeats. `campaign_sent` keeps an unknown id as text,
    `form_id` the platform's form. `fetches` counts the tries to fetch a pending one's answers, the
    next of which is due at `fetch_at`. `click_kind` says whose the click id is (ClickKind),
    `visitor_id` is the person as Yandex Metrica knows them.
    """

    __tablename__ = "submission"
    __table_args__ = (
        one_of("outcome", Outcome),
        Index(
            "uq_submission_source_id_external_id_accepted",
            "source_id",
            "external_id",
            unique=True,
            sqlite_where=text("outcome = 'accepted' AND external_id IS NOT NULL"),
            postgresql_where=text("outcome = 'accepted' AND external_id IS NOT NULL"),
        ),
        Index(
            "ix_submission_pending",
            "source_id",
            "external_id",
            sqlite_where=text("outcome = 'pending'"),
            postgresql_where=text("outcome = 'pending'"),
        ),
        Index(None, "received_at", "id"),
        Index(None, "source_id", "received_at"),
        Index(None, "outcome", "received_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    door: Mapped[str] = mapped_column(String(40), default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    media_type: Mapped[str] = mapped_column(String(100), default="")
    body: Mapped[bytes] = deferred(mapped_column(LargeBinary, default=b""))
    body_digest: Mapped[str] = mapped_column(String(64), default="")
    external_id: Mapped[str | None] = mapped_column(String(255))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), index=True)
    campaign_sent: Mapped[str | None] = mapped_column(String(100))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    first_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"), index=True)
    form_id: Mapped[str | None] = mapped_column(String(100))
    answers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    click_id: Mapped[str | None] = mapped_column(String(255))
    click_kind: Mapped[str | None] = mapped_column(String(20))
    visitor_id: Mapped[str | None] = mapped_column(String(40))
    utm: Mapped[dict[str, Any] | None] = mapped_column(Json)
    consent_text: Mapped[str | None] = mapped_column(Text)
    consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_test: Mapped[bool] = mapped_column(Boolean, default=False)
    outcome: Mapped[str] = mapped_column(String(20))
    reasons: Mapped[dict[str, Any] | None] = mapped_column(Json)
    warnings: Mapped[dict[str, Any] | None] = mapped_column(Json)
    fetches: Mapped[int] = mapped_column(Integer, default=0)
    fetch_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))

    source: Mapped[Source | None] = relationship()
    campaign: Mapped[Campaign | None] = relationship()
    lead: Mapped[Lead | None] = relationship(back_populates="submissions")
    first: Mapped[Submission | None] = relationship(remote_side=[id])

    def __repr__(self) -> str:
        return f"{self.id} ({self.outcome})"
