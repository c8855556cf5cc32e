"""Runs many lives side by side in the order of their time, each act by its actor at its instant.

A life is a generator: it yields when something happens next and who does it, and is resumed with
the clock at that instant. What lies after now has not happened yet, so each life stops there.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count

from sqlalchemy.orm import Session

from app.listeners import settle_documents
from app.models.actor import Actor, acting_as
from app.models.clock import travel

Life = Iterator[tuple[datetime, Actor]]


class Story:
    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self._due: list[tuple[datetime, int, Actor, Life]] = []
        self._order = count()
        self.lives = 0

    def begin(self, life: Life) -> None:
        """Adds a life; also for lives that begin within another."""
        self.lives += 1
        self._wait(life)

    def tell(self, tick: Callable[[int], object] = lambda _count: None) -> None:
        """Runs every life up to now. Rows are flushed at the instant in which they are made."""
        while self._due:
            at, _, actor, life = heapq.heappop(self._due)
            with travel(at), acting_as(actor):
                goes_on = self._wait(life)
                self.session.flush()
            settle_documents(self.session)
            if not goes_on:
                tick(1)

    def _wait(self, life: Life) -> bool:
        """Lets a life run to its next instant; False when it has none, or none yet."""
        at, actor = next(life, (None, None))
        if at is None or actor is None or at >= self.now:
            return False
        heapq.heappush(self._due, (at, next(self._order), actor, life))
        return True
