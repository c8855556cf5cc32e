"""The formulas and periods alone, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.errors import Invalid
from app.models.clock import travel, use_zone, zone
from app.statistics import Period, metrics
from app.statistics.metrics import Measure, Why
from app.statistics.periods import months_between
from app.statistics.scope import Scope, ScopeKind

NOW = datetime(2026, 12, 31, 22, tzinfo=UTC)  # New Year's Day in Moscow


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    before = zone().key
    use_zone("Europe/Moscow")
    with travel(NOW):
        yield
    use_zone(before)


def test_ratios_are_rounded_half_up() -> None:
    assert metrics.ratio(Decimal(1), Decimal(32)) == Decimal("0.0313")
    assert metrics.cpl(Decimal("0.05"), 2).value == Decimal("0.03")
    assert metrics.roi(Decimal("0.00"), Decimal("0.01")).value == Decimal("-1.0000")


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (5, 0, Measure(None, Why.NEW)),
        (0, 0, Measure(Decimal("0.0000"))),
        (5, 10, Measure(Decimal("-0.5000"))),
        (5, -10, Measure(Decimal("1.5000"))),
    ],
)
def test_growth_from_nothing_is_new_and_no_percentage(
    now: int, before: int, change: Measure[Decimal]
) -> None:
    assert metrics.growth(Decimal(now), Decimal(before)) == change


def test_payback_is_the_first_month_that_reaches_the_spend() -> None:
    months = {
        date(2026, 3, 1): Decimal(60),
        date(2026, 2, 1): Decimal(50),
        date(2026, 5, 1): Decimal(-80),
    }
    assert metrics.payback(months, Decimal(110)).value == date(2026, 3, 1)
    assert metrics.payback(months, Decimal("110.01")).why is Why.NOT_YET
    assert metrics.payback(months, Decimal(0)).why is Why.NO_SPEND
    assert metrics.payback({}, Decimal(1)).why is Why.NOT_YET


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("this_month", date(2027, 1, 1), date(2027, 1, 31)),
        ("last_month", date(2026, 12, 1), date(2026, 12, 31)),
        ("quarter", date(2027, 1, 1), date(2027, 3, 31)),
        ("year", date(2027, 1, 1), date(2027, 12, 31)),
        ("all", None, None),
        (None, None, None),
    ],
)
def test_named_periods_are_of_the_companys_calendar(
    name: str | None, first: date | None, last: date | None
) -> None:
    period = Period.named(name)
    assert (period.first, period.last) == (first, last)


def test_a_quarter_at_the_end_of_the_year() -> None:
    with travel(datetime(2026, 12, 30, tzinfo=UTC)):
        period = Period.named("quarter")
    assert (period.first, period.last) == (date(2026, 10, 1), date(2026, 12, 31))


def test_a_period_begins_and_ends_with_the_companys_days() -> None:
    assert Period.month(date(2026, 4, 9)).bounds == (
        datetime(2026, 3, 31, 21, tzinfo=UTC),
        datetime(2026, 4, 30, 21, tzinfo=UTC),
    )
    assert Period.all_time().bounds is None


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-02-30", "2026-03-01", "from"),
        ("2026-02-01", "", "to"),
        ("2026-02-01", "2026-01-31", "to"),
        ("1999-12-31", "2026-01-31", "from"),
        ("2026-01-01", "2101-01-01", "from"),
    ],
)
def test_days_that_are_none_are_refused_by_field(first: str, last: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Period.named("custom", first, last)
    assert list(refused.value.faults) == [field]


def test_months_between_two_days() -> None:
    assert list(months_between(date(2026, 11, 30), date(2027, 1, 1))) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]


def test_a_scope_is_named_in_an_address() -> None:
    for text in ("all", "none", "put_away", "17"):
        assert Scope.named(text).as_text() == text
    assert Scope.named(None).kind is ScopeKind.ALL
    for text in ("0", "-1", "campaign", "1.5", "٣", "99999999999"):
        with pytest.raises(Invalid):
            Scope.named(text)
