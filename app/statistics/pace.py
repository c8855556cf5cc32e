"""This month so far beside the same days of the month before: spend, leads and what a lead cost."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import CompoundSelect, Integer, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from app.models import clock
from app.models.base import Money
from app.models.campaign import Campaign
from app.models.lead import Lead
from app.models.spend import Spend
from app.statistics import metrics, sources
from app.statistics.metrics import NOTHING, Measure
from app.statistics.periods import Period
from app.statistics.planned import Plan
from app.statistics.scope import Scope


@dataclass(frozen=True, slots=True)
class Pace:
    """What the campaign table's total row says of the period; `planned` is part of `spend`."""

    period: Period
    spend: Decimal
    planned: Decimal
    leads: int

    @property
    def cpl(self) -> Measure[Decimal]:
        return metrics.cpl(self.spend, self.leads)


def month_so_far(day: date | None = None) -> Period:
    """From the first of the month to the day, today unless given."""
    day = day or clock.today()
    return Period.days(clock.month_of(day), day)


def month_before_so_far(day: date | None = None) -> Period:
    """As many days of the month before; all of it when it is shorter."""
    day = day or clock.today()
    before = clock.month_of(day) - timedelta(days=1)
    longest = calendar.monthrange(before.year, before.month)[1]
    return Period.days(before.replace(day=1), before.replace(day=min(day.day, longest)))


def paces(session: Session, *periods: Period) -> list[Pace]:
    """One for each period, all by one statement."""
    spent: list[dict[int, Decimal]] = [{} for _ in periods]
    leads = [0] * len(periods)
    plans: dict[int, Plan] = {}
    for row in session.execute(_statement(*periods)):
        if row.source == "campaign":
            plans[row.campaign_id] = Plan.of(row)
        elif row.source == "spend":
            spent[row.number][row.campaign_id] = row.amount
        else:
            leads[row.number] = row.leads
    found = []
    for number, period in enumerate(periods):
        without_cost = (plan for one, plan in plans.items() if one not in spent[number])
        planned = sum((plan.spend_in(period) for plan in without_cost), start=NOTHING)
        recorded = sum(spent[number].values(), start=NOTHING)
        found.append(Pace(period, recorded + planned, planned, leads[number]))
    return found


def _statement(*periods: Period) -> CompoundSelect[*tuple[Any, ...]]:
    """The campaigns that have a plan; for each period the spend by campaign, and the leads."""
    parts: list[Any] = [
        select(
            literal("campaign").label("source"),
            cast(null(), Integer).label("number"),
            Campaign.id.label("campaign_id"),
            cast(null(), Integer).label("leads"),
            Campaign.budget.label("amount"),
            Campaign.budget.label("budget"),
            Campaign.starts_on,
            Campaign.ends_on,
            Campaign.created_at,
        ).where(Campaign.budget > 0)
    ]
    rest = (null(), null(), null(), null())
    for number, period in enumerate(periods):
        amount = func.sum(Spend.amount, type_=Money)
        parts.append(
            select(literal("spend"), literal(number), Spend.campaign_id, null(), amount, *rest)
            .where(*sources.spends(period, Scope()))
            .group_by(Spend.campaign_id)
        )
        parts.append(
            select(literal("leads"), literal(number), null(), func.count(), null(), *rest)
            .select_from(Lead)
            .where(*sources.leads(period, Scope()))
        )
    return union_all(*parts)
