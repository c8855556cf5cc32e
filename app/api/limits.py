"""How often one token may come, and how often one address may try wrong ones: without a query.

The counts live in this process alone, so each process gives out its share of a limit (ADR 0017).
Refused is refused before the body is read: nothing of it is stored, and it may be sent again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from threading import Lock

from flask import Flask, current_app, request

from app.api.tokens import TokenRefused, presented
from app.models.source import digest_of

MINUTE = 60.0  # seconds
MOST_REMEMBERED = 10_000
VISITOR_POSTS = 30  # of own forms by one network in a minute
EXTENSION = "crm_limits"


class TooMany(Exception):  # noqa: N818 -- it says what happened
    """Come again in `seconds`. `status` is 503 for platforms that take any 4xx as a last word."""

    def __init__(self, seconds: int, status: int = 429) -> None:
        super().__init__(seconds)
        self.seconds, self.status = seconds, status


@dataclass(slots=True)
class Buckets:
    """Token buckets: as many at once as come in a minute, then evenly. The ones that were used
    longest ago are forgotten when there are more than `most`; `clock` gives seconds.
    """

    most: int = MOST_REMEMBERED
    clock: Callable[[], float] = time.monotonic
    _kept: dict[Hashable, tuple[float, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, key: Hashable, per_minute: int) -> float:
        """Takes one; 0, or the seconds until there is one again."""
        with self._lock:
            left, now = self._left(key, per_minute)
            if left < 1:
                return (1 - left) * MINUTE / per_minute
            self._kept.pop(key, None)
            self._kept[key] = (left - 1, now)
            if len(self._kept) > self.most:
                del self._kept[next(iter(self._kept))]
            return 0.0

    def wait(self, key: Hashable, per_minute: int) -> float:
        """As `take`, of which nothing is taken."""
        with self._lock:
            left, _now = self._left(key, per_minute)
            return 0.0 if left >= 1 else (1 - left) * MINUTE / per_minute

    def _left(self, key: Hashable, per_minute: int) -> tuple[float, float]:
        now = self.clock()
        left, then = self._kept.get(key, (float(per_minute), now))
        return min(float(per_minute), left + (now - then) * per_minute / MINUTE), now

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()


class Limits:
    """What one process counts. A limit of 0 is none."""

    def __init__(self, per_minute: int, wrong_per_minute: int, processes: int) -> None:
        self.per_minute, self.wrong_per_minute = per_minute, wrong_per_minute
        self.processes = processes
        self.tokens, self.wrong, self.visitors = Buckets(), Buckets(), Buckets()
        self._admitted: dict[Hashable, None] = {}

    def count(self, digest: str, address: str, per_minute: int | None) -> float:
        """One request of an admitted token: 0, or the seconds that it has to wait."""
        if (address, digest) not in self._admitted:
            if len(self._admitted) >= MOST_REMEMBERED:
                self._admitted.clear()
            self._admitted[(address, digest)] = None
        limit = self.per_minute if per_minute is None else per_minute
        return self.tokens.take(digest, self._share(limit)) if limit else 0.0

    def guessing(self, digest: str, address: str) -> float:
        """The seconds that an address has to wait which has tried too many wrong tokens. Whoever
        was admitted from there before is not kept waiting by the others behind that address.
        """
        if not self.wrong_per_minute or (address, digest) in self._admitted:
            return 0.0
        return self.wrong.wait(address, self._share(self.wrong_per_minute))

    def refused(self, address: str) -> None:
        if self.wrong_per_minute:
            self.wrong.take(address, self._share(self.wrong_per_minute))

    def visit(self, address: str) -> float:
        """One post of somebody who has no token: 0, or the seconds that they have to wait."""
        return self.visitors.take(address, self._share(VISITOR_POSTS))

    def _share(self, per_minute: int) -> int:
        return max(1, per_minute // self.processes)

    def forget(self) -> None:
        """As at the start of the process."""
        self.tokens.forget()
        self.wrong.forget()
        self.visitors.forget()
        self._admitted.clear()


def init(app: Flask) -> None:
    app.extensions[EXTENSION] = Limits(
        app.config["API_RATE_LIMIT"], app.config["API_WRONG_TOKENS"], app.config["WEB_PROCESSES"]
    )


def count(token: str, per_minute: int | None = None, *, status: int = 429) -> None:
    """Called once in a request, when the token has been looked up. Raises TooMany."""
    _refuse_after(_limits().count(digest_of(token), _address(), per_minute), status)


def stop_guessing(key: str | None) -> None:
    """Called before the token (or the key in an address) is looked up. Raises TooMany."""
    _refuse_after(_limits().guessing(digest_of(key or _token()), _address()), 429)


def count_refused() -> None:
    """Called when there was no such token."""
    _limits().refused(_address())


def visitor_waits() -> int:
    """Called once for each post of an own form; whole seconds, 0 for none."""
    return math.ceil(_limits().visit(_address()))


def _refuse_after(seconds: float, status: int) -> None:
    if seconds:
        raise TooMany(max(1, math.ceil(seconds)), status)


def _token() -> str:
    try:
        return presented()
    except TokenRefused:
        return ""


def _limits() -> Limits:
    limits: Limits = current_app.extensions[EXTENSION]
    return limits


def _address() -> str:
    """Where the request comes from; of IPv6 the network, since one sender has all of it."""
    address = request.remote_addr or ""
    if ":" not in address:
        return address
    try:
        return IPv6Address(address.partition("%")[0]).packed[:8].hex()
    except ValueError:
        return address
