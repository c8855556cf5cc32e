"""A source: an ad service that may push leads, with its tokens and its platform's secrets."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import phonenumbers
from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import N_, Invalid, NotAllowedNow
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
from app.models.contacts import clean_text
from app.models.sealing import seal

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.campaign import Campaign
    from app.models.own_form import OwnForm

ENVIRONMENT = "TOKENS_API"  # the source of the tokens that stand in the environment
LAST_USED_EVERY = timedelta(minutes=1)
IDEMPOTENCY_KEPT = timedelta(days=7)
PREFIX_LENGTH = 8
SECRET_LIMIT = 500
MOST_MAPPED = 100
MOST_A_MINUTE = 1_000_000


class Scope(StrEnum):
    PUSH_LEADS = "push_leads"
    READ_STATISTICS = "read_statistics"


class Assignment(StrEnum):
    """Who is responsible for the leads that a source sends."""

    NOBODY = "nobody"
    PERSON = "person"
    IN_TURN = "in_turn"


class SourceFormat(StrEnum):
    """How a source's requests are read; each is a file of app/intake/formats."""

    GENERIC = "generic"
    FORM = "form"
    TILDA = "tilda"
    GOOGLE = "google"
    META = "meta"
    VK = "vk"
    TIKTOK = "tiktok"
    TYPEFORM = "typeform"
    YANDEX = "yandex"
    OWN_FORM = "own_form"  # belongs to an own form, and is made with it
    FILE = "file"  # of what people import; no platform posts to it


class SecretName(StrEnum):
    """What a platform and we both know. A signing secret must fit each request; the others are
    said in a handshake or used to fetch.
    """

    SIGNING = "signing"
    VERIFY_TOKEN = "verify_token"  # noqa: S105 -- a name
    CONFIRMATION = "confirmation"
    ACCESS_TOKEN = "access_token"  # noqa: S105 -- a name


# What each format may hold, its signing secret first.
SECRETS_OF: dict[str, tuple[SecretName, ...]] = {
    SourceFormat.GOOGLE: (SecretName.SIGNING,),
    SourceFormat.META: (SecretName.SIGNING, SecretName.VERIFY_TOKEN, SecretName.ACCESS_TOKEN),
    SourceFormat.VK: (SecretName.SIGNING, SecretName.CONFIRMATION),
    SourceFormat.TIKTOK: (SecretName.SIGNING,),
    SourceFormat.TYPEFORM: (SecretName.SIGNING,),
}

# Where a field of a source can be mapped to; "ignore" keeps it in the raw body alone.
ANSWER, IGNORE = "answer", "ignore"
TARGETS = (
    "first_name", "last_name", "middle_name", "name", "fio", "phone", "email", "company_name",
    "job_title", "language", "campaign", "external_id", "submitted_at", "click_id", "consent",
    "consent_text", ANSWER, IGNORE,
)  # fmt: skip


def digest_of(token: str) -> str:
    """SHA-256 in hex; a random token of 256 bits needs no slow hash (ADR 0006)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_address() -> str:
    """What stands in the address of a source: not to be guessed, and no secret either."""
    return secrets.token_urlsafe(16)


class Source(Noun, Editable, PutAway, Batched, Model):
    """`format` names how its requests are read; `needs_campaign` rejects those without one.

    `address` is its own part of /in/…; `phone_region` reads national phones when they are not of
    the company's region; `mapping` says {name of a sent field: field of ours}. `honeypot` is a
    field that only robots fill in, `thanks_url` where a form's visitor goes, `group_id` the
    community that alone may send (VK).
    """

    __tablename__ = "source"
    __table_args__ = (
        one_of("assignment", Assignment), one_of("format", SourceFormat), TABLE_OPTIONS,
    )  # fmt: skip

    name: Mapped[str] = mapped_column(String(100), unique=True)
    format: Mapped[str] = mapped_column(String(40), default=SourceFormat.GENERIC.value)
    address: Mapped[str] = mapped_column(String(32), unique=True, default=new_address)
    default_campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    needs_campaign: Mapped[bool] = mapped_column(Boolean, default=False)
    assignment: Mapped[str] = mapped_column(String(20), default=Assignment.NOBODY.value)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    phone_region: Mapped[str | None] = mapped_column(String(2))
    mapping: Mapped[dict[str, str] | None] = mapped_column(Json)
    honeypot: Mapped[str] = mapped_column(String(100), default="")
    thanks_url: Mapped[str] = mapped_column(String(500), default="")
    group_id: Mapped[str] = mapped_column(String(40), default="")

    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    default_campaign: Mapped[Campaign | None] = relationship()
    own_form: Mapped[OwnForm | None] = relationship(back_populates="source")
    tokens: Mapped[list[SourceToken]] = relationship(
        back_populates="source", order_by="SourceToken.id"
    )
    secrets: Mapped[list[SourceSecret]] = relationship(
        back_populates="source", cascade="all, delete-orphan", order_by="SourceSecret.id"
    )

    EDITABLE = (
        "name", "format", "default_campaign", "needs_campaign", "assignment", "assignee",
        "phone_region", "honeypot", "thanks_url", "group_id",
    )  # fmt: skip

    def change(self, **values: Any) -> None:
        if "name" in values:
            values["name"] = checked_text("name", values["name"], limit=100)
            required("name", values["name"])
            told = N_("There is a source with this name already.")
            refuse_twin(self, "name", values["name"], told)
        if values.get("format") not in (None, *SourceFormat):
            raise Invalid.of("format", N_("Choose one of the formats."))
        self._check_own_form(values)
        for field, limit in (("honeypot", 100), ("thanks_url", 500), ("group_id", 40)):
            if field in values:
                values[field] = checked_text(field, values[field] or "", limit=limit)
        if "phone_region" in values:
            values["phone_region"] = _checked_region(values["phone_region"])
        address = values.get("thanks_url", "")
        if address and not address.startswith(("https://", "http://")):
            raise Invalid.of("thanks_url", N_("Write an address that begins with https://."))
        group = values.get("group_id", "")
        if group and not (group.isascii() and group.isdigit()):
            raise Invalid.of("group_id", N_("Write the number of the community."))
        self.assign(values)
        if self.assignment == Assignment.PERSON and self.assignee is None:
            raise Invalid.of("assignee", N_("Choose who is responsible."))

    def _check_own_form(self, values: dict[str, Any]) -> None:
        wanted, own = values.get("format", self.format), SourceFormat.OWN_FORM
        if wanted != self.format and own in (wanted, self.format):
            told = N_("The source of an own form comes and goes with it: see Forms.")
            raise Invalid.of("format", told)

    @property
    def takes_tokens(self) -> bool:
        """Not that of an own form, which visitors fill in at its own address."""
        return self.format != SourceFormat.OWN_FORM

    @property
    def secret_names(self) -> tuple[SecretName, ...]:
        return SECRETS_OF.get(SourceFormat(self.format), ())

    @property
    def is_signed(self) -> bool:
        """Whether its requests must carry a signature or a key, and not a token."""
        may = SecretName.SIGNING in self.secret_names
        return may and any(one.name == SecretName.SIGNING and one.is_live for one in self.secrets)

    def use_mapping(self, mapping: dict[str, str]) -> None:
        """From the next request on. Raises Invalid for more than 100 names or an unknown field."""
        kept: dict[str, str] = {}
        for name, target in mapping.items():
            name = clean_text(name)[:100]
            if target not in TARGETS:
                raise Invalid.of("mapping", N_("There is no field “%(target)s”."), target=target)
            if name:
                kept[name] = target
        if len(kept) > MOST_MAPPED:
            raise Invalid.of("mapping", N_("More than %(most)s names."), most=MOST_MAPPED)
        self.mapping = kept or None

    def change_address(self) -> None:
        """The old address is refused from the next request on."""
        self.address = new_address()

    def keep_secret(
        self, name: SecretName, text: str | None = None, overlap: timedelta = timedelta(0)
    ) -> str:
        """Seals a platform's secret, or draws one when there is no text; the returned text is
        never shown again. Earlier ones of the name go on fitting for the time of the overlap.
        """
        if name not in self.secret_names:
            raise NotAllowedNow(N_("This format holds no such secret."))
        text = (text or "").strip() or secrets.token_urlsafe(24)
        if len(text) > SECRET_LIMIT or not text.isprintable():
            raise Invalid.of("secret", N_("Write up to %(most)s printable characters."),
                             most=SECRET_LIMIT)  # fmt: skip
        for one in self.secrets:
            if one.name == name:
                one.end(overlap)
        self.secrets.append(SourceSecret(name=str(name), sealed=seal(text)))
        return text

    def replace_token(self, token: SourceToken, overlap: timedelta) -> str:
        """A new token that may do the same; the old one opens the doors until the overlap ends."""
        if not token.is_live:
            raise NotAllowedNow(N_("This token has ended already. Issue a new one."))
        token.end(overlap)
        return self.issue_token(tuple(token.scopes), per_minute=token.per_minute)

    def issue_token(
        self,
        scopes: tuple[str, ...] = (Scope.PUSH_LEADS,),
        expires_at: datetime | None = None,
        per_minute: int | None = None,
    ) -> str:
        """Makes a token and returns its text, which is never shown again. `per_minute` requests
        may come with it; None: as many as the setting API_RATE_LIMIT says.
        """
        if not scopes or not set(scopes) <= set(Scope):
            raise Invalid.of("scopes", N_("Choose at least one."))
        if per_minute is not None and not 1 <= per_minute <= MOST_A_MINUTE:
            raise Invalid.of(
                "per_minute", N_("Write a number from 1 to %(most)s."), most=MOST_A_MINUTE
            )
        text = secrets.token_urlsafe(32)
        self.tokens.append(
            SourceToken(
                prefix=text[:PREFIX_LENGTH],
                digest=digest_of(text),
                scopes=[str(scope) for scope in scopes],
                expires_at=expires_at,
                per_minute=per_minute,
            )
        )
        return text

    def put_away(self, reason: str) -> None:
        """Revokes every token at once and shuts its address; what it sent stays."""
        for token in self.tokens:
            token.revoke()
        self._mark_put_away(reason)

    def bring_back(self) -> None:
        """Its tokens stay revoked; issue a new one."""
        self._mark_brought_back()

    def __repr__(self) -> str:
        return self.name


class Ending:
    """What holds until it expires or is revoked: whichever comes first, from the next request."""

    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > utc_now())

    def revoke(self) -> None:
        """The next request with it is refused."""
        if self.revoked_at is None:
            self.revoked_at = utc_now()

    def end(self, overlap: timedelta) -> None:
        """Holds no longer than the overlap, which gives people the time to put in the next one."""
        if not self.is_live:
            return
        if overlap <= timedelta(0):
            self.revoke()
        else:
            until = utc_now() + overlap
            self.expires_at = min(self.expires_at, until) if self.expires_at else until


class SourceToken(Recorded, Ending, Batched, Model):
    """A key to the token doors. Only its SHA-256 is kept; `last_used_at` is right to a minute;
    `per_minute` limits its requests, None: as the setting API_RATE_LIMIT does.
    """

    __tablename__ = "source_token"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    prefix: Mapped[str] = mapped_column(String(PREFIX_LENGTH))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    per_minute: Mapped[int | None] = mapped_column(Integer)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    source: Mapped[Source] = relationship(back_populates="tokens")

    def __repr__(self) -> str:
        return f"{self.prefix}…"


class SourceSecret(Recorded, Ending, Model):
    """A platform's secret, encrypted with the setting SECRETS_KEY; never shown again."""

    __tablename__ = "source_secret"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
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


def _checked_region(value: str | None) -> str | None:
    region = (value or "").strip().upper()
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid.of("phone_region", N_("Write two letters of a country, such as RU."))
    return region or None
