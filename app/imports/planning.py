"""What is settled before rows are read: the sheet, the headers, what the columns mean, how unclear
days and amounts are read. Guessed once, shown to the person, changed by them, kept with the import.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC
from typing import Any, BinaryIO

from app.errors import N_, Invalid
from app.imports import tables
from app.imports.columns import (
    ANSWER,
    FIELDS,
    SEVERAL,
    SKIP,
    Columns,
    bare_header,
    guess_columns,
    header_row,
    sender_of,
)  # fmt: skip
from app.imports.remarks import FileRefused
from app.imports.tables import BOOK, HEAD_ROWS, Layout, Row, Table, headers_of
from app.imports.values import Reading, says_comma, says_month_first
from app.models.import_file import ImportKind

LOOKED_AT = 300  # rows by which unclear days and amounts are decided
SHOWN = 5  # sample rows that are kept for the page
SAMPLE_LENGTH = 80
MOST_COLUMNS = 500
MOST_ROWS = 1_100_000


@dataclass(slots=True)
class Plan:
    """`campaign_id` and `source_id` hold for rows that name none themselves; `service_id`: unknown
    campaigns of a cost report are made, for this service.
    """

    headers: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    header_row: int = 0
    first_column: int = 0
    month_first: bool = False
    slashes: bool = False  # whether the file has days with slashes at all
    comma: bool = False
    utc: bool = False
    sender: str = ""
    campaign_id: int | None = None
    source_id: int | None = None
    service_id: int | None = None

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Plan:
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in stored.items() if name in known})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def columns(self, kind: ImportKind) -> Columns:
        return Columns(kind, self.headers, self.fields)

    def reading(self, layout: Layout) -> Reading:
        return Reading(self.month_first, self.comma, UTC if self.utc else None, layout.from_1904)

    @property
    def stamp(self) -> str:
        """Tells files of one form from others, so that id 101 of two services is not one id."""
        bare = [
            bare_header(header)
            for header, name in zip(self.headers, self.fields, strict=True)
            if name != SKIP
        ]
        return hashlib.sha256("\n".join(bare).encode("utf-8", "replace")).hexdigest()[:8]

    def choose(self, kind: ImportKind, fields: list[str]) -> None:
        """What a person says of the columns. Raises Invalid when something needed is missing."""
        offered = set(FIELDS[kind]) | {ANSWER, SKIP, "utm"}
        if len(fields) != len(self.headers) or not set(fields) <= offered:
            raise Invalid.of("columns", N_("Choose what each column means."))
        for name in set(fields) - SEVERAL - {"platform_id", "amount"}:
            if fields.count(name) > 1:
                raise Invalid.of(
                    "columns",
                    N_("Two columns cannot be one field: %(headers)s."),
                    headers=", ".join(
                        header
                        for header, one in zip(self.headers, fields, strict=True)
                        if one == name
                    ),
                )
        self.fields = fields


@dataclass(slots=True)
class Prepared:
    """`samples`: the cells of the first rows with something in them."""

    layout: Layout
    plan: Plan
    samples: list[list[str]]
    rows: int


def prepare(
    file: BinaryIO, kind: ImportKind, *, layout: Layout | None = None, header: int | None = None
) -> Prepared:
    """Looks through the whole file once. Raises FileRefused."""
    layout = tables.look_at(file, replace(layout) if layout else None)
    if layout.kind == BOOK and not layout.sheet:
        layout.sheet = max(layout.sheets, key=lambda name: _promise(file, layout, name, kind))
    table = Table(file, layout)
    head: list[Row] = []
    looked: list[Row] = []
    number = last_faulty = 0
    for row in table.rows():
        number = row.number
        if number > MOST_ROWS:
            raise FileRefused(N_("This file has more than %(most)s rows."), most=MOST_ROWS)
        if number <= HEAD_ROWS:
            head.append(row)
        if row.fault is not None:
            last_faulty = row.number
        elif len(looked) < LOOKED_AT and not row.is_blank:
            looked.append(row)
    if header is None:
        header = header_row(kind, [row for row in head if row.fault is None])
    data = [row for row in looked if row.number > header]
    if not data and last_faulty <= header:
        raise FileRefused(N_("This file has no rows below its headers."))
    cells = next((row.cells for row in head if row.number == header), None) if header else None
    if cells is None:
        header, cells = 0, [""] * max((len(row.cells) for row in data), default=0)
    while cells and not cells[-1].strip() and not _has_value(data, len(cells) - 1):
        cells = cells[:-1]
    if len(cells) > MOST_COLUMNS:
        raise FileRefused(N_("This file has more than %(most)s columns."), most=MOST_COLUMNS)
    plan = _planned(kind, cells, data, header, table.first_column)
    samples = [[cell[:SAMPLE_LENGTH] for cell in row.cells[: len(cells)]] for row in data[:SHOWN]]
    return Prepared(layout, plan, samples, number)


def _promise(file: BinaryIO, layout: Layout, sheet: str, kind: ImportKind) -> int:
    """How many headers of a sheet are known; the first of the best sheets is taken."""
    head = []
    for row in Table(file, replace(layout, sheet=sheet)).rows():
        head.append(row)
        if len(head) == HEAD_ROWS:
            break
    number = header_row(kind, head)
    if not head or not number:
        return 0
    columns = guess_columns(kind, headers_of(head[number - 1].cells), [])
    return 1 + sum(name not in (ANSWER, SKIP) for name in columns.fields)


def _planned(
    kind: ImportKind, cells: list[str], data: list[Row], header: int, first_column: int
) -> Plan:
    headers = headers_of(cells, first_column)
    columns = guess_columns(kind, headers, [row.cells for row in data[:50]])
    plan = Plan(headers, columns.fields, header, first_column)
    days = [
        text
        for name in ("submitted_at", "day", "from_day")
        for text in _column(columns, data, name)
    ]
    told = says_month_first(days)
    plan.slashes = any("/" in text for text in days)
    plan.month_first = bool(told)
    sender = sender_of(headers)
    if sender is not None:
        plan.sender, plan.utc = sender.name, sender.utc
        if sender.month_first is not None:
            plan.month_first = sender.month_first
    amounts = _column(columns, data, "amount")
    comma = says_comma(amounts)
    plan.comma = bool(comma)
    return plan


def _column(columns: Columns, data: list[Row], name: str) -> list[str]:
    return [
        row.cells[place]
        for place in columns.places(name)
        for row in data
        if place < len(row.cells) and row.cells[place].strip()
    ]


def _has_value(data: list[Row], place: int) -> bool:
    return any(place < len(row.cells) and row.cells[place].strip() for row in data)
