"""The race of twenty posts over HTTP, against gunicorn as it is served."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from app.models import Lead, Submission
from tests.api.doors import EXAMPLE, SEED
from tests.api.test_races import TOGETHER, at_once

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-environment"  # noqa: S105 -- of this test alone
STARTS_WITHIN = 120
QUICK_ONES = 12


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/crm.sqlite3"
    url: str = request.getfixturevalue("postgres_database")
    return url


@contextmanager
def served(address: str, folder: Path) -> Iterator[int]:
    """gunicorn with our own settings, on a free port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    env = os.environ | {"DATABASE_URL": address, "CRM_DATA": str(folder), "TOKENS_API": TOKEN}
    set_up = "from app import create_app; from app.setup import set_up; set_up(create_app())"
    subprocess.run([sys.executable, "-c", set_up], cwd=ROOT, env=env, check=True)
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "run:app"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        _wait_for(port, server, folder / "log")
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until every worker answers, which it does quickly or not yet at all."""
    until = time.monotonic() + STARTS_WITHIN
    quick = 0
    while quick < QUICK_ONES:
        began = time.monotonic()
        try:
            post(port, {}, token="wrong")  # noqa: S106
        except OSError:
            time.sleep(0.1)
        else:
            quick = quick + 1 if time.monotonic() - began < 0.5 else 0
        if server.poll() is not None or time.monotonic() > until:
            pytest.fail(log.read_text())


def post(port: int, body: dict[str, Any], token: str = TOKEN) -> tuple[int, Any]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        headers = {"Token": token, "Content-Type": "application/json"}
        connection.request("POST", SEED, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.mark.slow
def test_twenty_posts_over_http_make_one_lead(address: str, tmp_path: Path) -> None:
    both = EXAMPLE | {"advertising_company": None}
    mail = {name: value for name, value in both.items() if name != "phone_number"}
    with served(address, tmp_path) as port:
        answers = at_once(
            [lambda body=both if place % 2 else mail: post(port, body) for place in range(TOGETHER)]
        )
        answers += [post(port, both) for _ in range(3)]
    assert {status for status, _ in answers} == {201}
    assert len({body["id"] for _, body in answers}) == 1
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Lead)) == 1
        stored = connection.scalar(select(func.count()).select_from(Submission))
        assert stored == TOGETHER + 3
    engine.dispose()


@pytest.mark.slow
def test_a_sender_who_dawdles_keeps_nobody_waiting(address: str, tmp_path: Path) -> None:
    """A body that trickles in holds no lock of the database, on SQLite neither."""
    with served(address, tmp_path) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(
            f"POST {SEED} HTTP/1.1\r\nHost: 127.0.0.1\r\nToken: {TOKEN}\r\n"
            "Content-Type: application/json\r\nContent-Length: 60\r\n\r\n{".encode()
        )
        time.sleep(0.5)
        assert post(port, {"email": "quick@example.com"})[0] == 201


@pytest.mark.slow
def test_a_wrong_token_is_answered_without_waiting_for_the_body(
    address: str, tmp_path: Path
) -> None:
    with served(address, tmp_path) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.settimeout(5)
        slow.sendall(
            f"POST {SEED} HTTP/1.1\r\nHost: 127.0.0.1\r\nToken: wrong\r\n"
            "Content-Type: application/json\r\nContent-Length: 50000\r\n\r\n{".encode()
        )
        assert slow.recv(100).startswith(b"HTTP/1.1 401")
