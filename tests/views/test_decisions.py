"""The start pages: the numbers of each role, their rows, and who sees them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.models import Submission
from app.models.clock import today, travel, utc_now
from app.models.document import Document
from app.models.lead import CallOutcome
from app.models.login_failure import LoginFailure
from app.models.source import SourceToken
from app.statistics import Basis, campaign_figures, month_so_far
from app.ui.formatters import money_short
from tests.factories import (
    make_campaign,
    make_contract,
    make_lead,
    make_signed_contract,
    make_source,
    make_spend,
    make_user,
)
from tests.views.pages import counted, keep, text_of

HOME = "/decisionview/list/"
DAY = timedelta(days=1)


def fill(session: Any) -> None:
    """Something for each number; of most of them one."""
    mine = make_user(session, "Operator")
    with travel(utc_now() - 2 * DAY):
        qualified = make_lead(session, last_name="Qualifova")
        qualified.assign_to(mine)
        qualified.qualify()
    make_lead(session, last_name="Orphanov").qualify()
    make_lead(session, last_name="Newman").log_call(CallOutcome.NO_ANSWER)
    session.flush()
    with travel(utc_now() - 5 * DAY):
        make_contract(session, starts_on=None, amount=Decimal(12_500))
    make_contract(session, amount=Decimal(500))
    contract = make_signed_contract(session, ends_on=today() + timedelta(days=10))
    document = session.query(Document).filter_by(contract_id=contract.id).one()
    document.state, document.reason = "failed", "timeout: 30 s"
    make_signed_contract(session)  # its document waits
    spring = make_campaign(session, title="Spring")
    make_spend(session, campaign=spring, amount=Decimal(100))
    make_campaign(session, title="Unspent")
    make_campaign(session, title="Over", ends_on=today() - DAY)
    make_lead(session, campaign=spring)
    silent, refusing = make_source(session, name="Silent"), make_source(session, name="Refusing")
    make_source(session, name="Never used")
    for source, outcome, age in ((silent, "accepted", 2 * DAY), (refusing, "rejected", DAY / 2)):
        session.add(Submission(source=source, outcome=outcome, received_at=utc_now() - age))
    silent.issue_token(expires_at=utc_now() + 3 * DAY)
    refusing.issue_token(expires_at=utc_now() + 30 * DAY)
    make_user(session, last_name="Roleless")
    for hours in (1, 2, 30):
        at = utc_now() - timedelta(hours=hours)
        session.add(LoginFailure(username="guess", address="10.0.0.9", at=at))


def numbers_of(page: str) -> dict[str, tuple[str, str, str]]:
    """{title: (value, beside, address)} of the tiles."""
    found = {}
    for address, inner in re.findall(r'<a class="home-link" href="([^"]+)">(.*?)</a>', page, re.S):
        parts = re.findall(r">([^<]+)</(?:span|strong)>", inner)
        title, value, *beside = [html.unescape(part).strip() for part in parts]
        found[title] = (value, " ".join(beside), html.unescape(address))
    return found


MANAGERS = {
    "Qualified, nobody responsible": "1",
    "Waiting to be converted": "2",
    "Documents that failed": "1",
    "Drafts older than 3 days": "1",
    "Not signed yet": "₽13k",
    "Calls today": "1",
}
MARKETERS = {
    "Spend this month": "₽100",
    "Cost of a lead this month": "₽100.00",
    "Campaigns without spend this month": "1",
    "Sources in trouble": "2",
    "Tokens that end within 14 days": "1",
}
ADMINS = {
    "Qualified, nobody responsible": "1",
    "Waiting to be converted": "2",
    "Documents that failed": "1",
    "Users without a role": "1",
    "Failed log-ins in 24 hours": "2",
    "The oldest document that waits": "just now",
}


@pytest.mark.parametrize(
    ("role", "expected"), [("Manager", MANAGERS), ("Marketer", MARKETERS), ("Admin", ADMINS)]
)
def test_each_role_has_its_numbers_and_each_opens_its_rows(
    app: Any, client_as: Any, role: str, expected: dict[str, str]
) -> None:
    keep(app, fill)
    browser = client_as(role)
    numbers = numbers_of(text_of(browser.get(HOME)))
    # The leads of this month cost 100: one of Spring's, and four without a campaign.
    wanted = expected | ({"Cost of a lead this month": "₽25.00"} if role == "Marketer" else {})
    assert {title: value for title, (value, _, _) in numbers.items()} == wanted
    for _value, _beside, address in numbers.values():
        listed = browser.get(address)
        assert listed.status_code == 200, address
        assert "could not be read" not in text_of(listed)
    for title in (
        "Qualified, nobody responsible",
        "Waiting to be converted",
        "Documents that failed",
        "Campaigns without spend this month",
    ):
        if title in numbers:
            value, _beside, address = numbers[title]
            listed = text_of(browser.get(address))
            assert len(re.findall(r'<tr role="row" data-row', listed)) == int(value), title


def test_the_rows_of_a_number_are_as_many_as_it_says(app: Any, client_as: Any) -> None:
    keep(app, fill)
    for role, names in (
        ("Manager", {"drafts": "12k", "convert": "Orphanov", "calls": "1 call"}),
        ("Marketer", {"unspent": "Unspent", "sources": "Refusing", "tokens": "in 3 days"}),
        ("Admin", {"roleless": "Roleless", "log_ins": "10.0.0.9 · 2 tries"}),
    ):
        browser = client_as(role)
        for name, words in names.items():
            page = text_of(browser.get(f"/decisionview/rows/{name}"))
            assert words.replace("12k", "₽13k") in page
            rows = re.findall(r"<li>(?:<a|<span)", page)
            assert len(rows) == {"convert": 2, "sources": 2}.get(name, 1), name


def test_numbers_are_compared_in_words(app: Any, client_as: Any) -> None:
    keep(app, fill)
    numbers = numbers_of(text_of(client_as("Manager").get(HOME)))
    assert numbers["Waiting to be converted"][1] == "the oldest: 2 days ago"
    assert numbers["Not signed yet"][1] == "in 2 drafts"
    assert numbers["Calls today"][1] == "1 more than yesterday by now (0)"
    numbers = numbers_of(text_of(client_as("Admin").get(HOME)))
    said = numbers["Failed log-ins in 24 hours"][1]
    assert said == "1 more than in the 24 hours before (1)"
    numbers = numbers_of(text_of(client_as("Marketer").get(HOME)))
    assert numbers["Spend this month"][1].startswith("₽100 more than 1 ")
    assert numbers["Campaigns without spend this month"][1] == "of 2 that run"
    assert numbers["Sources in trouble"][1] == "1 silent for 24 hours, 1 with refused leads"
    assert numbers["Tokens that end within 14 days"][1] == "the first: in 3 days"


def test_the_marketers_spend_is_that_of_the_statistics(app: Any, client_as: Any) -> None:
    keep(app, fill)
    browser = client_as("Marketer")
    value, _, address = numbers_of(text_of(browser.get(HOME)))["Spend this month"]

    def total(session: Any) -> Any:
        return campaign_figures(session, month_so_far(), Basis.COHORT).total.spend

    assert value == money_short(keep(app, total))
    assert "₽100.00" in text_of(browser.get(address))


def test_the_marketers_page_names_no_person_and_no_contract(app: Any, client_as: Any) -> None:
    keep(app, fill)
    browser = client_as("Marketer")
    page = text_of(browser.get(HOME))
    for private in ("Qualifova", "Orphanov", "Testov", "Client", "+7991", "12,500", "13k"):
        assert private not in page
    for name in ("ownerless", "convert", "documents", "drafts", "unsigned", "calls", "log_ins"):
        assert browser.get(f"/decisionview/rows/{name}").status_code == 404
    for name in ("unspent", "sources", "tokens", "roleless", "nothing"):
        assert client_as("Manager").get(f"/decisionview/rows/{name}").status_code == 404


def test_the_most_urgent_rows_stand_below(app: Any, client_as: Any) -> None:
    keep(app, fill)
    page = text_of(client_as("Manager").get(HOME))
    assert page.index("Qualifova") < page.index("Orphanov")  # qualified first
    assert "nobody is responsible" in page
    assert "Making the PDF took too long." in page
    assert "Contracts that end within 30 days" in page


def test_everybody_is_led_to_their_start(app: Any, client_as: Any) -> None:
    for role in ("Marketer", "Manager", "Admin"):
        assert client_as(role).get("/").location.endswith(HOME)
    assert client_as("Operator").get("/").location.endswith("/queueview/list/")
    assert client_as("Operator").get(HOME).status_code == 403


def test_an_empty_company_has_calm_numbers(app: Any, client_as: Any) -> None:
    for role in ("Manager", "Marketer", "Admin"):
        page = text_of(client_as(role).get(HOME))
        assert 5 <= len(numbers_of(page)) <= 6
        assert "Nothing waits for you." in page
    numbers = numbers_of(text_of(client_as("Marketer").get(HOME)))
    assert numbers["Cost of a lead this month"][:2] == ("—", "no leads")


def test_names_are_shown_as_text(app: Any, client_as: Any) -> None:
    keep(app, lambda s: make_lead(s, last_name="<script>alert(1)</script>").qualify())
    keep(app, lambda s: make_lead(s, last_name="O'Toole").qualify())
    page = text_of(client_as("Manager").get(HOME))
    assert "<script>alert" not in page
    assert "O&#39;Toole" in page


def test_rows_are_read_page_by_page(app: Any, client_as: Any) -> None:
    def plant(session: Any) -> None:
        for _ in range(60):
            make_lead(session).qualify()

    keep(app, plant)
    browser = client_as("Manager")
    seen: list[str] = []
    for page in (0, 1):
        text = text_of(browser.get(f"/decisionview/rows/convert?page={page}"))
        seen += re.findall(r'<li><a href="(/leadview/show/\d+)"', text)
        assert ('convert?page=1"' in text) == (page == 0)
    assert len(seen) == len(set(seen)) == 60


def test_counts_stop_at_a_thousand(app: Any, client_as: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("app.views.start_numbers.COUNT_LIMIT", 3)
    monkeypatch.setattr("app.ui.formatters.COUNT_LIMIT", 3)

    def make(session: Any) -> None:
        for _ in range(5):
            make_lead(session).qualify()

    keep(app, make)
    numbers = numbers_of(text_of(client_as("Manager").get(HOME)))
    assert numbers["Waiting to be converted"][0] == "3+"


def test_a_revoked_token_and_one_of_a_source_put_away_do_not_count(
    app: Any, client_as: Any
) -> None:
    def plant(session: Any) -> None:
        for name in ("Revoked", "Away"):
            make_source(session, name=name).issue_token(expires_at=utc_now() + DAY)
        session.flush()
        tokens = session.scalars(select(SourceToken).order_by(SourceToken.id)).all()
        tokens[0].revoke()
        tokens[1].source.archived_at = utc_now()
        tokens[1].source.archived_reason = "mistake"

    keep(app, plant)
    numbers = numbers_of(text_of(client_as("Marketer").get(HOME)))
    assert numbers["Tokens that end within 14 days"][:2] == ("0", "none within 14 days")


@pytest.mark.parametrize("role", ["Manager", "Marketer", "Admin"])
def test_at_most_ten_statements(app: Any, client_as: Any, role: str) -> None:
    browser = client_as(role)
    keep(app, fill)
    few = counted(app, lambda: browser.get(HOME))
    assert few <= 10
