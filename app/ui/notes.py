"""The story of a lead, client or contract: which entries the reader sees, newest first.

A client's story holds the notes of its leads, and both clients and contracts what became of their
documents. It is read by key (`before`), so that the hundredth page costs what the first one does.
What a role may not see of contracts is not told (design.md, Roles).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    Text,
    and_,
    cast,
    false,
    func,
    not_,
    or_,
    select,
    true,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import Session, object_session
from sqlalchemy.sql import ColumnElement

from app.models.base import LARGEST_INTEGER
from app.models.client import Client
from app.models.contract import Contract
from app.models.document import Document, DocumentState
from app.models.lead import Lead
from app.models.note import PEOPLES_KINDS, Note, NoteKind
from app.ui.access import may
from app.ui.sentences import Line, describe_note, describe_notes

SHOWN = 25
PINNED = 10

CONTRACT_KINDS = (
    NoteKind.SIGNED, NoteKind.AMENDED, NoteKind.COMPLETED, NoteKind.TERMINATED, NoteKind.VOIDED,
    NoteKind.DELETED,
)  # fmt: skip
# What only a contract's notes name; those of a deleted draft have lost their contract.
CONTRACT_WORDS = ('"amount"', '"service"', '"starts_on"', '"ends_on"', '"number"', '"signed_on"')

# What a story can be narrowed to (`?story=`).
KINDS = {
    "all": _l("All"),
    "notes": _l("Notes"),
    "calls": _l("Calls"),
    "contracts": _l("Contracts"),
    "documents": _l("Documents"),
    "events": _l("Events"),
}
OF_A_LEAD = ("all", "notes", "calls", "events")
OF_A_CLIENT = ("all", "notes", "calls", "contracts", "documents")
OF_A_CONTRACT = ("all", "events", "documents")
TOLD_STATES = (DocumentState.READY.value, DocumentState.FAILED.value)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Story:
    """A page of it. `older` is the key to go on from, '' when all is told; `pinned` stands above
    the first page.
    """

    lines: list[Line]
    kind: str = "all"
    kinds: tuple[str, ...] = OF_A_LEAD
    pinned: list[Line] = field(default_factory=list)
    older: str = ""

    def choices(self) -> list[tuple[str, Any]]:
        """(kind, word) to narrow the story to."""
        return [(kind, KINDS[kind]) for kind in self.kinds]

    def __iter__(self) -> Any:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, at: Any) -> Any:
        return self.lines[at]


def story(
    row: Lead | Client | Contract, *, kind: str = "all", before: str = "", limit: int = SHOWN
) -> Story:
    """The latest entries that the reader may see; `before` is the `older` of the page above."""
    session = object_session(row)
    kinds = kinds_of(row)
    kind = kind if kind in kinds else "all"
    if session is None:
        return Story([], kind, kinds)
    key = read_key(before)
    top = pinned_of(session, row, kind)
    notes = _notes_of(session, row, kind, key, [note.id for note in top], limit + 1)
    found: list[tuple[Key, Any]] = [((note.at, 0, note.id), note) for note in notes]
    if kind in ("all", "documents", "contracts") and "documents" in kinds:
        documents = _documents_of(session, row, key, limit + 1)
        found += [((one.at, 1, one.id), one) for one in documents]
    found.sort(key=lambda each: each[0], reverse=True)
    shown = found[:limit]
    told = iter(describe_notes(session, [one for _, one in shown if isinstance(one, Note)]))
    lines = [next(told) if isinstance(one, Note) else _document_line(one) for _, one in shown]
    return Story(
        lines, kind, kinds,
        describe_notes(session, top) if key is None else [],
        write_key(shown[-1][0]) if len(found) > limit else "",
    )  # fmt: skip


def kinds_of(row: Any) -> tuple[str, ...]:
    if isinstance(row, Contract):
        return OF_A_CONTRACT
    if isinstance(row, Client):
        return OF_A_CLIENT if may("list", "ContractView") else OF_A_LEAD
    return OF_A_LEAD


def notes_one_may_see() -> ColumnElement[bool]:
    """Not the contracts' notes for those who may not see contracts."""
    if may("list", "ContractView"):
        return true()
    silent = [
        or_(column.is_(None), not_(cast(column, Text).contains(word)))
        for column in (Note.facts, Note.changes)
        for word in CONTRACT_WORDS
    ]
    return and_(Note.contract_id.is_(None), Note.kind.not_in(CONTRACT_KINDS), *silent)


# -- where a page of the story begins --------------------------------------------------------------

Key = tuple[datetime, int, int]  # when, 0 for a note and 1 for a document, the row's id


def write_key(key: Key) -> str:
    at, rank, number = key
    return f"{(at - EPOCH) // timedelta(microseconds=1)}-{rank}-{number}"


def read_key(text: str) -> Key | None:
    """None for the first page, and for what nobody of us wrote."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    micros, rank, number = map(int, parts)
    if micros >= 10**16 or rank > 1 or number > LARGEST_INTEGER:
        return None
    return EPOCH + timedelta(microseconds=micros), rank, number


def _older_than(at: Any, rank: int, number: Any, key: Key | None) -> ColumnElement[bool]:
    if key is None:
        return true()
    when, its_rank, its_number = key
    same = number < its_number if rank == its_rank else true() if rank < its_rank else false()
    return and_(at <= when, or_(at < when, same))


# -- what is read ----------------------------------------------------------------------------------


def pinned_of(session: Session, row: Any, kind: str = "all") -> list[Note]:
    """The notes that stand above the story, the latest pinned words first, at most PINNED."""
    conditions = [Note.pinned.is_(True), notes_one_may_see(), _of_kind(kind)]
    return _latest(session, row, conditions, PINNED)


def _notes_of(
    session: Session, row: Any, kind: str, key: Key | None, without: list[int], limit: int
) -> list[Note]:
    if kind == "documents":
        return []
    conditions = [notes_one_may_see(), _of_kind(kind), _older_than(Note.at, 0, Note.id, key)]
    if without:
        conditions.append(Note.id.not_in(without))
    return _latest(session, row, conditions, limit)


def _latest(session: Session, row: Any, conditions: list[Any], limit: int) -> list[Note]:
    """Whoever's notes they are is read by its own index range and bounded on its own."""
    parts = [
        select(Note.id)
        .where(owner, *conditions)
        .order_by(Note.at.desc(), Note.id.desc())
        .limit(limit)
        .subquery()
        for owner in _owners(row)
    ]
    ids: Any = union_all(*(select(part.c.id) for part in parts))
    newest = select(Note).where(Note.id.in_(ids)).order_by(Note.at.desc(), Note.id.desc())
    return list(session.scalars(newest.limit(limit)))


def _owners(row: Any) -> list[ColumnElement[bool]]:
    if isinstance(row, Contract):
        return [Note.contract_id == row.id]
    if isinstance(row, Client):
        leads = select(Lead.id).where(Lead.client_id == row.id)
        return [Note.client_id == row.id, Note.lead_id.in_(leads)]
    return [Note.lead_id == row.id]


def _of_kind(kind: str) -> ColumnElement[bool]:
    if kind == "notes":
        return Note.kind == NoteKind.PERSON.value
    if kind == "calls":
        return Note.kind == NoteKind.CALL.value
    if kind == "contracts":
        return or_(Note.contract_id.is_not(None), Note.kind.in_(CONTRACT_KINDS))
    if kind == "events":
        return Note.kind.not_in(PEOPLES_KINDS)
    return true()


def _documents_of(session: Session, row: Any, key: Key | None, limit: int) -> list[Any]:
    """What became of the documents: when each was ready, or that it failed."""
    at = func.coalesce(Document.ready_at, Document.ordered_at, type_=Document.ordered_at.type)
    found: Any = (
        select(
            Document.id, at.label("at"), Document.version, Document.state, Document.attempts,
            Contract.id.label("contract_id"), Contract.number,
        )
        .join(Contract, Contract.id == Document.contract_id)
        .where(Document.state.in_(TOLD_STATES))
        .where(_older_than(at, 1, Document.id, key))
        .order_by(at.desc(), Document.id.desc())
        .limit(limit)
    )  # fmt: skip
    if isinstance(row, Contract):
        found = found.where(Document.contract_id == row.id)
    else:
        found = found.where(Contract.client_id == row.id)
    return list(session.execute(found))


def _document_line(one: Any) -> Line:
    words = {"number": one.number, "version": one.version}
    if one.state == DocumentState.READY:
        told = gettext("Contract № %(number)s: version %(version)s of the PDF is ready.", **words)
    else:
        told = gettext("Contract № %(number)s: version %(version)s of the PDF failed.", **words)
    return Line(one.at, "", f"document_{one.state}", told)


__all__ = [
    "Line", "Story", "describe_note", "describe_notes", "notes_one_may_see", "pinned_of", "story",
]  # fmt: skip
