"""Forms as people fill them in: days in words, phones and sums in any notation, pickers without the
mouse, refusals that lead to the field, two who change the same, and leaving half-way.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.chromium import Walker
from tests.browser.test_axe import violations

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]


def save(page: Page) -> None:
    page.locator("#record-form").get_by_role("button", name="Save", exact=True).click()


def a_draft(manager: Walker) -> int:
    """A contract of its own for the test."""
    page = manager.page
    page.goto("/contractview/add")
    page.locator("[name=client-text]").fill("ан")
    page.locator(".crm-picker-list [role=option]").first.click()
    page.locator("[name=service]").select_option(index=1)
    page.locator("[name=amount]").fill("1 234,50")
    save(page)
    manager.sees("Draft")
    return manager.record


# -- what is typed ---------------------------------------------------------------------------------


def test_a_day_is_repeated_in_words_as_it_is_chosen(walker: Enter) -> None:
    page = walker("manager").page
    page.goto("/contractview/add")
    starts = page.get_by_label("Starts on")
    expect(starts).to_have_attribute("type", "date")
    starts.fill("2026-11-05")
    said = page.locator(f"[data-says={starts.get_attribute('id')}]")
    expect(said).to_have_text(re.compile("5 November 2026"))
    starts.fill("")
    expect(said).to_have_text("")


def test_a_day_and_a_time_are_the_companys_wherever_the_browser_is(walker: Enter) -> None:
    operator = walker("operator")
    page = operator.page
    page.goto("/leadview/list/?status=new")
    page.locator("tr[data-row] a.row-link").first.click()
    page.get_by_text("Another day and time").click()
    field = page.locator(".plan-date [name=next_contact_at]")
    expect(field).to_have_attribute("type", "datetime-local")
    field.fill("2027-03-02T14:30")
    expect(page.locator(f"[data-says={field.get_attribute('id')}]")).to_contain_text(
        "2 March 2027, 14:30"
    )
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.locator("#lead-side .plan-now")).to_contain_text("14:30")


def test_a_phone_in_any_notation_is_shown_international(walker: Enter) -> None:
    operator = walker("operator")
    page = operator.page
    page.goto("/leadview/add")
    operator.fill(first_name="Фёдор", phone="8 (992) 328-83-45")
    page.keyboard.press("Control+Enter")  # saves, from within a field
    operator.sees("+7 992 328-83-45")
    expect(page.locator("a[href='tel:+79923288345']").first).to_be_visible()


def test_a_sum_is_read_with_a_comma_or_a_point(walker: Enter) -> None:
    manager = walker("manager")
    number = a_draft(manager)
    page = manager.page
    for typed, shown in (("2 345,5", "₽2,345.50"), ("3,456.70", "₽3,456.70"),
                         ("4567.8 ₽", "₽4,567.80"), ("5 678", "₽5,678.00")):  # fmt: skip
        page.goto(f"/contractview/edit/{number}")
        page.locator("[name=amount]").fill(typed)
        save(page)
        expect(page.locator("#contract-head")).to_contain_text(shown)


# -- pickers ---------------------------------------------------------------------------------------


def test_a_picker_is_worked_by_the_keyboard_alone(walker: Enter) -> None:
    manager = walker("manager")
    page = manager.page
    page.goto("/contractview/add")
    box = page.get_by_role("combobox", name="Client")
    box.focus()
    page.keyboard.type("ан")
    options = page.get_by_role("listbox", name="Client").get_by_role("option")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".crm-picker:has(:focus) [role=status]")).to_contain_text("Found:")
    page.keyboard.press("ArrowDown")
    first = options.first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
    assert not violations(manager)
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    name = options.first.inner_text()
    page.keyboard.press("Enter")  # chooses, and does not yet send the form
    expect(box).to_have_value(name)
    expect(box).to_be_focused()
    expect(page.locator("[name=client]")).to_have_value(re.compile(r"^\d+$"))
    page.keyboard.press("Tab")
    expect(page.locator("[name=service]")).to_be_focused()


# -- refusals --------------------------------------------------------------------------------------


def test_a_refusal_is_read_first_leads_to_its_field_and_keeps_what_was_typed(
    walker: Enter,
) -> None:
    manager = walker("manager")
    page = manager.page
    page.goto("/contractview/add")
    page.locator("[name=amount]").fill("much")
    page.get_by_label("Starts on").fill("2026-11-05")
    manager.expected = {400}
    save(page)
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("[name=amount]")).to_have_value("much")
    expect(page.get_by_label("Starts on")).to_have_value("2026-11-05")
    for name, field in (("Client", "client-text"), ("Amount", "amount")):
        link = summary.get_by_role("link", name=name)
        link.focus()
        page.keyboard.press("Enter")
        control = page.locator(f"[name={field}]")
        expect(control).to_be_focused()
        expect(control).to_have_attribute("aria-invalid", "true")
        beside = str(control.get_attribute("aria-describedby")).split()[0]
        words = page.locator(f"#{beside}").inner_text()
        expect(summary).to_contain_text(words)
    assert not violations(manager)


def test_two_who_change_the_same_choose_whose_value_is_kept(walker: Enter) -> None:
    mine, theirs = walker("manager"), walker("admin")
    number = a_draft(mine)
    for one in (mine, theirs):
        one.page.goto(f"/contractview/edit/{number}")
    theirs.fill(amount="200")
    save(theirs.page)
    theirs.sees("has been changed")
    mine.fill(amount="300")
    mine.expected = {409}
    save(mine.page)
    table = mine.page.locator("table.crm-conflict")
    for value in ("₽1,234.50", "₽200.00", "₽300.00"):
        expect(table).to_contain_text(value)
    amount = mine.page.locator("[name=amount]")
    expect(amount).to_have_value("300")
    expect(table.get_by_label("₽300.00")).to_be_checked()
    assert not violations(mine)
    mine.shoot("conflict")
    table.get_by_label("₽200.00").check()
    expect(amount).to_be_disabled()
    table.get_by_label("₽300.00").check()
    expect(amount).to_be_enabled()
    table.get_by_label("₽200.00").check()
    save(mine.page)
    expect(mine.page.locator("#contract-head")).to_contain_text("₽200.00")


# -- sent once, and not lost -----------------------------------------------------------------------


def test_a_double_click_saves_once(walker: Enter) -> None:
    manager = walker("admin")
    page = manager.page
    page.goto("/channelview/add")
    page.locator("#record-form input[type=text]").first.fill("Tram stops")
    page.locator("#record-form [type=submit]").dblclick()
    expect(page).not_to_have_url(re.compile("/add"))
    page.goto("/channelview/list/")
    expect(page.locator("tr[data-row]").filter(has_text="Tram stops")).to_have_count(1)


def test_leaving_a_changed_form_asks_and_cancel_and_saving_do_not(walker: Enter) -> None:
    manager = walker("manager")
    number = a_draft(manager)
    page = manager.page
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"/contractview/edit/{number}")
    page.locator("#rail").get_by_role("link", name="Leads").click()
    expect(page).to_have_url(re.compile("/leadview/list/"))
    assert asked == []  # nothing was changed

    page.goto(f"/contractview/edit/{number}")
    page.locator("[name=amount]").fill("77")
    page.locator("#rail").get_by_role("link", name="Leads").click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(page.locator("[name=amount]")).to_have_value("77")
    save(page)
    expect(page.locator("#contract-head")).to_contain_text("₽77.00")

    page.goto(f"/contractview/edit/{number}")
    page.locator("[name=amount]").fill("78")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("#contract-head")).to_contain_text("₽77.00")
    assert asked == ["beforeunload"]


def test_the_log_in_comes_back_with_its_reason(walker: Enter) -> None:
    visitor = walker()
    visitor.expected = {401}
    page = visitor.page
    page.goto("/login/")
    expect(page.locator("#username")).to_be_focused()
    page.keyboard.type("manager")
    page.keyboard.press("Tab")
    page.keyboard.type("not it")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("The user name or the password is wrong.")
    expect(page.locator("#username")).to_have_value("manager")
