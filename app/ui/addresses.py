"""Addresses that came with a request: only those of this site are followed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from flask import request

CONTROLS = re.compile(r"[\x00-\x20\x7f\\]")


def inside(address: str) -> str:
    """The address as a path of this site; the start page when it leads anywhere else."""
    try:
        parts = urlsplit("" if CONTROLS.search(address) else address)
    except ValueError:
        return "/"
    # Not request.host, which refuses a host that is not trusted: error pages ask here too.
    elsewhere = parts.netloc and parts.netloc != request.headers.get("Host")
    if elsewhere or parts.scheme not in ("", "http", "https"):
        return "/"
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return "/"
    return urlunsplit(("", "", parts.path, parts.query, ""))
