"""Webhooks' pages: the secret shown once, what came of each delivery, and who may see any of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import Webhook, WebhookDelivery
from app.models.clock import utc_now
from app.models.sealing import unseal
from app.models.webhook import TOLD, WhyOff
from app.webhooks.queue import MOST_TRIES
from tests.factories import make_signed_contract, make_webhook
from tests.views.browsing import form_of, page, press, queries, send, stored

LIST = "/webhookview/list/"
ADDRESS = "https://hooks.example.com/crm"


@pytest.fixture
def hook(app: Flask) -> int:
    with stored(app) as session:
        return int(make_webhook(session, name="Warehouse").id)


def secret_in(text: str) -> str:
    found = re.search(r'readonly value="(whsec_[^"]+)"', text)
    assert found
    return found[1]


@pytest.mark.parametrize("role", ["Operator", "Marketer", "Manager"])
def test_only_administrators_see_webhooks(client_as: Any, hook: int, role: str) -> None:
    client = client_as(role)
    for address in ("list/", "add", f"show/{hook}", f"edit/{hook}", f"{hook}/draw_secret"):
        assert client.get(f"/webhookview/{address}").status_code == 403
    assert press(client, f"/webhookview/{hook}/send_test").status_code == 403


def test_a_new_webhook_shows_its_secret_once(app: Flask, client_as: Any) -> None:
    client = client_as("Admin")
    form = form_of(client, "/webhookview/add")
    assert "with_contacts" not in form, "personal data goes only where somebody ticks it"
    values = form | {"name": "Warehouse", "address": ADDRESS, "events": [e.value for e in TOLD]}
    answer = client.post("/webhookview/add", data=values)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    secret = secret_in(answer.text)
    assert "is_ours" in answer.text
    with stored(app) as session:
        row = session.scalars(select(Webhook)).one()
        number = row.id
        assert unseal(row.sealed) == secret
        assert secret.encode() not in row.sealed
        assert (row.events, row.with_contacts) == ([event.value for event in TOLD], False)
    assert secret not in page(client, f"/webhookview/show/{number}")
    assert client.post("/webhookview/add", data=values).status_code == 302
    with stored(app) as session:
        assert len(session.scalars(select(Webhook)).all()) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"address": "http://hooks.example.com/"}, "Write an address that begins with https://."),
        ({"address": ""}, "Fill in this field."),
        ({"events": []}, "Choose at least one."),
        ({"name": "Warehouse"}, "There is a webhook with this name already."),
    ],
)
@pytest.mark.usefixtures("hook")
def test_what_is_wrong_is_told_at_its_field(client_as: Any, change: Any, told: str) -> None:
    values = {"name": "Other", "address": ADDRESS, "events": ["contract.signed"]} | change
    answer = send(client_as("Admin"), "/webhookview/add", **values)
    assert answer.status_code == 400
    assert told in answer.text


def test_a_new_secret_overlaps_the_old_one(app: Flask, client_as: Any, hook: int) -> None:
    client = client_as("Admin")
    address = f"/webhookview/{hook}/draw_secret"
    new = secret_in(send(client, address, overlap="3600").text)
    with stored(app) as session:
        row = session.get_one(Webhook, hook)
        assert unseal(row.sealed) == new
        assert row.old_sealed is not None
        assert row.old_until is not None
        assert timedelta(minutes=59) < row.old_until - utc_now() < timedelta(minutes=61)
    secret_in(send(client, address, overlap="0").text)
    with stored(app) as session:
        assert session.get_one(Webhook, hook).old_sealed is None


def test_it_is_switched_off_and_on(app: Flask, client_as: Any, hook: int) -> None:
    client = client_as("Admin")
    assert "Switch on" not in page(client, f"/webhookview/show/{hook}")
    press(client, f"/webhookview/{hook}/switch_off")
    text = page(client, f"/webhookview/show/{hook}")
    assert '<span class="pill pill-grey">Off</span>' in text
    with stored(app) as session:
        make_signed_contract(session)
        assert session.scalars(select(WebhookDelivery.id)).all() == []
    press(client, f"/webhookview/{hook}/switch_on")
    assert '<span class="pill pill-good">On</span>' in page(client, LIST)


def test_the_log_tells_each_delivery_and_sends_again(app: Flask, client_as: Any, hook: int) -> None:
    with stored(app) as session:
        make_signed_contract(session)
        session.flush()
        row = session.scalars(select(WebhookDelivery)).one()
        row.state, row.status, row.milliseconds, row.reason = "failed", 503, 1234, "refused"
        row.answer, row.attempts = "<script>alert(1)</script>", MOST_TRIES
        row.finished_at = utc_now()
        number, event_id = row.id, row.event_id
    client = client_as("Admin")
    text = page(client, f"/webhookview/show/{hook}")
    for shown in (event_id, "Contract signed", "503", "1234", "The receiver refused it."):
        assert shown in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    other = f"/webhookview/{hook + 1}/send_again/{number}"
    assert press(client, other).status_code == 404
    assert press(client, f"/webhookview/{hook}/send_again/{number}").status_code == 302
    with stored(app) as session:
        row = session.get_one(WebhookDelivery, number)
        assert (row.state, row.attempts, row.event_id) == ("waiting", 0, event_id)
    answer = press(client, f"/webhookview/{hook}/send_again/{number}")
    assert "This waits to be sent already." in client.get(answer.location).text


def test_a_test_is_ordered_by_a_button(app: Flask, client_as: Any, hook: int) -> None:
    client = client_as("Admin")
    assert client.get(f"/webhookview/{hook}/send_test").status_code == 405
    assert press(client, f"/webhookview/{hook}/send_test").status_code == 302
    assert "pill-work" in page(client, f"/webhookview/show/{hook}")
    with stored(app) as session:
        assert session.scalars(select(WebhookDelivery.event)).all() == ["test"]


def test_an_administrator_is_told_of_a_webhook_that_went_off(
    app: Flask, client_as: Any, hook: int
) -> None:
    client = client_as("Admin")
    assert "Webhooks that went off" not in page(client, "/decisionview/list/")
    with stored(app) as session:
        session.get_one(Webhook, hook).switch_off(WhyOff.FAILING)
    text = page(client, "/decisionview/list/")
    assert "Webhooks that went off" in text
    assert "Nothing was accepted for three days" in text
    assert "Webhooks that went off" not in page(client_as("Manager"), "/decisionview/list/")
    assert "switched off by itself" in page(client, f"/webhookview/show/{hook}")


def test_it_is_put_away_and_brought_back(client_as: Any, hook: int) -> None:
    client = client_as("Admin")
    send(client, f"/webhookview/delete/{hook}", reason="other")
    assert "Warehouse" not in page(client, LIST)
    press(client, f"/webhookview/{hook}/restore")
    assert "Warehouse" in page(client, LIST)


def test_fifty_deliveries_cost_no_more_queries_than_five(
    app: Flask, client_as: Any, hook: int
) -> None:
    costs = []
    for number in (5, 45):
        with stored(app) as session:
            for _ in range(number):
                session.get_one(Webhook, hook).tell_test()
        costs.append(queries(app, client_as("Admin"), f"/webhookview/show/{hook}"))
    assert costs[0] == costs[1] <= 8
