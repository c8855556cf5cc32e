"""Takes a seed out again: its rows go, what real rows stand on stays whole and is named.

A real row is one that no seed made. What it refers to is kept; and a lead, client or contract
that is kept keeps its story: notes, contact points, people, revenue and documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ColumnElement, ForeignKey, Select, Table, and_, delete, not_, select
from sqlalchemy.orm import Session

from app.listeners import bulk_allowed
from app.models import Batch, Company, Contract, Model
from app.models.actor import Actor, acting_as
from app.models.batch import BatchKind
from app.models.clock import utc_now
from app.seed.cast import forget_logins
from app.seed.planting import Progress

# The parts of a row: kept with it, and part.column names the whole.
PARTS = {
    "note.lead_id", "note.client_id", "note.contract_id", "submission.lead_id",
    "contact_point.lead_id", "contact_point.client_id", "contact_point.person_id",
    "contact_person.client_id", "revenue_entry.contract_id", "document.contract_id",
    "source_token.source_id", "own_form.source_id", "campaign_external_id.campaign_id",
}  # fmt: skip
NAMED_AT_MOST = 50

Kept = dict[str, set[int]]


@dataclass
class Uprooted:
    removed: int = 0
    kept: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def uproot(session: Session, folder: Path, progress: Progress) -> Uprooted | None:
    """Everything in one transaction, committed here. None when there is no seed to take out."""
    batches = list(
        session.scalars(
            select(Batch).where(Batch.kind == BatchKind.SEED.value, Batch.undone_at.is_(None))
        )
    )
    if not batches:
        return None
    report = Uprooted()
    ids = [batch.id for batch in batches]
    tables = [table for table in Model.metadata.sorted_tables if "batch_id" in table.c]
    with acting_as(Actor("command", "unseed")), bulk_allowed():
        kept = _what_stays(session, tables, ids)
        numbers = _numbers_that_go(session, ids, kept)
        report.kept = list(_names(session, kept))
        with progress("Rows", len(tables)) as tick:
            for table in reversed(tables):
                goes = _goes(table, ids, kept)
                report.removed += session.execute(delete(table).where(goes)).rowcount  # type: ignore[attr-defined]
                tick(1)
        session.expire_all()
        usernames = _dismiss(session, batches, report)
        _leave_company(session, batches)
        _remember(session, batches, numbers, kept)
    session.commit()
    forget_logins(folder, usernames)
    return report


def _what_stays(session: Session, tables: list[Table], ids: list[int]) -> Kept:
    """Grows what is kept until nothing more follows from it."""
    kept: Kept = defaultdict(set)
    links = list(_links(tables))
    while True:
        before = sum(len(rows) for rows in kept.values())
        for child, key, parent in links:
            kept[parent.name] |= set(session.scalars(_held(child, key, parent, ids, kept)))
            if f"{child.name}.{key.parent.name}" in PARTS:
                kept[child.name] |= set(session.scalars(_parts(child, key, parent, ids, kept)))
        if sum(len(rows) for rows in kept.values()) == before:
            return kept


def _links(tables: list[Table]) -> Iterator[tuple[Table, ForeignKey, Table]]:
    """Every way in which a row can stand on a seeded one."""
    for child in Model.metadata.sorted_tables:
        for key in child.foreign_keys:
            if key.column.table in tables:
                yield child, key, key.column.table


def _held(
    child: Table, key: ForeignKey, parent: Table, ids: list[int], kept: Kept
) -> Select[tuple[int]]:
    """Ids of seeded parents to which a row refers that is not about to go."""
    target = parent.alias()
    stays = not_(_goes(child, ids, kept)) if "batch_id" in child.c else None
    query = select(target.c.id).where(target.c.batch_id.in_(ids), key.parent == target.c.id)
    return (query if stays is None else query.where(stays)).distinct()


def _parts(
    child: Table, key: ForeignKey, parent: Table, ids: list[int], kept: Kept
) -> Select[tuple[int]]:
    return select(child.c.id).where(
        child.c.batch_id.in_(ids), key.parent.in_(sorted(kept[parent.name]))
    )


def _goes(table: Table, ids: list[int], kept: Kept) -> ColumnElement[bool]:
    """Whether a row is of the seed and not kept; never NULL."""
    ours = and_(table.c.batch_id.is_not(None), table.c.batch_id.in_(ids))
    stays = sorted(kept[table.name])
    return and_(ours, table.c.id.not_in(stays)) if stays else ours


def _numbers_that_go(session: Session, ids: list[int], kept: Kept) -> list[int]:
    """Numbers of contracts that disappear: `check` must know, for none is ever given again."""
    goes = _goes(Contract.__table__, ids, kept)
    return sorted(
        session.scalars(select(Contract.number).where(goes, Contract.number.is_not(None)))
    )


def _names(session: Session, kept: Kept) -> Iterator[str]:
    """One line per kept row of what people know by name; their parts are not named."""
    nouns = {
        mapper.class_.__tablename__: mapper.class_
        for mapper in Model.registry.mappers
        if mapper.class_.__tablename__ in ("service", "campaign", "channel", "source", "lead",
                                           "client", "contract")
    }  # fmt: skip
    for table, noun in nouns.items():
        rows = sorted(kept.get(table, ()))
        for row in session.scalars(
            select(noun).where(noun.id.in_(rows[:NAMED_AT_MOST])).order_by(noun.id)
        ):
            yield f"{table} {row.id}: {row!r}"
        if len(rows) > NAMED_AT_MOST:
            yield f"{table}: {len(rows) - NAMED_AT_MOST} more"


def _dismiss(session: Session, batches: list[Batch], report: Uprooted) -> set[str]:
    """Deactivates the users whom the seed made; others who took part in it stay."""
    made = {user_id for batch in batches for user_id in (batch.facts or {}).get("users", ())}
    users = list(session.scalars(select(User).where(User.id.in_(made))))
    for user in users:
        user.active = False
    if users:
        names = ", ".join(sorted(user.username for user in users))
        report.remarks.append(f"Deactivated the demo users: {names}.")
    return {user.username for user in users}


def _leave_company(session: Session, batches: list[Batch]) -> None:
    """Empties the company's details that are still the demo's."""
    company = Company.of(session)
    for batch in batches:
        filled = (batch.facts or {}).get("company") or {}
        same = {name: "" for name, value in filled.items() if getattr(company, name) == value}
        if same:
            company.change(**same)


def _remember(session: Session, batches: list[Batch], numbers: list[int], kept: Kept) -> None:
    """A finished seed is remembered, so that it is not put in again; an interrupted one may be."""
    for batch in batches:
        if (batch.facts or {}).get("finished") or numbers or any(kept.values()):
            batch.undone_at = utc_now()
            batch.facts = {**(batch.facts or {}), "numbers": numbers}
            numbers = []
        else:
            session.delete(batch)
