"""XLSX: the file is looked through before it is opened, and then read by python-calamine.

A workbook is a zip archive: a small one may unpack to gigabytes, and a single value in the last
cell of a sheet makes a table of billions of cells. Both are refused before anything is built. A
sheet that is only formatted far down costs a look at its bytes.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from app.errors import N_
from app.imports.remarks import FileRefused

MOST_BYTES = 400 * 1024 * 1024  # unpacked
MOST_ENTRIES = 2000
MOST_CELLS = 5_000_000
BLOCK = 1 << 20
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)[ >]")
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_DATE_1904 = re.compile(rb'date1904="(?:1|true)"')
_ERROR = re.compile(
    r"#(?:N/A|Н/Д|REF!|ССЫЛКА!|VALUE!|ЗНАЧ!|DIV/0!|ДЕЛ/0!|NAME\?|ИМЯ\?|NULL!|ПУСТО!|NUM!|ЧИСЛО!"
    r"|ERROR!|SPILL!|CALC!|GETTING_DATA)"
)


class NumberCell(str):
    """A cell that held a number, as plain digits; a spreadsheet may have rounded it."""

    __slots__ = ()


@dataclass(slots=True)
class Book:
    """An opened workbook. `from_1904`: its days are counted from 1904 on."""

    sheets: list[str]
    from_1904: bool
    _opened: Any
    _read: dict[str, Any] = field(default_factory=dict)

    def _sheet(self, name: str) -> Any:
        """Read once: that is what takes time."""
        if name not in self._read:
            self._read[name] = self._opened.get_sheet_by_name(name)
        return self._read[name]

    def rows(self, sheet: str) -> Iterator[list[str]]:
        """Each row down to the last one with a value; a wholly empty row is a row."""
        for row in self._sheet(sheet).iter_rows():
            yield [cell_text(value) for value in row]

    def first_column(self, sheet: str) -> int:
        start = self._sheet(sheet).start
        return int(start[1]) if start else 0

    def merged(self, sheet: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return list(self._sheet(sheet).merged_cell_ranges or [])


def open_book(file: BinaryIO) -> Book:
    """Raises FileRefused."""
    from_1904 = _look_through(file)
    file.seek(0)
    try:
        opened = CalamineWorkbook.from_filelike(file)
    except PasswordError:
        raise FileRefused(N_("This workbook is locked by a password. Save it without.")) from None
    except (CalamineError, OSError, ValueError):
        raise FileRefused(N_("This workbook is damaged. Open it and save it again.")) from None
    found = [one for one in opened.sheets_metadata if "WorkSheet" in str(one.typ)]
    # What nobody sees comes last: it is chosen only where no other sheet has the headers.
    found.sort(key=lambda one: one.visible != SheetVisibleEnum.Visible)
    sheets = [one.name for one in found]
    if not sheets:
        raise FileRefused(N_("This workbook has no sheet with cells."))
    return Book(sheets, from_1904, opened)


def _look_through(file: BinaryIO) -> bool:
    """Whether its days are counted from 1904 on."""
    file.seek(0)
    try:
        archive = zipfile.ZipFile(file)
        entries = archive.infolist()
        if any(entry.flag_bits & 1 for entry in entries):
            raise FileRefused(N_("This archive is locked by a password. Save it without."))
        names = {entry.filename for entry in entries}
        if "xl/workbook.xml" not in names:
            raise FileRefused(N_("This is no Excel workbook. Save the table as .xlsx or as CSV."))
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_BYTES:
            raise FileRefused(N_("This workbook is too large when it is unpacked."))
        unpacked = 0
        for entry in entries:
            if entry.filename.endswith((".xml", ".rels")):
                unpacked = _look_into(archive, entry, unpacked)
        with archive.open("xl/workbook.xml") as head:
            return _DATE_1904.search(head.read(BLOCK)) is not None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError):
        raise FileRefused(N_("This workbook is damaged. Open it and save it again.")) from None


def _look_into(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, unpacked: int) -> int:
    """Counts what really comes out, and how wide and long the values of a sheet reach."""
    is_sheet = _SHEET.fullmatch(entry.filename) is not None
    left, right, top, bottom, tail = 1 << 20, 0, 1 << 30, 0, b""
    far = ""
    with archive.open(entry) as part:
        while block := part.read(BLOCK):
            unpacked += len(block)
            if unpacked > MOST_BYTES:
                raise FileRefused(N_("This workbook is too large when it is unpacked."))
            if not is_sheet:
                continue
            block = tail + block
            for value in _VALUE.finditer(block):
                at = block.rfind(b"<c ", max(0, value.start() - 400), value.start())
                cell = _CELL.match(block, at) if at >= 0 else None
                if cell is None:  # a prefix before the name, or other blanks and quotes
                    before = block[max(0, value.start() - 1000) : value.start()]
                    cell = next(reversed(list(_PLACE.finditer(before))), None)
                if cell is None:  # cells that stand one after another without a place
                    continue
                column, row = _column_number(cell[1]), int(cell[2])
                left, right = min(left, column), max(right, column)
                top, bottom = min(top, row), max(bottom, row)
                far = (cell[1] + cell[2]).decode() if row == bottom or column == right else far
                if (bottom + 1) * (right - left + 1) > MOST_CELLS:
                    raise FileRefused(
                        N_("A value stands far outside the table, in cell %(cell)s. Delete it."),
                        cell=far,
                    )
            tail = block[-2000:] if len(block) > 2000 else block
    return unpacked


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """A for 0, AA for 26."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_text(value: Any) -> str:
    """A cell as a text file would hold it: plain digits, ISO days; an error is nothing."""
    if isinstance(value, str):
        return "" if value[:1] == "#" and _ERROR.fullmatch(value) else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, dt.datetime):
        if value.microsecond:
            value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
        return str(value.isoformat(" "))
    if isinstance(value, (dt.date, dt.time)):
        return str(value.isoformat())
    return "" if value is None else str(value)


def _number(value: float) -> NumberCell:
    """15 digits, as many as a spreadsheet shows of its numbers."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return NumberCell(int(value))
    if value != value or value in (float("inf"), float("-inf")):
        return NumberCell("")
    return NumberCell(f"{Decimal(f'{value:.15g}'):f}")


def from_serial(number: Decimal, *, from_1904: bool) -> dt.datetime | None:
    """The day that a spreadsheet counts so; None where it would be before 2000 or after 2100."""
    days = number + (1462 if from_1904 else 0)
    if not 36526 <= days < 73415:
        return None
    seconds = round(days * 86400)
    return dt.datetime(1899, 12, 30) + dt.timedelta(seconds=seconds)  # noqa: DTZ001 -- a clock's face
