"""This month so far beside the same days of the month before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models.clock import travel
from app.statistics import (
    Basis,
    Period,
    campaign_figures,
    month_before_so_far,
    month_so_far,
    paces,
)
from tests.factories import make_campaign, make_spend
from tests.statistics.world import NOW, ask, counted_statements


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-11-24", "2026-10-01", "2026-10-24"),
        ("2026-01-05", "2025-12-01", "2025-12-05"),
        ("2026-03-31", "2026-02-01", "2026-02-28"),
        ("2028-03-30", "2028-02-01", "2028-02-29"),
    ],
)
def test_as_many_days_of_the_month_before(day: str, first: str, last: str) -> None:
    given = date.fromisoformat(day)
    assert month_before_so_far(given) == Period.days(
        date.fromisoformat(first), date.fromisoformat(last)
    )
    assert month_so_far(given) == Period.days(given.replace(day=1), given)


def plant(session: Any) -> None:
    spring = make_campaign(session, budget=Decimal(3000), starts_on=date(2026, 11, 1))
    for day, amount in (("2026-11-02", 100), ("2026-10-03", 40), ("2026-10-30", 7)):
        make_spend(session, campaign=spring, day=date.fromisoformat(day), amount=amount)
    # Without recorded cost its budget of 10 a day stands in.
    make_campaign(
        session, budget=Decimal(610), starts_on=date(2026, 10, 1), ends_on=date(2026, 11, 30)
    )
    for day in ("2026-11-01", "2026-11-24", "2026-10-24", "2026-10-25"):
        ask(session, spring, day)
    ask(session, None, "2026-11-05")


def test_the_sums_are_those_of_the_campaign_tables_total(app: Flask) -> None:
    with app.app_context(), travel(NOW):
        session = db.session()
        plant(session)
        now, before = paces(session, month_so_far(), month_before_so_far())
        assert (now.spend, now.planned, now.leads) == (Decimal(340), Decimal(240), 3)
        assert (before.spend, before.planned, before.leads) == (Decimal(280), Decimal(240), 1)
        assert now.cpl.value == Decimal("113.33")
        for one in (now, before):
            total = campaign_figures(session, one.period, Basis.COHORT).total
            assert (one.spend, one.planned, one.leads) == (total.spend, total.planned, total.leads)
            assert one.cpl == total.cpl


def test_two_months_are_one_statement_and_an_empty_company_has_no_price(app: Flask) -> None:
    with app.app_context():
        session = db.session()
        with counted_statements(session) as seen:
            now, before = paces(session, month_so_far(), month_before_so_far())
        assert len(seen) == 1
        assert now.cpl.value is None
        assert before.spend == 0


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        (("this_month",), "2026-10-01", "2026-10-24"),
        (("last_month",), "2026-09-01", "2026-09-30"),
        (("quarter",), "2026-07-01", "2026-08-24"),
        (("year",), "2025-01-01", "2025-11-24"),
        (("custom", "2026-03-05", "2026-03-11"), "2026-02-26", "2026-03-04"),
        (("custom", "2026-11-20", "2026-11-29"), "2026-11-10", "2026-11-14"),
    ],
)
def test_a_period_is_compared_with_one_as_long_as_it_has_lasted(
    asked: tuple[str, ...], first: str, last: str
) -> None:
    with travel(NOW):
        before = Period.named(*asked).before()
    assert before == Period.days(date.fromisoformat(first), date.fromisoformat(last))


def test_all_time_is_compared_with_nothing() -> None:
    assert Period.all_time().before() is None
    assert Period.named("custom", "2000-01-01", "2000-01-31").before() is None
