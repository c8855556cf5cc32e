"""The very rows that make a figure (law 6), a page at a time, newest first.

A row tells number, date, status, campaign and amount only, so that it can be shown to every role.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, and_, null, or_, select
from sqlalchemy.orm import Session

from app.errors import N_, Invalid
from app.models.base import LARGEST_INTEGER
from app.models.campaign import Campaign
from app.models.lead import Lead
from app.models.revenue_entry import RevenueEntry
from app.models.spend import Spend
from app.statistics import sources
from app.statistics.figures import Figures
from app.statistics.periods import Basis, Period
from app.statistics.planned import Plan
from app.statistics.scope import Scope

PAGE = 50


class Part(StrEnum):
    """What figures are made of; each part is a list of rows of one kind."""

    LEADS = "leads"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    SPENT = "spent"
    PLANNED = "planned"
    CONTRACTS = "contracts"
    CLIENTS = "clients"
    EXPECTED = "expected"
    REVENUE = "revenue"


_SPEND = (Part.SPENT, Part.PLANNED)
PARTS: dict[str, tuple[Part, ...]] = {
    "spend": _SPEND,
    "leads": (Part.LEADS,),
    "cpl": (*_SPEND, Part.LEADS),
    "qualified": (Part.QUALIFIED,),
    "converted": (Part.CONVERTED,),
    "conversion": (Part.CONVERTED, Part.LEADS),
    "clients": (Part.CLIENTS,),
    "cac": (*_SPEND, Part.CLIENTS),
    "contracts": (Part.CONTRACTS,),
    "expected": (Part.EXPECTED,),
    "revenue": (Part.REVENUE,),
    "profit": (Part.REVENUE, *_SPEND),
    "roi": (Part.REVENUE, *_SPEND),
    "roas": (Part.REVENUE, *_SPEND),
    "payback": (Part.REVENUE, *_SPEND),
}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """`noun` and `noun_id` name the record to open; `amount` is empty where rows are counted."""

    noun: str
    noun_id: int
    number: int | None
    on: date | datetime
    status: str
    campaign_id: int | None
    campaign: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class RowsPage:
    rows: list[FigureRow]
    earlier: str | None  # names where the next page begins; None on the last one


def value_of(part: Part, figures: Figures) -> Decimal | int:
    """What the rows of the part add up to, or how many they are."""
    if part is Part.SPENT:
        return figures.spend - figures.planned
    value: Decimal | int = getattr(figures, part.value)
    return value


def rows_of(
    session: Session,
    part: Part,
    period: Period,
    basis: Basis,
    scope: Scope,
    *,
    after: str | None = None,
    size: int = PAGE,
) -> RowsPage:
    """One page; `after` is the `earlier` of the page before. Raises Invalid for another text."""
    if part is Part.PLANNED:
        return _planned(session, period, scope, after, size)
    source = _SOURCES[part](part, period, basis, scope)
    statement = source.rows.join(
        Campaign, Campaign.id == source.campaign_id, isouter=True
    ).add_columns(source.campaign_id.label("campaign_id"), Campaign.title.label("campaign"))
    if after is not None:
        on, row_id = _position(after, source.on.type.python_type)
        statement = statement.where(
            or_(source.on < on, and_(source.on == on, source.id < row_id)),
        )
    statement = statement.order_by(source.on.desc(), source.id.desc()).limit(size + 1)
    found = list(session.execute(statement))
    last = found[size - 1] if len(found) > size else None
    return RowsPage(
        rows=[_row(source.noun, row) for row in found[:size]],
        earlier=f"{last.on.isoformat()}_{last.id}" if last is not None else None,
    )


# -- where the rows of each part come from -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """`rows` selects id, noun_id, number, on, status and amount."""

    noun: str
    rows: Select[*tuple[Any, ...]]
    id: Any
    on: Any
    campaign_id: Any


def _columns(id: Any, noun_id: Any, number: Any, on: Any, status: Any, amount: Any) -> list[Any]:
    return [
        id.label("id"),
        noun_id.label("noun_id"),
        number.label("number"),
        on.label("on"),
        status.label("status"),
        amount.label("amount"),
    ]


def _leads(part: Part, period: Period, basis: Basis, scope: Scope) -> _Source:
    conditions = sources.leads(period, scope)
    if part is Part.QUALIFIED:
        conditions.append(sources.is_qualified())
    elif part is Part.CONVERTED:
        conditions.append(sources.is_converted())
    columns = _columns(Lead.id, Lead.id, Lead.id, Lead.received_at, Lead.status, null())
    rows = select(*columns).select_from(Lead).where(*conditions)
    return _Source("lead", rows, Lead.id, Lead.received_at, Lead.campaign_id)


def _spent(part: Part, period: Period, basis: Basis, scope: Scope) -> _Source:
    columns = _columns(Spend.id, Spend.id, Spend.id, Spend.day, null(), Spend.amount)
    rows = select(*columns).select_from(Spend).where(*sources.spends(period, scope))
    return _Source("spend", rows, Spend.id, Spend.day, Spend.campaign_id)


def _contracts(part: Part, period: Period, basis: Basis, scope: Scope) -> _Source:
    chosen = sources.contracts(period, basis, scope)
    of = chosen.c
    on = of.created_at if part is Part.EXPECTED else of.signed_on
    belongs = {
        Part.CONTRACTS: sources.is_counted,
        Part.CLIENTS: sources.is_first_of_client,
        Part.EXPECTED: sources.is_expected,
    }[part]
    columns = _columns(of.id, of.id, of.number, on, of.status, of.amount)
    rows = select(*columns).select_from(chosen).where(belongs(of))
    return _Source("contract", rows, of.id, on, of.campaign_id)


def _revenue(part: Part, period: Period, basis: Basis, scope: Scope) -> _Source:
    chosen = sources.contracts(period, basis, scope)
    entry = RevenueEntry
    rows, of = sources.revenue(period, basis, scope, chosen)
    rows = rows.add_columns(
        *_columns(entry.id, of.id, of.number, entry.day, entry.reason, entry.amount)
    )
    return _Source("contract", rows, entry.id, entry.day, of.campaign_id)


_SOURCES: dict[Part, Callable[[Part, Period, Basis, Scope], _Source]] = {
    Part.LEADS: _leads,
    Part.QUALIFIED: _leads,
    Part.CONVERTED: _leads,
    Part.SPENT: _spent,
    Part.CONTRACTS: _contracts,
    Part.CLIENTS: _contracts,
    Part.EXPECTED: _contracts,
    Part.REVENUE: _revenue,
}


def _row(noun: str, row: Row[*tuple[Any, ...]]) -> FigureRow:
    return FigureRow(
        noun=noun,
        noun_id=row.noun_id,
        number=row.number,
        on=row.on,
        status=row.status or "",
        campaign_id=row.campaign_id,
        campaign=row.campaign or "",
        amount=row.amount,
    )


def _planned(
    session: Session, period: Period, scope: Scope, after: str | None, size: int
) -> RowsPage:
    """The campaigns without recorded cost in the period, with their share of the budget."""
    recorded = select(Spend.id).where(Spend.campaign_id == Campaign.id, *period.of_days(Spend.day))
    statement = (
        select(
            Campaign.id, Campaign.title, Campaign.budget, Campaign.starts_on, Campaign.ends_on,
            Campaign.created_at,
        )
        .where(Campaign.budget > 0, ~recorded.exists(), *scope.of(Campaign.id))
        .order_by(Campaign.id)
    )  # fmt: skip
    if after is not None:
        statement = statement.where(Campaign.id > _number(after))
    rows: list[FigureRow] = []
    for row in session.execute(statement):
        plan = Plan.of(row)
        amount = plan.spend_in(period)
        if amount:
            start = period.clip(plan.first, plan.last)[0]
            rows.append(FigureRow("campaign", row.id, row.id, start, "", row.id, row.title, amount))
        if len(rows) > size:
            return RowsPage(rows[:size], str(rows[size - 1].noun_id))
    return RowsPage(rows, None)


# -- where a page begins -------------------------------------------------------------------------


def _position(text: str, kind: type) -> tuple[date | datetime, int]:
    on, _, row_id = text.rpartition("_")
    try:
        if kind is date:
            return date.fromisoformat(on), _number(row_id)
        at = datetime.fromisoformat(on)
        return at.astimezone(UTC), _number(row_id)
    except (ValueError, OverflowError):
        raise _unknown_page() from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST_INTEGER):
        raise _unknown_page()
    return int(text)


def _unknown_page() -> Invalid:
    return Invalid.of("after", N_("There is no such page."))
