"""The sender of bench/intake.py, a process of its own: so many open connections, each of which
posts the next lead as soon as the last one is answered.

Told what to do by one JSON object on its command line; prints what it saw as another. Every lead
has a phone and an e-mail of its own. Latencies are in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

# Four digits under which Russia hands out all that follow.
PREFIXES = ("7999", "7916", "7926", "7903", "7905", "7909", "7963", "7985")
IN_A_BATCH = 100


@dataclass(slots=True)
class Task:
    """`number` is that of the first lead, `batch` whether a hundred go in one request."""

    port: int
    path: str
    names: dict[str, str]  # ours: theirs
    campaign: int
    token: str
    connections: int
    seconds: float
    number: int
    batch: bool = False


@dataclass(slots=True)
class Seen:
    until: float
    answered: int = 0
    leads: int = 0
    wrong: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)


def lead(task: Task, number: int) -> dict[str, Any]:
    prefix = PREFIXES[number // 10**7 % len(PREFIXES)]
    values = {
        "first_name": "Anna",
        "last_name": f"Sample{number}",
        "middle_name": "",
        "phone": f"+{prefix}{number % 10**7:07d}",
        "email": f"anna.sample{number}@example.com",
        "campaign": task.campaign,
    }
    return {task.names.get(name, name): value for name, value in values.items()}


class Connection(asyncio.Protocol):
    """One request at a time over one connection; opened anew when the server has shut it."""

    def __init__(self, task: Task, seen: Seen, done: asyncio.Future[None]) -> None:
        self.task, self.seen, self.done = task, seen, done
        self.transport: Any = None
        self.answer = b""
        self.begun = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        task = self.task
        many = IN_A_BATCH if task.batch else 1
        leads = [lead(task, task.number + place) for place in range(many)]
        task.number += many
        body = json.dumps(leads if task.batch else leads[0]).encode()
        self.answer, self.begun = b"", time.perf_counter()
        self.transport.write(
            f"POST {task.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nToken: {task.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, _, body = self.answer.partition(b"\r\n\r\n")
        at = head.lower().find(b"content-length:")
        if at < 0 or len(body) < int(head[at + 15 :].split(b"\r\n", 1)[0]):
            return
        self.take(head, body)

    def take(self, head: bytes, body: bytes) -> None:
        now = time.perf_counter()
        good = head[9:11] == b"20" and (not self.task.batch or b'"errors"' not in body)
        if not good:
            self.seen.wrong.append((head[:30] + b" " + body[:200]).decode("utf-8", "replace"))
        if now < self.seen.until:
            self.seen.answered += 1
            self.seen.leads += IN_A_BATCH if self.task.batch else 1
            self.seen.latencies.append((now - self.begun) * 1000)
            self.send()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if time.perf_counter() < self.seen.until:
            self.seen.wrong.append(f"the connection was shut: {error}")
        if not self.done.done():
            self.done.set_result(None)


async def send_all(task: Task) -> Seen:
    loop = asyncio.get_running_loop()
    seen = Seen(time.perf_counter() + task.seconds)
    ends = [loop.create_future() for _ in range(task.connections)]
    for end in ends:
        connection = partial(Connection, task, seen, end)
        await loop.create_connection(connection, "127.0.0.1", task.port)
    await asyncio.gather(*ends)
    return seen


def share(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def main() -> None:
    task = Task(**json.loads(sys.argv[1]))
    begun = time.perf_counter()
    seen = asyncio.run(send_all(task))
    spent = time.perf_counter() - begun
    ordered = sorted(seen.latencies)
    print(
        json.dumps(
            {
                "leads": seen.leads,
                "seconds": min(spent, task.seconds),
                "answered": seen.answered,
                "wrong": seen.wrong[:5],
                "p50": share(ordered, 0.5),
                "p99": share(ordered, 0.99),
                "next": task.number,
            }
        )
    )


if __name__ == "__main__":
    main()
