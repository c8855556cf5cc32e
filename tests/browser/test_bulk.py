"""Ticking many leads: a range, over pages, a whole page; the act, its message and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Walker

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
SECOND = re.compile("page_LeadView=1")
LIST = "/leadview/list/?_flt_2_status=in_work&psize_LeadView=25"


def bar_says(page: Page, count: int) -> None:
    expect(page.locator("[data-bulk-count]")).to_have_text(str(count))
    assert page.locator("#bulk").is_visible() == (count > 0)
    assert page.locator("#list-filters").is_visible() == (count == 0)


def test_ticks_are_kept_from_page_to_page_and_cleared(walker: Enter) -> None:
    page = walker("operator").page
    page.goto("/leadview/list/")
    bar_says(page, 0)
    boxes = page.locator("input[name=rowid]")
    boxes.nth(1).check()
    boxes.nth(4).click(modifiers=["Shift"])
    bar_says(page, 4)
    page.locator("a[rel=next]").first.click()
    expect(page).to_have_url(SECOND)
    expect(page.locator("#list-rows[aria-busy]")).to_have_count(0)
    bar_says(page, 4)
    page.locator("[data-check-all]").check()
    bar_says(page, 29)
    page.locator("[data-check-all]").uncheck()
    bar_says(page, 4)
    page.locator("[data-bulk-clear]").click()
    bar_says(page, 0)
    page.locator("a[rel=prev]").first.click()
    expect(page).not_to_have_url(SECOND)
    bar_says(page, 0)


def test_an_act_upon_ticked_rows_and_its_undo(walker: Enter) -> None:
    page = walker("operator").page
    page.goto(LIST)
    boxes = page.locator("input[name=rowid]")
    ids = [boxes.nth(at).get_attribute("value") for at in range(2)]
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.locator("#bulk summary").click()
    page.locator("#bulk button[value=qualify]").click()
    expect(page.locator(".bulk-named li")).to_have_count(2)
    page.locator("[data-bulk-run] button[type=submit]").click()
    expect(page.locator("#status .told-text")).to_contain_text("2 records changed.")
    assert "status=in_work" in page.url
    for one in ids:
        expect(page.locator(f"input[name=rowid][value='{one}']")).to_have_count(0)
    page.locator("#status button[data-key=z]").click()
    expect(page.locator("#status .told-text")).to_have_text("Undone.")
    expect(boxes.first).to_have_value(str(ids[0]))
