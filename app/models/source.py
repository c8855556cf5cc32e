"""A source: an ad service that may push leads, with its tokens and its platform's secrets."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import N_, Invalid
from app.models.base import (
    TABLE_OPTIONS,
    Batched,
    Editable,
    Json,
    Model,
    Noun,
    PutAway,
    Recorded,
    UtcDateTime,
    one_of,
)  # fmt: skip
from app.models.checks import checked_text, refuse_twin, required
from app.models.clock import utc_now

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.campaign import Campaign

ENVIRONMENT = "TOKENS_API"  # the source of the tokens that stand in the environment
LAST_USED_EVERY = timedelta(minutes=1)
IDEMPOTENCY_KEPT = timedelta(days=7)
PREFIX_LENGTH = 8


class Scope(StrEnum):
    PUSH_LEADS = "push_leads"
    READ_STATISTICS = "read_statistics"


class Assignment(StrEnum):
    """Who is responsible for the leads that a source sends."""

    NOBODY = "nobody"
    PERSON = "person"
    IN_TURN = "in_turn"


def digest_of(token: str) -> str:
    """SHA-256 in hex; a random token of 256 bits needs no slow hash (ADR 0006)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Source(Noun, Editable, PutAway, Batched, Model):
    """`format` names how its requests are read; `needs_campaign` rejects those without one."""

    __tablename__ = "source"
    __table_args__ = (one_of("assignment", Assignment), TABLE_OPTIONS)

    name: Mapped[str] = mapped_column(String(100), unique=True)
    format: Mapped[str] = mapped_column(String(40), default="generic")
    default_campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    needs_campaign: Mapped[bool] = mapped_column(Boolean, default=False)
    assignment: Mapped[str] = mapped_column(String(20), default=Assignment.NOBODY.value)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))

    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    default_campaign: Mapped[Campaign | None] = relationship()
    tokens: Mapped[list[SourceToken]] = relationship(
        back_populates="source", order_by="SourceToken.id"
    )
    secrets: Mapped[list[SourceSecret]] = relationship(
        back_populates="source", cascade="all, delete-orphan"
    )

    EDITABLE = ("name", "default_campaign", "needs_campaign", "assignment", "assignee")

    def change(self, **values: Any) -> None:
        if "name" in values:
            values["name"] = checked_text("name", values["name"], limit=100)
            required("name", values["name"])
            told = N_("There is a source with this name already.")
            refuse_twin(self, "name", values["name"], told)
        self.assign(values)
        if self.assignment == Assignment.PERSON and self.assignee is None:
            raise Invalid.of("assignee", N_("Choose who is responsible."))

    def issue_token(
        self, scopes: tuple[str, ...] = (Scope.PUSH_LEADS,), expires_at: datetime | None = None
    ) -> str:
        """Makes a token and returns its text, which is never shown again."""
        text = secrets.token_urlsafe(32)
        self.tokens.append(
            SourceToken(
                prefix=text[:PREFIX_LENGTH],
                digest=digest_of(text),
                scopes=[str(scope) for scope in scopes],
                expires_at=expires_at,
            )
        )
        return text

    def put_away(self, reason: str) -> None:
        """Revokes every token at once; what it sent stays."""
        for token in self.tokens:
            token.revoke()
        self._mark_put_away(reason)

    def bring_back(self) -> None:
        """Its tokens stay revoked; issue a new one."""
        self._mark_brought_back()

    def __repr__(self) -> str:
        return self.name


class SourceToken(Recorded, Batched, Model):
    """A key to the token doors. Only its SHA-256 is kept; `last_used_at` is right to a minute."""

    __tablename__ = "source_token"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    prefix: Mapped[str] = mapped_column(String(PREFIX_LENGTH))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    source: Mapped[Source] = relationship(back_populates="tokens")

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > utc_now())

    def revoke(self) -> None:
        """The next request with it is refused."""
        if self.revoked_at is None:
            self.revoked_at = utc_now()

    def __repr__(self) -> str:
        return f"{self.prefix}…"


class SourceSecret(Recorded, Model):
    """A platform's signing secret, encrypted with the setting SECRETS_KEY; never shown again."""

    __tablename__ = "source_secret"
    __table_args__ = (UniqueConstraint("source_id", "name"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    name: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    source: Mapped[Source] = relationship(back_populates="secrets")


class IdempotencyKey(Model):
    """A request that a source named itself: the same key within 7 days gets the stored answer."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        UniqueConstraint("source_id", "key"),
        Index(None, "created_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    key: Mapped[str] = mapped_column(String(255))
    body_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
