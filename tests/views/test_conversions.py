"""The page of conversions, its file, the token door and the command: one file by three ways."""

from __future__ import annotations

import base64
import html
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from app.commands import crm
from app.intake import Arrival, Sender, receive
from app.models import Lead
from app.models.clock import today, utc_now
from app.models.lead import NewPerson
from app.models.source import Scope
from tests.factories import complete_company, make_contract, make_source
from tests.site import visitor
from tests.views.browsing import page, stored

PAGE = "/statistics/conversions"
FILE = "/statistics/conversions.csv"
DOOR = "/api/v1/conversions"


@pytest.fixture
def token(app: Flask) -> str:
    """A signed contract of a person who clicked, and a token that may read statistics."""
    with stored(app) as session:
        source = make_source(session)
        arrival = Arrival(
            sender=Sender.of(source), phone="+79161234567", email="anna@example.com",
            received_at=utc_now() - timedelta(hours=1), utm={"gclid": "Cj0abc"},
        )  # fmt: skip
        lead = session.get_one(Lead, receive(session, arrival).lead_id)
        complete_company(session)
        client = lead.convert(NewPerson())
        session.flush()
        contract = make_contract(session, client=client, lead=lead, amount=Decimal("99.90"))
        contract.sign()
        source.issue_token((Scope.PUSH_LEADS,))
        return source.issue_token((Scope.READ_STATISTICS,))


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("role", ["Marketer", "Admin"])
def test_the_page_says_how_many_go_and_leads_to_the_file(client_as: Any, role: str) -> None:
    client = client_as(role)
    text = page(client, f"{PAGE}?period=this_month")
    assert 'aria-current="page">Conversions</a>' in text
    assert '<strong class="num">1</strong> of 1' in text
    address = html.unescape(text.partition(f'href="{FILE}?')[2].partition('"')[0])
    answer = client.get(f"{FILE}?{address}")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.splitlines()[1].startswith("Google Click ID,Conversion Name")
    assert answer.text.splitlines()[2].startswith("Cj0abc,Contract signed,")
    assert answer.text.splitlines()[2].endswith(",99.90,RUB")
    assert "The click was another platform" in page(client, f"{PAGE}?period=all&platform=yandex")


@pytest.mark.parametrize("role", ["Operator", "Manager"])
def test_others_have_no_such_page(client_as: Any, role: str) -> None:
    client = client_as(role)
    assert [client.get(one).status_code for one in (PAGE, FILE)] == [403, 403]
    assert ">Conversions</a>" not in page(client, "/statistics/")


@pytest.mark.usefixtures("token")
def test_hashes_of_contacts_are_for_who_may_export_leads(client_as: Any) -> None:
    address = f"{FILE}?platform=meta&period=all&contacts=1"
    assert "em,ph" in client_as("Admin").get(address).text
    assert "em,ph" not in client_as("Marketer").get(address).text
    assert 'name="contacts"' in page(client_as("Admin"), f"{PAGE}?platform=meta")
    assert 'name="contacts"' not in page(client_as("Marketer"), f"{PAGE}?platform=meta")


def test_a_name_that_cannot_be_taken_is_told_at_its_field(client_as: Any) -> None:
    client = client_as("Marketer")
    text = page(client, f"{PAGE}?platform=meta&event=qualified&goal=%3D1%2B1", 400)
    assert '<option value="meta" selected>' in text
    assert "Begin the name with a letter or a digit." in text
    assert 'value="=1+1"' in text
    assert "Download the file" not in text
    assert client.get(f"{FILE}?goal=%3D1%2B1").status_code == 400
    assert client.get(f"{PAGE}?platform=x").status_code == 400


def test_another_platform_brings_its_usual_name(client_as: Any) -> None:
    client = client_as("Marketer")
    text = page(client, f"{PAGE}?platform=meta&event=signed&goal=Contract+signed&was=google-signed")
    assert 'value="Purchase"' in text
    text = page(client, f"{PAGE}?platform=meta&event=signed&goal=Deal&was=meta-signed")
    assert 'value="Deal"' in text


def test_a_platform_fetches_the_file_with_a_token(app: Flask, client_as: Any, token: str) -> None:
    address = f"{DOOR}?platform=google&period=all&goal=Deal"
    by_header = visitor(app).get(address, headers={"Authorization": f"Bearer {token}"})
    assert (by_header.status_code, by_header.mimetype) == (200, "text/csv")
    login = base64.b64encode(f"google:{token}".encode()).decode()
    by_password = visitor(app).get(address, headers={"Authorization": f"Basic {login}"})
    assert by_password.text == by_header.text
    from_page = client_as("Admin").get(f"{FILE}?platform=google&period=all&goal=Deal")
    assert from_page.text == by_header.text
    assert by_header.text.count("Cj0abc,Deal") == 1


@pytest.mark.usefixtures("token")
def test_the_door_asks_for_a_token_that_may_read(app: Flask) -> None:
    with stored(app) as session:
        pushing = make_source(session).issue_token((Scope.PUSH_LEADS,))
    client = visitor(app)
    assert client.get(DOOR).status_code == 401
    assert client.get(DOOR, headers={"Authorization": "Basic Og=="}).status_code == 401
    assert client.get(DOOR, headers={"Authorization": "Basic %%%"}).status_code == 401
    assert client.get(DOOR, headers={"Token": pushing}).status_code == 403
    assert client.post(DOOR).status_code == 405


def test_the_door_names_what_it_cannot_take(app: Flask, token: str) -> None:
    answer = visitor(app).get(f"{DOOR}?platform=bing", headers={"Token": token})
    assert answer.status_code == 400
    assert "platform" in answer.text
    address = f"{DOOR}?platform=meta&contacts=1&period=all"
    assert "em,ph" not in visitor(app).get(address, headers={"Token": token}).text


@pytest.mark.usefixtures("token")
def test_the_command_writes_the_same_file(app: Flask, client_as: Any, tmp_path: Path) -> None:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(crm, list(arguments), obj=ScriptInfo(create_app=lambda: app))

    day = today().isoformat()
    options = ["--from", day, "--to", day, "--goal", "Deal"]
    printed = run("export-conversions", "google", *options)
    assert printed.exit_code == 0, printed.output
    address = f"{FILE}?platform=google&period=custom&from={day}&to={day}&goal=Deal"
    assert printed.output.splitlines() == client_as("Admin").get(address).text.splitlines()
    target = tmp_path / "out.csv"
    run("export-conversions", "google", *options, "--output", str(target))
    assert target.read_bytes().decode() == client_as("Admin").get(address).text
    wrong = run("export-conversions", "google", "--from", "yesterday")
    assert wrong.exit_code == 1
    assert "Write the day as year-month-day." in wrong.output
