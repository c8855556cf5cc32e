"""A file as a table: its kind, sheet, encoding and delimiter, and its rows with their faults."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from app.errors import N_
from app.imports import texts, workbooks
from app.imports.encodings import guess_encoding
from app.imports.guard import freed
from app.imports.remarks import FileRefused, RowWhy
from app.imports.workbooks import Book, NumberCell, column_letters

BOOK, TEXT = "xlsx", "csv"
HEAD_ROWS = 30  # among which the headers are looked for
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
NO_TABLES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf", b"Rar!", b"\x1f\x8b", b"7z")


@dataclass(slots=True)
class Row:
    """`number` as a spreadsheet counts. `fault` concerns the whole row; `column` where it stands,
    if it stands in one.
    """

    number: int
    cells: list[str]
    fault: RowWhy | None = None
    column: int | None = None

    @property
    def is_blank(self) -> bool:
        return self.fault is None and not any(cell.strip() for cell in self.cells)


@dataclass(slots=True)
class Layout:
    """How the file is to be read; what is None is guessed once and then kept."""

    kind: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    from_1904: bool = False
    book: Book | None = field(default=None, repr=False, compare=False)  # once it is open

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "book"}


def look_at(file: BinaryIO, given: Layout | None = None) -> Layout:
    """What kind of file it is and how it is read; keeps what is given. Raises FileRefused."""
    layout = given or Layout()
    file.seek(0)
    head = file.read(512)
    if not head:
        raise FileRefused(N_("This file is empty."))
    if head.startswith(OLD_EXCEL):
        raise FileRefused(
            N_("This is an old .xls workbook, or one with a password. Save it as .xlsx.")
        )
    if head.startswith(NO_TABLES):
        raise FileRefused(
            N_("This is no table of texts. Bring a CSV file or an Excel workbook (.xlsx).")
        )
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        book = workbooks.open_book(file)
        layout.kind, layout.sheets, layout.from_1904 = BOOK, book.sheets, book.from_1904
        layout.book = book
        if layout.sheet not in book.sheets:
            layout.sheet = ""
        return layout
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta")):
        raise FileRefused(
            N_("This is a web page with a spreadsheet's name. Open it and save it as .xlsx.")
        )
    layout.kind = TEXT
    layout.encoding = layout.encoding or guess_encoding(file)
    layout.delimiter = layout.delimiter or texts.guess_delimiter(file, layout.encoding)
    return layout


class Table:
    """The rows of one sheet or text file, in order and once; `first_column` of a sheet that
    begins further right.
    """

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self.layout = layout
        self.first_column = 0
        self._file = file
        if layout.kind == BOOK:
            self._book = layout.book or workbooks.open_book(file)
            if layout.sheet not in self._book.sheets:
                raise FileRefused(N_("This workbook has no sheet “%(sheet)s”."), sheet=layout.sheet)
            self.first_column = self._book.first_column(layout.sheet)

    def rows(self) -> Generator[Row]:
        return self._of_book() if self.layout.kind == BOOK else self._of_text()

    def close(self) -> None:
        self._file.close()

    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Of a sheet: ((row, column), (row, column)), counted from 0."""
        return self._book.merged(self.layout.sheet) if self.layout.kind == BOOK else []

    def _of_book(self) -> Generator[Row]:
        for number, cells in enumerate(self._book.rows(self.layout.sheet), 1):
            yield _looked_at(number, cells, None)

    def _of_text(self) -> Generator[Row]:
        reader = texts.open_text(self._file, self.layout.encoding)
        try:
            for number, cells, fault in texts.records(reader, self.layout.delimiter):
                yield _looked_at(number, cells, fault)
        except UnicodeError:
            raise FileRefused(N_("This file has another encoding. Choose it.")) from None
        finally:
            reader.detach()


def _looked_at(number: int, cells: list[str], fault: RowWhy | None) -> Row:
    """The apostrophe that guards a formula is no part of the text."""
    row = Row(number, cells, fault)
    for place, cell in enumerate(cells):
        if cell[:1] == "'":
            cells[place] = freed(cell)
        if not cell.isascii() and row.fault is None:
            if any("\udc80" <= char <= "\udcff" for char in cell):
                row.fault, row.column = RowWhy.BAD_BYTE, place
        elif "\0" in cell and row.fault is None:
            row.fault, row.column = RowWhy.NUL, place
    return row


def headers_of(cells: list[str], first_column: int = 0) -> list[str]:
    """A name for each column: what stands above it, else its letter; a second one of a name gets
    a number.
    """
    names: list[str] = []
    for place, cell in enumerate(cells):
        name = " ".join(cell.split()) or column_letters(first_column + place)
        again = 2
        unique = name
        while unique in names:
            unique, again = f"{name} ({again})", again + 1
        names.append(unique)
    return names


__all__ = [
    "BOOK", "HEAD_ROWS", "TEXT", "Layout", "NumberCell", "Row", "Table", "headers_of", "look_at",
]  # fmt: skip
