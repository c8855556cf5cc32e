"""The queue of documents: takes a waiting version under a lease, renders it, keeps the PDF.

The row itself is the queue (law 3). A lease is taken and committed in one statement, rendering runs
with no transaction open, and only who still holds the lease may write the result: a worker that
comes too late writes nothing, so each version gets exactly one PDF.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.database import writing
from app.documents.render import RendererMissing, RenderError, render_pdf
from app.documents.template import document_mark, page_html
from app.models.clock import utc_now
from app.models.document import MAX_ATTEMPTS, Document, DocumentState
from app.models.lease import holder, is_alive, machine, new_token

LEASE = timedelta(seconds=60)  # twice what a render may take
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
LOOK_FOR_RENDERER_EVERY = timedelta(seconds=5)
REASON_LIMIT = 500
WORKER_LOST = "lost: the worker ended in the middle of each try"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A document under our lease; `token` is the right to write its result."""

    id: int
    token: str
    contract_id: int
    version: int
    terms: dict[str, Any]
    ordered_at: datetime
    attempts: int

    def pdf(self) -> bytes:
        """Renders the frozen terms; the file bears the moment of the order, not of the render."""
        mark = document_mark(self.terms.get("number"), self.version)
        return render_pdf(page_html(self.terms), mark=mark, at=self.ordered_at)

    def __str__(self) -> str:
        return f"document {self.id} (contract {self.contract_id}, version {self.version})"


def render_one(engine: Engine) -> bool:
    """Takes the next due document and renders it; False when none is due.

    A missing wkhtmltopdf also ends the round: every due document then waits with that reason.
    """
    work = claim(engine)
    if work is None:
        fail_lost(engine)
        return False
    started = time.monotonic()
    try:
        pdf = work.pdf()
    except RendererMissing as error:
        wait_for_renderer(engine, work, reason_of(error))
        log.warning("%s waits: %s", work, error)
        return False
    except RenderError as error:
        _fail(engine, work, reason_of(error))
    except Exception as error:  # a faulty template must cost its document, not the whole queue
        log.exception("%s could not be rendered", work)
        _fail(engine, work, f"error: {type(error).__name__}")
    else:
        kept = keep(engine, work, pdf)
        what = f"is ready: {len(pdf)} bytes" if kept else "came too late and is left to its holder"
        log.info("%s %s, %.2f s", work, what, time.monotonic() - started)
    return True


def render_waiting(engine: Engine, limit: int | None = None, *, at_once: int = 1) -> int:
    """Renders due documents until none is left (or `limit` were taken); returns how many."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        taken = 0
        while limit is None or taken < limit:
            wanted = at_once if limit is None else min(at_once, limit - taken)
            found = sum(pool.map(render_one, [engine] * wanted))
            taken += found
            if not found:
                break
    return taken


def claim(engine: Engine) -> Work | None:
    """Leases the next due document in one statement and counts the try."""
    token = new_token()
    with _transaction(engine) as (session, now):
        first = (
            select(Document.id)
            .where(_is_due(now), Document.attempts < MAX_ATTEMPTS)
            .order_by(Document.next_try_at, Document.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = session.execute(
            update(Document)
            .where(Document.id == first)
            .values(
                lease_token=token, leased_until=now + LEASE, attempts=Document.attempts + 1
            )
            .returning(
                Document.id, Document.lease_token, Document.contract_id, Document.version,
                Document.terms, Document.ordered_at, Document.attempts,
            )
            .execution_options(synchronize_session=False)
        ).one_or_none()  # fmt: skip
    return Work(*taken) if taken is not None else None


def keep(engine: Engine, work: Work, pdf: bytes) -> bool:
    """Stores the PDF if the lease is still ours."""
    with _transaction(engine) as (session, now):
        return _write(
            session,
            work,
            state=DocumentState.READY.value,
            content=pdf,
            size=len(pdf),
            sha256=hashlib.sha256(pdf).hexdigest(),
            ready_at=now,
            reason=None,
        )


def give_back(engine: Engine, work: Work, reason: str) -> bool:
    """A try failed: the next one comes later each time; after the fifth the state is failed."""
    is_last = work.attempts >= MAX_ATTEMPTS
    with _transaction(engine) as (session, now):
        pause = BACKOFF[min(work.attempts, len(BACKOFF)) - 1]
        return _write(
            session,
            work,
            state=(DocumentState.FAILED if is_last else DocumentState.WAITING).value,
            reason=reason[:REASON_LIMIT],
            next_try_at=now + pause,
        )


def wait_for_renderer(engine: Engine, work: Work, reason: str) -> None:
    """Without wkhtmltopdf nothing costs a try; all that is due waits with the reason."""
    with _transaction(engine) as (session, now):
        _write(session, work, attempts=Document.attempts - 1)
        session.execute(
            update(Document)
            .where(_is_due(now))
            .values(reason=reason, next_try_at=now + LOOK_FOR_RENDERER_EVERY)
            .execution_options(synchronize_session=False)
        )


def fail_lost(engine: Engine) -> int:
    """Documents whose worker died in each of the five tries become failed, with a retry button."""
    with _transaction(engine) as (session, now):
        found = session.execute(
            update(Document)
            .where(_is_due(now), Document.attempts >= MAX_ATTEMPTS)
            .values(
                state=DocumentState.FAILED.value, reason=WORKER_LOST,
                lease_token=None, leased_until=None,
            )
            .returning(Document.id)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        return len(found.all())


def free_leases_of_the_dead(engine: Engine) -> int:
    """Frees what workers held that ran on this machine and are gone, so that nobody waits for the
    end of their lease. Who is wrongly taken for dead loses a render, nothing else: the lease
    token guards the result.
    """
    with _transaction(engine) as (session, now):
        held = session.execute(
            select(Document.id, Document.lease_token).where(
                Document.state == DocumentState.WAITING.value,
                Document.lease_token.startswith(f"{machine()}."),
            )
        ).all()
        dead = [id_ for id_, token in held if token and not is_alive(token)]
        if dead:
            session.execute(
                update(Document)
                .where(Document.id.in_(dead), Document.state == DocumentState.WAITING.value)
                .values(lease_token=None, leased_until=None, next_try_at=now)
                .execution_options(synchronize_session=False)
            )
    return len(dead)


def free_own_leases(engine: Engine) -> int:
    """For a worker that renders nothing at the moment, after the database was away: what it took
    and could not keep, or took without being told, is due again and has cost no try.
    """
    with _transaction(engine) as (session, now):
        freed = session.execute(
            update(Document)
            .where(
                Document.state == DocumentState.WAITING.value,
                Document.lease_token.startswith(holder()),
            )
            .values(
                lease_token=None, leased_until=None, next_try_at=now,
                attempts=Document.attempts - 1,
            )
            .returning(Document.id)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        return len(freed.all())


def reason_of(error: RenderError) -> str:
    """`code: text`, so that pages can translate what they know by its code."""
    return f"{error.code}: {error}"


# -- how it is made --------------------------------------------------------------------------------


def _fail(engine: Engine, work: Work, reason: str) -> None:
    give_back(engine, work, reason)
    log.warning("%s failed, try %s of %s: %s", work, work.attempts, MAX_ATTEMPTS, reason)


def _write(session: Session, work: Work, **values: Any) -> bool:
    """Writes and ends the lease, if it is still the one that the work was taken under."""
    written = session.execute(
        update(Document)
        .where(
            Document.id == work.id,
            Document.lease_token == work.token,
            Document.state == DocumentState.WAITING.value,
        )
        .values(lease_token=None, leased_until=None, **values)
        .returning(Document.id)
        .execution_options(synchronize_session=False)
    )
    return written.one_or_none() is not None


def _is_due(now: Any) -> ColumnElement[bool]:
    return and_(
        Document.state == DocumentState.WAITING.value,
        Document.next_try_at <= now,
        or_(Document.leased_until.is_(None), Document.leased_until <= now),
    )


@contextmanager
def _transaction(engine: Engine) -> Iterator[tuple[Session, Any]]:
    """A short transaction with the time by one clock: the server's, or on SQLite the machine's."""
    with writing(), Session(engine) as session, session.begin():
        yield session, func.now() if engine.dialect.name == "postgresql" else utc_now()
