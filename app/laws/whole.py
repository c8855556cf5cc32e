"""The laws of the data as a whole: money, search, references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from app.laws.law import PORTION, law, named
from app.models import (
    Campaign,
    Client,
    Company,
    ContactPerson,
    Contract,
    Lead,
    Model,
    Note,
    RevenueEntry,
    Service,
    Spend,
)  # fmt: skip


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


@law("search and similar names find each lead and client by what stands in it")
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
                stored = row.search_text, row.name_key
                with session.no_autoflush:
                    row.refresh_search_text()
                if (row.search_text, row.name_key) != stored:
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
