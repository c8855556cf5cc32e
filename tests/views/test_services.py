"""Services: everybody sees what is sold, marketer and admin keep the list."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import Service
from tests.factories import make_campaign, make_contract, make_service, make_signed_contract
from tests.views.browsing import form_of, page, press, queries, send, stored

LIST = "/serviceview/list/"


def service(app: Flask, **changes: Any) -> int:
    with stored(app) as session:
        return int(make_service(session, **changes).id)


@pytest.mark.parametrize("role", ["Operator", "Marketer", "Manager", "Admin"])
def test_everybody_sees_the_services(app: Flask, client_as: Any, role: str) -> None:
    number = service(app, title="Audit <b>of</b> books", price=Decimal("1500.50"))
    client = client_as(role)
    text = page(client, LIST)
    assert "Audit &lt;b&gt;of&lt;/b&gt; books" in text
    assert "₽1,500.50" in text
    assert "Audit &lt;b&gt;" in page(client, f"/serviceview/show/{number}")


@pytest.mark.parametrize("role", ["Operator", "Manager"])
def test_only_marketer_and_admin_change_them(app: Flask, client_as: Any, role: str) -> None:
    number = service(app)
    client = client_as(role)
    for address in ("add", f"edit/{number}", f"delete/{number}"):
        assert client.get(f"/serviceview/{address}").status_code == 403
    assert press(client, f"/serviceview/{number}/restore").status_code == 403


def test_a_service_is_added_changed_put_away_and_brought_back(app: Flask, client_as: Any) -> None:
    client = client_as("Marketer")
    answer = send(client, "/serviceview/add", title="Audit", price="1000", active="y")
    assert answer.status_code == 302
    with stored(app) as session:
        number = session.scalars(select(Service.id)).one()
    edit = f"/serviceview/edit/{number}"
    assert send(client, edit, price="1 200,5").status_code == 302
    assert "₽1,200.50" in page(client, LIST)
    assert send(client, f"/serviceview/delete/{number}", reason="mistake").status_code == 302
    assert "Audit" not in page(client, LIST)
    assert "Audit" in page(client, f"{LIST}?put_away=1")
    assert press(client, f"/serviceview/{number}/restore").status_code == 302
    assert "Audit" in page(client, LIST)


def test_a_title_that_is_taken_is_told_at_the_title(app: Flask, client_as: Any) -> None:
    service(app, title="Audit")
    answer = send(client_as("Admin"), "/serviceview/add", title="Audit", price="1")
    assert answer.status_code == 400
    assert "There is a service with this title already." in answer.get_data(as_text=True)


def test_the_list_opens_on_what_is_sold_now(app: Flask, client_as: Any) -> None:
    service(app, title="Sold")
    service(app, title="Gone", active=False)
    client = client_as("Operator")

    def titles(address: str) -> set[str]:
        text = page(client, address)
        return {title for title in ("Sold", "Gone") if f">{title}</a>" in text}

    assert titles(LIST) == {"Sold"}
    assert titles(f"{LIST}?_flt_0_active=") == {"Sold"}
    assert titles(f"{LIST}?_flt_0_active=0") == {"Gone"}
    assert titles(f"{LIST}?_flt_0_active=all") == {"Sold", "Gone"}
    assert titles(f"{LIST}?search=gone&_flt_0_active=all") == {"Gone"}
    assert titles(f"{LIST}?_flt_0_active=junk") == {"Sold", "Gone"}  # left out, and said so


def test_what_is_no_longer_sold_is_not_offered(app: Flask, client_as: Any) -> None:
    service(app, title="Sold")
    service(app, title="Gone", active=False)
    text = page(client_as("Marketer"), "/campaignview/add")
    assert ">Sold</option>" in text
    assert "Gone" not in text


def test_the_list_counts_signed_contracts_and_campaigns(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        counted = make_service(session, title="Audit")
        make_campaign(session, service=counted)
        for _ in range(3):
            make_signed_contract(session, service=counted)
        make_contract(session, service=counted)  # a draft
        make_signed_contract(session, service=counted).void("mistake")
        make_signed_contract(session, service=counted).terminate(None, "x")
    text = page(client_as("Operator"), LIST)
    row = text[text.index(">Audit</a>") :]
    cells = re.findall(
        r'<td role="cell"[^>]*data-label="(?:Signed contracts|Campaigns)">([^<]*)', row
    )
    assert cells[:2] == ["3", "1"]


def test_a_form_that_is_older_than_the_record_comes_back(app: Flask, client_as: Any) -> None:
    number = service(app, title="Audit", price=100)
    client = client_as("Marketer")
    edit = f"/serviceview/edit/{number}"
    opened = form_of(client, edit)
    send(client_as("Admin"), edit, price="150")
    answer = client.post(edit, data=opened | {"price": "200"})
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert "150.00" in text
    assert 'value="200"' in text


def test_fifty_rows_cost_no_more_queries_than_five(app: Flask, client_as: Any) -> None:
    costs = []
    for number in (5, 45):
        with stored(app) as session:
            for _ in range(number):
                make_campaign(session)
        costs.append(queries(app, client_as("Admin"), f"{LIST}?psize_ServiceView=100"))
    assert costs[0] == costs[1] <= 10
