"""The list that the reader came from, so that a record's page leads to its neighbours there.

The ids of that page are kept in the session: no neighbour is searched for, however the list was
filtered and ordered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import session

MOST = 60  # the session is a cookie of 4 KB
KEPT = "walk"


@dataclass(frozen=True, slots=True)
class Step:
    """`4 of 25`, and the ids around."""

    at: int
    of: int
    previous: int | None
    next: int | None


def remember(noun: str, ids: Iterable[int]) -> None:
    listed = list(ids)[:MOST]
    if session.get(KEPT) != [noun, listed]:
        session[KEPT] = [noun, listed]


def step_of(noun: str, row_id: int) -> Step | None:
    """Where the row stands in the list that was opened last; None when it was not there."""
    kept = session.get(KEPT)
    if not kept or kept[0] != noun or row_id not in kept[1]:
        return None
    ids = kept[1]
    at = ids.index(row_id)
    return Step(
        at + 1, len(ids), ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None
    )
