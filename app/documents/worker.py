"""The worker's day: looks into the queue once a second and renders, until it is told to stop.

Between two documents it takes a short turn at what else waits (app/jobs), so that neither keeps the
other waiting.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.database import writing
from app.documents.queue import free_leases_of_the_dead, free_own_leases, render_one
from app.documents.render import clear_leftovers
from app.models.passing import forget_old

LOOKS_EVERY = 1.0  # seconds
LETS_OTHERS_WRITE = 0.15  # seconds; who waits for SQLite's one writer looks every 0.1 s
TIDIES_EVERY = 3600.0  # seconds

log = logging.getLogger(__name__)


class Worker:
    """One process, one document at a time; run as many as there are processors to spare.

    A stop is graceful: the render under way (at most 30 s) is finished and kept first.
    """

    def __init__(self, engine: Engine, beside: Callable[[], bool] | None = None) -> None:
        """`beside()` takes one short turn at other work; False when none waits."""
        self.engine = engine
        self.beside = beside or (lambda: False)
        self._tidied_at: float | None = None
        self._stop = threading.Event()

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT end the work after the document under way."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note_signal)

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        """Works until `stop`; a database that is away is waited for, and asked as often as the
        queue is looked into.
        """
        clear_leftovers()
        is_ready = is_told = False
        while not self._stop.is_set():
            try:
                if not is_ready:
                    free_leases_of_the_dead(self.engine)
                    free_own_leases(self.engine)
                    log.info("the document worker is ready")
                    is_ready, is_told = True, False
                took_one = render_one(self.engine)
                if self.beside():
                    took_one = True
                    self._let_others_write()
                if not took_one:
                    self._tidy()
            except DBAPIError as error:
                if not is_told:  # once, not each second
                    log.warning("the database cannot be used, and is waited for: %s", error.orig)
                self.engine.dispose()
                is_ready, is_told = False, True
                self._stop.wait(LOOKS_EVERY)
                continue
            if not took_one:
                self._stop.wait(LOOKS_EVERY)
        log.info("the document worker has stopped")

    def _let_others_write(self) -> None:
        """One part after another would keep people who save waiting for all of a job."""
        if self.engine.dialect.name == "sqlite":
            self._stop.wait(LETS_OTHERS_WRITE)

    def _tidy(self) -> None:
        """Once an hour, when nobody waits for a document."""
        if self._tidied_at is not None and time.monotonic() < self._tidied_at + TIDIES_EVERY:
            return
        self._tidied_at = time.monotonic()
        with writing(), Session(self.engine) as session, session.begin():
            gone = forget_old(session)
        if gone:
            log.info("%s keys and wrong log-ins whose time is over are gone", gone)

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()
