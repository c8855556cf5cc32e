"""The laws of the data as questions to the database: what `flask fab check` asks.

A law that holds finds no row. Each names the ids of what breaks it, the first few of them, so that
somebody can look. Questions read; they change nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from app.models import (
    Batch,
    Campaign,
    Client,
    Company,
    ContactPerson,
    ContactPoint,
    Contract,
    Document,
    Lead,
    Model,
    Note,
    NumberCounter,
    RevenueEntry,
    Service,
    Spend,
    Submission,
)  # fmt: skip
from app.models.contract import LIVE, ContractStatus
from app.models.document import DocumentKind, DocumentState
from app.models.lead import LeadStatus, is_open_lead
from app.models.matching import NO_CAMPAIGN, Keys
from app.models.note import NoteKind
from app.models.revenue_entry import RevenueReason
from app.models.submission import Outcome

NAMED = 10
PORTION = 1000

Finder = Callable[[Session], Iterable[object]]


@dataclass(frozen=True)
class Law:
    """`sentence` says what must hold; `find` yields what breaks it, most telling first."""

    sentence: str
    find: Finder

    def broken(self, session: Session) -> str | None:
        """One line that names rows, or None when the law holds."""
        found = list(islice(self.find(session), NAMED + 1))
        session.rollback()  # a question changes nothing
        if not found:
            return None
        names = ", ".join(str(row) for row in found[:NAMED])
        return f"Broken: {self.sentence}: {names}{' and more' if len(found) > NAMED else ''}."


LAWS: list[Law] = []


def law(sentence: str) -> Callable[[Finder], Finder]:
    def enrol(find: Finder) -> Finder:
        LAWS.append(Law(sentence, find))
        return find

    return enrol


def named(noun: str, ids: Iterable[object]) -> Iterator[str]:
    return (f"{noun} {id_}" for id_ in ids)


def waived_documents(session: Session) -> int:
    """How many signed contracts order no document because their batch says so."""
    waived = select(func.count(Contract.id)).join(Batch, Batch.id == Contract.batch_id)
    return session.scalar(waived.where(Batch.documents_waived, _is_signed())) or 0


# -- leads and clients -----------------------------------------------------------------------------


@law("a person has one open lead in a campaign, by phone and by e-mail")
def _one_open_lead(session: Session) -> Iterator[str]:
    twins: dict[tuple[int, str], list[int]] = {}
    main = select(
        Lead.id, func.coalesce(Lead.campaign_id, NO_CAMPAIGN), Lead.phone_key, Lead.email_key
    ).where(is_open_lead())
    points = (
        select(Lead.id, ContactPoint.kind, ContactPoint.key)
        .join(ContactPoint, ContactPoint.lead_id == Lead.id)
        .where(is_open_lead(), ContactPoint.key.is_not(None))
    )
    further: dict[int, set[tuple[str, str]]] = {}
    for lead_id, kind, key in session.execute(points):
        if key:
            further.setdefault(lead_id, set()).add((kind, key))
    keys_of: dict[int, Keys] = {}
    for lead_id, space, phone, email in session.execute(main):
        known = further.get(lead_id, set())
        phones = {key for kind, key in known if kind == "phone"} | ({phone} if phone else set())
        emails = {key for kind, key in known if kind == "email"} | ({email} if email else set())
        keys_of[lead_id] = Keys(frozenset(phones), frozenset(emails))
        for key in phones | emails:
            twins.setdefault((space, key), []).append(lead_id)
    seen = set()
    for together in twins.values():
        for place, first in enumerate(together):
            for second in together[place + 1 :]:
                pair = (first, second)
                if pair not in seen and keys_of[first].match(keys_of[second]) is not None:
                    seen.add(pair)
                    yield f"leads {first} and {second}"


@law("a converted lead has its client and a note that tells of it")
def _converted(session: Session) -> Iterator[str]:
    told = exists().where(
        Note.lead_id == Lead.id,
        Note.client_id == Lead.client_id,
        Note.kind.in_((NoteKind.CONVERTED.value, NoteKind.MERGED.value)),
    )
    is_converted = Lead.status == LeadStatus.CONVERTED.value
    return named(
        "lead",
        session.scalars(
            select(Lead.id)
            .where(
                or_(
                    and_(is_converted, or_(Lead.client_id.is_(None), ~told)),
                    and_(~is_converted, Lead.client_id.is_not(None)),
                )
            )
            .order_by(Lead.id)
        ),
    )


@law("a lead and a client have the note of their beginning")
def _beginnings(session: Session) -> Iterator[str]:
    for noun, owner in ((Lead, Note.lead_id), (Client, Note.client_id)):
        told = exists().where(
            owner == noun.id, Note.contract_id.is_(None), Note.kind == NoteKind.CREATED.value
        )
        yield from named(
            noun.__tablename__, session.scalars(select(noun.id).where(~told).order_by(noun.id))
        )


@law("a lost lead has a reason, and every lead one way to be reached")
def _reachable(session: Session) -> Iterator[str]:
    point = exists().where(ContactPoint.lead_id == Lead.id, ContactPoint.key.is_not(None))
    mute = and_(Lead.phone_key.is_(None), Lead.email_key.is_(None), ~point)
    lost = and_(Lead.status == LeadStatus.LOST.value, Lead.lost_reason.is_(None))
    return named("lead", session.scalars(select(Lead.id).where(or_(lost, mute)).order_by(Lead.id)))


@law("a client that is put away has no live contract, a put-away lead no standing client")
def _put_away(session: Session) -> Iterator[str]:
    live = exists().where(
        Contract.client_id == Client.id,
        Contract.status.in_(LIVE),
        Contract.archived_at.is_(None),
    )
    clients = select(Client.id).where(Client.archived_at.is_not(None), live)
    yield from named("client", session.scalars(clients.order_by(Client.id)))
    leads = (
        select(Lead.id)
        .join(Client, Client.id == Lead.client_id)
        .where(Lead.archived_at.is_not(None), Client.archived_at.is_(None))
    )
    yield from named("lead", session.scalars(leads.order_by(Lead.id)))


@law("what is put away says when and why, what is not says neither")
def _archived(session: Session) -> Iterator[str]:
    for mapper in Model.registry.mappers:
        noun: Any = mapper.class_
        if "archived_at" in mapper.columns:
            half = noun.archived_at.is_(None) != noun.archived_reason.is_(None)
            yield from named(
                noun.__tablename__, session.scalars(select(noun.id).where(half).order_by(noun.id))
            )


@law("a contact point belongs to exactly one lead, client or contact person that exists")
def _contact_points(session: Session) -> Iterator[str]:
    owners = ((Lead, ContactPoint.lead_id), (Client, ContactPoint.client_id),
              (ContactPerson, ContactPoint.person_id))  # fmt: skip
    owned: Any = literal(0)
    for noun, key in owners:
        owned = owned + case((exists().where(noun.id == key), 1), else_=0)
    query = select(ContactPoint.id).where(owned != 1).order_by(ContactPoint.id)
    return named("contact point", session.scalars(query))


@law("an organisation has one main contact person if it has any, a tax id stands at one client")
def _organisations(session: Session) -> Iterator[str]:
    main = func.sum(case((ContactPerson.is_main, 1), else_=0))
    people = select(ContactPerson.client_id).group_by(ContactPerson.client_id).having(main != 1)
    yield from named("client", session.scalars(people.order_by(ContactPerson.client_id)))
    twin = aliased(Client)
    same = exists().where(
        twin.id < Client.id, twin.archived_at.is_(None), twin.tax_id == Client.tax_id,
        twin.tax_country == Client.tax_country, twin.branch_code == Client.branch_code,
    )  # fmt: skip
    twins = select(Client.id).where(Client.archived_at.is_(None), Client.tax_id != "", same)
    yield from named("client", session.scalars(twins.order_by(Client.id)))


@law("an accepted submission has its lead, a repeated one the first that it repeats")
def _submissions(session: Session) -> Iterator[str]:
    lost = or_(
        and_(Submission.outcome == Outcome.ACCEPTED.value, Submission.lead_id.is_(None)),
        and_(Submission.outcome == Outcome.REPEATED.value, Submission.first_id.is_(None)),
    )
    query = select(Submission.id).where(lost).order_by(Submission.id)
    return named("submission", session.scalars(query))


# -- contracts -------------------------------------------------------------------------------------


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


# -- money, search, the whole ----------------------------------------------------------------------


@law("all money is in the company's currency")
def _currency(session: Session) -> Iterator[str]:
    currency = session.scalar(select(Company.currency))
    for noun in (Service, Campaign, Spend, Contract, RevenueEntry):
        query = select(noun.id).where(noun.currency != currency).order_by(noun.id)
        yield from named(noun.__tablename__, session.scalars(query))


@law("a campaign has one spend per day and origin, none of them below zero")
def _spend(session: Session) -> Iterator[str]:
    twin = aliased(Spend)
    same = exists().where(
        twin.id < Spend.id, twin.campaign_id == Spend.campaign_id, twin.day == Spend.day,
        twin.origin == Spend.origin,
    )  # fmt: skip
    query = select(Spend.id).where(or_(same, Spend.amount < 0)).order_by(Spend.id)
    return named("spend", session.scalars(query))


@law("search finds each lead and client by what stands in it")
def _search(session: Session) -> Iterator[str]:
    people = selectinload(Client.people).selectinload(ContactPerson.contact_points)
    lookups: tuple[tuple[Any, tuple[Any, ...]], ...] = (
        (Lead, (selectinload(Lead.contact_points),)),
        (Client, (selectinload(Client.contact_points), people)),
    )
    for noun, loads in lookups:
        last = 0
        while True:
            query = select(noun).where(noun.id > last).order_by(noun.id).limit(PORTION)
            rows = list(session.scalars(query.options(*loads)))
            if not rows:
                break
            for row in rows:
                stored = row.search_text
                with session.no_autoflush:
                    row.refresh_search_text()
                if row.search_text != stored:
                    yield f"{noun.__tablename__} {row.id}"
            last = rows[-1].id
            session.rollback()  # nothing of this is to be stored
            session.expunge_all()


@law("every reference leads to a row")
def _references(session: Session) -> Iterator[str]:
    for child in Model.metadata.sorted_tables:
        for key in child.foreign_keys:
            parent = key.column.table.alias()
            there = exists().where(parent.c[key.column.name] == key.parent)
            name = next(iter(child.primary_key.columns))
            query = select(name).where(key.parent.is_not(None), ~there).order_by(name)
            yield from named(f"{child.name}.{key.parent.name} of", session.scalars(query))


@law("a note tells of a lead or a client")
def _notes(session: Session) -> Iterator[str]:
    nobody = and_(Note.lead_id.is_(None), Note.client_id.is_(None))
    query = select(Note.id).where(nobody).order_by(Note.id)
    return named("note", session.scalars(query))


def _portions(rows: list[int], size: int) -> Iterator[list[int]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
