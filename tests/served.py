"""The product as people run it: what bin/start leaves running, on a free port and data of its own.

`served(folder)` is gunicorn with our settings and the document worker beside it; `Person` is
somebody who uses its pages over HTTP (tests of Chromium have a browser for that).
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    ProxyHandler,
    Request,
    build_opener,
)

import pytest

from tests.views.browsing import form_of

ROOT = Path(__file__).resolve().parents[1]
PR_SET_PDEATHSIG = 1
STARTS_WITHIN = 120  # seconds; it fills the demo data in first
# Of answers one after another: every process of the server has had its turn by then.
QUICK_ONES = 12
_libc = ctypes.CDLL(None)


def eventually(condition: Callable[[], Any], seconds: float = 120) -> Any:
    """What the condition gives once it is true; looks ten times a second."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"waited {seconds:g} s in vain"
        time.sleep(0.1)
    return found


# -- the server ------------------------------------------------------------------------------------


@dataclass
class Server:
    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    env: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    @property
    def passwords(self) -> dict[str, str]:
        """Of the demo users, by user name."""
        lines = (self.folder / "demo-logins.txt").read_text().splitlines()
        return dict(line.split(maxsplit=1) for line in lines)

    def flask(self, *arguments: str) -> str:
        """What one of the product's commands prints."""
        command = [str(Path(sys.executable).parent / "flask"), "fab", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout

    def worker(self) -> int | None:
        """The process that renders documents at the moment."""
        return self._child(lambda words: b"worker" in words)

    def web_server(self) -> int | None:
        """The process that starts those which answer requests."""
        return self._child(lambda words: any(word.endswith(b"/gunicorn") for word in words))

    def web_workers(self) -> list[int]:
        """The processes that answer requests at the moment."""
        parent = self.web_server()
        return sorted(_children(parent)) if parent else []

    def _child(self, is_it: Callable[[list[bytes]], bool]) -> int | None:
        for child in _children(self.process.pid):
            with suppress(OSError):  # it has ended meanwhile
                if is_it(Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")):
                    return child
        return None


def _children(parent: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            state, its_parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(its_parent) == parent and state != "Z":
                yield int(folder.name)


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Server]:
    """What bin/start starts once all is installed, with `settings` in its environment."""
    port = _free_port()
    env = os.environ | {"CRM_DATA": str(folder), "PORT": str(port)} | settings
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.start"],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C is for pytest, which then stops the server in order
            preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
        )
    server = Server(port, folder, process, env)
    try:
        _wait_for(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(server: Server) -> None:
    somebody = Person(server.url)
    until, quick = time.monotonic() + STARTS_WITHIN, 0
    while quick < QUICK_ONES:
        began = time.monotonic()
        try:
            somebody.get("/login/")
        except OSError:  # refused, or cut off while it starts
            time.sleep(0.1)
        else:
            quick = quick + 1 if time.monotonic() - began < 0.5 else 0
        if server.process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"The server did not start:\n{server.log}", pytrace=False)


# -- people over HTTP ------------------------------------------------------------------------------


@dataclass
class Answer:
    """As Flask's test client gives it, so that tests/views/browsing.py reads it too."""

    status_code: int
    location: str | None
    headers: Any
    data: bytes

    def get_data(self, *, as_text: bool = False) -> Any:
        return self.data.decode() if as_text else self.data

    @property
    def text(self) -> str:
        return self.data.decode()


class _StaysHere(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Person:
    """Somebody with a browser of their own; answers are not followed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()), _StaysHere)

    def get(self, address: str) -> Answer:
        return self._ask(Request(self.url + address))  # noqa: S310 -- of our own server

    def post(self, address: str, data: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """`data` is a form's fields, or bytes as they are."""
        body = data if isinstance(data, bytes) else urlencode(data or {}, doseq=True).encode()
        return self._ask(Request(self.url + address, body, headers or {}))  # noqa: S310

    def log_in(self, username: str, password: str) -> Person:
        fields = form_of(self, "/login/") | {"username": username, "password": password}
        answer = self.post("/login/", fields)
        assert answer.status_code == 302, answer.text
        return self

    def _ask(self, request: Request) -> Answer:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return _read(answer)
        except HTTPError as answer:
            with answer:
                return _read(answer)


def _read(answer: Any) -> Answer:
    return Answer(answer.status, answer.headers.get("Location"), answer.headers, answer.read())
