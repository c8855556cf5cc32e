"""Statements that are asked at every post: made once, so that asking costs little but the asking.

SQLAlchemy looks a statement up by its shape at each execution, and for those of forty columns that
costs more than sending them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ARRAY, CursorResult, Integer, Select, Text, any_, bindparam
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

POSTGRESQL = "postgresql"


class Ready:
    """`build(as_arrays)` makes the statement at its first use; `among` makes its lists.

    PostgreSQL's driver gets the text as it is: values must be such as it takes, and rows come as
    it gives them, instants in the session's own zone. SQLite's goes the usual way.
    """

    def __init__(self, build: Callable[[bool], Select[Any]]) -> None:
        self._build = build
        self._statement: Select[Any] | None = None
        self._text = ""
        self._fixed: dict[str, Any] = {}

    def ask(
        self, connection: Connection, values: Mapping[str, Any], *, after: str = ""
    ) -> CursorResult[Any]:
        """The rows. `after` are statements that PostgreSQL does first, with values of the same
        names, in the same message: this one sees what they have waited for.
        """
        if connection.dialect.name != POSTGRESQL:
            self._statement = self._build(False) if self._statement is None else self._statement
            return connection.execute(self._statement, values)
        if not self._text:
            self._compile(connection)
        return connection.exec_driver_sql(after + self._text, self._fixed | values)

    def _compile(self, connection: Connection) -> None:
        compiled = self._build(True).compile(
            dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
        )
        # What the statement itself says (open statuses), not what each asking brings.
        self._fixed = {name: one for name, one in compiled.params.items() if one is not None}
        self._text = str(compiled)


def among(column: Any, name: str, as_arrays: bool) -> ColumnElement[bool]:
    """Whether the column is one of a list. PostgreSQL takes the list as one value, so that the
    text is the same however long it is.
    """
    if as_arrays:
        # As plain texts: a cast to the column's own length would cut a longer one, and find it.
        kind = Integer() if isinstance(column.type, Integer) else Text()
        return column == any_(bindparam(name, type_=ARRAY(kind), required=False))  # type: ignore[no-any-return]
    return column.in_(bindparam(name, expanding=True))  # type: ignore[no-any-return]
