"""Working time: a week of hours, days that differ from it, and the clock that runs only then.

Kept as texts that are read once: a week is seven `09:00-18:00` (or nothing), Monday first, joined
by semicolons; of the days that differ each has a line, `2026-12-31 New Year` for a day off and
`2026-12-26 09:00-15:00 Moved from Friday` for a day with hours of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.errors import N_, CrmError, Invalid
from app.models import clock

DAYS = 7
WEEK_LIMIT = 90  # characters of a week's text
OFFICE_WEEK = ";".join(["09:00-18:00"] * 5 + ["", ""])
LONGEST_LOOK = 62  # days; who is closed for longer has no clock
Hours = tuple[time, time]

_HOURS = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)\s*[-–—]\s*([01]?\d|2[0-4])[:.]([0-5]\d)")
_LINE = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4}))"
    rf"(?:\s+({_HOURS.pattern}))?(?:\s+(.*))?"
)


@dataclass(frozen=True, slots=True)
class Week:
    """Hours of each weekday, None where one does not work."""

    hours: tuple[Hours | None, ...]

    @property
    def is_empty(self) -> bool:
        return not any(self.hours)

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies within the hours; a shift may end on the next day."""
        day = clock.company_day(at)
        zone, eve = clock.zone(), day - timedelta(days=1)
        shifts = (_shift(one, self.hours[one.weekday()], zone) for one in (eve, day))
        return any(shift is not None and shift[0] <= at < shift[1] for shift in shifts)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the company works."""

    week: Week
    days: Mapping[date, Hours | None] = field(default_factory=dict)

    def hours_of(self, day: date) -> Hours | None:
        return self.days[day] if day in self.days else self.week.hours[day.weekday()]

    def after(self, at: datetime, length: timedelta) -> datetime | None:
        """The instant when so much working time has passed since `at`; None when the company does
        not work for two months.
        """
        left = length
        for start, end in self._shifts(at):
            if left <= end - start:
                return start + left
            left -= end - start
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from one instant to the other, of at most two months."""
        passed = timedelta()
        for first, last in self._shifts(start):
            if first >= end:
                break
            passed += min(last, end) - first
        return passed

    def _shifts(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Shifts from that instant on, the first of them from the instant itself."""
        day, zone = clock.company_day(at) - timedelta(days=1), clock.zone()
        for number in range(LONGEST_LOOK):
            one = day + timedelta(days=number)
            shift = _shift(one, self.hours_of(one), zone)
            if shift is not None and shift[1] > at:
                yield max(shift[0], at), shift[1]


@lru_cache(maxsize=256)
def week_of(text: str) -> Week:
    """Reads what `week_text` wrote."""
    parts = (text.split(";") + [""] * DAYS)[:DAYS]
    return Week(tuple(_hours(part) for part in parts))


@lru_cache(maxsize=16)
def calendar_of(week: str, days: str) -> Calendar:
    known = (_LINE.fullmatch(line.strip()) for line in days.splitlines())
    return Calendar(week_of(week), dict(_day(found) for found in known if found))


def checked_week(field: str, text: str) -> str:
    """One spelling for a week. Raises Invalid for a text that is none."""
    parts = [part.strip() for part in text.split(";")]
    if len(parts) > DAYS or any(part and not _HOURS.fullmatch(part) for part in parts):
        raise Invalid.of(field, N_("Write hours such as 09:00–18:00."))
    return ";".join(_hours_text(hours) for hours in week_of(text).hours)


def checked_days(field: str, text: str) -> str:
    """One spelling for the days that differ, in their order. Raises Invalid naming each line."""
    lines: dict[date, str] = {}
    faults: list[CrmError] = []
    for line in filter(None, (one.strip() for one in text.splitlines())):
        found = _LINE.fullmatch(line)
        try:
            day, hours = _day(found) if found else (None, None)
        except ValueError:  # the 30th of February
            day, hours = None, None
        if day is None or found is None:
            told = N_("Not a day: %(line)s. Write 2026-12-31, hours if it is worked, and a name.")
            faults.append(CrmError(told, field=field, line=line[:60]))
            continue
        name = (found[found.re.groups] or "").strip()
        lines[day] = " ".join(filter(None, (day.isoformat(), _hours_text(hours), name)))
    if faults:
        raise Invalid({field: faults})
    return "\n".join(lines[day] for day in sorted(lines))


# -- how it is made --------------------------------------------------------------------------------


@lru_cache(maxsize=1024)  # asked for each new lead
def _shift(day: date, hours: Hours | None, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    if hours is None:
        return None
    start, end = hours
    last = day if end > start else day + timedelta(days=1)
    return (
        datetime.combine(day, start, tzinfo=zone).astimezone(UTC),
        datetime.combine(last, end, tzinfo=zone).astimezone(UTC),
    )


def _hours(text: str) -> Hours | None:
    found = _HOURS.fullmatch(text.strip())
    if not found:
        return None
    return time(int(found[1]), int(found[2])), time(int(found[3]) % 24, int(found[4]))


def _hours_text(hours: Hours | None) -> str:
    return f"{hours[0]:%H:%M}-{hours[1]:%H:%M}" if hours else ""


def _day(found: re.Match[str]) -> tuple[date, Hours | None]:
    parts = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    year, month, day = map(int, parts)
    return date(year, month, day), _hours(found[7] or "")
