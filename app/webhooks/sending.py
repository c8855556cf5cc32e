"""One try: posts a body to an address and says what came of it. It never raises for what is there
at the other end, follows no redirect, and gives up after 15 seconds whatever happens.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.models.contacts import clean_text
from app.webhooks.reaching import NotReached, Target, targets_of

CONNECTS_WITHIN = 5.0  # seconds
ENDS_WITHIN = 15.0  # seconds, from the connection to the last byte that is read
READ_AT_MOST = 64 * 1024  # bytes of the answer
ANSWER_KEPT = 500  # characters
REASONS = {2: "", 3: "redirect"}  # by the first digit of the status; else refused


@dataclass(frozen=True, slots=True)
class Tried:
    """`reason` is '' for an accepted one, else a code; `retry_after` is what the receiver asked
    for, in seconds.
    """

    status: int | None
    milliseconds: int
    answer: str = ""
    reason: str = ""
    retry_after: int | None = None

    @property
    def is_accepted(self) -> bool:
        return not self.reason

    @property
    def is_gone(self) -> bool:
        """By 410 a receiver says that it wants nothing more."""
        return self.status == http.client.GONE


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Tried:
    started = time.monotonic()
    status, answer, wait = None, "", None
    try:
        status, answer, wait = _exchange(address, body, headers)
    except NotReached as error:
        reason = error.code
    else:
        reason = REASONS.get(status // 100, "refused")
    return Tried(status, round((time.monotonic() - started) * 1000), answer, reason, wait)


def _exchange(address: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, int | None]:
    parts = urlsplit(address)
    host = (parts.hostname or "").encode("idna").decode()
    is_tls = parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    connection = _Connection(host, port, targets_of(host, port), is_tls=is_tls)
    end = threading.Timer(ENDS_WITHIN, connection.cut)
    end.daemon = True
    end.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        with connection.getresponse() as response:
            text = response.read(READ_AT_MOST).decode("utf-8", "replace")
            wait = response.getheader("Retry-After", "")
    except ssl.SSLError as error:
        raise NotReached("timeout" if connection.was_cut else _tls(error)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        if connection.was_cut or isinstance(error, TimeoutError):
            raise NotReached("timeout") from None
        raise NotReached("answer" if connection.is_connected else "connection") from None
    finally:
        end.cancel()
        connection.close()
    seconds = int(wait) if wait.isascii() and wait.isdigit() else None
    return response.status, clean_text(text, multiline=True)[:ANSWER_KEPT], seconds


def _tls(error: ssl.SSLError) -> str:
    return "certificate" if isinstance(error, ssl.SSLCertVerificationError) else "tls"


class _Connection(http.client.HTTPConnection):
    """Connects to the addresses that were looked at and to no other; a certificate must be of the
    host's name. `cut` ends whatever waits, from another thread.
    """

    def __init__(self, host: str, port: int, targets: Sequence[Target], *, is_tls: bool) -> None:
        super().__init__(host, port)
        self.default_port = 443 if is_tls else 80  # which the header Host leaves out
        self.targets = targets
        self.is_tls = is_tls
        self.is_connected = False
        self.was_cut = False
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        last: OSError | None = None
        until = time.monotonic() + CONNECTS_WITHIN
        for target in self.targets:
            left = until - time.monotonic()
            if left <= 0:
                break
            plain = self._socket = socket.socket(target.family, socket.SOCK_STREAM)
            plain.settimeout(left)
            try:
                plain.connect(target.address)
                self.sock = self._secured(plain)
            except OSError as error:
                last = error
                plain.close()
                if isinstance(error, ssl.SSLError):
                    break
                continue
            self.sock.settimeout(ENDS_WITHIN)
            self.is_connected = True
            return
        raise last or TimeoutError

    def _secured(self, plain: socket.socket) -> socket.socket:
        if not self.is_tls:
            return plain
        secured = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        self._socket = secured
        return secured

    def cut(self) -> None:
        self.was_cut = True
        held = self._socket
        if held is not None:
            try:
                # Not the TLS socket's own: the thread that reads is in the middle of it.
                socket.socket.shutdown(held, socket.SHUT_RDWR)
            except OSError:
                return
