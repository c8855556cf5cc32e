"""Revenue and spend by company month, empty months included, by one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import CompoundSelect, String, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from app.models import clock
from app.models.base import Money
from app.models.campaign import Campaign
from app.models.contract import Contract
from app.models.revenue_entry import RevenueEntry
from app.models.spend import Spend
from app.statistics import sources
from app.statistics.metrics import NOTHING, profit
from app.statistics.periods import Period, months_between
from app.statistics.planned import Plan
from app.statistics.scope import Scope, ScopeKind

MOST_MONTHS = 120  # ten years; of a longer period the latest ones


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """One company month; `planned` is the part of `spend` that is plan, not cost."""

    month: date
    revenue: Decimal = NOTHING
    spend: Decimal = NOTHING
    planned: Decimal = NOTHING

    @property
    def profit(self) -> Decimal:
        return profit(self.revenue, self.spend)


def monthly_figures(
    session: Session, period: Period, scope: Scope | None = None
) -> list[MonthFigures]:
    """Oldest first: the months of the period, or of all time from the first figure to this month.

    Each month's sums are what the campaign table by signing shows for that month.
    """
    revenue: dict[date, Decimal] = {}
    spend: dict[date, Decimal] = {}
    recorded: set[tuple[int, date]] = set()
    plans: dict[int, Plan] = {}
    for row in session.execute(_statement(period, scope or Scope())):
        if row.source == "campaign":
            plans[row.campaign_id] = Plan.of(row)
            continue
        month = date.fromisoformat(f"{row.month}-01")
        if row.source == "revenue":
            revenue[month] = revenue.get(month, NOTHING) + row.amount
        else:
            spend[month] = spend.get(month, NOTHING) + row.amount
            recorded.add((row.campaign_id, month))
    planned = _planned(period, plans, recorded)
    months = _span(period, {*revenue, *spend, *planned})
    return [
        MonthFigures(
            month=month,
            revenue=revenue.get(month, NOTHING),
            spend=spend.get(month, NOTHING) + planned.get(month, NOTHING),
            planned=planned.get(month, NOTHING),
        )
        for month in months
    ]


def _statement(period: Period, scope: Scope) -> CompoundSelect[*tuple[Any, ...]]:
    """The campaigns that have a plan, revenue by month, and spend by campaign and month."""
    campaigns = select(
        literal("campaign").label("source"),
        Campaign.id.label("campaign_id"),
        literal(None, String).label("month"),
        Campaign.budget.label("amount"),
        Campaign.budget.label("budget"),
        Campaign.starts_on,
        Campaign.ends_on,
        Campaign.created_at,
    ).where(Campaign.budget > 0, *scope.of(Campaign.id))
    earned_in, spent_in = sources.month_text(RevenueEntry.day), sources.month_text(Spend.day)
    rest = (null(), null(), null(), null())
    earned = func.sum(RevenueEntry.amount, type_=Money)
    revenue = (
        select(literal("revenue"), null(), earned_in, earned, *rest)
        .select_from(RevenueEntry)
        .where(*period.of_days(RevenueEntry.day))
        .group_by(earned_in)
    )
    if scope.kind is not ScopeKind.ALL:
        revenue = revenue.join(Contract, Contract.id == RevenueEntry.contract_id).where(
            *scope.of(Contract.campaign_id)
        )
    spent = func.sum(Spend.amount, type_=Money)
    spend = (
        select(literal("spend"), Spend.campaign_id, spent_in, spent, *rest)
        .where(*sources.spends(period, scope))
        .group_by(Spend.campaign_id, spent_in)
    )
    return union_all(campaigns, revenue, spend)


def _planned(
    period: Period, plans: dict[int, Plan], recorded: set[tuple[int, date]]
) -> dict[date, Decimal]:
    planned: dict[date, Decimal] = {}
    for campaign_id, plan in plans.items():
        first, last = period.clip(plan.first, plan.last)
        for month in months_between(first, last):
            if (campaign_id, month) not in recorded:
                share = plan.spend_in(period.within_month(month))
                planned[month] = planned.get(month, NOTHING) + share
    return planned


def _span(period: Period, used: set[date]) -> list[date]:
    if period.first is not None and period.last is not None:
        months = list(months_between(period.first, period.last))
    else:
        used.add(clock.month_of(clock.today()))
        months = list(months_between(min(used), max(used)))
    return months[-MOST_MONTHS:]
