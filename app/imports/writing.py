"""Rows written as CSV or XLSX a batch at a time, so that memory holds one batch however many there
are; texts are guarded, so that no spreadsheet takes one for a formula (guard.py).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter
from markupsafe import Markup

from app.imports.guard import guarded
from app.models import clock

BYTE_ORDER_MARK = "\ufeff"
BLOCK = 64 * 1024
MOST_ROWS = 1_048_576  # of one sheet
LONGEST_CELL = 32_767
MOST_DIGITS = 15  # a spreadsheet rounds a longer number


class Phone(str):
    """A phone's key: `+` and digits, made by ourselves; it harms nobody and is read again."""

    __slots__ = ()


def csv_lines(
    head: list[list[Any]], batches: Iterable[list[list[Any]]], *, delimiter: str, comma: bool
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
    if isinstance(value, dt.datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.isoformat()
    return guarded(value.striptags() if isinstance(value, Markup) else str(value))


def xlsx_blocks(
    title: str, head: Sequence[Any], batches: Iterable[list[list[Any]]], *, widths: int = 18
) -> Iterator[bytes]:
    """The bytes of a workbook with one sheet, by way of a nameless file. Days and amounts are such
    cells, phones and long numbers are texts; what is beyond the last row of a sheet is left out,
    and its last row says so.
    """
    with tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(
            file,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
             "strings_to_numbers": False, "remove_timezone": True},
        )  # fmt: skip
        sheet = book.add_worksheet(_sheet_name(title))
        formats = {
            "head": book.add_format({"bold": True}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "text": book.add_format({"num_format": "@"}),
        }
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(len(head) - 1, 0), widths)
        for column, cell in enumerate(head):
            sheet.write_string(0, column, csv_value(cell), formats["head"])
        number = 1
        for batch in batches:
            for row in batch:
                if number >= MOST_ROWS:
                    break
                for column, value in enumerate(row):
                    _write_cell(sheet, formats, number, column, value)
                number += 1
        book.close()
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _write_cell(sheet: Any, formats: dict[str, Any], row: int, column: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, dt.datetime):
        naive = clock.local(value).replace(tzinfo=None, second=0, microsecond=0)
        sheet.write_datetime(row, column, naive, formats["moment"])
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, column, value, formats["day"])
    elif isinstance(value, Decimal) and len(value.as_tuple().digits) <= MOST_DIGITS:
        sheet.write_number(row, column, float(value), formats["money"])
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MOST_DIGITS:
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, csv_value(value)[:LONGEST_CELL], formats["text"])


def _sheet_name(title: str) -> str:
    """What a sheet may be called: 31 characters, some signs not among them."""
    name = "".join(" " if char in "[]:*?/\\'" else char for char in title).strip()
    return name[:31] or "Sheet1"
