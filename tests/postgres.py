"""A PostgreSQL of the tests' own, so that `pytest` needs no server, no password and no set-up.

Loaded as a plugin by conftest.py. CRM_TEST_POSTGRES=postgresql://… names a server to use instead.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

PR_SET_PDEATHSIG = 1
SETTINGS = {
    # Nothing here outlives the run, so nothing need survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    # A server whose clock is not the company's, so that no date leans on it.
    "timezone": "Pacific/Chatham",
    "log_timezone": "UTC",
}
_libc = ctypes.CDLL(None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server, as postgresql://user@host:port/postgres."""
    given = os.environ.get("CRM_TEST_POSTGRES")
    if given:
        yield given
    else:
        with cluster() as url:
            yield url


@pytest.fixture
def postgres_database(postgres_server: str) -> Iterator[str]:
    """The address of an empty database that lives as long as the test."""
    with database(postgres_server) as url:
        yield url


@contextmanager
def cluster(kept: Path | None = None) -> Iterator[str]:
    """Starts a server on a free loopback port and removes it with all its data afterwards; in the
    folder `kept` its data stays and is there at the next start.

    PostgreSQL refuses to run as root, so root lends it to an unprivileged user. It ends with us
    even when we are killed.
    """
    programs = _programs()
    user = _unprivileged_user()
    folder = kept or Path(tempfile.mkdtemp(prefix="crm-pg-"))
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        if not (folder / "data" / "PG_VERSION").exists():
            _run_as(
                user,
                [
                    str(programs / "initdb"),
                    *("--pgdata", str(folder / "data"), "--username", "crm", "--auth", "trust"),
                    # Not C, in which trigrams and upper() know ASCII alone.
                    *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
                ],
                folder,
            )
        port = _free_port()
        server = _serve(programs, user, folder, port)
        try:
            url = f"postgresql://crm@127.0.0.1:{port}/postgres"
            _wait_for(url, server, folder / "log")
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # "fast": does not wait for clients
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server_url: str, template: str = "template1") -> Iterator[str]:
    """Creates a database, as a copy of `template`, and drops it with whoever is still connected."""
    name = f"crm_{uuid.uuid4().hex[:12]}"
    _administer(
        server_url,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )
    try:
        yield server_url.rpartition("/")[0] + f"/{name}"
    finally:
        _administer(
            server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        )


def _administer(server_url: str, statement: sql.Composed) -> None:
    with closing(psycopg2.connect(server_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


def _programs() -> Path:
    """The folder of initdb and postgres, the newest version that Debian has installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    debian = sorted(found, key=lambda path: int(path.parts[-3]))
    initdb = str(debian[-1]) if debian else shutil.which("initdb")
    if not initdb:
        pytest.fail(
            "PostgreSQL is not installed. bin/test installs it; or set CRM_TEST_POSTGRES.",
            pytrace=False,
        )
    return Path(initdb).resolve().parent


def _unprivileged_user() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _serve(
    programs: Path, user: pwd.struct_passwd | None, folder: Path, port: int
) -> subprocess.Popen[bytes]:
    settings = SETTINGS | {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [str(programs / "postgres"), "-D", str(folder / "data"), *options],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C is for pytest, which then stops the server in order
            preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT),
            **_as(user),
        )


def _run_as(user: pwd.struct_passwd | None, command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **_as(user))
    if done.returncode:
        pytest.fail(f"{command[0]} failed:\n{done.stdout}{done.stderr}", pytrace=False)


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError as error:
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start: {error}\n{log.read_text()}", pytrace=False)
            time.sleep(0.05)
        else:
            return
