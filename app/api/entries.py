"""Who comes in at /in/…: the source of an address, and whether the request is really from it.

Looked up anew in each request, so that what is revoked or expired is refused at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.api import tokens
from app.api.tokens import SENDER, Pass, ScopeNeeded, TokenRefused, sender_of
from app.intake.arrival import Sender
from app.intake.formats.format import Delivery, Format
from app.models.clock import utc_now
from app.models.ready import Ready
from app.models.sealing import CannotOpen, unseal
from app.models.source import SECRETS_OF, Scope, SecretName, Source, SourceSecret

ADDRESS = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)

SECRET = (
    SourceSecret.name.label("secret"), SourceSecret.sealed, SourceSecret.expires_at,
    SourceSecret.revoked_at,
)  # fmt: skip
BY_ADDRESS = (
    select(*SENDER, *SECRET)
    .outerjoin(SourceSecret, SourceSecret.source_id == Source.id)
    .where(Source.address == bindparam("address", required=False))
    .order_by(SourceSecret.id)
)
OF_ADDRESS = Ready(lambda _: BY_ADDRESS)
OF_SOURCE = (
    select(*SECRET)
    .where(SourceSecret.source_id == bindparam("source_id"))
    .order_by(SourceSecret.id)
)


class EntryRefused(Exception):  # noqa: N818 -- it says what happened
    """No such address, a wrong key or signature: told apart by nobody."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The source that is spoken to. `token`: the request named a token of it that may push;
    `is_for_others`: one of it that may not.
    """

    sender: Sender
    secrets: Mapping[str, list[str]] = field(default_factory=dict)
    token: Pass | None = None
    is_for_others: bool = False

    @property
    def signing(self) -> list[str]:
        """None for a format that signs nothing, though it may have kept one for another before."""
        may = SecretName.SIGNING in SECRETS_OF.get(self.sender.format, ())
        return self.secrets.get(SecretName.SIGNING.value, []) if may else []

    @property
    def known_texts(self) -> list[str]:
        """What must never be stored with a body."""
        return [text for texts in self.secrets.values() for text in texts]


def find(session: Session, key: str) -> Entry:
    """By the source's address or by a token in its place. Raises EntryRefused, and ScopeNeeded for
    a token that may not push.
    """
    if ADDRESS.fullmatch(key):
        rows = OF_ADDRESS.ask(session.connection(), {"address": key})
        if rows and rows[0].archived_at is None:
            sender, secrets = sender_of(rows[0]), _live(rows)
            try:
                return Entry(sender, secrets, _presented(session, sender.id))
            except ScopeNeeded:
                return Entry(sender, secrets, is_for_others=True)
    try:
        allowed = tokens.admit(session, key)
    except TokenRefused:
        raise EntryRefused from None
    allowed.must_allow(Scope.PUSH_LEADS)
    secrets = {}
    if allowed.sender.format in SECRETS_OF:
        asked = {"source_id": allowed.sender.id}
        secrets = _live(session.connection().execute(OF_SOURCE, asked).all())
    return Entry(allowed.sender, secrets, allowed)


def admit(entry: Entry, form: Format, delivery: Delivery) -> None:
    """Where a signing secret is kept each request must fit it; elsewhere a token is needed.
    Raises EntryRefused, and Broken when the key stands in a body that cannot be read.
    """
    keys = entry.signing
    is_known = form.is_signed(delivery, keys) if keys else entry.token is not None
    if not is_known and entry.is_for_others:
        raise ScopeNeeded(Scope.PUSH_LEADS)
    if not is_known:
        raise EntryRefused


def _live(rows: Iterable[Any]) -> dict[str, list[str]]:
    now, found = utc_now(), dict[str, list[str]]()
    for row in rows:
        is_over = row.expires_at is not None and row.expires_at <= now
        if row.secret is None or row.revoked_at is not None or is_over:
            continue
        try:
            found.setdefault(row.secret, []).append(unseal(bytes(row.sealed)))
        except CannotOpen:
            continue  # sealed with another key: as if it were not there, and nothing fits it
    return found


def _presented(session: Session, source_id: int) -> Pass | None:
    """The token in a header, if it is one of this very source. Raises ScopeNeeded."""
    try:
        allowed = tokens.admit(session, tokens.presented())
    except TokenRefused:
        return None
    if allowed.sender.id != source_id:
        return None
    allowed.must_allow(Scope.PUSH_LEADS)
    return allowed
