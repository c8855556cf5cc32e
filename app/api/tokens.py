"""Who posts: a token's source, looked up anew in each request, so that revoking works at once."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.orm import Session

from app.database import say_only_reads
from app.errors import N_
from app.intake import Sender
from app.models.clock import utc_now
from app.models.ready import Ready
from app.models.source import ENVIRONMENT, LAST_USED_EVERY, Scope, Source, SourceToken, digest_of

INVALID = N_("Token is invalid")
LONGEST_TOKEN = 512

# Columns, not rows, and built once: this is asked at each request.
SENDER = (
    Source.id, Source.name, Source.format, Source.default_campaign_id, Source.needs_campaign,
    Source.assignment, Source.assignee_id, Source.phone_region, Source.mapping, Source.honeypot,
    Source.group_id, Source.thanks_url, Source.archived_at,
)  # fmt: skip
BY_DIGEST = (
    select(
        SourceToken.id.label("token_id"), SourceToken.digest, SourceToken.scopes,
        SourceToken.expires_at, SourceToken.revoked_at, SourceToken.last_used_at,
        SourceToken.per_minute, *SENDER,
    )
    .join(Source, Source.id == SourceToken.source_id)
    .where(SourceToken.digest == bindparam("wanted", required=False))
)  # fmt: skip
OF_ENVIRONMENT = select(*SENDER).where(Source.name == ENVIRONMENT)
WHOSE = Ready(lambda _: BY_DIGEST)
AT_ONCE = 0.5  # seconds that a body may take to be there at once


class TokenRefused(Exception):
    """No token, an unknown one, one that is revoked or expired, or its source is put away."""


class ScopeNeeded(Exception):  # noqa: N818 -- it says what happened
    """The token is valid, and not for this."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Pass:
    """What a valid token opens. `token_id` is None for a token of the environment, `per_minute`
    for one that has the limit of all.
    """

    sender: Sender
    scopes: frozenset[str]
    token_id: int | None = None
    is_used_now: bool = False  # whether the minute of its last use is over
    per_minute: int | None = None

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes

    def must_allow(self, scope: Scope) -> None:
        """Raises ScopeNeeded."""
        if scope not in self.scopes:
            raise ScopeNeeded(scope)


def presented() -> str:
    """The token of this request: header `Token`, or `Authorization: Bearer …` (or `Token …`)."""
    given = request.headers.get("Token", "").strip()
    if not given:
        scheme, _, rest = request.headers.get("Authorization", "").strip().partition(" ")
        given = rest.strip() if scheme.lower() in {"bearer", "token"} else ""
    if not given or len(given) > LONGEST_TOKEN:
        raise TokenRefused
    return given


def admit(session: Session, token: str) -> Pass:
    """One indexed look-up by digest, in the caller's transaction. Raises TokenRefused."""
    digest = digest_of(token)
    if _is_of_environment(digest):
        return _of_environment(session)
    rows = WHOSE.ask(session.connection(), {"wanted": digest})
    row = rows[0] if rows else None
    if row is None or not hmac.compare_digest(row.digest, digest):
        raise TokenRefused
    is_over = row.expires_at is not None and row.expires_at <= utc_now()
    if is_over or row.revoked_at is not None or row.archived_at is not None:
        raise TokenRefused
    used = row.last_used_at
    is_used_now = used is None or utc_now() - used >= LAST_USED_EVERY
    scopes = frozenset(row.scopes)
    return Pass(sender_of(row), scopes, row.token_id, is_used_now, row.per_minute)


def sender_of(row: Any) -> Sender:
    return Sender(
        row.id, row.name, row.format, row.default_campaign_id, row.needs_campaign,
        row.assignment, row.assignee_id,
        row.phone_region, row.mapping, row.honeypot, row.group_id, row.thanks_url,
    )  # fmt: skip


def _is_of_environment(digest: str) -> bool:
    """Compares with every token of TOKENS_API, so that the time taken tells nothing."""
    known = [digest_of(token) for token in current_app.config["TOKENS_API"] if token.strip()]
    return sum(hmac.compare_digest(one, digest) for one in known) > 0


def _of_environment(session: Session) -> Pass:
    row = session.connection().execute(OF_ENVIRONMENT).first()
    if row is None or row.archived_at is not None:
        raise TokenRefused
    return Pass(sender_of(row), frozenset({Scope.PUSH_LEADS}))


def mark_used(session: Session, allowed: Pass) -> None:
    """The last statement before the commit, so that posts of one token wait for each other as
    little as can be.
    """
    use = use_of(allowed)
    if use is not None:
        session.execute(use)


def use_of(allowed: Pass) -> Update | None:
    """The statement that says when the token was last used; None within the same minute."""
    if allowed.token_id is None or not allowed.is_used_now:
        return None
    return (
        update(SourceToken)
        .where(SourceToken.id == allowed.token_id)
        .values(
            last_used_at=utc_now(),
            changed_at=SourceToken.changed_at,
            changed_by_id=SourceToken.changed_by_id,
        )
        .execution_options(synchronize_session=False)
    )


@contextmanager
def only_looking(session: Session) -> Iterator[None]:
    """A reading transaction before the body of a writing request. On SQLite it ends here, so that
    no write lock is held while a body trickles in; on PostgreSQL the request goes on in it.
    """
    say_only_reads(True)
    try:
        yield
    finally:
        # A transaction that never began has nothing to end.
        if session.in_transaction() and session.connection().dialect.name == "sqlite":
            session.rollback()
        say_only_reads(False)


def still_stands(session: Session, since: float) -> bool:
    """Whether what was looked up before the body is of this very transaction and was looked up
    just now (`since` is of time.monotonic). Else the transaction is ended: ask once more, for the
    token may have been revoked while the body was on its way.
    """
    if session.in_transaction() and time.monotonic() - since < AT_ONCE:
        return True
    session.rollback()
    return False
