"""What came of an import: its wrong rows to be given back with the reasons, in a file that can be
brought again when it has been put right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.imports.planning import Plan
from app.imports.writing import csv_lines
from app.intake.remarks import Remark, as_read
from app.models.import_file import ImportFile, ImportRow, RowState

BATCH = 500
# By these the import knows its own two columns again (columns.py); so they are no translations.
WORDS = {
    "en": ("Row in the file", "Why not imported"),
    "ru": ("Строка файла", "Почему не загружено"),
}
Say = Callable[[Remark], str]


def rows_of(
    session: Session, one: ImportFile, state: RowState, limit: int, after: int = 0
) -> list[ImportRow]:
    """The rows of one state in the order of the file."""
    query = (
        select(ImportRow)
        .where(ImportRow.import_id == one.id, ImportRow.state == state.value)
        .where(ImportRow.id > after)
        .order_by(ImportRow.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def told(row: ImportRow, say: Say) -> list[tuple[str, str]]:
    """(header, sentence) of each remark; '' where the row as a whole is meant. A sentence that
    several columns share is told once, with all of them.
    """
    found: dict[str, list[str]] = {}
    for where, remarks in as_read(row.remarks).items():
        for remark in remarks:
            found.setdefault(say(remark), []).append("" if where == "*" else where)
    return [(", ".join(dict.fromkeys(filter(None, heads))), text) for text, heads in found.items()]


def reason(row: ImportRow, say: Say) -> str:
    return " ".join(f"{head}: {text}" if head else text for head, text in told(row, say))


def wrong_rows(
    session: Session | Any, one: ImportFile, say: Say, *, words: tuple[str, str], delimiter: str,
    comma: bool,
) -> Iterator[str]:  # fmt: skip
    """A CSV file: the number of the row, why it was not imported, and the cells as they came. An
    import knows the two columns by `words` and leaves them out.
    """
    yield from csv_lines(
        [[*words, *Plan.of(one.plan).headers]],
        _batches(session, one, say),
        delimiter=delimiter,
        comma=comma,
    )


def _batches(session: Session, one: ImportFile, say: Say) -> Iterator[list[list[Any]]]:
    after = 0
    while rows := rows_of(session, one, RowState.WRONG, BATCH, after):
        after = rows[-1].id
        yield [[row.number, reason(row, say), *(row.cells or [])] for row in rows]
        for row in rows:
            session.expunge(row)
