"""The SQLAlchemy listeners: a contract's change leaves a note, orders a document (laws 2, 3) and is
told to the webhooks.

This is the one place with hidden work, because these must follow a contract through every door:
page, API, command, import, a session in a shell. The listeners write `Note` and `Document` rows in
the flush that changes the contract, and webhooks' deliveries right after it (a new contract has no
id before), so they live and die with it, and touch nothing else. Statements that pass the unit of
work by are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.attributes import set_committed_value

from app.documents.terms import data_differences, frozen_terms, latest_document
from app.errors import BulkRefused
from app.models.base import machine
from app.models.batch import Batch
from app.models.client import Client
from app.models.contract import Contract, ContractStatus
from app.models.contract import bulk_allowed as _bulk_allowed
from app.models.current_batch import current_batch_id
from app.models.document import Document, DocumentState
from app.models.hook_facts import announce_contract
from app.models.note import Note, NoteKind
from app.models.webhook import HookEvent

# Column pairs: the relationship is what verbs set, the key what others may set.
LINKS = ("client", "service", "lead", "campaign", "manager")
VALUES = (
    "status", "number", "amount", "starts_on", "ends_on", "language", "signed_on", "completed_on",
    "terminated_on", "termination_reason", "archived_at", "archived_reason",
)  # fmt: skip
PRINTED = {
    "client", "service", "number", "amount", "starts_on", "ends_on", "language", "signed_on",
}  # fmt: skip

_KIND_OF_STATUS = {
    ContractStatus.SIGNED.value: NoteKind.SIGNED,
    ContractStatus.COMPLETED.value: NoteKind.COMPLETED,
    ContractStatus.TERMINATED.value: NoteKind.TERMINATED,
}

_EVENT_OF_NOTE = {
    NoteKind.SIGNED: HookEvent.CONTRACT_SIGNED,
    NoteKind.AMENDED: HookEvent.CONTRACT_AMENDED,
    NoteKind.COMPLETED: HookEvent.CONTRACT_COMPLETED,
    NoteKind.TERMINATED: HookEvent.CONTRACT_TERMINATED,
    NoteKind.VOIDED: HookEvent.CONTRACT_VOIDED,
    NoteKind.BROUGHT_BACK: HookEvent.CONTRACT_RESTORED,
}
_ANNOUNCED = "contracts_announced"  # in session.info: what this flush has still to tell

_flushing: ContextVar[bool] = ContextVar("flushing", default=False)


@contextmanager
def bulk_allowed() -> Iterator[None]:
    """For migrations and `unseed`, which answer themselves for what they do to contracts."""
    token = _bulk_allowed.set(True)
    try:
        yield
    finally:
        _bulk_allowed.reset(token)


def register() -> None:
    """Attaches the listeners to every session and engine of the process; safe to repeat."""
    for target, name, listener in (
        (Session, "before_flush", _before_flush),
        (Session, "after_flush", _after_flush),
        (Session, "after_soft_rollback", _after_soft_rollback),
        (Session, "do_orm_execute", _refuse_orm_bulk),
        (Engine, "before_cursor_execute", _refuse_core_bulk),
    ):
        if not event.contains(target, name, listener):
            event.listen(target, name, listener)


# -- notes and documents -------------------------------------------------------------------------


def _before_flush(session: Session, _context: Any, _instances: Any) -> None:
    for contract in [row for row in session.new if isinstance(row, Contract)]:
        _tell_created(session, contract)
    for contract in [row for row in session.dirty if isinstance(row, Contract)]:
        if contract not in session.deleted and session.is_modified(contract):
            _tell_changed(session, contract)
    for contract in [row for row in session.deleted if isinstance(row, Contract)]:
        _tell_deleted(session, contract)
    _flushing.set(True)


def _after_flush(session: Session, _context: Any) -> None:
    _flushing.set(False)
    for contract, event_ in session.info.pop(_ANNOUNCED, ()):
        announce_contract(session, contract, event_)


def _after_soft_rollback(session: Session, _previous: Any) -> None:
    _flushing.set(False)
    session.info.pop(_ANNOUNCED, None)
    for row in session.identity_map.values():
        if isinstance(row, Contract):  # an amendment that was lost must not colour the next change
            row.amendment_reason, row.takes_todays_data = "", False
            row.crediting_reason = ""
            row.moves_by_merge = False


def _tell_created(session: Session, contract: Contract) -> None:
    _settle_links(session, contract)
    client = contract.client
    if not client or not contract.service:
        return  # the database will refuse it and name the column
    facts = {"amount": machine(contract.amount), "service": contract.service.title}
    _note(session, contract, client, NoteKind.CREATED, facts=facts)
    if _is_signed(contract):
        _note(session, contract, client, NoteKind.SIGNED, facts={"number": contract.number})
        _announce(session, contract, NoteKind.SIGNED)
        _order(session, contract)


def _tell_changed(session: Session, contract: Contract) -> None:
    changes = _changes(contract)
    _settle_links(session, contract)
    fields = {change["field"] for change in changes}
    kind = _kind(contract, changes)
    document = None
    printed = fields & PRINTED and not contract.moves_by_merge
    if _is_signed(contract) and (printed or contract.takes_todays_data):
        document, renewed = _order(session, contract)
        changes += renewed
    facts: dict[str, Any] = {"number": contract.number} if contract.number else {}
    if contract.amendment_reason or contract.crediting_reason:
        facts["reason"] = contract.amendment_reason or contract.crediting_reason
    if document is not None:
        facts["version"] = document.version
    if changes or contract.amendment_reason:
        _note(session, contract, contract.client, kind, changes=changes, facts=facts)
        _announce(session, contract, kind)
        moved = next((c for c in changes if c["field"] == "client" and c["old"]), None)
        if moved is not None and not contract.moves_by_merge:
            left = session.get(Client, moved["old"])
            _note(session, contract, left, kind, changes=changes, facts=facts)
    contract.amendment_reason = contract.crediting_reason = ""
    contract.takes_todays_data = contract.moves_by_merge = False


def _tell_deleted(session: Session, contract: Contract) -> None:
    facts = {
        "contract": contract.id,
        "service": contract.service.title,
        "amount": machine(contract.amount),
    }
    note = Note(kind=NoteKind.DELETED.value, facts=facts)
    note.client_id = contract.client_id
    session.add(note)


def _note(
    session: Session,
    contract: Contract,
    client: Client | None,
    kind: NoteKind,
    *,
    changes: list[dict[str, Any]] | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    note = Note(kind=kind.value, changes=changes or None, facts=facts)
    session.add(note)
    note.client = client
    note.contract = contract


def _announce(session: Session, contract: Contract, kind: NoteKind) -> None:
    """Told in the order of the notes, when the flush has given the contract its id."""
    if kind in _EVENT_OF_NOTE:
        session.info.setdefault(_ANNOUNCED, []).append((contract, _EVENT_OF_NOTE[kind]))


def _order(session: Session, contract: Contract) -> tuple[Document | None, list[dict[str, Any]]]:
    """The next version of the document with its terms frozen; a version that this transaction
    has already ordered is brought up to date instead. Also gives the printed data that changed.
    """
    batch_id = contract.batch_id or current_batch_id()
    batch = session.get(Batch, batch_id) if batch_id else None
    if batch is not None and batch.documents_waived:
        return None, []
    ordered = _ordered_in_this_transaction(session)
    document = ordered.get(contract)
    if document is not None and document not in session:
        document = None  # its savepoint was rolled back
    previous = document or (latest_document(session, contract.id) if contract.id else None)
    version = document.version if document else (previous.version + 1 if previous else 1)
    keeps = previous is not None and not contract.takes_todays_data
    terms = frozen_terms(
        contract,
        version=version,
        previous=previous.terms if keeps and previous else None,
        reason=contract.amendment_reason,
    )
    renewed = data_differences(previous.terms, terms) if previous and not keeps else []
    if document is None:
        document = Document(version=version, terms=terms)
        session.add(document)
        document.contract = contract
        ordered[contract] = document
    elif document.state == DocumentState.WAITING:
        document.terms = terms
    return document, renewed


def settle_documents(session: Session) -> None:
    """What is ordered so far is final, as after a commit: the next change orders a version of its
    own. For a seed, which tells months in one transaction.
    """
    session.info.pop("documents_ordered", None)


def _ordered_in_this_transaction(session: Session) -> dict[Contract, Document]:
    transaction = session.get_transaction()
    known = session.info.get("documents_ordered")
    if known is None or known[0] is not transaction:
        known = session.info["documents_ordered"] = (transaction, {})
    ordered: dict[Contract, Document] = known[1]
    return ordered


def _kind(contract: Contract, changes: list[dict[str, Any]]) -> NoteKind:
    by_field = {change["field"]: change for change in changes}
    if "archived_at" in by_field:
        return NoteKind.VOIDED if contract.archived_at else NoteKind.BROUGHT_BACK
    if "status" in by_field:
        return _KIND_OF_STATUS.get(contract.status, NoteKind.CHANGED)
    if contract.moves_by_merge:
        return NoteKind.MERGED
    return NoteKind.AMENDED if contract.amendment_reason else NoteKind.CHANGED


def _changes(contract: Contract) -> list[dict[str, Any]]:
    attrs: Any = inspect(contract).attrs
    found: list[dict[str, Any]] = []
    for field in VALUES:
        history = attrs[field].history
        if history.has_changes():
            _append(found, field, history.deleted, history.added)
    for link in LINKS:
        history = attrs[link].history
        if history.has_changes():
            _append(found, link, history.deleted, history.added)
            continue
        history = attrs[f"{link}_id"].history
        if history.has_changes():
            _append(found, link, history.deleted, history.added)
    return found


def _append(found: list[dict[str, Any]], field: str, deleted: Any, added: Any) -> None:
    old = machine(deleted[0]) if deleted else None
    new = machine(added[0]) if added else None
    if old != new:
        found.append({"field": field, "old": old, "new": new})


def _settle_links(session: Session, contract: Contract) -> None:
    """Where only the key was set, the relationship is brought in line before anybody reads it."""
    attrs: Any = inspect(contract).attrs
    for link in LINKS:
        by_key = attrs[f"{link}_id"].history.has_changes()
        if by_key and not attrs[link].history.has_changes():
            key = getattr(contract, f"{link}_id")
            target = inspect(Contract).relationships[link].mapper.class_
            row = session.get(target, key) if key is not None else None
            set_committed_value(contract, link, row)


def _is_signed(contract: Contract) -> bool:
    return (contract.status or ContractStatus.DRAFT) != ContractStatus.DRAFT


# -- refused bulk statements ---------------------------------------------------------------------

_WRITES_CONTRACT = re.compile(
    r"\b(?:insert(?:\s+or\s+\w+)?\s+into|update(?:\s+or\s+\w+)?|delete\s+from"
    r"|truncate(?:\s+table)?|(?:replace|merge)\s+into|copy)"
    r"\s+(?:only\s+)?(?:\"?\w+\"?\s*\.\s*)?\"?contract\"?(?=[\s(;]|$)",
    re.IGNORECASE,
)


def _refuse_orm_bulk(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and not _bulk_allowed.get():
        mapper = state.bind_mapper
        if mapper is not None and mapper.class_ is Contract:
            raise BulkRefused()


def _refuse_core_bulk(
    _conn: Connection, _cursor: Any, statement: str, _params: Any, _context: Any, _many: bool
) -> None:
    if "contract" not in statement.lower() or _flushing.get() or _bulk_allowed.get():
        return
    if _WRITES_CONTRACT.search(statement):
        raise BulkRefused()
