"""Law 8 inside a verb: `lock()` re-reads the row, and must not take a newer version in silence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, object_session

from app.errors import Stale
from app.models.base import Noun


@contextmanager
def watching(session: Any, row: Noun) -> Iterator[None]:
    """While a form is saved over the row: a version that the form has not seen raises Stale."""
    session.info["opened"] = [row, getattr(row, "lock_version", None)]
    try:
        yield
    finally:
        session.info.pop("opened", None)


@event.listens_for(Noun, "refresh", propagate=True)
def _refuse_newer(target: Any, _context: Any, _attributes: Any) -> None:
    session = object_session(target)
    opened = session.info.get("opened") if session is not None else None
    if opened and opened[0] is target and target.__dict__.get("lock_version") != opened[1]:
        raise Stale()


@event.listens_for(Session, "after_flush_postexec")
def _take_own_version(session: Session, _context: Any) -> None:
    opened = session.info.get("opened")
    if opened:
        opened[1] = opened[0].__dict__.get("lock_version", opened[1])
