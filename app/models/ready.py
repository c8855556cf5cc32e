"""Statements that are asked at every post: made once, so that asking costs little but the asking.

SQLAlchemy looks a statement up by its shape at each execution and describes each result anew; for a
statement of forty columns that costs more than sending it.
"""

from __future__ import annotations

import hashlib
import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, Integer, Select, Text, any_, bindparam
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ColumnElement

POSTGRESQL = "postgresql"
_VALUE = re.compile(r"%\((\w+)\)s|%%")


class Ready:
    """`build(as_arrays)` makes the statement at its first use; `among` makes its lists.

    PostgreSQL's driver gets the text as it is: values must be such as it takes, and rows come as
    it gives them, instants in the session's own zone. SQLite's goes the usual way.
    """

    def __init__(self, build: Callable[[bool], Select[*tuple[Any, ...]]]) -> None:
        self._build = build
        self._statement: Select[*tuple[Any, ...]] | None = None
        self._text = ""
        self._fixed: dict[str, Any] = {}
        self._row: Any = None

    def ask(
        self, connection: Connection, values: Mapping[str, Any], *, after: str = ""
    ) -> Sequence[Any]:
        """The rows. `after` are statements that PostgreSQL does first, with values of the same
        names, in the same message: this one sees what they have waited for.
        """
        if connection.dialect.name != POSTGRESQL:
            self._statement = self._build(False) if self._statement is None else self._statement
            return connection.execute(self._statement, values).all()
        if not self._text:
            self._compile(connection)
        values = {**self._fixed, **values}
        rows = send(connection, self._text, values, after=after, is_kept=True)
        return [self._row(*row) for row in rows]

    def _compile(self, connection: Connection) -> None:
        statement = self._build(True)
        compiled = statement.compile(
            dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
        )
        # What the statement itself says (open statuses), not what each asking brings.
        self._fixed = {name: one for name, one in compiled.params.items() if one is not None}
        names = [str(column.key) for column in statement.selected_columns]
        self._row = row_of(names)
        self._text = str(compiled)


def row_of(names: Sequence[str]) -> Any:
    """A row whose values have names, as SQLAlchemy's have."""
    return namedtuple("Row", names)  # noqa: PYI024


def send(
    connection: Connection,
    statement: str,
    values: Mapping[str, Any],
    *,
    after: str = "",
    is_kept: bool = False,
) -> Sequence[Any]:
    """The rows of a statement that PostgreSQL's driver gets as it is, in the connection's
    transaction. Raises what SQLAlchemy would; a lost connection takes its neighbours with it.

    `after` are statements that go before it in the same message. `is_kept`: the server plans it
    once for each connection, which for these takes it longer than the work itself.
    """
    driver = connection.connection
    cursor = driver.cursor()
    try:
        if is_kept:
            name, preparing, executing = _prepared(statement)
            if name not in connection.info:
                cursor.execute(preparing)
                connection.info[name] = True
            statement = executing
        cursor.execute(after + statement, values)
        return cursor.fetchall() if cursor.description else []
    except Exception as error:
        _tell(connection, statement, error, cursor)
        raise
    finally:
        cursor.close()


@lru_cache(maxsize=64)
def _prepared(statement: str) -> tuple[str, str, str]:
    """Its name, how it is prepared, and how it is executed with values by their names."""
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        names.append(found[1])
        return f"${len(names)}"

    body = _VALUE.sub(numbered, statement)
    name = f"crm_{hashlib.sha256(statement.encode()).hexdigest()[:16]}"
    values = ", ".join(f"%({one})s" for one in names)
    executing = f"EXECUTE {name} ({values})" if names else f"EXECUTE {name}"
    return name, f"PREPARE {name} AS {body}", executing


def _tell(connection: Connection, statement: str, error: Exception, cursor: Any) -> None:
    dialect = connection.dialect
    if not isinstance(error, dialect.loaded_dbapi.Error):
        return
    is_lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
    wrapped = DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, hide_parameters=True,
        connection_invalidated=is_lost, dialect=dialect,
    )  # fmt: skip
    if is_lost:
        connection.invalidate(error)
        connection.engine.dispose()
    raise wrapped from error


def among(column: Any, name: str, as_arrays: bool) -> ColumnElement[bool]:
    """Whether the column is one of a list. PostgreSQL takes the list as one value, so that the
    text is the same however long it is.
    """
    if as_arrays:
        # As plain texts: a cast to the column's own length would cut a longer one, and find it.
        kind = Integer() if isinstance(column.type, Integer) else Text()
        return column == any_(bindparam(name, type_=ARRAY(kind), required=False))  # type: ignore[no-any-return]
    return column.in_(bindparam(name, expanding=True))  # type: ignore[no-any-return]
