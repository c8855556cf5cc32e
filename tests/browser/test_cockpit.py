"""The operator's day by keys: the next lead, a call, the next one, undo; lines edited in place."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Walker
from tests.browser.test_axe import violations

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]


def begin(walker: Enter) -> Walker:
    """An operator who has opened the next lead by N."""
    operator = walker("operator")
    operator.page.goto("/queueview/list/?group=now")
    operator.page.keyboard.press("n")
    operator.page.wait_for_url("**/leadview/show/*")
    operator.sees("You are working with this person")
    return operator


def test_a_call_is_logged_and_the_next_lead_opened_by_keys_and_undone(walker: Enter) -> None:
    operator = begin(walker)
    page, first = operator.page, operator.record
    page.keyboard.press("l")
    expect(page.locator("#outcome")).to_be_focused()
    page.keyboard.press("2")
    expect(page.get_by_label("No answer")).to_be_checked()
    expect(page.locator("#call_when")).to_have_value("tomorrow")
    page.locator("#call_text").focus()
    page.keyboard.type("3 rings")  # digits belong to the words
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(rf"/leadview/show/(?!{first}$)\d+$"))
    expect(page.locator("#status")).to_contain_text("Saved: no answer, next")
    operator.shoot("next-lead")
    page.keyboard.press("z")
    expect(page.locator("#status")).to_contain_text("Undone")
    page.goto(f"/leadview/show/{first}")
    expect(page.locator("#lead-side")).not_to_contain_text("Tomorrow 10:00 ·")


def test_an_outcome_shows_what_it_suggests_and_leaves_what_was_chosen(walker: Enter) -> None:
    operator = begin(walker)
    page = operator.page
    page.get_by_label("Answered").check()
    expect(page.locator("#call_when")).to_have_value("three_days")
    expect(page.locator("#call_lost")).to_be_hidden()
    page.locator("#call_status").select_option("lost")
    expect(page.locator("#call_lost")).to_be_visible()
    page.locator("#call_when").select_option("date")
    expect(page.locator("#call_at")).to_be_visible()
    page.get_by_label("Busy").check()
    expect(page.locator("#call_when")).to_have_value("date")
    expect(page.locator("#call_status")).to_have_value("lost")


def test_a_line_is_edited_where_it_stands(walker: Enter) -> None:
    operator = begin(walker)
    page = operator.page
    line = page.locator("#line-company_name")
    page.locator("#call_text").fill("half a note")
    line.get_by_role("link").click()
    field = line.locator("[name=company_name]")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(line.get_by_role("link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    field.fill("Vector & Sons")
    page.keyboard.press("Enter")
    expect(line).to_contain_text("Vector & Sons")
    expect(page.locator("#status")).to_contain_text("The record has been changed.")
    expect(page.locator("#story")).to_contain_text("Vector & Sons")
    expect(page.locator("#call_text")).to_have_value("half a note")

    operator.expected.add(400)
    email = page.locator("#line-email")
    email.get_by_role("link", name="Change").click()
    email.locator("[name=email]").fill("nobody")
    page.keyboard.press("Enter")
    expect(email.locator(".crm-fault")).to_be_visible()
    expect(email.locator("[name=email]")).to_have_value("nobody")


def test_the_next_contact_is_planned_by_one_key(walker: Enter) -> None:
    operator = begin(walker)
    page = operator.page
    page.locator("#call_text").fill("half a note")
    page.locator("#call_text").blur()
    page.keyboard.press("w")
    expect(page.locator("#status")).to_contain_text("Next contact:")
    expect(page.locator("#call_text")).to_have_value("half a note")


def test_a_lead_is_lost_only_with_a_reason(walker: Enter) -> None:
    operator = begin(walker)
    page, number = operator.page, operator.record
    page.locator(".strip").get_by_role("link", name="Lost").click()
    dialog = page.locator("#lose-dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator(".strip").get_by_role("link", name="Lost").click()
    dialog.locator("[name=lost_reason]").select_option("no_need")
    dialog.get_by_role("button", name="Close the lead").click()
    expect(page.locator("#lead-head")).to_contain_text("This lead is lost")
    expect(page.locator("#lead-call")).to_be_empty()
    assert operator.record == number
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#lead-head")).not_to_contain_text("This lead is lost")


def test_the_queue_fits_a_phone_and_keeps_the_next_act_in_reach(walker: Enter) -> None:
    operator = walker("operator")
    page = operator.page
    page.set_viewport_size({"width": 360, "height": 740})
    for address in ("/queueview/list/?group=now", "/queueview/list/?group=later"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        expect(page.locator(".bottom-bar").get_by_role("button", name="Next lead")).to_be_visible()
    operator.shoot("queue-phone")
    page.locator(".bottom-bar").get_by_role("button", name="Next lead").click()
    page.wait_for_url("**/leadview/show/*")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_first_lead_of_the_queue_stands_near_the_top(walker: Enter) -> None:
    operator = walker("operator")
    operator.page.goto("/queueview/list/?group=now")
    row = operator.page.locator("tr[data-row]").first
    assert row.evaluate("row => row.getBoundingClientRect().top") <= 140


def test_axe_finds_nothing_in_what_opens_on_these_pages(walker: Enter) -> None:
    operator = begin(walker)
    page, number, faults = operator.page, operator.record, list[str]()
    for name in ("name", "assignee"):
        page.locator(f"#line-{name}").get_by_role("link", name="Change").click()
        expect(page.locator(f"#line-{name} form")).to_be_visible()
    page.locator("details.fold").first.locator("summary").click()
    page.get_by_label("Wrong number").check()
    faults += violations(operator)
    page.locator(".strip").get_by_role("link", name="Lost").click()
    faults += violations(operator)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/queueview/list/?group=now")
    faults += violations(operator)
    page.goto("/queueview/list/?group=today")
    faults += violations(operator)
    operator.expected.add(400)
    page.goto(f"/leadview/{number}/log_call")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    faults += violations(operator)
    manager = walker("manager")
    manager.page.goto(f"/leadview/{number}/convert")
    faults += violations(manager)
    assert faults == []


def test_numbers_that_come_meanwhile_give_no_focus_back_that_somebody_gave_up(
    walker: Enter,
) -> None:
    page = begin(walker).page
    page.locator("#call_text").focus()
    page.evaluate(
        """() => {
          const told = name => document.dispatchEvent(
            new CustomEvent(name, {detail: {target: document.getElementById("rail")}}));
          told("htmx:beforeSwap");
          document.activeElement.blur();
          told("htmx:afterSettle");
        }"""
    )
    expect(page.locator("#call_text")).not_to_be_focused()
