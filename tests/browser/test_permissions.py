"""What a role may not see is not on its pages: spot checks in Chromium, on demo data."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.browser.chromium import Walker
from tests.browser.crawl import every_kind_of_page

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]


def signed_client(manager: Walker) -> tuple[str, str]:
    """The address of a client with a signed contract, and the contract's amount as it is shown."""
    manager.page.goto("/contractview/list/")
    row = manager.page.locator("table.crm-list tbody tr", has_text="Ready").first
    amount = re.search(r"₽[\d,.]+", row.inner_text())
    address = row.locator("a[href*='/clientview/show/']").get_attribute("href")
    assert amount
    assert address
    return address, amount[0]


def test_an_operator_sees_a_client_without_contracts_and_sums(walker: Enter) -> None:
    address, amount = signed_client(walker("manager"))
    operator = walker("operator")
    text = operator.open(address, "client")
    assert "Story" in text
    for hidden in ("Contracts", "New contract", "Signed contracts", "PDF", "₽", "№", amount):
        assert hidden not in text, hidden
    assert operator.page.locator("a[href*='contract']").count() == 0
    operator.expected = {403}
    operator.open("/contractview/list/", "refused")
    operator.sees("Your role does not allow this.")


def names_of_people(manager: Walker) -> set[str]:
    """Last names of leads, clients and contact people, and what they are reached by."""
    found = set()
    for address in ("/leadview/list/?psize_LeadView=100", "/clientview/list/?psize_ClientView=100"):
        manager.page.goto(address)
        noun = address.partition("/list/")[0]
        links = manager.page.locator(f"table.crm-list tbody a[href*='{noun}/show/']")
        names = links.all_inner_texts()
        found |= {name.strip() for name in names if " " in name.strip()}
    return found


def test_a_marketer_meets_no_person_anywhere(walker: Enter) -> None:
    """Every page that a marketer's own pages lead to, the rows behind the figures included."""
    people = names_of_people(walker("manager"))
    assert len(people) > 50
    marketer = walker("marketer")
    seen = []
    for address in every_kind_of_page(marketer):
        seen.append(address)
        shown = marketer.page.content()
        met = {name for name in people if name in shown}
        assert not met, (address, met)
        assert "mailto:" not in shown
        assert "tel:" not in shown
    assert any("figure=leads" in address for address in seen), seen
    marketer.shoot("last-page")
