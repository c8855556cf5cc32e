"""A webhook: an address of another program that is told what happened here, and each telling.

A telling (delivery) is written in the transaction of the change that it tells, with its body as it
will be sent; the row is the queue and, once it is over, the log. app/webhooks sends it.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    select,
)  # fmt: skip
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.errors import N_, Invalid, NotAllowedNow
from app.models.base import (
    TABLE_OPTIONS,
    Editable,
    Json,
    Model,
    Noun,
    PutAway,
    UtcDateTime,
    one_of,
)  # fmt: skip
from app.models.checks import checked_text, refuse_twin, required
from app.models.clock import utc_now
from app.models.sealing import seal

ADDRESS_LIMIT = 500
SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105 -- by which Standard Webhooks knows a secret
KEPT = timedelta(days=30)  # how long a delivery is remembered

_private = False


def allow_private(value: bool) -> None:
    """Called once by the wiring with the setting WEBHOOK_PRIVATE: whether webhooks may go to
    private networks and this machine, and over http.
    """
    global _private  # noqa: PLW0603 -- one setting, one process
    _private = value


def may_be_private() -> bool:
    return _private


class HookEvent(StrEnum):
    """What may be told. A test is told on request alone."""

    LEAD_CONVERTED = "lead.converted"
    CONTRACT_SIGNED = "contract.signed"
    CONTRACT_AMENDED = "contract.amended"
    CONTRACT_COMPLETED = "contract.completed"
    CONTRACT_TERMINATED = "contract.terminated"
    CONTRACT_VOIDED = "contract.voided"
    CONTRACT_RESTORED = "contract.restored"
    TEST = "test"


TOLD = tuple(event for event in HookEvent if event is not HookEvent.TEST)


class WhyOff(StrEnum):
    """`failing`: nothing has been accepted for days; `gone`: the receiver answered 410."""

    BY_HAND = "by_hand"
    FAILING = "failing"
    GONE = "gone"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Webhook(Noun, Editable, PutAway, Model):
    """`events` are those that it is told of, `with_contacts` adds names, phones and e-mails.

    `failing_since` is the first failure after which nothing was accepted. While `off_because` is
    set nothing new is told, and what waits goes on waiting. The secret is sealed; an earlier one
    signs too until `old_until`.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        one_of("off_because", WhyOff),
        TABLE_OPTIONS,
    )

    name: Mapped[str] = mapped_column(String(100), unique=True)
    address: Mapped[str] = mapped_column(String(ADDRESS_LIMIT))
    events: Mapped[list[str]] = mapped_column(Json)
    with_contacts: Mapped[bool] = mapped_column(Boolean, default=False)
    off_because: Mapped[str | None] = mapped_column(String(20))
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    old_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    EDITABLE = ("name", "address", "events", "with_contacts")

    def change(self, **values: Any) -> None:
        if "name" in values:
            values["name"] = checked_text("name", values["name"], limit=100)
            required("name", values["name"])
            refuse_twin(
                self, "name", values["name"], N_("There is a webhook with this name already.")
            )
        if "address" in values:
            values["address"] = checked_address(values["address"])
        if "events" in values:
            unknown = set(values["events"] or ()) - {event.value for event in TOLD}
            if unknown or not values["events"]:
                raise Invalid.of("events", N_("Choose at least one."))
            values["events"] = [event.value for event in TOLD if event in values["events"]]
        self.assign(values)

    @property
    def is_on(self) -> bool:
        return self.off_because is None and not self.is_put_away

    def switch_on(self) -> None:
        """What waited is sent now."""
        self.lock()
        self.off_because = self.failing_since = None

    def switch_off(self, why: WhyOff = WhyOff.BY_HAND) -> None:
        self.off_because = why.value

    def draw_secret(self, overlap: timedelta = timedelta(0)) -> str:
        """A new secret, whose text is never shown again; the earlier one signs beside it for the
        time of the overlap, so that the receiver can change over without losing anything.
        """
        text = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        has_one = self.id is not None and self.sealed is not None
        keeps = has_one and overlap > timedelta(0)
        self.old_sealed = self.sealed if keeps else None
        self.old_until = utc_now() + overlap if keeps else None
        self.sealed = seal(text)
        return text

    def tell_test(self) -> WebhookDelivery:
        """Orders the telling of a test, also while it is off: it says whether the address works."""
        delivery = WebhookDelivery.of(self, HookEvent.TEST, {"message": "It works."}, utc_now())
        self.session.add(delivery)
        return delivery

    def put_away(self, reason: str) -> None:
        """Nothing more is told to it."""
        self._mark_put_away(reason)

    def bring_back(self) -> None:
        self._mark_brought_back()

    def __repr__(self) -> str:
        return self.name


class WebhookDelivery(Model):
    """`body` is sent as it stands, in each try the same; `event_id` tells a receiver that it has
    had it already. `status`, `milliseconds`, `answer` (its beginning) and `reason` (a code) are
    those of the last try.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        one_of("state", DeliveryState),
        UniqueConstraint("webhook_id", "event_id"),
        Index(None, "state", "next_try_at", "id"),
        Index(None, "webhook_id", "id"),
        Index(None, "ordered_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    event_id: Mapped[str] = mapped_column(String(40))
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text, deferred=True)
    state: Mapped[str] = mapped_column(String(20), default=DeliveryState.WAITING.value)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    lease_token: Mapped[str | None] = mapped_column(String(64))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None] = mapped_column(Integer)
    milliseconds: Mapped[int | None] = mapped_column(Integer)
    answer: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(String(40))
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    webhook: Mapped[Webhook] = relationship()

    @classmethod
    def of(
        cls, webhook: Webhook, event: HookEvent, told: Mapping[str, Any], at: datetime,
        event_id: str | None = None,
    ) -> WebhookDelivery:  # fmt: skip
        event_id = event_id or new_event_id()
        body = {"id": event_id, "type": event.value, "timestamp": instant(at), "data": told}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return cls(webhook=webhook, event_id=event_id, event=event.value, body=text, ordered_at=at)

    @property
    def is_over(self) -> bool:
        return self.state != DeliveryState.WAITING

    def send_again(self) -> None:
        """Puts it back into the queue with fresh tries, with the same id and body. Raises
        NotAllowedNow while it waits anyway and when its webhook is off.
        """
        session = object_session(self)
        if session is not None:
            session.flush()
            session.refresh(self, with_for_update={"of": WebhookDelivery})
        if not self.is_over:
            raise NotAllowedNow(N_("This waits to be sent already."))
        if not self.webhook.is_on:
            raise NotAllowedNow(N_("Switch the webhook on first."))
        self.state = DeliveryState.WAITING.value
        self.attempts = 0
        self.next_try_at = utc_now()
        self.finished_at = None


def announce(session: Session, event: HookEvent, told: Mapping[str, Any]) -> None:
    """Writes a delivery for each webhook that is told of the event, in the caller's transaction.

    `told` may hold `contacts`, which only webhooks get that ask for them.
    """
    at, event_id = utc_now(), new_event_id()
    bare = {name: value for name, value in told.items() if name != "contacts"}
    for webhook in listening(session, event):
        body = told if webhook.with_contacts else bare
        session.add(WebhookDelivery.of(webhook, event, body, at, event_id))


def listening(session: Session, event: HookEvent) -> list[Webhook]:
    """The webhooks that are on and told of the event."""
    with session.no_autoflush:
        rows = session.scalars(
            select(Webhook).where(Webhook.off_because.is_(None), Webhook.archived_at.is_(None))
        )
        return [row for row in rows if event.value in row.events]


def new_event_id() -> str:
    return f"evt_{secrets.token_hex(16)}"


def instant(at: datetime) -> str:
    """UTC to the second: 2026-11-25T09:30:00Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def checked_address(value: Any) -> str:
    """The address as it will be used. Raises Invalid unless it is https with a host; http and
    private networks must be allowed by the setting.
    """
    address = checked_text("address", value, limit=ADDRESS_LIMIT)
    required("address", address)
    wrong = Invalid.of("address", N_("Write an address that begins with https://."))
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("https", "http") or not host or " " in address:
        raise wrong
    if parts.username is not None or parts.fragment:
        raise Invalid.of("address", N_("Write the address without a password and without #."))
    if not (parts.path + parts.query).isascii():
        raise Invalid.of("address", N_("Write the path in Latin letters, digits and signs."))
    if parts.scheme == "http" and not (_private or _is_loopback(host)):
        raise wrong
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
