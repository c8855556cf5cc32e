"""Which batch is being made: a seed or import says so once, and each row it makes remembers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[int | None] = ContextVar("batch", default=None)


def current_batch_id() -> int | None:
    """The default of each `batch_id`: None while people work."""
    return _current.get()


@contextmanager
def filling(batch_id: int) -> Iterator[None]:
    """Rows that are flushed inside belong to the batch, whichever verb or listener made them."""
    token = _current.set(batch_id)
    try:
        yield
    finally:
        _current.reset(token)
