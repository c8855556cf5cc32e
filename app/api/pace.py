"""How often one network may post: counted in this process, forgotten after a minute."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict, deque
from time import monotonic

MINUTE = 60.0
MOST_NETWORKS = 10_000


class Pace:
    """At most `most` within any minute. With several web processes each counts for itself."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str) -> int:
        """Seconds until this address may post again; 0: it may now, and it has been counted."""
        now, network = monotonic(), network_of(address)
        with self._lock:
            times = self._seen.setdefault(network, deque())
            self._seen.move_to_end(network)
            if len(self._seen) > MOST_NETWORKS:
                self._seen.popitem(last=False)
            while times and now - times[0] >= MINUTE:
                times.popleft()
            if len(times) >= self.most:
                return max(1, round(MINUTE - (now - times[0]) + 0.5))
            times.append(now)
            return 0

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()


def network_of(address: str) -> str:
    """Of IPv6 the first 64 bits, of which everybody has as many addresses as they like."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False))
