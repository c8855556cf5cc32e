"""The courier: threads of the worker's process that deliver, so that no receiver who is slow keeps
documents and long acts waiting.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.webhooks.queue import deliver_one, free_leases_of_the_dead

LOOKS_EVERY = 1.0  # seconds
AT_ONCE = 3  # receivers that are told at the same time
LONGEST_PAUSE = 30.0  # seconds between tries to reach a database that is away
ENDS_WITHIN = 20.0  # seconds: a try under way is finished first

log = logging.getLogger(__name__)


class Courier:
    """`with Courier(engine): …` delivers while the block runs."""

    def __init__(self, engine: Engine, at_once: int = AT_ONCE) -> None:
        self.engine = engine
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run, args=(number,), name=f"courier-{number}", daemon=True
            )
            for number in range(at_once)
        ]

    def __enter__(self) -> Courier:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(ENDS_WITHIN)

    def _run(self, number: int) -> None:
        self._stop.wait(LOOKS_EVERY * number / len(self._threads))  # not all at the same moment
        fresh, pause = number == 0, LOOKS_EVERY
        while not self._stop.is_set():
            try:
                if fresh:
                    free_leases_of_the_dead(self.engine)
                    fresh = False
                took_one = deliver_one(self.engine)
            except DBAPIError as error:
                log.warning("webhooks: the database cannot be used: %s", error.orig)
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            except Exception:  # a fault of ours must not end the thread: the lease runs out
                log.exception("a delivery failed in an unforeseen way")
                took_one = False
            pause = LOOKS_EVERY
            if not took_one:
                self._stop.wait(LOOKS_EVERY)
