"""A manager for the benches, who signs contracts through the pages while things break, and presses
a button again until it has worked.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.request import Request

from tests.served import Answer, Person
from tests.views.browsing import form_of

AGAIN_AFTER = 0.5  # seconds
GIVES_UP_AFTER = 60.0  # seconds
AMENDS_EVERY = 3


class Patient(Person):
    """Asks again while nobody answers or the answer is a fault of the server."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.answers: Counter[int] = Counter()  # 0 stands for a connection that was cut off

    def _ask(self, request: Request) -> Answer:
        until = time.monotonic() + GIVES_UP_AFTER
        while True:
            status = 0
            with suppress(OSError, http.client.HTTPException):
                answer = super()._ask(request)
                status = answer.status_code
                if status < 500:
                    return answer
            self.answers[status] += 1
            if time.monotonic() > until:
                raise TimeoutError(f"{request.full_url} does not answer")
            time.sleep(AGAIN_AFTER)


class Signing:
    """Signs one contract after another, and amends every third."""

    def __init__(self, person: Patient, contracts: Sequence[int], every: float) -> None:
        self.person, self.every = person, every
        self.versions: dict[int, int] = {}  # how many each signed contract must have
        self.failures: list[str] = []
        self._contracts = contracts
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """The act under way is finished first."""
        self._end.set()
        self._thread.join(2 * GIVES_UP_AFTER)
        if self._thread.is_alive():
            self.failures.append("the manager is still at it")

    def _run(self) -> None:
        for place, contract in enumerate(self._contracts):
            if self._end.wait(self.every):
                break
            try:
                self._press(contract, "sign")
                self.versions[contract] = 1
                if place % AMENDS_EVERY == 0:
                    self._press(contract, "amend", amount="11.00", reason="One more")
                    self.versions[contract] = 2
            except Exception as error:
                self.failures.append(f"contract {contract}: {error!r}"[:500])

    def _press(self, contract: int, act: str, **changes: Any) -> None:
        """The same form is sent again when its answer was lost: it may count once only."""
        address = f"/contractview/{contract}/{act}"
        answer = self.person.post(address, form_of(self.person, address) | changes)
        assert answer.status_code == 302, (address, answer.status_code)
