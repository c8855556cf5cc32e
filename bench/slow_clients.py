"""Whether the door answers while others dawdle: half-sent bodies and connections that say nothing.

    .venv/bin/python -m bench.slow_clients [--seconds 60]

50 clients send half of a lead, 25 of them a byte more now and then; 200 are connected and idle, 100
of them after a first request. Who is cut off connects again, so that the pressure stays. Meanwhile
leads are pushed from the same address; their times are counted from when they were to be sent.
First through deploy/nginx.conf in front of gunicorn, as shipped; then, to know what the proxy is
there for, to gunicorn alone.
"""

from __future__ import annotations

import argparse
import os
import selectors
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.pushing import DOOR, Lead, Pusher, milliseconds

if TYPE_CHECKING:
    from bench.counting import Prepared

HALF_SENT, IDLE = 50, 200
RATE = 10.0  # leads a second
BYTE_EVERY = 5.0  # seconds
WANTED = 1000.0  # milliseconds, the longest that a lead may take behind the proxy
PATIENCE = 10.0  # seconds that leads are waited for afterwards


@dataclass
class Dawdlers:
    """Connections that keep a server waiting, from `start()` to `end()`."""

    port: int
    token: str
    again: Counter[str] = field(default_factory=Counter)  # how many had to connect again, by kind

    def start(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._end = threading.Event()
        for place in range(HALF_SENT):
            self._connect("half-sent, a byte now and then" if place % 2 else "half-sent")
        for place in range(IDLE):
            self._connect("idle after a request" if place % 2 else "idle")
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> int:
        """How many connections they held."""
        self._end.set()
        self._thread.join(10)
        held = len(self._selector.get_map())
        for key in list(self._selector.get_map().values()):
            self._drop(key.fileobj)
        self._selector.close()
        return held

    def _connect(self, kind: str) -> None:
        """A server whose queue is full may refuse; then it is tried again at the next look."""
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", self.port))
        self._selector.register(client, selectors.EVENT_WRITE, kind)

    def _watch(self) -> None:
        trickle_at = time.monotonic() + BYTE_EVERY
        while not self._end.is_set():
            for key, events in self._selector.select(0.2):
                self._look(key, events)
            if time.monotonic() >= trickle_at:
                trickle_at += BYTE_EVERY
                self._trickle()

    def _look(self, key: selectors.SelectorKey, events: int) -> None:
        client: socket.socket = key.fileobj  # type: ignore[assignment]
        try:
            if events & selectors.EVENT_WRITE:  # it is connected now
                client.send(self._opening(key.data))
                self._selector.modify(client, selectors.EVENT_READ, key.data)
                return
            is_over = not client.recv(4096)
        except OSError:
            is_over = True
        if is_over:
            self._drop(client)
            self.again[key.data] += 1
            self._connect(key.data)

    def _opening(self, kind: str) -> bytes:
        if kind == "idle":
            return b""
        if kind == "idle after a request":
            return b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        return (
            f"POST {DOOR} HTTP/1.1\r\nHost: 127.0.0.1\r\nToken: {self.token}\r\n"
            'Content-Type: application/json\r\nContent-Length: 400\r\n\r\n{"first_name": "Iv'
        ).encode()

    def _trickle(self) -> None:
        for key in list(self._selector.get_map().values()):
            if key.data == "half-sent, a byte now and then" and key.events & selectors.EVENT_READ:
                with suppress(OSError):
                    key.fileobj.send(b"a")  # type: ignore[union-attr]

    def _drop(self, client: object) -> None:
        self._selector.unregister(client)  # type: ignore[arg-type]
        with closing(client):  # type: ignore[type-var]
            pass


@dataclass
class Result:
    name: str
    leads: list[Lead]
    answers: Counter[int]
    again: Counter[str]
    held: int  # connections of dawdlers at the end

    def __str__(self) -> str:
        accepted = [lead for lead in self.leads if lead.accepted is not None]
        p50, longest = (milliseconds(accepted, share) for share in (0.5, 1.0))
        answers = ", ".join(
            f"{status or 'no answer'}: {number}" for status, number in sorted(self.answers.items())
        )
        return (
            f"{self.name}: {len(accepted)} of {len(self.leads)} leads accepted,"
            f" p50 {p50:.0f} ms, longest {longest:.0f} ms ({answers});"
            f" {self.held} dawdlers, connected again {sum(self.again.values())} times"
        )


def push(name: str, port: int, made: Prepared, seconds: float, first: int = 0) -> Result:
    """Leads at the door of this port while dawdlers hold it."""
    pusher = Pusher(port, made.token, made.campaign_id, RATE, first=first)
    dawdlers = Dawdlers(port, made.token)
    dawdlers.start()
    try:
        time.sleep(1)  # until all of them are there
        pusher.start(seconds)
        leads = pusher.finish(PATIENCE)
    finally:
        held = dawdlers.end()
    return Result(name, leads, pusher.answers, dawdlers.again, held)


@contextmanager
def site(folder: Path) -> Iterator[tuple[int, Prepared]]:
    """gunicorn and the worker as bin/start serves them; the port, and a source with its token."""
    from bench.counting import prepare
    from bench.faults import durable_database
    from tests.served import served
    from tests.site import DRIVER, Site

    with durable_database() as (_, url):
        made = prepare(Site(url.replace("postgresql:", DRIVER)).app, contracts=0)
        settings = {"DATABASE_URL": url, "WEB_CONCURRENCY": "2", "PROXIES": "1"}
        with served(folder, **settings) as server:
            yield server.port, made


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=60)
    seconds = options.parse_args().seconds
    print("load of the machine:", *(f"{load:.1f}" for load in os.getloadavg()), flush=True)
    with tempfile.TemporaryDirectory(prefix="crm-slow-") as folder:
        os.environ["CRM_DATA"] = folder
        from tests.proxied import proxy

        with site(Path(folder)) as (web, made):
            with proxy(Path(folder), web) as port:
                shipped = push("behind nginx", port, made, seconds)
            print(shipped, flush=True)
            print(push("gunicorn alone", web, made, seconds, first=len(shipped.leads)))
    longest = milliseconds(shipped.leads, 1.0)
    if longest > WANTED:
        print(f"NOT REACHED: behind nginx the longest took {longest:.0f} ms, wanted {WANTED:g}")
    return longest > WANTED


if __name__ == "__main__":
    sys.exit(main())
