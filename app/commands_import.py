"""`flask fab import` and `undo-import`: the acts of the import pages at the terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from app.errors import CrmError
from app.extensions import db
from app.imports import ordering, reports, undoing, working
from app.intake.remarks import Remark
from app.models import Campaign, ImportFile, Service, Source
from app.models.actor import Actor, acting_as
from app.models.import_file import ImportKind, ImportState, RowState

NAMED = 50  # wrong rows that are named one by one
Say = Callable[[str], None]


@dataclass(slots=True)
class Order:
    """What was asked for at the terminal."""

    kind: str
    file: str
    only_check: bool = False
    wrong_file: str | None = None
    said: dict[str, Any] = field(default_factory=dict)


def bring(order: Order, progress: Any, say: Say) -> None:
    session = db.session()
    with acting_as(Actor("command", "import")):
        try:
            one = _prepared(session, order)
            session.commit()
            _go_on(session, one, ImportState.CHECKING, "Checking", working.check_part, progress)
            _report_check(session, one, say)
            if order.only_check:
                _write_wrong(session, one, order, say)
                one.drop()
                session.commit()
                return
            if one.can_be_run:
                _go_on(session, one, ImportState.RUNNING, "Importing", working.run_part, progress)
                word = "changed" if one.kind == ImportKind.SPEND else "joined to a lead"
                say(f"Import {one.id}: {one.made} made, {one.joined} {word}.")
            else:
                say("There is nothing to import.")
            _write_wrong(session, one, order, say)
        except CrmError as error:
            session.rollback()
            raise click.ClickException(_sentence(error)) from error
        finally:
            working.forget_open_file()


def take_back(number: int, progress: Any, say: Say) -> None:
    session = db.session()
    one = session.get(ImportFile, number)
    if one is None:
        raise click.ClickException("There is no such import.")
    with acting_as(Actor("command", "undo-import")):
        try:
            _go_on(session, one, ImportState.UNDOING, "Taking back", undoing.undo_part, progress)
        except CrmError as error:
            session.rollback()
            raise click.ClickException(_sentence(error)) from error
    say(f"Took back {one.taken_back} records.")
    kept = reports.rows_of(session, one, RowState.KEPT, NAMED)
    for row in kept:
        say(f"Kept {one.kind} {row.noun_id}: {reports.reason(row, _told)}")


def _prepared(session: Session, order: Order) -> ImportFile:
    said = order.said
    with Path(order.file).open("rb") as file:
        one = working.take_file(session, ImportKind(order.kind), Path(order.file).name, file)
    delimiter = "\t" if said.get("delimiter") in ("tab", "\\t") else said.get("delimiter")
    ordering.read_otherwise(
        session, one, sheet=said.get("sheet"), encoding=said.get("encoding"), delimiter=delimiter,
        header=said.get("header_row"),
    )  # fmt: skip
    named = dict(one_column.rpartition("=")[::2] for one_column in said.get("columns", ()))
    plan = {
        name: said[name] for name in ("month_first", "comma", "utc") if said.get(name) is not None
    }
    for name, noun, field_name in (
        ("campaign", Campaign, "campaign_id"), ("source", Source, "source_id"),
        ("new_campaigns", Service, "service_id"),
    ):  # fmt: skip
        if said.get(name):
            plan[field_name] = ordering.row_named(session, field_name, noun, said[name])
    ordering.settle(session, one, ordering.named_fields(one, named) if named else None, **plan)
    return one


def _go_on(
    session: Session, one: ImportFile, state: ImportState, label: str, part: Any, progress: Any
) -> None:
    one.begin(state)
    session.commit()
    length = one.rows if state != ImportState.UNDOING else one.made + one.joined
    with progress(label, length) as tick:
        while one.state == state:
            tick(part(session, one))
            session.commit()


def _report_check(session: Session, one: ImportFile, say: Say) -> None:
    say(
        f"{one.ready} ready, {one.repeats} repeats, {one.wrong} wrong, {one.ignored} ignored"
        f" ({one.file_name})."
    )
    for state, word in ((RowState.WRONG, ""), (RowState.REPEAT, "repeat: "),
                        (RowState.WARNED, "warning: ")):  # fmt: skip
        for row in reports.rows_of(session, one, state, NAMED):
            say(f"row {row.number}: {word}{reports.reason(row, _told)}")
    if one.wrong > NAMED:
        say(f"… and {one.wrong - NAMED} more wrong rows.")


def _write_wrong(session: Session, one: ImportFile, order: Order, say: Say) -> None:
    if not (order.wrong_file and one.wrong):
        return
    lines = reports.wrong_rows(
        session, one, _told, words=reports.WORDS["en"], delimiter=",", comma=False
    )
    with Path(order.wrong_file).open("w", encoding="utf-8", newline="") as out:
        out.writelines(lines)
    say(f"The wrong rows are in {order.wrong_file}.")


def _told(remark: Remark) -> str:
    return str(remark)


def _sentence(error: CrmError) -> str:
    faults = [fault for faults in getattr(error, "faults", {}).values() for fault in faults]
    return " ".join(str(fault) for fault in faults) or str(error)
