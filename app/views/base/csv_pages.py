"""The rows of a list as CSV or XLSX, read and sent in batches, so that memory holds one batch
however many match.

For Russian readers `;` and a decimal comma, for others `,` and a point, as their spreadsheets
expect; UTF-8 with its mark, by which they know the encoding. Days and times are ISO, by the
company's clock. Phones are written as `+79923288341`: a plain number of digits harms nobody and can
be imported again. Any other text that a spreadsheet would take for a formula gets an apostrophe
before it, which the import takes away again. Rows come in the order of their ids, which is the
order in which they can be read in batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, AnyStr

from flask import stream_with_context
from werkzeug.wrappers import Response

from app.database import only_reading
from app.imports.writing import Phone, csv_lines, csv_value, xlsx_blocks
from app.ui.formatters import language

BATCH = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_answer(view: Any, filters: Any, columns: Sequence[str], name: str) -> Response:
    """A file of the rows that the filters admit."""
    russian = language() == "ru"
    lines = csv_lines(
        [_head(view, columns)],
        _batches(view, filters, columns),
        delimiter=";" if russian else ",",
        comma=russian,
    )
    return file_answer(lines, "text/csv; charset=utf-8", name)


def xlsx_answer(view: Any, filters: Any, columns: Sequence[str], name: str) -> Response:
    """The same rows as a workbook."""
    batches = _batches(view, filters, columns)
    blocks = xlsx_blocks(str(view.list_title), _head(view, columns), batches)
    return file_answer(blocks, XLSX, name)


def file_answer(blocks: Iterator[AnyStr], kind: str, name: str) -> Response:
    """A download that is made while it is sent; `name` is ASCII."""
    answer = Response(stream_with_context(only_reading(blocks)), mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _head(view: Any, columns: Sequence[str]) -> list[str]:
    """A Russian name stands last name first; by this header an import knows it."""
    head = [str(view.label_columns.get(column) or column) for column in columns]
    if "name" in columns and language() == "ru":
        head[list(columns).index("name")] = "ФИО"
    return head


def _batches(view: Any, filters: Any, columns: Sequence[str]) -> Iterator[list[list[Any]]]:
    model, session = view.datamodel.obj, view.session
    pk = model.__mapper__.primary_key[0]
    options = view.datamodel.loading(columns, view.needs)
    last = 0
    while True:
        query = view.datamodel.apply_filters(session.query(model), filters)
        query = query.filter(pk > last).order_by(None).order_by(pk).limit(BATCH)
        rows = query.options(*options).all()
        if not rows:
            return
        last = rows[-1].id
        shown = view._values(rows)
        batch = [
            [_cell(row, column, cells[column]) for column in columns]
            for row, cells in zip(rows, shown, strict=True)
        ]
        for row in rows:
            session.expunge(row)
        yield batch


def _cell(row: Any, column: str, shown: Any) -> Any:
    """The value itself where a spreadsheet can reckon with it, else what the list shows."""
    if column == "phone" and getattr(row, "phone_key", None):
        return Phone(row.phone_key)
    value = getattr(row, column, None)
    if isinstance(value, (Decimal, int, date)) and not isinstance(value, bool):
        return value
    return shown


__all__ = ["Phone", "csv_answer", "csv_lines", "csv_value", "file_answer", "xlsx_answer"]
