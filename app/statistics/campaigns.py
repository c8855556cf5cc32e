"""The campaign table in one statement: each source is summed on its own before they are joined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Integer,
    Row,
    Select,
    String,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import clock
from app.models.base import CENT
from app.models.campaign import Campaign, Channel
from app.models.company import Company
from app.models.lead import Lead
from app.models.revenue_entry import RevenueEntry
from app.models.spend import Spend
from app.statistics import sources
from app.statistics.figures import Figures, total
from app.statistics.metrics import NOTHING
from app.statistics.periods import Basis, Period
from app.statistics.planned import Plan
from app.statistics.scope import Scope, ScopeKind

NO_CAMPAIGN = 0  # no row has this id


@dataclass(frozen=True, slots=True)
class CampaignTable:
    """A row for each campaign in use, one for those put away, one for what has none, and all."""

    campaigns: list[Figures]
    put_away: Figures
    without_campaign: Figures
    total: Figures


def campaign_figures(session: Session, period: Period, basis: Basis) -> CampaignTable:
    """Every campaign's figures and their total, by one statement."""
    rows = list(session.execute(statement(period, basis, Scope())))
    figures = [_figures(row, period, basis) for row in rows]
    currency = figures[0].currency
    in_use = [f for f in figures if f.scope.kind is ScopeKind.CAMPAIGN and not f.put_away]
    put_away = [f for f in figures if f.put_away]

    def gathered(kind: ScopeKind, parts: list[Figures]) -> Figures:
        return total(kind, parts, period=period, basis=basis, currency=currency)

    return CampaignTable(
        campaigns=in_use,
        put_away=gathered(ScopeKind.PUT_AWAY, put_away),
        without_campaign=next(f for f in figures if f.scope.kind is ScopeKind.NO_CAMPAIGN),
        total=gathered(ScopeKind.ALL, figures),
    )


def campaign_figures_of(
    session: Session, campaign_id: int, period: Period | None = None, basis: Basis = Basis.COHORT
) -> Figures:
    """One campaign's figures, put away or not, by one statement. Raises NotFound."""
    period = period or Period.all_time()
    row = session.execute(statement(period, basis, Scope.campaign(campaign_id))).first()
    if row is None:
        raise NotFound()
    return _figures(row, period, basis)


# -- the statement -------------------------------------------------------------------------------


def statement(period: Period, basis: Basis, scope: Scope) -> Select[*tuple[Any, ...]]:
    """A row for each campaign of the scope, and one with id 0 for what has no campaign."""
    contracts = sources.contracts(period, basis, scope)
    places = _places(scope)
    leads, spend = _leads(period, scope), _spend(period, scope)
    signed, clients = _contracts(contracts), _clients(contracts)
    revenue = _revenue(period, basis, scope, contracts)
    found = (
        select(
            places.c.id,
            Campaign.title,
            Channel.title.label("channel"),
            Campaign.budget,
            Campaign.starts_on,
            Campaign.ends_on,
            Campaign.created_at,
            Campaign.archived_at,
            select(Company.currency).limit(1).scalar_subquery().label("currency"),
            leads.c.leads, leads.c.qualified, leads.c.converted,
            spend.c.spend,
            signed.c.contracts, signed.c.expected,
            clients.c.clients,
            revenue.c.revenue, revenue.c.months,
        )
        .select_from(places)
        .outerjoin(Campaign, Campaign.id == places.c.id)
        .outerjoin(Channel, Channel.id == Campaign.channel_id)
    )  # fmt: skip
    for source in (leads, spend, signed, clients, revenue):
        found = found.outerjoin(source, source.c.place == places.c.id)
    return found.order_by(places.c.id)


def _places(scope: Scope) -> Subquery:
    campaigns = select(Campaign.id).where(*scope.of(Campaign.id))
    if scope.kind is ScopeKind.CAMPAIGN:
        return campaigns.subquery("places")
    return union_all(campaigns, select(literal(NO_CAMPAIGN).label("id"))).subquery("places")


def _by_place(counted: Select[*tuple[Any, ...]], campaign_id: Any) -> Subquery:
    """Groups by campaign; what has none is gathered under 0, so that it can be joined.

    Grouped by the expression and typed by a cast, or SQLite would walk a million leads in the order
    of another index, and join without any.
    """
    place = cast(func.coalesce(campaign_id, NO_CAMPAIGN), Integer).label("place")
    return counted.add_columns(place).group_by(place).subquery()


def _leads(period: Period, scope: Scope) -> Subquery:
    counted = select(
        func.count().label("leads"),
        func.count(case((sources.is_qualified(), 1))).label("qualified"),
        func.count(case((sources.is_converted(), 1))).label("converted"),
    ).where(*sources.leads(period, scope))
    return _by_place(counted.select_from(Lead), Lead.campaign_id)


def _spend(period: Period, scope: Scope) -> Subquery:
    spent = select(func.sum(Spend.amount).label("spend")).where(*sources.spends(period, scope))
    return _by_place(spent, Spend.campaign_id)


def _contracts(contracts: FromClause) -> Subquery:
    of = contracts.c
    counted = select(
        func.count(case((sources.is_counted(of), 1))).label("contracts"),
        func.sum(case((sources.is_expected(of), of.amount))).label("expected"),
    )
    return _by_place(counted.select_from(contracts), of.campaign_id)


def _clients(contracts: FromClause) -> Subquery:
    of = contracts.c
    counted = select(func.count().label("clients")).where(sources.is_first_of_client(of))
    return _by_place(counted.select_from(contracts), of.campaign_id)


def _revenue(period: Period, basis: Basis, scope: Scope, contracts: FromClause) -> Subquery:
    """Revenue and, for the payback, its course by months as text: 2026-03:10000,2026-04:…"""
    month = sources.month_text(RevenueEntry.day).label("month")
    amount = func.sum(RevenueEntry.amount).label("amount")
    entries, of = sources.revenue(period, basis, scope, contracts, month, amount)
    monthly = _by_place(entries.group_by(month), of.campaign_id)
    minor = cast(type_coerce(monthly.c.amount, BigInteger), String)
    course = monthly.c.month + ":" + minor
    return (
        select(
            monthly.c.place,
            func.sum(monthly.c.amount).label("revenue"),
            func.aggregate_strings(course, ",").label("months"),
        )
        .group_by(monthly.c.place)
        .subquery()
    )


# -- from a row to figures -----------------------------------------------------------------------


def _figures(row: Row[Any], period: Period, basis: Basis) -> Figures:
    has_campaign = row.id != NO_CAMPAIGN
    has_cost = row.spend is not None or not has_campaign
    planned = NOTHING if has_cost else Plan.of(row).spend_in(period)
    has_ended = row.ends_on is not None and row.ends_on < clock.today()
    return Figures(
        scope=Scope.campaign(row.id) if has_campaign else Scope(ScopeKind.NO_CAMPAIGN),
        period=period,
        basis=basis,
        title=row.title or "",
        channel=row.channel or "",
        currency=row.currency or "",
        spend=planned if row.spend is None else row.spend,
        planned=planned,
        leads=row.leads or 0,
        qualified=row.qualified or 0,
        converted=row.converted or 0,
        clients=row.clients or 0,
        contracts=row.contracts or 0,
        revenue=row.revenue or NOTHING,
        expected=row.expected or NOTHING,
        revenue_by_month=_course(row.months),
        incomplete=not period.is_over and not has_ended,
        put_away=row.archived_at is not None,
    )


def _course(text: str | None) -> dict[date, Decimal]:
    months = {}
    for part in (text or "").split(",") if text else ():
        month, _, minor = part.partition(":")
        months[date.fromisoformat(f"{month}-01")] = Decimal(minor).scaleb(-2).quantize(CENT)
    return months
