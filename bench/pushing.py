"""An ad service for the benches: it posts leads at a fixed pace, whatever the answers take, and
sends each again until it is accepted.

Times are counted from the moment at which a lead was to be sent (an open loop): when the server
stands still, each lead that should have gone out meanwhile has waited, whether it could be sent or
not.
"""

from __future__ import annotations

import heapq
import http.client
import json
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

DOOR = "/api/v1/leads"
AT_ONCE = 16  # connections, each kept open
ANSWER_WITHIN = 30.0  # seconds; then the sender gives up this try
# Seconds before the next try, whatever Retry-After says: it is the server that is measured here,
# not the patience of a sender.
PAUSES = (0.25, 0.5, 1.0)
CUT_OFF = 0  # stands for the status of a try that got no answer


@dataclass(slots=True)
class Lead:
    """`due`, `began` (its last try) and `accepted` are by time.monotonic()."""

    number: int
    due: float
    began: float = 0.0
    accepted: float | None = None
    tries: int = 0

    @property
    def took(self) -> float:
        """Seconds from when it was to be sent until its 201; endless when there was none."""
        return self.accepted - self.due if self.accepted is not None else float("inf")

    @property
    def email(self) -> str:
        return email_of(self.number)


def email_of(number: int) -> str:
    return f"pushed{number}@example.com"


@dataclass
class Pusher:
    """`start()`, then `finish()`, which gives every lead with its times."""

    port: int
    token: str
    campaign_id: int
    rate: float  # leads a second
    first: int = 0  # the number of the first lead; each number is another person
    answers: Counter[int] = field(default_factory=Counter)
    retry_after: Counter[str | None] = field(default_factory=Counter)  # of what was not accepted
    refused: list[str] = field(default_factory=list)  # what no further try would change

    def start(self, seconds: float) -> None:
        begin = time.monotonic() + 0.2
        number = round(self.rate * seconds)
        self.leads = [Lead(self.first + n, begin + n / self.rate) for n in range(number)]
        self._waiting = [(lead.due, lead.number) for lead in self.leads]  # a heap, being sorted
        self._open = number
        self._changed = threading.Condition()
        self._is_over = threading.Event()
        self._due: queue.SimpleQueue[Lead | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._call, daemon=True)]
        self._threads += [threading.Thread(target=self._send, daemon=True) for _ in range(AT_ONCE)]
        for thread in self._threads:
            thread.start()

    def finish(self, patience: float = 120) -> list[Lead]:
        """Waits until each lead is accepted or refused, for `patience` seconds at most."""
        until = self.leads[-1].due + patience
        with self._changed:
            while self._open and time.monotonic() < until:
                self._changed.wait(0.5)
            self._open = 0
            self._changed.notify_all()
        self._is_over.set()
        until = time.monotonic() + ANSWER_WITHIN
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return self.leads

    def _call(self) -> None:
        """Names each lead when it is due."""
        while True:
            with self._changed:
                if not self._open:
                    break
                now = time.monotonic()
                first = self._waiting[0][0] if self._waiting else now + 1
                if first > now:
                    self._changed.wait(first - now)
                    continue
                _, number = heapq.heappop(self._waiting)
            self._due.put(self.leads[number - self.first])
        for _ in range(AT_ONCE):
            self._due.put(None)

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN)
        while (lead := self._due.get()) is not None and not self._is_over.is_set():
            lead.began = time.monotonic()
            lead.tries += 1
            try:
                status, retry_after, body = self._post(connection, lead)
            except (OSError, http.client.HTTPException):
                connection.close()
                status, retry_after, body = CUT_OFF, None, b""
            self._note(lead, status, retry_after, body)
        connection.close()

    def _post(
        self, connection: http.client.HTTPConnection, lead: Lead
    ) -> tuple[int, str | None, bytes]:
        values = {
            "first_name": "Ivan", "last_name": f"Pushed {lead.number}", "email": lead.email,
            "phone": f"+7992{lead.number:07}", "campaign": self.campaign_id,
        }  # fmt: skip
        headers = {
            "Token": self.token, "Content-Type": "application/json",
            "Idempotency-Key": f"lead-{lead.number}",
        }  # fmt: skip
        connection.request("POST", DOOR, json.dumps(values), headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After"), answer.read()

    def _note(self, lead: Lead, status: int, retry_after: str | None, body: bytes) -> None:
        now = time.monotonic()
        with self._changed:
            self.answers[status] += 1
            if status == 201:
                lead.accepted = now
            elif status in (CUT_OFF, 429) or status >= 500:
                self.retry_after[retry_after if status else None] += 1
                pause = PAUSES[min(lead.tries, len(PAUSES)) - 1]
                heapq.heappush(self._waiting, (now + pause, lead.number))
                self._changed.notify_all()
                return
            else:
                self.refused.append(f"lead {lead.number}: {status} {body[:200]!r}")
            self._open -= 1
            if not self._open:
                self._changed.notify_all()


def milliseconds(leads: Iterable[Lead], share: float) -> float:
    """The time within which this share of the leads was accepted; 0 for no leads."""
    took = sorted(lead.took for lead in leads)
    return took[min(len(took) - 1, int(len(took) * share))] * 1000 if took else 0.0
