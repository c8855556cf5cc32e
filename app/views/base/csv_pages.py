"""Rows as CSV, read and sent in batches, so that memory holds one batch however many match.

For Russian readers `;` and a decimal comma, for others `,` and a point, as their spreadsheets
expect; UTF-8 with its mark, by which they know the encoding. Days and times are ISO, by the
company's clock. Phones are written as `+79923288341`: a plain number of digits harms nobody and can
be imported again. Any other text that a spreadsheet would take for a formula gets an apostrophe
before it. Rows come in the order of their ids, which is the order in which they can be read in
batches.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import stream_with_context
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.models import clock
from app.ui.formatters import language

BATCH = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"


def csv_answer(view: Any, filters: Any, columns: Sequence[str], name: str) -> Response:
    """A file of the rows that the filters admit."""
    russian = language() == "ru"
    head = [str(view.label_columns.get(column) or column) for column in columns]
    lines = csv_lines(
        [head], _batches(view, filters, columns), delimiter=";" if russian else ",", comma=russian
    )
    answer = Response(stream_with_context(lines), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def csv_lines(
    head: list[list[Any]], batches: Iterator[list[list[Any]]], *, delimiter: str, comma: bool
) -> Iterator[str]:
    """The text of the file, a batch at a time."""
    yield BYTE_ORDER_MARK + _written(head, delimiter, comma)
    for batch in batches:
        yield _written(batch, delimiter, comma)


def _written(rows: list[list[Any]], delimiter: str, comma: bool) -> str:
    page = io.StringIO()
    writer = csv.writer(page, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([[csv_value(value, comma=comma) for value in row] for row in rows])
    return page.getvalue()


def csv_value(value: Any, *, comma: bool = False) -> str:
    """One cell. Numbers, days and phones (`Phone`) are ours; a text is guarded."""
    if value is None:
        return ""
    if isinstance(value, Phone):
        return str(value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return str(value).replace(".", ",") if comma else str(value)
    if isinstance(value, datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    text = value.striptags() if isinstance(value, Markup) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


class Phone(str):
    """A phone's key: `+` and digits, made by ourselves."""

    __slots__ = ()


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
