"""Revenue and spend by month, and leads by status: the same sums as the campaign table's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.models.clock import travel
from app.models.lead import LeadStatus
from app.statistics import (
    Basis,
    Period,
    Scope,
    campaign_figures,
    leads_by_status,
    monthly_figures,
)
from tests.factories import make_campaign, make_spend
from tests.statistics.world import NOW, ask, at, counted_statements, sign


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with travel(NOW):
        yield


def test_empty_months_are_shown(session: Session) -> None:
    campaign = make_campaign(session)
    make_spend(session, campaign=campaign, amount=10, day=date(2026, 6, 30))
    contract = sign(session, 100, "2026-08-01", lead=ask(session, campaign, "2026-06-02"))
    with travel(at("2026-10-31")):
        contract.terminate(None, "moved away")
    session.flush()
    found: dict[int, Any] = {
        row.month.month: (row.revenue, row.spend)
        for row in monthly_figures(session, Period.all_time())
    }
    assert found == {6: (0, 10), 7: (0, 0), 8: (100, 0), 9: (0, 0), 10: (-100, 0), 11: (0, 0)}


def test_an_empty_company_has_this_month(session: Session) -> None:
    assert [row.month for row in monthly_figures(session, Period.all_time())] == [date(2026, 11, 1)]


def test_each_month_is_what_the_table_says_of_it(session: Session) -> None:
    for budget, ends in ((610, date(2026, 4, 30)), (1000, None), (None, None)):
        campaign = make_campaign(session, budget=budget, starts_on=date(2026, 3, 1), ends_on=ends)
        make_spend(session, campaign=campaign, amount=7, day=date(2026, 4, 2))
        sign(session, "33.33", "2026-04-10", lead=ask(session, campaign, "2026-03-02"))
    put_away = make_campaign(session, budget=31, starts_on=date(2026, 5, 1))
    put_away.put_away("other")
    sign(session, 5, "2026-05-10", lead=ask(session, None, "2026-03-02"))
    year = Period.days(date(2026, 1, 1), date(2026, 12, 31))
    months = monthly_figures(session, year)
    assert len(months) == 12
    for row in months:
        total = campaign_figures(session, Period.month(row.month), Basis.SIGNING).total
        assert (row.revenue, row.spend, row.planned, row.profit) == (
            total.revenue, total.spend, total.planned, total.profit,
        )  # fmt: skip
    of_one = monthly_figures(session, year, Scope.campaign(put_away.id))
    assert sum((row.spend for row in of_one), start=Decimal(0)) == 31
    none = monthly_figures(session, year, Scope.named("none"))
    assert [row.revenue for row in none if row.revenue] == [Decimal("5.00")]


def test_leads_by_status_count_every_status(session: Session) -> None:
    campaign = make_campaign(session)
    ask(session, campaign, "2026-03-02")
    ask(session, campaign, "2026-03-02").lose("no_need")
    ask(session, campaign, "2026-03-02").put_away("spam")
    ask(session, None, "2026-03-02").qualify()
    session.flush()
    counts = leads_by_status(session, Period.month(date(2026, 3, 1)))
    assert list(counts) == list(LeadStatus)
    assert list(counts.values()) == [1, 0, 1, 0, 1]
    of_one = leads_by_status(session, Period.all_time(), Scope.campaign(campaign.id))
    assert sum(of_one.values()) == 2
    assert sum(leads_by_status(session, Period.month(date(2026, 4, 1))).values()) == 0


def test_each_is_one_statement(session: Session) -> None:
    for query in (monthly_figures, leads_by_status):
        with counted_statements(session) as seen:
            query(session, Period.all_time(), Scope())
        assert len(seen) == 1
