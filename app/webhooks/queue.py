"""The queue of deliveries: takes one that is due under a lease, tries it, keeps what came of it.

As with documents the row is the queue; the lease is taken and committed before the network is
asked, and nobody waits for the network in a transaction. A worker that is killed in the middle of a
try leaves the row waiting, so it is tried again with the same id: at least once, never lost. One
delivery at a time goes to one webhook, so that a slow receiver keeps nobody else's waiting.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.database import say_only_reads, writing
from app.models.actor import SYSTEM, acting_as
from app.models.clock import utc_now
from app.models.lease import is_alive, machine, new_token
from app.models.sealing import CannotOpen, unseal
from app.models.webhook import DeliveryState, HookEvent, Webhook, WebhookDelivery, WhyOff
from app.webhooks.sending import Tried, post
from app.webhooks.signing import headers_of

LEASE = timedelta(seconds=60)  # a name that is looked up long, and the 15 seconds of a try
# The waits after each try, about a day in all; after the last one it has failed.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 8 * 3600)
)
MOST_TRIES = len(PAUSES) + 1
LONGEST_ASKED = timedelta(hours=1)  # what a receiver's Retry-After may put off
GIVES_UP_AFTER = timedelta(days=3)  # without one accepted delivery the webhook is switched off
AGENT = "CRM-Webhook/1"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A delivery under our lease."""

    id: int
    token: str
    webhook_id: int
    address: str
    event_id: str
    body: bytes
    secrets: tuple[str, ...]
    attempts: int

    def try_it(self) -> Tried:
        if not self.secrets:
            return Tried(None, 0, reason="secret")
        signed = headers_of(self.event_id, int(time.time()), self.body, self.secrets)
        headers = {"Content-Type": "application/json", "User-Agent": AGENT, "Accept": "*/*"}
        return post(self.address, self.body, headers | signed)


def deliver_one(engine: Engine) -> bool:
    """Tries the next delivery that is due; False when none is."""
    if not _any_due(engine):
        return False
    work = claim(engine)
    if work is None:
        return False
    result = work.try_it()
    record(engine, work, result)
    log.info("webhook %s, %s, try %s: %s in %s ms", work.webhook_id, work.event_id, work.attempts,
             result.reason or result.status, result.milliseconds)  # fmt: skip
    return True


def claim(engine: Engine) -> Work | None:
    """Leases the next due delivery and counts the try before it is made."""
    with _transaction(engine) as (session, now):
        query = _due(now).with_for_update(skip_locked=True, of=WebhookDelivery)
        row = session.scalar(query)
        if row is None:
            return None
        if row.attempts >= MOST_TRIES:  # a worker died in the middle of the last one
            _end(row, DeliveryState.FAILED, now)
            row.reason = "lost"
            return None
        hook = row.webhook
        row.attempts += 1
        row.lease_token, row.leased_until = new_token(), now + LEASE
        return Work(
            row.id, row.lease_token, hook.id, hook.address, row.event_id, row.body.encode(),
            _secrets_of(hook, now), row.attempts,
        )  # fmt: skip


def record(engine: Engine, work: Work, result: Tried) -> bool:
    """Keeps the result if the lease is still ours, and says what follows from it."""
    with _transaction(engine) as (session, now):
        # The webhook first, as a page does that switches it off.
        hook = session.get_one(Webhook, work.webhook_id, with_for_update={"of": Webhook})
        row = session.get(WebhookDelivery, work.id, with_for_update={"of": WebhookDelivery})
        if row is None or row.lease_token != work.token:
            return False
        row.status, row.milliseconds = result.status, result.milliseconds
        row.answer, row.reason = result.answer or None, result.reason or None
        if result.is_accepted:
            _end(row, DeliveryState.DELIVERED, now)
            _note_failure(session, hook, None)
            return True
        is_last = row.attempts >= MOST_TRIES or row.event == HookEvent.TEST
        if is_last or result.is_gone:
            _end(row, DeliveryState.FAILED, now)
        else:
            _put_off(row, result, now)
        if row.event != HookEvent.TEST:
            _judge(session, hook, result, now)
    return True


def free_leases_of_the_dead(engine: Engine) -> int:
    """What workers of this machine held that are gone: tried again at once. Who is wrongly taken
    for dead sends once more, which an event's id tells a receiver.
    """
    with _transaction(engine) as (session, now):
        mine = select(WebhookDelivery).where(
            WebhookDelivery.state == DeliveryState.WAITING.value,
            WebhookDelivery.lease_token.startswith(f"{machine()}."),
        )
        dead = [row for row in session.scalars(mine) if not is_alive(row.lease_token or "")]
        for row in dead:
            row.lease_token = row.leased_until = None
            row.next_try_at = now
    return len(dead)


# -- how it is made --------------------------------------------------------------------------------


def _judge(session: Session, hook: Webhook, result: Tried, now: datetime) -> None:
    if hook.off_because is not None:
        return
    since = hook.failing_since or now
    _note_failure(session, hook, since)
    if result.is_gone or since <= now - GIVES_UP_AFTER:
        why = WhyOff.GONE if result.is_gone else WhyOff.FAILING
        with acting_as(SYSTEM):
            hook.switch_off(why)
            session.flush()
        log.warning("webhook %s is switched off: %s", hook.id, why)


def _note_failure(session: Session, hook: Webhook, since: datetime | None) -> None:
    """Raises no version: whoever edits the webhook meanwhile loses nothing by it (law 8)."""
    if hook.failing_since == since:
        return
    session.execute(
        update(Webhook)
        .where(Webhook.id == hook.id)
        .values(
            failing_since=since, changed_at=Webhook.changed_at, changed_by_id=Webhook.changed_by_id
        )
        .execution_options(synchronize_session=False)
    )
    session.expire(hook, ["failing_since"])


def _put_off(row: WebhookDelivery, result: Tried, now: datetime) -> None:
    asked = min(timedelta(seconds=result.retry_after or 0), LONGEST_ASKED)
    row.next_try_at = now + max(PAUSES[row.attempts - 1], asked)
    row.lease_token = row.leased_until = None


def _end(row: WebhookDelivery, state: DeliveryState, now: datetime) -> None:
    row.state = state.value
    row.finished_at = now
    row.lease_token = row.leased_until = None


def _secrets_of(hook: Webhook, now: datetime) -> tuple[str, ...]:
    """The newest first; none when they were sealed with another key."""
    old = hook.old_sealed if hook.old_until is not None and hook.old_until > now else None
    found = []
    for sealed in (hook.sealed, old):
        if sealed is not None:
            try:
                found.append(unseal(sealed))
            except CannotOpen:
                log.warning("webhook %s: its secret was sealed with another key", hook.id)
    return tuple(found)


def _due(now: datetime) -> Select[WebhookDelivery]:
    """The delivery that has waited longest, of a webhook to which none is under way."""
    other = aliased(WebhookDelivery)
    under_way = exists().where(
        other.webhook_id == WebhookDelivery.webhook_id,
        other.state == DeliveryState.WAITING.value,
        other.leased_until > now,
    )
    return (
        select(WebhookDelivery)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(
            WebhookDelivery.state == DeliveryState.WAITING.value,
            WebhookDelivery.next_try_at <= now,
            _may_be_told(),
            ~under_way,
        )
        .order_by(WebhookDelivery.next_try_at, WebhookDelivery.id)
        .limit(1)
    )


def _may_be_told() -> ColumnElement[bool]:
    """A test is sent to one that is off too: it says whether it can be switched on again."""
    is_on = or_(Webhook.off_because.is_(None), WebhookDelivery.event == HookEvent.TEST.value)
    return and_(is_on, Webhook.archived_at.is_(None))


def _any_due(engine: Engine) -> bool:
    """A look that takes no lock: SQLite's one writer is asked only when there is work."""
    say_only_reads(True)
    try:
        with Session(engine) as session:
            return session.scalar(_due(utc_now()).with_only_columns(WebhookDelivery.id)) is not None
    finally:
        say_only_reads(False)


@contextmanager
def _transaction(engine: Engine) -> Iterator[tuple[Session, datetime]]:
    with writing(), Session(engine) as session, session.begin():
        yield session, utc_now()
