"""The verdict upon each row, for all nouns: what was wrong in the file itself, what is no row at
all, who stands in an earlier row already.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.imports.columns import SKIP, Columns
from app.imports.planning import Plan
from app.imports.remarks import RowWhy
from app.imports.tables import Row
from app.imports.values import Reading, bare_id, is_nothing
from app.intake.remarks import Remark, Remarks, say
from app.models.import_file import ImportFile, ImportKey

_TOTAL = re.compile(
    r"\W*(?:sub-?totals?|grand totals?|totals?|total general|итого|всего|итог|общий итог|сумма|"
    r"промежуточный итог|summary|gesamt|insgesamt|totale)\b",
    re.IGNORECASE,
)


class Fate(StrEnum):
    IGNORED = "ignored"
    WRONG = "wrong"
    REPEAT = "repeat"
    READY = "ready"


@dataclass(slots=True)
class Verdict:
    """`item` is what the noun made of the row; a repeat with `acts` has something to add all the
    same; `noun_id` is the record that is meant.
    """

    row: Row
    fate: Fate = Fate.READY
    remarks: Remarks = field(default_factory=dict)
    warnings: Remarks = field(default_factory=dict)
    item: Any = None
    acts: bool = False
    noun_id: int | None = None

    def refuse(self, where: str, remark: Remark | RowWhy) -> None:
        self.fate = Fate.WRONG
        tell(self.remarks, where, remark)

    def repeat(self, where: str, remark: Remark | RowWhy, *, acts: bool = False) -> None:
        self.fate, self.acts = Fate.REPEAT, acts
        tell(self.remarks, where, remark)


def tell(remarks: Remarks, where: str, remark: Remark | RowWhy) -> None:
    say(remarks, where, remark if isinstance(remark, Remark) else Remark(str(remark)))


class Sight:
    """What all nouns need to see of an import: its columns, its clock, its merged cells."""

    def __init__(
        self, session: Session, file: ImportFile, plan: Plan, columns: Columns, reading: Reading,
        merged: Sequence[tuple[tuple[int, int], tuple[int, int]]] = (),
    ) -> None:  # fmt: skip
        self.session, self.file, self.plan = session, file, plan
        self.columns, self.reading = columns, reading
        self.places = {name: columns.places(name) for name in set(columns.fields)}
        self.merged = [one for one in merged if one[0][0] < one[1][0]][:1000]

    def first_look(self, row: Row) -> Verdict:
        """What the file itself says of the row."""
        verdict = Verdict(row)
        if row.number <= self.plan.header_row or row.is_blank:
            verdict.fate = Fate.IGNORED
            return verdict
        headers = self.plan.headers
        if row.fault is None and [cell.strip() for cell in row.cells] == headers:
            verdict.fate = Fate.IGNORED  # files that were put one after another
            return verdict
        if row.fault is not None:
            named = row.column is not None and row.column < len(headers)
            where = headers[row.column or 0] if named else "*"
            verdict.refuse(where, row.fault)
            return verdict
        cells = row.cells
        if len(cells) > len(headers) and any(cell.strip() for cell in cells[len(headers) :]):
            params = {"cells": len(cells), "columns": len(headers)}
            verdict.refuse("*", Remark(RowWhy.RAGGED, params))
        for (top, left), (bottom, right) in self.merged:
            if top + 1 < row.number <= bottom + 1:
                for place in range(left, min(right + 1, len(headers))):
                    tell(verdict.warnings, headers[place], RowWhy.MERGED)
        return verdict

    def text(self, row: Row, name: str) -> str:
        """The weightiest column of the field that says something."""
        for place in self.places.get(name, ()):
            if place < len(row.cells) and not is_nothing(row.cells[place]):
                cell = row.cells[place]
                return cell.strip() if type(cell) is str else cell
        return ""

    def texts(self, row: Row, name: str) -> list[str]:
        found = [
            row.cells[place]
            for place in self.places.get(name, ())
            if place < len(row.cells) and not is_nothing(row.cells[place])
        ]
        return list(dict.fromkeys(found))

    def id(self, row: Row, name: str) -> str:
        return bare_id(self.text(row, name))

    def label(self, *names: str) -> str:
        return self.columns.label(*names)

    def is_total(self, row: Row) -> bool:
        first = next((cell for cell in row.cells if cell.strip()), "")
        return _TOTAL.match(first) is not None

    def is_only_total(self, text: str) -> bool:
        """Whether a cell says "total" and nothing that could be a name."""
        found = _TOTAL.match(text)
        return found is not None and not re.search(r"[^\W\d_]", text[found.end() :])

    def digest(self, row: Row) -> str:
        """What tells that the very same row comes again."""
        said = [
            f"{header}\x1f{' '.join(cell.split())}"
            for header, name, cell in zip(
                self.plan.headers, self.plan.fields, row.cells, strict=False
            )
            if name != SKIP and cell.strip()
        ]
        whole = "\x1e".join(said).encode("utf-8", "replace")
        return f"row:{hashlib.sha256(whole).hexdigest()[:40]}"


class Seen:
    """Who stands in earlier rows of the file; a few bytes each, in the database, so that memory
    does not grow with the file.
    """

    def __init__(self, session: Session, file: ImportFile, wanted: Iterable[str]) -> None:
        self.session, self.file = session, file
        hashes = sorted({_hash(text) for text in wanted})
        self.known: dict[int, tuple[int, bool]] = {}
        self.new: dict[int, tuple[int, bool]] = {}
        for at in range(0, len(hashes), 500):
            query = select(ImportKey.key, ImportKey.number, ImportKey.alone).where(
                ImportKey.import_id == file.id, ImportKey.key.in_(hashes[at : at + 500])
            )
            self.known |= {key: (number, alone) for key, number, alone in session.execute(query)}

    def row_of(self, text: str, number: int) -> tuple[int, bool] | None:
        """(row, whether that row has no phone) of an earlier row."""
        found = self.known.get(_hash(text))
        return found if found and found[0] < number else None

    def add(self, texts: Iterable[str], number: int, *, alone: bool = False) -> None:
        for text in texts:
            key = _hash(text)
            if key not in self.known:
                self.known[key] = self.new[key] = (number, alone)

    def keep(self) -> None:
        if self.new:
            self.session.execute(
                insert(ImportKey),
                [
                    {"import_id": self.file.id, "key": key, "number": number, "alone": alone}
                    for key, (number, alone) in self.new.items()
                ],
            )


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
