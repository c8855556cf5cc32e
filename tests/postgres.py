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
from collections.abc import Iterator, Mapping
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
# A server that somebody relies on, as docker-compose.yml starts it.
DURABLE = SETTINGS | {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "recovery_init_sync_method": "syncfs",
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
    """
    with running_cluster(kept) as server:
        yield server.url


@contextmanager
def running_cluster(
    kept: Path | None = None, *, settings: Mapping[str, str] = SETTINGS
) -> Iterator[Cluster]:
    """The same for whoever wants to pull its plug."""
    folder = kept or Path(tempfile.mkdtemp(prefix="crm-pg-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        server = Cluster(folder, settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """A server with its data in a folder, at the same address however often it is started again.

    PostgreSQL refuses to run as root, so root lends it to an unprivileged user. It ends with the
    thread that started it, even when we are killed.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._programs, self._user = _programs(), _unprivileged_user()
        self._folder = folder
        self._port = _free_port()
        self._settings = settings
        self.url = f"postgresql://crm@127.0.0.1:{self._port}/postgres"
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        if not (folder / "data" / "PG_VERSION").exists():
            self._make()

    def start(self) -> None:
        """Returns once it takes connections."""
        self._process = self._serve()
        _wait_for(self.url, self._process, self._folder / "log")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def pull_the_plug(self) -> None:
        """What `pg_ctl restart -m immediate` does: nobody is waited for and nothing written down;
        it recovers from its log as after a power cut. Returns once it takes connections.
        """
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()
        self.start()

    def _make(self) -> None:
        command = [
            str(self._programs / "initdb"),
            *("--pgdata", str(self._folder / "data"), "--username", "crm", "--auth", "trust"),
            # Not C, in which trigrams and upper() know ASCII alone.
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        ]
        done = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, **_as(self._user)
        )
        if done.returncode:
            pytest.fail(f"initdb failed:\n{done.stdout}{done.stderr}", pytrace=False)

    def _serve(self) -> subprocess.Popen[bytes]:
        settings = dict(self._settings) | {
            "port": str(self._port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._folder / "data"), *options],
                cwd=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for pytest, which then stops the server in order
                preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT),
                **_as(self._user),
            )


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
