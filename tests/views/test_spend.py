"""Spend: written down by marketer and admin, one amount for a campaign, a day and an origin."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import Spend
from tests.factories import make_campaign, make_spend
from tests.views.browsing import page, queries, send, stored


@pytest.fixture
def spring(app: Flask) -> int:
    with stored(app) as session:
        return int(make_campaign(session, title="Spring").id)


def entries(app: Flask) -> list[tuple[date, Decimal]]:
    with stored(app) as session:
        return [(row.day, row.amount) for row in session.scalars(select(Spend).order_by(Spend.id))]


@pytest.mark.parametrize("role", ["Marketer", "Admin"])
def test_who_advertises_writes_spend_down(
    app: Flask, client_as: Any, spring: int, role: str
) -> None:
    client = client_as(role)
    answer = send(client, "/spendview/add", campaign=spring, day="2026-03-05", amount="1 234,50")
    assert answer.status_code == 302
    assert entries(app) == [(date(2026, 3, 5), Decimal("1234.50"))]
    assert "Spring" in page(client, "/spendview/list/")


@pytest.mark.parametrize("role", ["Operator", "Manager"])
def test_others_never_see_spend(client_as: Any, role: str) -> None:
    client = client_as(role)
    for address in ("list/", "add", "show/1", "edit/1", "delete/1"):
        assert client.get(f"/spendview/{address}").status_code == 403


def test_a_new_entry_is_of_today_and_of_the_campaign_that_was_open(
    app: Flask, client_as: Any, spring: int
) -> None:
    answer = send(client_as("Marketer"), f"/spendview/add?_flt_0_campaign={spring}", amount="5")
    assert answer.status_code == 302
    assert entries(app)[0][1] == 5


def test_the_same_day_twice_is_told_at_the_day(app: Flask, client_as: Any, spring: int) -> None:
    client = client_as("Marketer")
    for status in (302, 400):
        answer = send(client, "/spendview/add", campaign=spring, day="2026-03-05", amount="7")
        assert answer.status_code == status
    text = answer.get_data(as_text=True)
    assert "The spend of this day is recorded already" in text
    assert 'value="7"' in text  # what was typed is kept
    assert len(entries(app)) == 1


def test_an_entry_is_changed_and_deleted_for_good(app: Flask, client_as: Any, spring: int) -> None:
    client = client_as("Admin")
    send(client, "/spendview/add", campaign=spring, day="2026-03-05", amount="7")
    with stored(app) as session:
        number = session.scalars(select(Spend.id)).one()
    assert send(client, f"/spendview/edit/{number}", amount="9").status_code == 302
    assert entries(app) == [(date(2026, 3, 5), Decimal("9.00"))]
    assert send(client, f"/spendview/delete/{number}").status_code == 302
    assert entries(app) == []


def test_an_amount_below_zero_is_told_at_its_field(client_as: Any, spring: int) -> None:
    answer = send(client_as("Admin"), "/spendview/add", campaign=spring, amount="-1")
    assert answer.status_code == 400
    assert "The amount cannot be below zero." in answer.get_data(as_text=True)


def test_the_list_is_filtered_by_campaign_and_day(app: Flask, client_as: Any, spring: int) -> None:
    with stored(app) as session:
        for day in (date(2026, 3, 5), date(2026, 4, 5)):
            campaign = make_campaign(session, title=f"Campaign of month {day.month}")
            make_spend(session, campaign=campaign, day=day)
    client = client_as("Marketer")
    rows = page(client, "/spendview/list/?_flt_0_day=2026-04-01")
    assert "Campaign of month 4" in rows
    assert "Campaign of month 3" not in rows
    newest_first = page(client, "/spendview/list/")
    assert newest_first.index("Campaign of month 4") < newest_first.index("Campaign of month 3")
    oldest_first = page(client, "/spendview/list/?_oc_SpendView=day&_od_SpendView=asc")
    assert oldest_first.index("Campaign of month 3") < oldest_first.index("Campaign of month 4")


def test_fifty_rows_cost_no_more_queries_than_five(app: Flask, client_as: Any) -> None:
    costs = []
    for number in (5, 45):
        with stored(app) as session:
            for _ in range(number):
                make_spend(session)
        costs.append(queries(app, client_as("Admin"), "/spendview/list/?psize_SpendView=100"))
    assert costs[0] == costs[1] <= 10
