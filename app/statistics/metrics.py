"""The formulas, pure: exact sums in, a rounded value or the reason why there is none out (law 5).

Money is Decimal in the company's currency; ratios are fractions (2.0000 is 200 %). One rounding
rule: half up, money to hundredths, ratios to four digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from app.models.base import rounded

RATIO = Decimal("0.0001")
NOTHING = Decimal("0.00")

T = TypeVar("T")


class Why(StrEnum):
    """Why a figure is empty."""

    NO_SPEND = "no_spend"
    NO_LEADS = "no_leads"
    NO_CLIENTS = "no_clients"
    NOT_YET = "not_yet"
    BY_COHORT_ONLY = "by_cohort_only"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Measure(Generic[T]):
    """A value, or `why` there is none; never both."""

    value: T | None
    why: Why | None = None

    @classmethod
    def empty(cls, why: Why) -> Measure[T]:
        return cls(None, why)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole).quantize(RATIO, rounding=ROUND_HALF_UP)


def profit(revenue: Decimal, spend: Decimal) -> Decimal:
    return revenue - spend


def roi(revenue: Decimal, spend: Decimal) -> Measure[Decimal]:
    """(revenue − spend) / spend; −1 when nothing was earned."""
    if not spend:
        return Measure.empty(Why.NO_SPEND)
    return Measure(ratio(revenue - spend, spend))


def roas(revenue: Decimal, spend: Decimal) -> Measure[Decimal]:
    """revenue / spend."""
    if not spend:
        return Measure.empty(Why.NO_SPEND)
    return Measure(ratio(revenue, spend))


def cpl(spend: Decimal, leads: int) -> Measure[Decimal]:
    """spend / leads. Without recorded spend the price of a lead is unknown, not zero."""
    if not leads:
        return Measure.empty(Why.NO_LEADS)
    if not spend:
        return Measure.empty(Why.NO_SPEND)
    return Measure(rounded(spend / leads))


def cac(spend: Decimal, clients: int) -> Measure[Decimal]:
    """spend / new clients (first contract ever)."""
    if not clients:
        return Measure.empty(Why.NO_CLIENTS)
    if not spend:
        return Measure.empty(Why.NO_SPEND)
    return Measure(rounded(spend / clients))


def conversion(converted: int, leads: int) -> Measure[Decimal]:
    """Converted leads / all leads, both of the same cohort; between 0 and 1."""
    if not leads:
        return Measure.empty(Why.NO_LEADS)
    return Measure(ratio(Decimal(converted), Decimal(leads)))


def payback(revenue_by_month: Mapping[date, Decimal], spend: Decimal) -> Measure[date]:
    """The first month (its first day) by whose end the cumulative revenue reaches the spend."""
    if not spend:
        return Measure.empty(Why.NO_SPEND)
    earned = NOTHING
    for month in sorted(revenue_by_month):
        earned += revenue_by_month[month]
        if earned >= spend:
            return Measure(month)
    return Measure.empty(Why.NOT_YET)


def growth(now: Decimal, before: Decimal) -> Measure[Decimal]:
    """(now − before) / before; from nothing to something is "new", not a percentage."""
    if before:
        return Measure(ratio(now - before, abs(before)))
    return Measure.empty(Why.NEW) if now else Measure(ratio(NOTHING, Decimal(1)))


def planned_part(budget: Decimal | None, days_inside: int, days: int) -> Decimal:
    """The budget's share of a period: budget × days inside it / days of the campaign."""
    if not budget or days_inside <= 0:
        return NOTHING
    return rounded(budget * days_inside / days)
