"""How each database begins a transaction, so that reading never waits and writing never fails.

SQLite: what may write begins with BEGIN IMMEDIATE, a safe request with plain BEGIN and query_only.
(A plain BEGIN that reads and then writes answers "database is locked" at once.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from logging import Logger
from typing import Any, AnyStr

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql import Executable

ASKED_AFTER = 1.0  # seconds of rest after which a connection may have died unnoticed

_only_reads: ContextVar[bool] = ContextVar("only_reads", default=False)


def say_only_reads(value: bool) -> None:
    """Called by the wiring at the start of each request: True for GET, HEAD and OPTIONS."""
    _only_reads.set(value)


@contextmanager
def writing() -> Iterator[None]:
    """Transactions begun inside may write, whatever the request's method."""
    token = _only_reads.set(False)
    try:
        yield
    finally:
        _only_reads.reset(token)


def watch(engine: Engine) -> None:
    """Sets up an engine once."""
    if engine.dialect.name != "sqlite":
        if not event.contains(engine, "checkin", _rest):
            event.listen(engine, "checkin", _rest)
            event.listen(engine, "checkout", partial(_rouse, engine))
        return
    if event.contains(engine, "begin", _begin):
        return
    event.listen(engine, "connect", _connect)
    event.listen(engine, "begin", _begin)


def write_apart(engine: Engine, statement: Executable) -> None:
    """One statement on its own connection, committed at once: the only way in which a safe
    request records something (last used, audit).
    """
    with writing(), engine.begin() as connection:
        connection.execute(statement)


def read_in_blocks(engine: Engine, blocks: Callable[[Session], Iterator[str]]) -> Iterator[str]:
    """The blocks of a download, read by a session of its own: the request's has ended by then."""
    with Session(engine) as session:
        yield from only_reading(blocks(session))


def only_reading(blocks: Iterator[AnyStr]) -> Iterator[AnyStr]:
    """A body that is made while it is sent reads after its request has ended, when a transaction
    would be begun to write: on SQLite it would hold the one writer until the download is over.
    """
    say_only_reads(True)
    try:
        yield from blocks
    finally:
        say_only_reads(False)


def is_away(error: BaseException) -> bool:
    """Whether the server itself did not answer: it stops, starts or is out of reach. No statement
    is to blame then, so a line in the log says it all, however many requests meet it.
    """
    if not isinstance(error, DBAPIError):
        return False
    # A refused connection is the one error of PostgreSQL that carries no code.
    has_no_code = getattr(error.orig, "pgcode", "") is None
    return error.connection_invalidated or (isinstance(error, OperationalError) and has_no_code)


def log_failure(log: Logger, what: str, error: BaseException | None) -> None:
    """`what` could not be done: with the whole story, unless the server is merely away."""
    if error is not None and is_away(error):
        log.warning("%s: %s", what, str(error.__cause__ or error).strip().splitlines()[0])
    else:
        log.error(what, exc_info=error)


def _rest(_dbapi_connection: Any, record: Any) -> None:
    record.info["resting_since"] = time.monotonic()


def _rouse(engine: Engine, dbapi_connection: Any, record: Any, _proxy: Any) -> None:
    """A connection that has rested is asked whether its server is still there, and replaced when
    it is not. One that has just worked is not asked: at a busy door that would be a question for
    each request, and a server that has gone since is met by whoever works it.
    """
    since = record.info.get("resting_since")
    if since is None or time.monotonic() - since < ASKED_AFTER:
        return
    try:
        alive = engine.dialect.do_ping(dbapi_connection)
    except engine.dialect.loaded_dbapi.Error:
        alive = False
    if not alive:
        raise DisconnectionError


def _connect(dbapi_connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late: it would let a SAVEPOINT commit by itself.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    if _only_reads.get():
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
