"""Who acts: a user, a source, a command or the system; doors say so once, notes remember it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is user, source, command or system; `id` is that of the user or source."""

    kind: str
    name: str
    id: int | None = None

    @property
    def user_id(self) -> int | None:
        return self.id if self.kind == "user" else None


SYSTEM = Actor("system", "system")

_acting: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    return _acting.get()


def begin_acting(actor: Actor) -> Token[Actor]:
    """For doors that end elsewhere (a request); give the token to `end_acting`."""
    return _acting.set(actor)


def end_acting(token: Token[Actor]) -> None:
    _acting.reset(token)


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    token = _acting.set(actor)
    try:
        yield actor
    finally:
        _acting.reset(token)
