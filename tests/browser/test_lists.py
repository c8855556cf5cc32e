"""Lists in Chromium: width, first row, keys, views, filters, columns and files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.chromium import Walker
from tests.browser.test_sizes import FIRST_ROW, FIRST_ROW_WITHIN, TOO_WIDE, Faults
from tests.served import eventually

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
LISTS = ["leadview", "clientview", "contractview", "campaignview", "spendview", "sourceview",
         "serviceview", "submissionview", "documentview", "channelview", "noteview", "users",
         "roles", "queueview", "jobview"]  # fmt: skip
WIDTHS = (1280, 390, 360)
LEADS = "/leadview/list/"
EVERY_COLUMN = """
() => Array.from(document.querySelectorAll("#view-menu input[name=col]"))
  .map(box => box.value).join(",")
"""


def window(width: int) -> ViewportSize:
    return {"width": width, "height": 800}


def settled(page: Page) -> None:
    expect(page.locator("#list-rows[aria-busy]")).to_have_count(0)


@pytest.fixture(params=["operator", "marketer", "manager", "admin"])
def reader(request: pytest.FixtureRequest, walker: Enter) -> Iterator[Walker]:
    somebody = walker(request.param)
    somebody.expected = {403}
    yield somebody
    somebody.page.goto("/lang/en")


def test_every_list_fits_and_begins_near_the_top(reader: Walker) -> None:
    page, faults, seen = reader.page, Faults(), 0
    for language in ("en", "ru"):
        page.goto(f"/lang/{language}")
        for name in LISTS:
            page.set_viewport_size(window(WIDTHS[0]))
            answer = page.goto(f"/{name}/list/")
            if answer is None or answer.status != 200:
                continue
            seen += 1
            for width in WIDTHS:
                page.set_viewport_size(window(width))
                place = f"{name}, {language}, {width} px"
                faults.note(place, page.evaluate(TOO_WIDE))
                top = page.evaluate(FIRST_ROW)
                if width == WIDTHS[0] and top is not None and top > FIRST_ROW_WITHIN:
                    faults.note(place, f"its first row begins at {top} px")
    faults.none()
    assert seen >= 10, seen


def test_a_table_with_every_column_scrolls_in_a_region_of_its_own(walker: Enter) -> None:
    page = walker("admin").page
    page.goto(LEADS)
    columns = page.evaluate(EVERY_COLUMN)
    page.goto(f"{LEADS}?cols={columns}")
    box = page.locator(".list-box")
    assert page.evaluate(TOO_WIDE) is None
    expect(box).to_have_attribute("tabindex", "0")
    expect(box).to_have_attribute("role", "region")
    box.focus()
    page.keyboard.press("ArrowRight")
    eventually(lambda: page.evaluate("document.querySelector('.list-box').scrollLeft > 0"))
    page.goto(LEADS)
    assert box.get_attribute("tabindex") is None


def test_the_head_of_a_long_list_stays_in_sight(walker: Enter) -> None:
    page = walker("operator").page
    page.goto(f"{LEADS}?psize_LeadView=50")
    page.mouse.wheel(0, 900)
    eventually(lambda: page.evaluate("window.scrollY > 300"))
    place = page.locator(".crm-list thead th").nth(2).bounding_box()
    assert place is not None
    assert -1 <= place["y"] <= 1


def test_on_a_phone_a_row_is_a_card_whose_rest_opens(walker: Enter) -> None:
    page = walker("operator", window=window(390)).page
    page.goto(f"{LEADS}?view=nothing&_flt_2_status=in_work")
    row = page.locator("tr[data-row]").first
    name, rest = row.locator(".row-link"), row.locator("td[data-label]").first
    expect(name).to_be_visible()
    expect(rest).to_be_hidden()
    row.get_by_text("More", exact=True).click()
    expect(rest).to_be_visible()
    height = row.locator("td.card-1").bounding_box()
    assert height is not None
    assert height["height"] >= 24


# -- by key ----------------------------------------------------------------------------------------


def test_rows_are_walked_ticked_and_opened_by_key(walker: Enter) -> None:
    page = walker("operator").page
    page.goto(LEADS)
    rows = page.locator("tr[data-row]")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(rows.nth(1).locator("input[name=rowid]")).to_be_checked()
    expect(page.locator("#bulk")).to_be_visible()
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_be_hidden()
    name = rows.nth(1).locator(".row-link").inner_text()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/leadview/show/\d+"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.split()[-1])
    page.go_back()
    expect(page).to_have_url(re.compile(LEADS))


def test_a_click_on_a_head_orders_and_says_so(walker: Enter) -> None:
    page = walker("operator").page
    page.goto(LEADS)
    head = page.locator("th", has=page.locator("#sort-LeadView-name"))
    head.locator("a").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("#sort-LeadView-name")).to_be_focused()
    head.locator("a").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(page.locator("th[aria-sort]")).to_have_count(1)
    page.go_back()
    expect(head).to_have_attribute("aria-sort", "ascending")


# -- filters and views -----------------------------------------------------------------------------


def test_the_first_click_on_a_filter_works_and_stands_in_the_address(walker: Enter) -> None:
    page = walker("operator").page
    page.goto(LEADS)
    page.locator("#chip-status summary").click()
    page.get_by_label("In work", exact=True).check()
    expect(page).to_have_url(re.compile("_flt_2_status=in_work"))
    settled(page)
    expect(page.locator("#chip-status")).to_have_attribute("open", "")
    pills = page.locator("tr[data-row] .pill").all_inner_texts()
    assert set(pills) == {"In work"}
    page.locator(".chip-clear").click()
    expect(page).not_to_have_url(re.compile("_flt_"))


def test_a_view_from_its_first_filter_to_its_end(walker: Enter) -> None:
    page = walker("operator").page
    tabs, state = page.locator(".list-view"), page.locator("#list-state")
    page.goto(f"{LEADS}?_flt_2_status=in_work&cols=name,status,email")
    state.get_by_text("Save as a view").click()
    state.get_by_label("Name of the view").fill("Busy ones")
    state.get_by_role("button", name="Save", exact=True).click()
    expect(tabs.filter(has_text="Busy ones")).to_have_attribute("aria-current", "true")
    expect(page.locator("#status")).to_contain_text("The view “Busy ones” has been saved.")
    expect(state).to_have_count(0)

    page.locator("#list-search").fill("a")
    expect(state).to_contain_text("modified")
    state.get_by_role("link", name="Reset").click()
    expect(state).to_have_count(0)
    expect(page.locator("#list-search")).to_have_value("")
    page.locator("#list-search").fill("an")
    expect(state).to_contain_text("modified")
    state.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#status")).to_contain_text("has been saved")
    expect(state).to_have_count(0)

    page.goto(LEADS)
    expect(tabs.filter(has_text="All")).to_have_attribute("aria-current", "true")
    tabs.filter(has_text="Busy ones").click()
    expect(page.locator("#list-search")).to_have_value("an")
    page.locator("#view-menu summary").click()
    page.get_by_role("button", name="Open the list with this view").click()
    page.goto("/")
    page.goto(LEADS)
    expect(tabs.filter(has_text="Busy ones")).to_have_attribute("aria-current", "true")
    tabs.filter(has_text="All").click()
    expect(tabs.filter(has_text="All")).to_have_attribute("aria-current", "true")

    tabs.filter(has_text="Busy ones").click()
    expect(tabs.filter(has_text="Busy ones")).to_have_attribute("aria-current", "true")
    page.locator("#view-menu summary").click()
    page.locator("#view-menu").get_by_role("button", name="Delete the view").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(tabs.filter(has_text="Busy ones")).to_have_count(0)


def test_columns_are_chosen_and_the_file_holds_them(walker: Enter) -> None:
    operator = walker("admin")
    page = operator.page
    page.goto(f"{LEADS}?_flt_2_status=in_work")
    page.locator("#view-menu summary").click()
    page.locator("#view-menu input[value=email]").check()
    expect(page).to_have_url(re.compile("cols="))
    settled(page)
    heads = page.locator(".crm-list thead th:not(.tick):not(.more-cell)").all_inner_texts()
    assert "E-mail" in heads
    if page.locator("#view-menu:not([open])").count():
        page.locator("#view-menu summary").click()
    file = operator.download(page.locator("a[href*='export.csv']"))
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    assert [one.strip() for one in rows[0]] == [one.strip() for one in heads]
    status = rows[0].index("Status")
    assert len(rows) > 1
    assert {row[status] for row in rows[1:]} == {"In work"}


def test_all_that_match_are_named_with_their_number(walker: Enter) -> None:
    page = walker("operator").page
    page.goto(f"{LEADS}?_flt_2_status=in_work")
    count = page.locator("#list-count").inner_text()
    page.locator("input[name=rowid]").first.check()
    total = re.search(r"([\d,]+) leads", count)
    assert total
    expect(page.locator("#bulk")).to_contain_text(f"all that match ({total[1]})")
    page.locator("[data-bulk-all]").check()
    page.locator("#bulk").get_by_role("button", name="Next contact").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).to_contain_text(total[1])
    expect(page.get_by_label("Next contact")).to_have_value("")
    expect(page.locator("#plan_when option:checked")).to_have_text("")


def test_what_does_not_match_offers_a_way_back(walker: Enter) -> None:
    page = walker("operator").page
    page.goto(f"{LEADS}?search=nobodyatall")
    page.get_by_role("link", name="Reset filters").click()
    expect(page.locator("tr[data-row]").first).to_be_visible()
    expect(page).not_to_have_url(re.compile("search="))
