"""The acts upon an import, a part at a time: `check_part` and `run_part`. Pages, the worker and the
command call the same two; each part is one transaction, which the caller commits.

The file is read on where the part before has stopped; a process that has not read it so far reads
over the rows that are done.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.imports.clients import Clients
from app.imports.judging import Fate, Sight, Verdict
from app.imports.leads import Leads
from app.imports.planning import Plan, Prepared, prepare
from app.imports.spend import Spends
from app.imports.tables import Layout, Row, Table
from app.intake.remarks import as_stored
from app.models.batch import Batch, BatchKind
from app.models.campaign import Campaign
from app.models.current_batch import filling
from app.models.import_file import (
    PIECE,
    ImportFile,
    ImportKind,
    ImportPiece,
    ImportRow,
    ImportState,
    RowState,
)
from app.models.service import Service
from app.models.source import Source

PART = 500
REMEMBERED = 50  # imports whose settings serve files with the same headers
KEPT_OPEN = 10_000  # rows of a file that stays open between its check and its run
MOST_TOLD = 1000  # repeats and warnings that are kept by row; wrong rows are all kept
NOUNS: dict[str, Any] = {
    ImportKind.LEADS: Leads,
    ImportKind.CLIENTS: Clients,
    ImportKind.SPEND: Spends,
}


def take_file(session: Session, kind: ImportKind, name: str, file: BinaryIO) -> ImportFile:
    """Stores an uploaded file with what can be guessed of it. Raises FileRefused."""
    prepared = prepare(file, kind)
    one = ImportFile(kind=kind.value, file_name=name[:300])
    _put(one, prepared)
    _remember(session, one)
    session.add(one)
    file.seek(0)
    one.keep(iter(lambda: file.read(PIECE), b""))
    return one


def _remember(session: Session, one: ImportFile) -> None:
    """A file with the headers of one that was imported before is meant as that one was."""
    latest = (
        select(ImportFile.plan)
        .where(ImportFile.kind == one.kind, ImportFile.state == ImportState.DONE.value)
        .order_by(ImportFile.id.desc())
        .limit(REMEMBERED)
    )
    now = Plan.of(one.plan)
    for plan in map(Plan.of, session.scalars(latest)):
        if plan.headers == now.headers:
            for name in ("fields", "month_first", "comma", "utc"):
                setattr(now, name, getattr(plan, name))
            for name, noun in (
                ("campaign_id", Campaign), ("source_id", Source), ("service_id", Service),
            ):  # fmt: skip
                chosen = getattr(plan, name)
                if chosen is not None and session.get(noun, chosen) is not None:
                    setattr(now, name, chosen)
            one.plan = now.as_json()
            return


def look_again(
    session: Session, one: ImportFile, layout: Layout, *, header: int | None = None
) -> None:
    """After a person has said otherwise how the file is to be read. Raises FileRefused."""
    with whole_file(session, one) as file:
        _put(one, prepare(file, ImportKind(one.kind), layout=layout, header=header))


def _put(one: ImportFile, prepared: Prepared) -> None:
    had = Plan.of(one.plan or {})
    plan = prepared.plan
    plan.campaign_id, plan.source_id, plan.service_id = (
        had.campaign_id, had.source_id, had.service_id,
    )  # fmt: skip
    one.layout, one.plan = prepared.layout.as_json(), plan.as_json()
    one.head, one.rows = prepared.samples, prepared.rows


def whole_file(session: Session, one: ImportFile) -> BinaryIO:
    """The file's bytes in a nameless file, a piece of memory at a time."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by whoever reads it
    ids = session.scalars(
        select(ImportPiece.id).where(ImportPiece.import_id == one.id).order_by(ImportPiece.id)
    ).all()
    for piece_id in ids:
        query = select(ImportPiece.content).where(ImportPiece.id == piece_id)
        file.write(session.execute(query).scalar_one())
    file.seek(0)
    return file


# -- reading on ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Opened:
    """One file that this process is reading; the next process begins anew."""

    stamp: tuple[Any, ...]
    table: Table
    rows: Generator[Row]
    last: int


_opened: list[_Opened] = []  # at most one


def _rows_after(session: Session, one: ImportFile, layout: Layout) -> tuple[Table, list[Row]]:
    stamp = (str(session.get_bind().engine.url), one.id, repr(one.layout))
    if not _opened or _opened[0].stamp != stamp:
        forget_open_file()
        table = Table(whole_file(session, one), layout)
        _opened.append(_Opened(stamp, table, table.rows(), 0))
    opened = _opened[0]
    if opened.last > one.next_row:
        opened.rows.close()
        opened.rows, opened.last = opened.table.rows(), 0
    for _row in islice(opened.rows, one.next_row - opened.last):
        opened.last += 1
    found = list(islice(opened.rows, PART))
    opened.last += len(found)
    return opened.table, found


def forget_open_file() -> None:
    for opened in _opened:
        opened.rows.close()
        opened.table.close()
    _opened.clear()


# -- the acts ------------------------------------------------------------------------------------


def check_part(session: Session, one: ImportFile) -> int:
    """Judges the next rows and writes nothing but the verdicts. Returns how many rows it has gone
    through; with the last ones the import is checked.
    """
    noun, rows = _noun_and_rows(session, one)
    verdicts = noun.judge(rows)
    for verdict in verdicts:
        _count(one, verdict)
    _keep_rows(session, one, verdicts)
    return _gone_through(one, rows, ImportState.CHECKED)


def run_part(session: Session, one: ImportFile) -> int:
    """Judges the next rows again, for others work meanwhile, and makes records of the good ones."""
    if one.batch_id is None:
        batch = Batch(kind=BatchKind.IMPORT.value, label=one.file_name[:200])
        session.add(batch)
        session.flush()
        one.batch_id = batch.id
    noun, rows = _noun_and_rows(session, one)
    with filling(one.batch_id):
        verdicts = noun.judge(rows)
        made, joined = noun.store(verdicts)
    one.made += made
    one.joined += joined
    for verdict in verdicts:
        _count(one, verdict)
    _keep_rows(session, one, verdicts)
    return _gone_through(one, rows, ImportState.DONE)


def _noun_and_rows(session: Session, one: ImportFile) -> tuple[Any, list[Row]]:
    plan, layout = Plan.of(one.plan), Layout(**one.layout)
    table, rows = _rows_after(session, one, layout)
    columns = plan.columns(ImportKind(one.kind))
    sight = Sight(session, one, plan, columns, plan.reading(layout), table.merged())
    return NOUNS[one.kind](session, sight), rows


def _gone_through(one: ImportFile, rows: Sequence[Row], after: ImportState) -> int:
    one.next_row += len(rows)
    if len(rows) < PART:
        one.end(after)
        if after == ImportState.DONE or one.rows > KEPT_OPEN:
            forget_open_file()
    return len(rows)


def _count(one: ImportFile, verdict: Verdict) -> None:
    if verdict.fate is Fate.IGNORED:
        # The headers and what stands above them are no rows of the table.
        one.ignored += verdict.row.number != one.plan.get("header_row")
    elif verdict.fate is Fate.WRONG:
        one.wrong += 1
    elif verdict.fate is Fate.REPEAT:
        one.repeats += 1
        one.joined += verdict.acts and one.state == ImportState.CHECKING
    else:
        one.ready += 1
    if verdict.warnings and verdict.fate in (Fate.READY, Fate.REPEAT):
        one.warned += 1


def _keep_rows(session: Session, one: ImportFile, verdicts: Sequence[Verdict]) -> None:
    kept = []
    told = one.repeats + one.warned < MOST_TOLD
    for verdict in verdicts:
        state, remarks = None, verdict.remarks
        old = getattr(verdict.item, "old", None)
        if verdict.fate is Fate.WRONG:
            state, remarks = RowState.WRONG, verdict.remarks | verdict.warnings
        elif old is not None and verdict.noun_id:
            state, remarks = RowState.CHANGED, verdict.warnings
        elif verdict.fate is Fate.REPEAT and told:
            state = RowState.REPEAT
        elif verdict.fate is Fate.READY and verdict.warnings and told:
            state, remarks = RowState.WARNED, verdict.warnings
        if state is not None:
            cells = [str(cell) for cell in verdict.row.cells] if state is RowState.WRONG else None
            kept.append(
                {
                    "import_id": one.id,
                    "number": verdict.row.number,
                    "state": state.value,
                    "cells": cells and [_storable(cell) for cell in cells],
                    "remarks": as_stored(remarks),
                    "noun_id": verdict.noun_id,
                }
            )
    if kept:
        session.execute(insert(ImportRow), kept)


def _storable(cell: str) -> str:
    """Databases keep neither NUL nor half characters."""
    if "\0" not in cell and cell.isascii():
        return cell
    text = cell.replace("\0", "\ufffd")
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
