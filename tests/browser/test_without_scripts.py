"""The main path where scripts do not run: plain links, plain forms, and a page after each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import READY_WITHIN, Walker
from tests.browser.test_walk import post, words_of
from tests.served import Server

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]


def test_the_main_path_works_without_scripts(server: Server, walker: Enter) -> None:
    token = server.flask("create-token", "website").splitlines()[-1]
    body = {
        "first_name": "Нина", "last_name": "Бесскриптова", "phone": "+79910000201", "campaign": 2
    }  # fmt: skip
    status, answer = post(server, "/api/v1/leads", token, json.dumps(body))
    assert status == 201, answer
    lead = json.loads(answer)["id"]

    operator = walker("operator", scripts=False)
    operator.open("/queueview/list/?group=new", "no-script-queue")
    operator.page.locator(".queue-next [type=submit]").click()
    operator.sees("You are working with this person")
    operator.page.goto(f"/leadview/show/{lead}")
    page = operator.page
    page.get_by_label("Answered").check()
    page.locator("#call_text").fill("Calls back in spring")
    page.locator("#call_when").select_option(label="In a week")
    page.locator(".call-form").get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Saved: answered, next")
    operator.click("Hand over to a manager")
    operator.sees("The lead waits for a manager to convert it.")
    expect(page.locator("#story")).to_contain_text("Calls back in spring")
    page.get_by_role("link", name="Lost", exact=True).click()
    operator.shoot("no-script-lose")  # a page of its own, where scripts open a dialog
    expect(page.locator("#record-form [name=lost_reason]")).to_be_visible()

    manager = walker("manager", scripts=False)
    page = manager.page
    page.goto(f"/leadview/show/{lead}")
    manager.click("Convert")
    page.get_by_label("A new person").check()
    page.get_by_label("Start a contract").check()
    manager.click("Convert")
    manager.sees("New contract")
    manager.expected = {400}
    manager.fill(amount="nothing")
    manager.click("Save")
    expect(page.get_by_role("alert")).to_contain_text("Amount")
    expect(page.locator("[name=amount]")).to_have_value("nothing")
    manager.fill(amount="10,00")
    manager.click("Save")
    manager.sees("Draft")
    contract = manager.record
    page.get_by_role("link", name="Sign", exact=True).click()
    manager.sees("This cannot be undone.")
    manager.shoot("no-script-sign")
    page.get_by_role("button", name="Sign", exact=True).click()
    manager.sees("has been signed.")
    download = page.get_by_role("link", name="Download", exact=True)
    expect(download).to_have_count(1, timeout=READY_WITHIN)  # the page looks again by itself
    assert manager.record == contract
    assert "10,00" in words_of(manager.download(download))

    page.goto("/clientview/list/?search=Бесскриптова")
    page.locator("tr[data-row] a.row-link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Бесскриптова")
    page.goto("/statistics/?period=all")
    page.locator("table.stat-table tbody td a").first.click()
    expect(page).to_have_url(re.compile("/statistics/rows"))
    page.goto("/leadview/list/")
    page.locator("#chip-status summary").click()
    page.locator("#chip-status").get_by_role("checkbox", name="Lost", exact=True).check()
    page.locator("#chip-status").get_by_role("button", name="Apply").click()
    expect(page.locator("#list-rows tbody .pill").first).to_have_text("Lost")
    page.goto("/search/?q=Бесскриптова")
    expect(page.locator("#main")).to_contain_text("Бесскриптова")
