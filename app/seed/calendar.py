"""When things happen at the demo company: in working hours, and more often as it grows."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta

from app.models.clock import company_day, local, start_of_day, zone

MONTHS = 14
OPENS, CLOSES = time(9, 0), time(19, 0)
SATURDAY = 5


class Calendar:
    """Draws instants between `first` (company day, 14 months back) and `now`."""

    def __init__(self, now: datetime, draw: random.Random) -> None:
        self.now = now
        self.draw = draw
        self.today = company_day(now)
        self.first = _months_back(self.today, MONTHS)
        self.days = (self.today - self.first).days

    def share(self, day: date) -> float:
        """How much of the fourteen months has passed: 0 at the first day, 1 today."""
        return (day - self.first).days / self.days

    def busyness(self, day: date) -> float:
        """How much happens on the day, beside others: it more than doubles, weekends are quiet."""
        weekday = (1.0, 1.1, 1.05, 1.0, 0.9, 0.35, 0.25)[day.weekday()]
        return weekday * (1 + 1.3 * self.share(day))

    def asking_times(self, count: int, since: date, until: date) -> list[datetime]:
        """Instants of `count` requests from day to day, both included, in order."""
        days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
        chosen = self.draw.choices(days, [self.busyness(day) for day in days], k=count)
        return sorted(self.moment(day) for day in chosen)

    def moment(self, day: date) -> datetime:
        """Some minute of the day between nine and nine in the evening, mostly around noon."""
        minute = int(self.draw.triangular(9 * 60, 21 * 60, 12 * 60))
        return start_of_day(day) + timedelta(minutes=minute, seconds=self.draw.randrange(60))

    def at_work(self, after: datetime, least: timedelta, most: timedelta) -> datetime:
        """An instant between `least` and `most` later, moved into the next working hours."""
        wanted = local(after + least + (most - least) * self.draw.random())
        day = wanted.date()
        if wanted.time() >= CLOSES:
            day += timedelta(days=1)
        if day.weekday() < SATURDAY and day == wanted.date() and wanted.time() >= OPENS:
            return wanted
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
        opening = datetime.combine(day, OPENS, tzinfo=zone())
        return opening + timedelta(seconds=self.draw.randrange(2 * 3600))


def _months_back(day: date, months: int) -> date:
    """The first day of the month that lies so many months before."""
    first = day.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first
