"""Which addresses a webhook may reach, so that nobody looks into our own network through it.

The name is resolved once and the connection goes to the very address that was looked at: a name
that answers something else a moment later (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Any

from app.models.webhook import may_be_private

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Metadata services of clouds that do not stand among the link-local ones.
METADATA = {ipaddress.ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200")}


class NotReached(Exception):  # noqa: N818 -- it says what happened
    """`code` says why in a word that the page translates."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a socket can connect to."""

    family: int
    address: Any


def targets_of(host: str, port: int) -> list[Target]:
    """Every address of the host. Raises NotReached when the name leads nowhere, or anywhere that
    is not allowed: one bad address among good ones is no accident.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotReached("name") from None
    targets = [Target(family, address) for family, _type, _proto, _name, address in found]
    if not all(is_allowed(ipaddress.ip_address(one.address[0].split("%")[0])) for one in targets):
        raise NotReached("forbidden")
    return targets


def is_allowed(address: Address) -> bool:
    """Public addresses; with the setting WEBHOOK_PRIVATE private ones and this machine too. Never
    those by which clouds tell a machine its own secrets, nor those that are no machine's.
    """
    inner = _inside(address)
    if inner is not None:
        return is_allowed(inner)
    if address in METADATA or address.is_link_local or address.is_multicast:
        return False
    if address.is_unspecified or (address.is_reserved and not address.is_loopback):
        return False
    return address.is_global or (may_be_private() and (address.is_private or address.is_loopback))


def _inside(address: Address) -> Address | None:
    """The IPv4 address that an IPv6 one carries (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
