"""What needs a decision: the numbers, their rows, and who sees them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from app.models.clock import today, travel, utc_now
from app.models.document import Document
from tests.factories import make_contract, make_lead, make_signed_contract, make_user
from tests.views.pages import counted, keep, text_of
from tests.views.test_submissions import made


def fill(session: Any) -> None:
    mine = make_user(session, "Operator")
    qualified = make_lead(session, last_name="Qualifova")
    qualified.assign_to(mine)
    qualified.qualify()
    make_lead(session, last_name="Orphanov")
    with travel(utc_now() - timedelta(days=5)):
        make_contract(session, starts_on=None)
    contract = make_signed_contract(session, ends_on=today() + timedelta(days=10))
    document = session.query(Document).filter_by(contract_id=contract.id).one()
    document.state, document.reason = "failed", "the renderer broke"
    made(session)


@pytest.mark.parametrize("role", ["Manager", "Admin"])
def test_six_numbers_each_with_its_rows(app: Any, client_as: Any, role: str) -> None:
    keep(app, fill)
    browser = client_as(role)
    page = text_of(browser.get("/decisionview/list/"))
    assert len(re.findall(r'<p class="lead">', page)) == 6
    for words in ("Qualifova", "Orphanov", "the renderer broke", "Send this as a text."):
        assert words in page
    links = re.findall(r'<p class="lead"><a href="([^"]+)">(\d+)', page)
    assert [count for _, count in links] == ["1"] * 6
    for address, _ in links:
        listed = browser.get(address.replace("&amp;", "&"))
        assert listed.status_code == 200
        assert "could not be read" not in text_of(listed)
        assert "Found: 1<" in text_of(listed), address


def test_it_is_the_start_page_of_managers_and_administrators(app: Any, client_as: Any) -> None:
    for role in ("Manager", "Admin"):
        assert client_as(role).get("/").location.endswith("/decisionview/list/")
    for role in ("Operator", "Marketer"):
        assert client_as(role).get("/decisionview/list/").status_code == 403


def test_nothing_to_decide_is_said(app: Any, client_as: Any) -> None:
    page = text_of(client_as("Manager").get("/decisionview/list/"))
    assert page.count("Nothing to decide here.") == 6


def test_names_are_shown_as_text(app: Any, client_as: Any) -> None:
    keep(app, lambda s: make_lead(s, last_name="<script>alert(1)</script>").id)
    keep(app, lambda s: make_lead(s, last_name="O'Toole").id)
    page = text_of(client_as("Manager").get("/decisionview/list/"))
    assert "<script>alert" not in page
    assert "O&#39;Toole" in page


def test_at_most_ten_statements(app: Any, client_as: Any) -> None:
    manager = client_as("Manager")
    keep(app, fill)
    few = counted(app, lambda: manager.get("/decisionview/list/"))
    for _ in range(6):
        keep(app, fill)
    assert counted(app, lambda: manager.get("/decisionview/list/")) == few
    assert few <= 10
