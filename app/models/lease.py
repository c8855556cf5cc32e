"""Who holds a lease: a token that names the machine, the process and its start, so that whoever
starts later can tell the dead by it and nobody waits for the end of what they held.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from functools import cache
from pathlib import Path


def new_token() -> str:
    """machine.process.its start.random; tells later whether the holder can still be alive."""
    return f"{holder()}{secrets.token_hex(4)}"


def holder() -> str:
    """How the tokens of this process begin."""
    return f"{machine()}.{os.getpid()}.{_started_at(os.getpid())}."


def is_alive(token: str) -> bool:
    _, pid, started, _ = token.split(".")
    return _started_at(int(pid)) == started


def _started_at(pid: int) -> str:
    """The moment in clock ticks since boot: a process number alone is given again."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return f"{int(stat.rpartition(')')[2].split()[19]):x}"


@cache
def machine() -> str:
    """The host (or container) in this boot; short, since a wrong match does no harm."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        boot = ""
    return hashlib.sha256(f"{socket.gethostname()} {boot}".encode()).hexdigest()[:6]
