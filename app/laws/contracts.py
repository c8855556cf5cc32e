"""The laws of contracts: their notes, numbers, documents and revenue."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from app.laws.law import PORTION, law, named
from app.models import (
    Batch,
    Contract,
    Document,
    Note,
    NumberCounter,
    RevenueEntry,
)  # fmt: skip
from app.models.contract import ContractStatus
from app.models.document import DocumentKind, DocumentState
from app.models.note import NoteKind
from app.models.revenue_entry import RevenueReason


def waived_documents(session: Session) -> int:
    """How many signed contracts order no document because their batch says so."""
    waived = select(func.count(Contract.id)).join(Batch, Batch.id == Contract.batch_id)
    return session.scalar(waived.where(Batch.documents_waived, _is_signed())) or 0


def _is_signed() -> Any:
    return Contract.status != ContractStatus.DRAFT.value


@law("a contract has a note of each step: created, signed, completed, terminated, voided")
def _contract_notes(session: Session) -> Iterator[str]:
    steps = {
        NoteKind.CREATED: literal(True),
        NoteKind.SIGNED: _is_signed(),
        NoteKind.COMPLETED: Contract.status == ContractStatus.COMPLETED.value,
        NoteKind.TERMINATED: Contract.status == ContractStatus.TERMINATED.value,
        NoteKind.VOIDED: Contract.archived_at.is_not(None),
    }
    for kind, taken in steps.items():
        told = exists().where(Note.contract_id == Contract.id, Note.kind == kind.value)
        query = select(Contract.id).where(taken, ~told).order_by(Contract.id)
        yield from (f"{row} ({kind.value})" for row in named("contract", session.scalars(query)))


@law("numbers of contracts are unique and run from 1 to the counter without a gap")
def _numbers(session: Session) -> Iterator[str]:
    given = list(session.scalars(select(Contract.number).where(Contract.number.is_not(None))))
    gone = [
        number
        for facts in session.scalars(select(Batch.facts).where(Batch.undone_at.is_not(None)))
        for number in (facts or {}).get("numbers", ())
    ]
    counter = session.scalar(select(NumberCounter.value).where(NumberCounter.name == "contract"))
    wanted = set(range(1, (counter or 0) + 1))
    times = Counter([*given, *gone])
    yield from (f"{number} is given twice" for number in sorted(times) if times[number] > 1)
    yield from (f"{number} is missing" for number in sorted(wanted - times.keys()))
    yield from (f"{number} is above the counter" for number in sorted(times.keys() - wanted))


@law("each version of a signed contract has exactly one document, from 1 on without a gap")
def _versions(session: Session) -> Iterator[str]:
    documents = (
        select(
            Document.contract_id.label("contract_id"),
            func.count(Document.id).label("rows"),
            func.count(Document.version.distinct()).label("versions"),
            func.max(Document.version).label("newest"),
        )
        .where(Document.kind == DocumentKind.GENERATED.value)
        .group_by(Document.contract_id)
        .subquery()
    )
    rows = func.coalesce(documents.c.rows, 0)
    query = (
        select(Contract.id, rows)
        .outerjoin(documents, documents.c.contract_id == Contract.id)
        .outerjoin(Batch, Batch.id == Contract.batch_id)
        .where(func.coalesce(Batch.documents_waived, False).is_(False))
    )
    wrong = or_(
        and_(_is_signed(), rows == 0),
        and_(~_is_signed(), rows > 0),
        rows != func.coalesce(documents.c.versions, 0),
        rows != func.coalesce(documents.c.newest, 0),
    )
    yield from named("contract", session.scalars(query.where(wrong).order_by(Contract.id)))
    there = {row.id: row[1] for row in session.execute(query)}
    told = select(Note.contract_id, Note.facts).where(
        Note.kind.in_((NoteKind.SIGNED.value, NoteKind.AMENDED.value)),
        Note.contract_id.is_not(None),
    )
    for contract_id, facts in session.execute(told.order_by(Note.id)):
        version = (facts or {}).get("version", 0)
        if version > there.get(contract_id, version):
            yield f"contract {contract_id} (version {version})"


@law("a ready document holds a PDF of its size and SHA-256, a document in the queue none")
def _contents(session: Session) -> Iterator[str]:
    wrong = or_(
        and_(Document.state == DocumentState.READY.value, Document.content.is_(None)),
        and_(Document.state != DocumentState.READY.value, Document.content.is_not(None)),
    )
    yield from named("document", session.scalars(select(Document.id).where(wrong)))
    ready = select(Document.id).where(Document.content.is_not(None)).order_by(Document.id)
    columns = Document.id, Document.content, Document.size, Document.sha256, Document.media_type
    for some in _portions(list(session.scalars(ready)), 50):
        for row in session.execute(select(*columns).where(Document.id.in_(some))):
            content = bytes(row.content)
            is_right = len(content) == row.size and row.sha256 == _sha256(content)
            if not is_right or (row.media_type == "application/pdf" and content[:5] != b"%PDF-"):
                yield f"document {row.id}"


@law("the newest document prints the terms that its contract has")
def _terms(session: Session) -> Iterator[str]:
    newest = (
        select(func.max(Document.id))
        .where(Document.contract_id == Contract.id)
        .where(Document.kind == DocumentKind.GENERATED.value)
        .correlate(Contract)
        .scalar_subquery()
    )
    query = (
        select(Contract.id, Contract.number, Contract.amount, Document.terms)
        .join(Document, Document.id == newest)
        .order_by(Contract.id)
    )
    for row in session.execute(query.execution_options(yield_per=PORTION)):
        if row.terms.get("number") != row.number or row.terms.get("amount") != str(row.amount):
            yield f"contract {row.id}"


@law("revenue entries add up: signed = amount, terminated at most that, drafts and voided nothing")
def _revenue(session: Session) -> Iterator[str]:
    sums = (
        select(RevenueEntry.contract_id, func.sum(RevenueEntry.amount).label("earned"))
        .group_by(RevenueEntry.contract_id)
        .subquery()
    )
    query = (
        select(Contract.id, Contract.status, Contract.amount, Contract.archived_at, sums.c.earned)
        .outerjoin(sums, sums.c.contract_id == Contract.id)
        .order_by(Contract.id)
    )
    refunded = set(
        session.scalars(
            select(RevenueEntry.contract_id).where(
                RevenueEntry.reason == RevenueReason.REFUNDED.value
            )
        )
    )
    for row in session.execute(query):
        earned = row.earned or 0
        if row.status == ContractStatus.DRAFT.value or row.archived_at is not None:
            holds = earned == 0
        elif row.status == ContractStatus.TERMINATED.value or row.id in refunded:
            holds = 0 <= earned <= row.amount
        else:
            holds = earned == row.amount
        if not holds:
            yield f"contract {row.id}"


def _portions(rows: list[int], size: int) -> Iterator[list[int]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
