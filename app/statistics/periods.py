"""The period and the basis that stand beside every figure; borders are made here, not in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from app.errors import N_, Invalid
from app.models import clock

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


class Basis(StrEnum):
    """By which date contracts and revenue fall into a period."""

    COHORT = "cohort"  # the day on which their lead was received
    SIGNING = "signing"  # the day on which they were signed, or the money was earned

    @classmethod
    def named(cls, name: str | None) -> Basis:
        """Raises Invalid for an unknown name; the cohort when none is given."""
        try:
            return cls(name or cls.COHORT.value)
        except ValueError:
            raise Invalid.of("basis", N_("Choose cohort or signing.")) from None


class PeriodName(StrEnum):
    ALL = "all"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    QUARTER = "quarter"
    YEAR = "year"
    CUSTOM = "custom"


# How many months a named period has.
MONTHS = {
    PeriodName.THIS_MONTH: 1,
    PeriodName.LAST_MONTH: 1,
    PeriodName.QUARTER: 3,
    PeriodName.YEAR: 12,
}


@dataclass(frozen=True, slots=True)
class Period:
    """Company days `first`…`last`, both inside it; both empty means all time."""

    name: PeriodName = PeriodName.ALL
    first: date | None = None
    last: date | None = None

    @classmethod
    def all_time(cls) -> Period:
        return cls()

    @classmethod
    def days(cls, first: date, last: date) -> Period:
        """From one day to another. Raises Invalid when they are the wrong way round."""
        if last < first:
            raise Invalid.of("to", N_("The end cannot be before the start."))
        if first < EARLIEST or last > LATEST:
            raise Invalid.of("from", N_("Choose days between 2000 and 2100."))
        return cls(PeriodName.CUSTOM, first, last)

    @classmethod
    def month(cls, day: date) -> Period:
        """The whole month that holds the day."""
        first = clock.month_of(day)
        return cls(PeriodName.CUSTOM, first, clock.next_month(first) - timedelta(days=1))

    @classmethod
    def named(cls, name: str | None, first: str | None = None, last: str | None = None) -> Period:
        """A period as an address names it; days are ISO text. Raises Invalid by field."""
        try:
            wanted = PeriodName(name or PeriodName.ALL.value)
        except ValueError:
            raise Invalid.of("period", N_("Choose a period from the list.")) from None
        if wanted is PeriodName.CUSTOM:
            return cls.days(_day("from", first), _day("to", last))
        if wanted is PeriodName.ALL:
            return cls.all_time()
        return cls(wanted, *_named_days(wanted, clock.today()))

    @property
    def is_all_time(self) -> bool:
        return self.first is None

    @property
    def is_over(self) -> bool:
        """Whether its last company day has passed, so that its figures are complete."""
        return self.last is not None and self.last < clock.today()

    def before(self) -> Period | None:
        """What this period is compared with: the calendar's previous one, of own days as many days
        directly before; as long as this one has lasted so far. None for all time.
        """
        if self.first is None or self.last is None:
            return None
        if self.name is PeriodName.CUSTOM:
            first = self.first - (self.last - self.first + timedelta(days=1))
        else:
            first = _months_before(self.first, MONTHS[self.name])
        last = self.first - timedelta(days=1)
        if self.holds(clock.today()):
            last = min(last, first + (clock.today() - self.first))
        return Period(PeriodName.CUSTOM, first, last) if first >= EARLIEST else None

    def holds(self, day: date) -> bool:
        return self.first is None or self.last is None or self.first <= day <= self.last

    def days_shared_with(self, first: date, last: date) -> int:
        """How many of the days first…last lie in this period."""
        first, last = self.clip(first, last)
        return max(0, (last - first).days + 1)

    def clip(self, first: date, last: date) -> tuple[date, date]:
        """The part of first…last that lies in this period; the wrong way round when none does."""
        if self.first is None or self.last is None:
            return first, last
        return max(first, self.first), min(last, self.last)

    def within_month(self, month: date) -> Period:
        """The days of this period that lie in the month, which must touch it."""
        last = clock.next_month(month) - timedelta(days=1)
        if self.first is None or self.last is None:
            return Period(PeriodName.CUSTOM, month, last)
        return Period(PeriodName.CUSTOM, max(month, self.first), min(last, self.last))

    def of_days(self, column: InstrumentedAttribute[Any]) -> list[ColumnElement[bool]]:
        """Conditions on a column of company days."""
        if self.first is None or self.last is None:
            return []
        return [column >= self.first, column <= self.last]

    def of_instants(self, column: InstrumentedAttribute[Any]) -> list[ColumnElement[bool]]:
        """Conditions on a column of UTC instants."""
        bounds = self.bounds
        return [] if bounds is None else [column >= bounds[0], column < bounds[1]]

    @property
    def bounds(self) -> tuple[datetime, datetime] | None:
        """UTC instants [from, until); None for all time."""
        if self.first is None or self.last is None:
            return None
        return clock.day_bounds(self.first, self.last)

    def as_args(self) -> dict[str, str]:
        """What an address needs to name this period."""
        args = {"period": self.name.value}
        if self.name is PeriodName.CUSTOM and self.first and self.last:
            args |= {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return args


def months_between(first: date, last: date) -> Iterator[date]:
    """The first days of the months that hold first…last."""
    month = clock.month_of(first)
    while month <= last:
        yield month
        month = clock.next_month(month)


def _months_before(first: date, count: int) -> date:
    for _ in range(count):
        first = clock.month_of(first - timedelta(days=1))
    return first


def _named_days(name: PeriodName, today: date) -> tuple[date, date]:
    if name is PeriodName.LAST_MONTH:
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    if name is PeriodName.YEAR:
        return today.replace(month=1, day=1), today.replace(month=12, day=31)
    length = 3 if name is PeriodName.QUARTER else 1
    first = today.replace(month=today.month - (today.month - 1) % length, day=1)
    after = first
    for _ in range(length):
        after = clock.next_month(after)
    return first, after - timedelta(days=1)


def _day(field: str, text: str | None) -> date:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        raise Invalid.of(field, N_("Write the day as year-month-day.")) from None
    return day
