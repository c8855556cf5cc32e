"""The migrations make exactly what the models say, and take all of it away again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Connection, Engine

from app.extensions import MIGRATIONS, db, migrate
from app.setup import newest_revision
from tests.postgres import database
from tests.site import DRIVER, settings_for

OURS = {"alembic_version"}  # Alembic's own, which no model declares


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def two_databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The addresses of two empty databases of one kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'one'}", f"sqlite:///{tmp_path / 'two'}"
        return
    server = request.getfixturevalue("postgres_server")
    with database(server) as one, database(server) as two:
        yield one.replace("postgresql:", DRIVER), two.replace("postgresql:", DRIVER)


@pytest.fixture
def bare(two_databases: tuple[str, str]) -> Iterator[Flask]:
    """No more than the database of an application, empty."""
    app = Flask("bare")
    app.config.update(settings_for(two_databases[0]))
    db.init_app(app)
    migrate.init_app(app, db)
    with app.app_context():
        yield app
        db.engine.dispose()


def test_migrated_schema_equals_that_of_the_models_name_by_name(bare, two_databases):
    upgrade()
    declared = create_engine(two_databases[1])
    db.metadata.create_all(declared)
    assert schema_of(db.engine) == schema_of(declared)
    declared.dispose()


def test_autogenerate_finds_nothing_to_do(bare):
    upgrade()
    with db.engine.connect() as connection:
        options = {"compare_type": True, "include_object": _without_search_indexes}
        context = MigrationContext.configure(connection, opts=options)
        assert context.get_current_revision() == newest_revision(bare)
        assert compare_metadata(context, db.metadata) == []


def test_downgrade_leaves_an_empty_database(bare):
    upgrade()
    downgrade(revision="base")
    found = inspect(db.engine)
    assert set(found.get_table_names()) <= OURS
    if db.engine.dialect.name == "postgresql":
        assert found.get_sequence_names() == []
    upgrade()


def test_search_is_indexed_where_postgresql_offers_trigrams(bare):
    upgrade()
    names = {
        index["name"]
        for table in ("lead", "client", "contract", "campaign", "service")
        for index in inspect(db.engine).get_indexes(table)
    }
    expected = 5 if db.engine.dialect.name == "postgresql" else 0
    assert sum(str(name).endswith("_trgm") for name in names) == expected


@pytest.mark.parametrize("two_databases", ["sqlite"], indirect=True)
def test_migrations_refuse_to_leave_rows_that_point_to_nothing(bare):
    """PostgreSQL checks each foreign key itself."""
    upgrade(revision="0001")
    raw: Any = db.engine.raw_connection()
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("INSERT INTO ab_user_role (user_id, role_id) VALUES (7, 7)")
    raw.close()
    with pytest.raises(RuntimeError, match="point to nothing"):
        # Flask-Migrate's own upgrade() would end the process instead.
        command.upgrade(migrate.get_config(str(MIGRATIONS)), "head")


def _without_search_indexes(_item: Any, name: str | None, kind: str, *_: Any) -> bool:
    return not (kind == "index" and (name or "").endswith("_trgm"))


# -- schemas in words that can be compared ---------------------------------------------------------


def schema_of(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        on_sqlite = engine.dialect.name == "sqlite"
        return sorted(_sqlite(connection) if on_sqlite else _postgresql(connection))


def _sqlite(connection: Connection) -> Iterator[str]:
    rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master")).all()
    for kind, name, sql in rows:
        if sql is None or name.startswith("sqlite_") or name in OURS:
            continue
        plain = re.sub(r"\s+", " ", sql.replace('"', "")).strip()
        if kind == "table":
            head, body = plain.split("(", 1)
            # Constraints may stand in any order; what counts is each of them.
            parts = sorted(part.strip() for part in body.rsplit(")", 1)[0].split(", "))
            plain = f"{head.strip()}: {'; '.join(parts)} {body.rsplit(')', 1)[1]}"
        yield f"{kind} {name}: {plain}"


def _postgresql(connection: Connection) -> Iterator[str]:
    for statement in (
        # columns with type, default and whether they may be empty
        "SELECT 'column ' || c.relname || '.' || a.attname || ' ' ||"
        " format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' ||"
        " coalesce(pg_get_expr(d.adbin, d.adrelid), '')"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
        " AND a.attnum > 0 AND c.relname <> 'alembic_version'",
        "SELECT 'index ' || pg_get_indexdef(i.indexrelid)"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_class t ON t.oid = i.indrelid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '%\\_trgm'"
        " AND t.relname <> 'alembic_version'",
        "SELECT 'constraint ' || conrelid::regclass || '.' || conname || ' ' ||"
        " pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND conrelid <> 0"
        " AND conrelid <> to_regclass('alembic_version')::oid"
        " OR to_regclass('alembic_version') IS NULL AND conrelid <> 0"
        " AND connamespace = 'public'::regnamespace",
        "SELECT 'sequence ' || sequencename || ' ' || increment_by || ' ' || min_value"
        " FROM pg_sequences WHERE schemaname = 'public'",
    ):
        yield from connection.execute(text(statement)).scalars()
