"""Addresses of other sites that people type: where a form may stand, where its visitor goes."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from app.errors import N_, Invalid

MOST_SITES = 50
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# What may stand in a Content-Security-Policy: nothing in it ends a source or begins a directive.
_ORIGIN = re.compile(
    rf"(?P<scheme>https?)://(?P<any>\*\.)?(?P<host>{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>\d{{1,5}}))?",
    re.ASCII,
)


def checked_sites(field: str, text: str) -> str:
    """One origin a line, as policies name them: `example.com/shop` becomes https://example.com,
    `*.example.com` stands for all its subdomains, names of other alphabets are written in ASCII.
    Raises Invalid naming the line.
    """
    found = dict.fromkeys(_origin(field, line) for line in text.split() if line.strip(","))
    if len(found) > MOST_SITES:
        raise Invalid.of(field, N_("At most %(most)s sites."), most=MOST_SITES)
    return "\n".join(found)


def _origin(field: str, typed: str) -> str:
    wrong = Invalid.of(
        field, N_("“%(site)s” is no site. Write it as https://example.com."), site=typed[:100]
    )
    line = typed.strip(",").lower()
    scheme, mark, rest = line.partition("://")
    if not mark:
        scheme, rest = "https", line
    host, colon, port = rest.split("/", 1)[0].partition(":")
    every = host.startswith("*.")
    try:
        ascii_host = host.removeprefix("*.").encode("idna").decode()
    except UnicodeError:
        raise wrong from None
    origin = f"{scheme}://{'*.' if every else ''}{ascii_host}{colon}{port}"
    match = _ORIGIN.fullmatch(origin)
    if match is None or (match["port"] and not 0 < int(match["port"]) < 65536):
        raise wrong
    if every and "." not in ascii_host:
        raise wrong  # *.com is half the world
    return origin


def checked_address(field: str, typed: str, *, limit: int = 500) -> str:
    """An absolute http(s) address or ''. Raises Invalid."""
    address = typed.strip()
    if not address:
        return ""
    wrong = Invalid.of(field, N_("Write an address that begins with https://."))
    if len(address) > limit or not address.isprintable() or " " in address or "\\" in address:
        raise wrong
    if not address.lower().startswith(("https://", "http://")):
        raise wrong
    origin_of(field, address)
    return address


def origin_of(field: str, address: str) -> str:
    """`https://example.com:8443` of an address below it. Raises Invalid, also for one that names a
    user (https://known.example@other.example/), which only deceives.
    """
    wrong = Invalid.of(field, N_("Write an address that begins with https://."))
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise wrong from None
    if "@" in parts.netloc or not parts.hostname or "*" in parts.netloc:
        raise wrong
    return _origin(field, f"{parts.scheme}://{parts.hostname}{f':{port}' if port else ''}")
