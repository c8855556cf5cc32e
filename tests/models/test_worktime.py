"""The clock that runs in working time: nights, days off, moved days and changes of the hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.errors import Invalid
from app.models import clock
from app.models.worktime import (
    OFFICE_WEEK,
    Calendar,
    calendar_of,
    checked_days,
    checked_week,
    week_of,
)  # fmt: skip

OFFICE = calendar_of(OFFICE_WEEK, "")


@pytest.fixture
def moscow() -> Iterator[None]:
    before = clock.zone().key
    clock.use_zone("Europe/Moscow")
    yield
    clock.use_zone(before)


@pytest.fixture
def berlin() -> Iterator[None]:
    before = clock.zone().key
    clock.use_zone("Europe/Berlin")
    yield
    clock.use_zone(before)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=clock.zone()).astimezone(UTC)


@pytest.mark.parametrize(
    ("came", "due"),
    [
        ((25, 10, 0), (25, 10, 30)),  # a Wednesday
        ((25, 17, 45), (26, 9, 15)),
        ((25, 23, 0), (26, 9, 30)),
        ((25, 3, 0), (25, 9, 30)),
        ((27, 17, 50), (30, 9, 20)),  # a Friday
        ((28, 12, 0), (30, 9, 30)),
    ],
)
def test_half_an_hour_of_working_time(moscow: None, came: tuple, due: tuple) -> None:
    assert OFFICE.after(at(*came), timedelta(minutes=30)) == at(*due)


def test_days_off_are_left_out_and_moved_days_count(moscow: None) -> None:
    days = checked_days("days_off", "26.11.2026 Holiday\n2026-11-28 10:00-11:00 Moved")
    calendar = calendar_of(OFFICE_WEEK, days)
    assert calendar.after(at(25, 17, 50), timedelta(minutes=20)) == at(27, 9, 10)
    assert calendar.after(at(27, 17, 50), timedelta(minutes=20)) == at(28, 10, 10)
    assert calendar.after(at(27, 17, 50), timedelta(minutes=80)) == at(30, 9, 10)


def test_a_shift_over_midnight_and_the_change_of_the_hour(berlin: None) -> None:
    night = calendar_of(";".join(["22:00-06:00"] * 7), "")
    came = at(24, 23, 0, month=10)  # the night in which an hour comes twice
    assert night.after(came, timedelta(hours=8)) == at(25, 6, 0, month=10)
    assert night.week.holds(at(25, 5, 59, month=10))
    assert not night.week.holds(at(25, 6, 0, month=10))


def test_how_late_is_counted_in_working_time(moscow: None) -> None:
    assert OFFICE.between(at(27, 17, 30), at(30, 9, 30)) == timedelta(hours=1)
    assert OFFICE.between(at(28, 1), at(28, 23)) == timedelta()


def test_who_never_works_has_no_clock() -> None:
    assert Calendar(week_of("")).after(at(25, 10), timedelta(minutes=1)) is None


def test_texts_have_one_spelling() -> None:
    assert checked_week("week", "9:00 – 18.00;;;;; ;") == "09:00-18:00;;;;;;"
    assert checked_days("d", " 31.12.2026  New Year \n\n2026-01-01") == (
        "2026-01-01\n2026-12-31 New Year"
    )
    assert checked_days("d", checked_days("d", "2026-12-26 09:00-15:00 Moved")) == (
        "2026-12-26 09:00-15:00 Moved"
    )
    for wrong in ("9 to 5", "25:00-26:00", "a;b"):
        with pytest.raises(Invalid):
            checked_week("week", wrong)
    for wrong in ("2026-02-30", "tomorrow", "31-12-2026"):
        with pytest.raises(Invalid):
            checked_days("d", wrong)
