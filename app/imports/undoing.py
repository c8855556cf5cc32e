"""Undo of a whole import: what it made goes, what it changed is as before, and what others have
built on since stays and is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.errors import N_
from app.imports.judging import tell
from app.imports.remarks import RowWhy
from app.intake.remarks import MESSAGES, Remark, Remarks, as_stored
from app.models import Model
from app.models.base import Batched
from app.models.client import Client, ContactPerson
from app.models.clock import utc_now
from app.models.contact_point import ContactPoint
from app.models.import_file import ImportFile, ImportKind, ImportRow, ImportState, RowState
from app.models.lead import Lead, search_text_of_lead
from app.models.note import Note, NoteKind
from app.models.spend import Spend
from app.models.submission import Submission

PART = 200
BUILT_ON = "built_on"
MESSAGES[BUILT_ON] = N_("Somebody has worked with this record since: it stays.")
# Own parts of a record: they go with it.
PARTS = {"contact_point", "import_row"}


def undo_part(session: Session, one: ImportFile) -> int:
    """The next records; 0 when all is done. The caller commits."""
    if one.next_row == 0:
        one.taken_back = 0
        _forget_kept(session, one)
        if one.kind == ImportKind.LEADS:
            _give_back_repeats(session, one)
        if one.kind == ImportKind.SPEND:
            _give_back_spend(session, one)
    noun: Any = {ImportKind.LEADS: Lead, ImportKind.CLIENTS: Client, ImportKind.SPEND: Spend}[
        ImportKind(one.kind)
    ]
    ids = list(
        session.scalars(
            select(noun.id)
            .where(noun.batch_id == one.batch_id, noun.id > one.next_row)
            .order_by(noun.id)
            .limit(PART)
        )
    )
    if not ids:
        if one.batch is not None:
            one.batch.undone_at = utc_now()
        one.end(ImportState.UNDONE)
        return 0
    stays = _touched(session, noun, ids) | _stood_on(session, noun, ids, one)
    _remove(session, noun, [row_id for row_id in ids if row_id not in stays], one)
    _tell_kept(session, one, sorted(stays))
    one.taken_back += len(ids) - len(stays)
    one.next_row = ids[-1]
    return len(ids)


def _touched(session: Session, noun: Any, ids: list[int]) -> set[int]:
    """Rows that somebody has changed: each change raises the version."""
    if noun is Spend:
        return {
            spend.id
            for spend in session.scalars(select(Spend).where(Spend.id.in_(ids)))
            if (spend.changed_at - spend.created_at).total_seconds() > 1
        }
    query = select(noun.id).where(noun.id.in_(ids), noun.lock_version > 1)
    found = set(session.scalars(query))
    if noun is Lead:
        held = select(Lead.id).where(Lead.id.in_(ids), Lead.claimed_until > utc_now())
        found |= set(session.scalars(held))
    return found


def _stood_on(session: Session, noun: Any, ids: list[int], one: ImportFile) -> set[int]:
    """Rows that something refers to which this import has not made."""
    found: set[int] = set()
    for child in Model.registry.mappers:
        table = child.local_table
        if table.name in PARTS:
            continue
        for column in table.columns:
            if not any(key.column.table is noun.__table__ for key in column.foreign_keys):
                continue
            query: Select[Any] = select(column).where(column.in_(ids)).distinct()
            if issubclass(child.class_, Batched):
                own = table.c.batch_id
                query = query.where((own.is_(None)) | (own != one.batch_id))
            found |= set(session.scalars(query))
    return found


def _remove(session: Session, noun: Any, ids: list[int], one: ImportFile) -> None:
    if not ids:
        return
    if noun is Lead:
        _delete(session, delete(Note).where(Note.lead_id.in_(ids)))
        own = select(Submission.id).where(Submission.lead_id.in_(ids))
        repeats = delete(Submission).where(Submission.first_id.in_(own))
        _delete(session, repeats)
        _delete(session, delete(Submission).where(Submission.lead_id.in_(ids)))
    if noun is Client:
        _delete(session, delete(Note).where(Note.client_id.in_(ids)))
        _delete(session, delete(ContactPerson).where(ContactPerson.client_id.in_(ids)))
    _delete(session, delete(noun).where(noun.id.in_(ids)))


def _delete(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session="fetch"))


def _forget_kept(session: Session, one: ImportFile) -> None:
    kept = delete(ImportRow).where(
        ImportRow.import_id == one.id, ImportRow.state == RowState.KEPT.value
    )
    session.execute(kept.execution_options(synchronize_session=False))


def _tell_kept(session: Session, one: ImportFile, ids: Iterable[int]) -> None:
    remarks: Remarks = {}
    tell(remarks, "*", Remark(BUILT_ON))
    rows = [
        {"import_id": one.id, "number": 0, "state": RowState.KEPT.value, "noun_id": row_id,
         "cells": None, "remarks": as_stored(remarks)}
        for row_id in ids
    ]  # fmt: skip
    if rows:
        session.execute(insert(ImportRow), rows)


# -- leads that asked again ------------------------------------------------------------------------


def _give_back_repeats(session: Session, one: ImportFile) -> None:
    """Leads that were there before: the note and the submission go, what was filled is empty again
    where it still holds what the import has put there.
    """
    told = (
        select(Note)
        .join(Lead, Lead.id == Note.lead_id)
        .where(Note.batch_id == one.batch_id, Note.kind == NoteKind.ASKED_AGAIN.value)
        .where((Lead.batch_id.is_(None)) | (Lead.batch_id != one.batch_id))
        .order_by(Note.id.desc())
    )
    for note in session.scalars(told).all():
        lead = session.get_one(Lead, note.lead_id)
        if lead.is_open and not lead.is_put_away:
            _give_back(session, lead, note, one)
            one.taken_back += 1
        else:
            _tell_kept(session, one, [lead.id])


def _give_back(session: Session, lead: Lead, note: Note, one: ImportFile) -> None:
    """By statements, as the repeat was written: neither raises the version."""
    values: dict[str, Any] = {}
    for change in note.changes or ():
        name, old = change["field"], change["old"]
        if getattr(lead, name) != change["new"]:
            continue
        values[name] = old
        if name in ("phone", "email"):
            values |= {name: old or "", f"{name}_key": None}
        if name == "phone":
            values["phone_extension"] = None
    for statement in (
        delete(ContactPoint).where(
            ContactPoint.lead_id == lead.id, ContactPoint.batch_id == one.batch_id
        ),
        delete(Submission).where(
            Submission.lead_id == lead.id, Submission.batch_id == one.batch_id
        ),
        delete(Note).where(Note.id == note.id),
    ):
        _delete(session, statement)
    values["asked_again_at"] = session.scalar(
        select(func.max(Note.at)).where(
            Note.lead_id == lead.id, Note.kind == NoteKind.ASKED_AGAIN.value
        )
    )
    _write(session, lead, values)
    _write(session, lead, {"search_text": search_text_of_lead(lead)})


def _write(session: Session, lead: Lead, values: dict[str, Any]) -> None:
    session.execute(
        update(Lead)
        .where(Lead.id == lead.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.expire(lead)


def _give_back_spend(session: Session, one: ImportFile) -> None:
    """Amounts that the import has changed are as before, where nobody has changed them again."""
    changed = select(ImportRow).where(
        ImportRow.import_id == one.id, ImportRow.state == RowState.CHANGED.value
    )
    for row in session.scalars(changed.order_by(ImportRow.id.desc())).all():
        spend = session.get(Spend, row.noun_id) if row.noun_id else None
        said = [
            remark
            for remarks in (row.remarks or {}).values()
            for remark in remarks
            if remark["code"] == RowWhy.CHANGES_SPEND
        ]
        if spend is None or not said:
            continue
        if str(spend.amount) != said[0]["params"].get("new", str(spend.amount)):
            _tell_kept(session, one, [spend.id])
            continue
        spend.change(amount=Decimal(said[0]["params"]["old"]))
        one.taken_back += 1


__all__ = ["PART", "undo_part"]
