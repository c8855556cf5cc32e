"""A real receiver of webhooks at a port of its own: its path says how it behaves."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`address("/ok")` accepts. `/fail` answers 500, `/gone` 410, `/busy` 429, `/hang` waits until
    `let_go`, `/late` answers after a while, `/redirect` leads to /ok, `/drip` sends a letter of its
    head now and then, `/big` more than anybody wants, `/break` nothing, `/say` what `says` is.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.says = 200
        self.held = threading.Event()
        self.late = 0.4  # seconds

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def let_go(self) -> None:
        self.held.set()

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _path, headers, _body in self.got]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _path, _headers, body in self.got]


@contextlib.contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append((self.path, headers, body))
            with contextlib.suppress(OSError):  # whoever gives up hangs up
                getattr(self, f"_{self.path.strip('/')}")()

        def _answer(self, status: int, body: bytes = b"thanks", **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def _ok(self) -> None:
            self._answer(200)

        def _say(self) -> None:
            self._answer(receiver.says)

        def _fail(self) -> None:
            self._answer(500, "Ошибка\x00 <b>here</b>".encode())

        def _gone(self) -> None:
            self._answer(410)

        def _busy(self) -> None:
            self._answer(429, Retry_After="900")

        def _redirect(self) -> None:
            self._answer(302, Location=receiver.address("/ok"))

        def _late(self) -> None:
            time.sleep(receiver.late)
            self._answer(204, b"")

        def _hang(self) -> None:
            receiver.held.wait(60)
            self._answer(200)

        def _drip(self) -> None:
            for letter in "HTTP/1.1 200 OK and so on without an end":
                self.wfile.write(letter.encode())
                self.wfile.flush()
                time.sleep(0.1)

        def _big(self) -> None:
            self._answer(200, b"x" * 3_000_000)

        def _break(self) -> None:
            self.close_connection = True
            self.connection.close()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go()
        server.shutdown()
        thread.join()
        server.server_close()
