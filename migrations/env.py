"""How Alembic meets our database: one metadata (FAB's tables too), all steps in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from flask import current_app
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeDecorator

from app import database, listeners
from app.extensions import db

# Search indexes exist where PostgreSQL offers pg_trgm, so the models do not know them.
UNMODELLED = "_trgm"
ONE_AT_A_TIME = 0x43524D  # the advisory lock of whoever migrates


def run() -> None:
    database.watch(db.engine)
    with (
        database.writing(),
        listeners.bulk_allowed(),
        db.engine.connect() as connection,
        _without_foreign_keys(connection),
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transactional_ddl=True,
            include_object=_is_modelled,
            render_item=_render,
            **current_app.extensions["migrate"].configure_args,
        )
        context.run_migrations()


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it; with foreign keys on, dropping the old one would fail.

    The pragma means nothing inside a transaction, hence the driver's own connection.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = raw.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"rows point to nothing after the migration: {broken[:5]}")
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _is_modelled(_item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    return not (kind == "index" and reflected and (name or "").endswith(UNMODELLED))


def _render(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Our column types as the plain ones beneath them: a migration outlives the code's types."""
    if kind == "type" and isinstance(item, TypeDecorator) and type(item).__module__ != "sqlalchemy":
        return f"sa.{item.impl!r}"
    return False


if context.is_offline_mode():
    raise SystemExit("Migrations need the database: leave out --sql.")
run()
