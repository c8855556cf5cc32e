"""The main path as people walk it in Chromium: operator, manager, administrator and marketer."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import READY_WITHIN, Walker, facts
from tests.served import ROOT, Person, Server

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
CAMPAIGN = 2  # of README's example


def words_of(pdf: bytes) -> str:
    told = subprocess.run(["pdftotext", "-", "-"], input=pdf, check=True, capture_output=True)
    return told.stdout.decode()


def post(server: Server, address: str, token: str, body: str) -> tuple[int, str]:
    headers = {"Token": token, "Content-Type": "application/json"}
    answer = Person(server.url).post(address, body.encode(), headers)
    return answer.status_code, answer.text


def readme_lead() -> tuple[str, str]:
    """The address and the body of README's first curl."""
    readme = (ROOT / "README.md").read_text()
    found = re.search(r"curl http://[^/]+(/\S+).*?--data '(.*?)'", readme, re.DOTALL)
    assert found
    return found[1], found[2]


# -- from a post to a contract ---------------------------------------------------------------------


def test_from_a_post_to_what_the_campaign_earned(server: Server, walker: Enter) -> None:
    token = server.flask("create-token", "website").splitlines()[-1]
    address, body = readme_lead()
    status, answer = post(server, address, token, body)
    assert status == 201, answer
    lead = json.loads(answer)["id"]
    operator_qualifies(walker("operator"), lead)
    manager = walker("manager")
    contract = manager_converts(manager, lead)
    company_lacks_bank_details(walker("admin"), manager, contract)
    manager_signs_and_amends(manager, contract)
    manager_converts_an_organisation(server, manager, token)
    manager_finds_the_client_again(server, manager, token)
    marketer = walker("marketer")
    marketer_sees_the_return(marketer)
    marketer_revokes_the_token(server, marketer, token, address, body)


def operator_qualifies(operator: Walker, lead: int) -> None:
    operator.sees("My queue")
    operator.open("/queueview/list/?group=new", "queue")
    operator.click("Ivan Testov")
    assert operator.record == lead
    operator.shoot("lead")
    operator.page.get_by_label("Answered").check()
    operator.page.locator("#call_text").fill("Wants it in spring")
    operator.page.locator("#call_when").select_option(label="In a week")
    operator.panel("Log a call").get_by_role("button", name="Save", exact=True).click()
    operator.sees("Saved: answered, next")
    operator.page.get_by_role("button", name=re.compile("^Tomorrow")).click()
    operator.sees("10:00")
    operator.click("Hand over to a manager")
    operator.sees("The lead waits for a manager to convert it.")
    story = operator.panel("Story").inner_text()
    assert "Wants it in spring" in story
    operator.shoot("lead-qualified")
    assert operator.page.get_by_role("link", name="Convert", exact=True).count() == 0


def manager_converts(manager: Walker, lead: int) -> int:
    manager.open(f"/leadview/show/{lead}", "lead-to-convert")
    assert manager.record == lead
    manager.click("Convert")
    manager.sees("No client has this phone or e-mail.")
    manager.shoot("convert-new-person")
    manager.page.get_by_label("A new person").check()
    manager.page.get_by_label("Start a contract").check()
    manager.click("Convert")
    manager.sees("New contract")
    manager.shoot("contract-add")
    form = manager.page.locator("form:has([name=client-text])")
    expect(form.locator("[name=client-text]")).to_have_value("Ivan Testov")
    expect(form.locator("[name=lead-text]")).to_have_value("Ivan Testov")
    expect(form.locator("[name=campaign]")).to_have_value(str(CAMPAIGN))
    assert form.locator("[name=amount]").input_value() not in ("", "0.00")
    manager.fill(amount="10.00")
    manager.click("Save")
    manager.sees("Draft")
    return manager.record


def company_lacks_bank_details(admin: Walker, manager: Walker, contract: int) -> None:
    """The manager reads what is missing before there is anything to press."""
    admin.page.goto("/companyview/edit")
    was = admin.page.locator("[name=bank_details]").input_value()
    admin.fill(bank_details="")
    admin.click("Save")
    admin.sees("Before a contract can be signed, fill in: bank details.")
    manager.click("Sign")
    manager.sees("Fill in the company's details first: bank details.")
    manager.shoot("sign-refused")
    assert manager.page.get_by_role("button", name="Sign", exact=True).count() == 0
    admin.click("Edit")
    admin.fill(bank_details=was)
    admin.click("Save")
    expect(admin.page.get_by_text("Before a contract can be signed")).to_have_count(0)
    admin.shoot("company")
    manager.page.goto(f"/contractview/show/{contract}")


def manager_signs_and_amends(manager: Walker, contract: int) -> None:
    page = manager.page
    manager.click("Sign")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    expect(dialog).to_contain_text("₽10.00")
    manager.shoot("sign")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    manager.sees("has been signed.")
    manager.shoot("contract-signed")
    downloads = page.get_by_role("link", name="Download", exact=True)
    expect(downloads).to_have_count(1, timeout=READY_WITHIN)
    first = manager.download(downloads.first)
    assert first.startswith(b"%PDF-")
    words = words_of(first)
    assert "Testov Ivan" in words, "the company's contracts are in Russian"
    assert "10,00" in words

    manager.click("Amend")
    manager.fill(amount="11.00", reason="One hour more")
    manager.shoot("amend")
    manager.click("Amend")
    manager.sees("The contract has been amended")
    pane = page.locator("#document-pane")
    expect(pane).to_contain_text("version 2")
    expect(downloads).to_have_count(1, timeout=READY_WITHIN)
    manager.shoot("contract-amended")
    assert "11,00" in words_of(manager.download(downloads.first))
    kept = page.request.get(f"/contractview/{contract}/document/1")
    assert kept.body() == first
    assert manager.panel("Story").inner_text().count("₽10.00 → ₽11.00") == 1
    page.get_by_role("link", name="Ivan Testov").first.click()
    manager.sees("Signed contracts: 1")
    assert manager.panel("Story").inner_text().count("₽10.00 → ₽11.00") == 1
    manager.shoot("client")


def manager_converts_an_organisation(server: Server, manager: Walker, token: str) -> None:
    body = {
        "first_name": "Olga", "last_name": "Orlova", "phone": "+79910000003",
        "company_name": "Vector LLC", "campaign": CAMPAIGN,
    }  # fmt: skip
    status, answer = post(server, "/api/v1/leads", token, json.dumps(body))
    assert status == 201, answer
    manager.page.goto(f"/leadview/{json.loads(answer)['id']}/convert")
    expect(manager.page.get_by_label("A new organisation, with")).to_be_checked()
    manager.click("Convert")
    manager.sees("The lead has become this client.")
    manager.sees("Vector LLC")
    manager.sees("Olga Orlova")
    manager.shoot("organisation")


def manager_finds_the_client_again(server: Server, manager: Walker, token: str) -> None:
    """The same phone in another campaign: a lead of its own, which becomes the client it is."""
    body = {"first_name": "Vanya", "phone": "8 (991) 000-00-01", "campaign": 1}
    status, answer = post(server, "/api/v1/leads", token, json.dumps(body))
    assert status == 201, answer
    manager.page.goto(f"/leadview/{json.loads(answer)['id']}/convert")
    manager.sees("the same")
    manager.shoot("convert-match")
    manager.page.get_by_label("This client", exact=True).check()
    manager.click("Convert")
    manager.sees("The lead has become this client.")
    expect(manager.page.get_by_role("heading", level=1)).to_contain_text("Ivan Testov")
    manager.sees("ivan.testov@example.com")


def marketer_sees_the_return(marketer: Walker) -> None:
    marketer.sees("Campaigns")
    marketer.open(f"/campaignview/show/{CAMPAIGN}", "campaign")
    figures = marketer.panel("What it brought, all time")
    before = facts(figures)
    marketer.open(f"/spendview/add?campaign={CAMPAIGN}", "spend-add")
    marketer.fill(amount="10000.00")
    marketer.click("Save")
    marketer.sees("The record has been added.")
    marketer.page.goto(f"/campaignview/show/{CAMPAIGN}")
    after = facts(figures)
    assert amount(after["Spend"]) == amount(before["Spend"]) + 10_000
    assert after["Revenue"] == before["Revenue"]
    spend, revenue = amount(after["Spend"]), amount(after["Revenue"])
    roi = (revenue - spend) / spend * 100
    assert abs(amount(after["ROI"]) - roi) < 0.5 + abs(roi) / 1000, (after["ROI"], roi)

    title = marketer.page.get_by_role("heading", level=1).inner_text()
    marketer.open("/statistics/?period=all", "statistics")
    row = marketer.page.locator("table.stat-table tr").filter(has_text=title).first
    columns = marketer.page.locator("table.stat-table thead th").all_inner_texts()
    shown = dict(zip([re.split("[?↓↑]", name)[0].strip() for name in columns],
                     row.locator("th, td").all_inner_texts(), strict=True))  # fmt: skip
    for name in ("Spend", "Revenue", "ROI", "Leads", "Contracts"):
        assert amount(shown[name]) == amount(after[name]), name  # whole columns drop the .00

    row.get_by_role("link", name=shown["Revenue"].strip(), exact=True).click()
    marketer.shoot("revenue-rows")
    rows = marketer.page.locator("table.stat-table tbody tr")
    assert "₽1.00" in rows.filter(has_text="Amended").first.inner_text()
    amounts = rows.locator("td:last-child").all_inner_texts()
    assert round(sum(map(amount, amounts)), 2) == revenue
    assert "Testov" not in marketer.text()


def marketer_revokes_the_token(
    server: Server, marketer: Walker, token: str, address: str, body: str
) -> None:
    marketer.open("/sourceview/list/")
    marketer.click("website")
    row = marketer.page.get_by_role("row").filter(has_text=token[:8])
    row.get_by_role("button", name="Revoke").click()
    dialog = marketer.page.get_by_role("dialog")
    expect(dialog).to_contain_text("stops working at once")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Yes").click()
    marketer.sees("The token has been revoked: its next request is refused.")
    marketer.shoot("token-revoked")
    assert post(server, address, token, body)[0] == 401


def amount(text: str) -> float:
    """₽1,234.50 or -12.3 % as a number."""
    return float(re.sub(r"[^\d.-]", "", text.splitlines()[0].replace("\u2212", "-")))
