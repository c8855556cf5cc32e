"""Time as the company lives it: UTC instants inside, company days and months at the border."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_zone = ZoneInfo("UTC")
_travelled_to: ContextVar[datetime | None] = ContextVar("travelled_to", default=None)


def use_zone(name: str) -> None:
    """Sets the company's time zone for this process; called once by the wiring."""
    global _zone  # noqa: PLW0603 -- one company, one zone, one process
    _zone = ZoneInfo(name)


def zone() -> ZoneInfo:
    return _zone


def utc_now() -> datetime:
    return _travelled_to.get() or datetime.now(UTC)


@contextmanager
def travel(at: datetime) -> Iterator[None]:
    """Inside, the verbs live at that instant: so seeds and tests make a past that is coherent."""
    if at.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    token = _travelled_to.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _travelled_to.reset(token)


def today() -> date:
    """The company's day."""
    return utc_now().astimezone(_zone).date()


def local(at: datetime) -> datetime:
    """The instant as the company's clock shows it."""
    return at.astimezone(_zone)


def company_day(at: datetime) -> date:
    return local(at).date()


def start_of_day(day: date) -> datetime:
    """The UTC instant at which the company's day begins."""
    return datetime.combine(day, time(), tzinfo=_zone).astimezone(UTC)


def day_bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """UTC instants [from, until) that hold the company's days first…last."""
    return start_of_day(first), start_of_day(last + timedelta(days=1))


def month_of(day: date) -> date:
    """The first day of the month that holds the day."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
