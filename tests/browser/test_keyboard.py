"""The main path without the mouse: log in, call, qualify, convert, sign, the PDF, the figures.
Wherever the focus stops it can be seen, and what is replaced under it gives it a place to stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import READY_WITHIN, Walker
from tests.browser.test_keys import latin, russian
from tests.browser.test_walk import post
from tests.served import Server

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
Press = Callable[..., None]
MOST_STOPS = 90
# What the focus stands on: its name, its place, and why it cannot be seen, if so.
STOP = """
() => {
  const one = document.activeElement;
  if (!one || one === document.body) { return {name: "", seen: "nothing has the focus"}; }
  const box = one.getBoundingClientRect();
  const hasRing = other => other && getComputedStyle(other).outlineStyle !== "none" &&
    parseFloat(getComputedStyle(other).outlineWidth) >= 2;
  const around = one.closest("form");  // the search field's line is lit instead of the field
  const ringed = hasRing(one) || hasRing(one.nextElementSibling) ||
    (around && getComputedStyle(around).boxShadow !== "none");
  const away = box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight;
  const label = one.labels && one.labels.length ? one.labels[0].textContent : "";
  const named = document.getElementById(one.getAttribute("aria-labelledby"));
  return {
    name: (one.getAttribute("aria-label") || (named && named.textContent) || label ||
           one.textContent || one.value || "").replace(/\\s+/g, " ").trim(),
    id: one.id, key: one.dataset.key || "", tag: one.tagName.toLowerCase(),
    seen: one.matches("#main") ? "" : !ringed ? "no outline" : box.width < 2 ? "no size"
      : away ? "outside the window" : "",
  };
}
"""


class Hands:
    """Somebody who has a keyboard only."""

    def __init__(self, walker: Walker, press: Press) -> None:
        self.walker, self.page = walker, walker.page
        self.press = partial(press, walker.page)

    def stop(self) -> dict[str, str]:
        """Where the focus stands; it must be seen there."""
        self.page.wait_for_load_state()
        found: dict[str, str] = self.page.evaluate(STOP)
        for _patience in range(40):
            if not found["seen"]:
                break
            # A swap gives it back when it settles; a field of time is scrolled to a moment later.
            self.page.wait_for_timeout(50)
            found = self.page.evaluate(STOP)
        assert found["seen"] == "", (self.page.url, found)
        return found

    def tab_to(self, name: str, *, back: bool = False) -> None:
        """Tab until what is called so; each stop on the way is looked at."""
        met = []
        for _step in range(MOST_STOPS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            found = self.stop()
            met.append(found["name"][:40])
            if re.fullmatch(name, found["name"]):
                return
        raise AssertionError(f"{name} is no stop of {self.page.url}: {met}")

    def activate(self, name: str, *, back: bool = False) -> None:
        self.tab_to(name, back=back)
        self.page.keyboard.press("Enter")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def log_in(self, name: str, password: str) -> None:
        self.walker.name = name
        self.page.goto("/login/")
        assert self.stop()["id"] == "username"
        self.type(name)
        self.page.keyboard.press("Tab")
        assert self.stop()["id"] == "password"
        self.type(password)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#rail")).to_be_attached()
        self.page.wait_for_load_state()  # before it a key is nobody's


def stands(page: Page) -> None:
    """After a part was replaced the focus is on something of the page, not lost."""
    expect(page.locator(":focus")).to_have_count(1)


def a_lead(server: Server, phone: str, name: str) -> None:
    token = server.flask("create-token", "website").splitlines()[-1]
    body = {"first_name": name, "last_name": "Клавишин", "phone": phone, "campaign": 2}
    status, answer = post(server, "/api/v1/leads", token, json.dumps(body))
    assert status == 201, answer


@pytest.mark.parametrize(
    ("press", "phone", "name"),
    [(latin, "+79910000141", "Камилла"), (russian, "+79910000142", "Кондратий")],
)
def test_the_main_path_needs_no_mouse(
    server: Server, walker: Enter, press: Press, phone: str, name: str
) -> None:
    a_lead(server, phone, name)
    operator = Hands(walker(), press)
    operator.log_in("operator", server.passwords["operator"])
    address = operator_calls_and_qualifies(operator, name)
    manager = Hands(walker(), press)
    manager.log_in("manager", server.passwords["manager"])
    manager_converts_and_signs(manager, address)
    manager_reads_the_figures(manager)


def operator_calls_and_qualifies(operator: Hands, name: str) -> str:
    page = operator.page
    operator.press("g", "l")
    page.wait_for_url("**/leadview/list/**")
    operator.press("g", "q")
    page.wait_for_url("**/queueview/list/**")
    operator.press("n")  # the next lead, whoever it is
    page.wait_for_url("**/leadview/show/*")
    operator.walker.sees("You are working with this person")
    operator.press("/")
    assert operator.stop()["tag"] == "input"
    operator.type(f"Клавишин {name}")
    option = page.locator("#search-dialog [role=option]").filter(has_text=name).first
    expect(option).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    address = page.url

    operator.press("l")
    assert operator.stop()["id"] == "outcome"
    page.keyboard.press("1")
    expect(page.get_by_label("Answered")).to_be_checked()
    operator.tab_to("Note|What was said.*|.*[Nn]ote.*")
    operator.type("Wants it in spring, 3 rooms")
    operator.activate("Save")
    expect(page.locator("#status")).to_contain_text("Saved: answered, next")
    expect(page.locator("#story")).to_contain_text("3 rooms")

    operator.press("w")
    expect(page.locator("#status")).to_contain_text("Next contact")
    operator.tab_to("Tomorrow.*")
    page.keyboard.press("Enter")
    expect(page.locator("#lead-side .plan-now")).to_contain_text("10:00")
    stands(page)
    assert operator.stop()["name"].startswith("Tomorrow"), "the button that was pressed"
    operator.tab_to("Hand over to a manager", back=True)
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("waits for a manager")
    stands(page)
    operator.stop()
    return address


def manager_converts_and_signs(manager: Hands, address: str) -> None:
    page = manager.page
    page.goto(address)
    manager.press("v")
    page.wait_for_url("**/convert")
    manager.tab_to("A new person")
    page.keyboard.press("Space")
    expect(page.get_by_label("A new person")).to_be_checked()
    manager.tab_to("Start a contract.*")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/contractview/add**")
    manager.tab_to("Amount")
    page.keyboard.press("Control+a")
    manager.type("1 500,50")
    page.keyboard.press("Control+Enter")
    manager.walker.sees("Draft")

    manager.activate("Sign")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    manager.stop()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert manager.stop()["name"] == "Sign", "back to what opened it"
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    manager.tab_to("Sign", back=True)
    page.keyboard.press("Enter")
    manager.walker.sees("has been signed.")
    download = page.get_by_role("link", name="Download", exact=True)
    expect(download).to_have_count(1, timeout=READY_WITHIN)
    manager.tab_to("Download.*")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename.endswith(".pdf")


def manager_reads_the_figures(manager: Hands) -> None:
    page = manager.page
    manager.press("g", "s")
    page.wait_for_url("**/statistics/**")
    manager.tab_to("By campaign")
    manager.tab_to(r"₽.*|[\d,]+")
    page.keyboard.press("Enter")
    page.wait_for_url("**/statistics/rows**")


def test_every_stop_of_the_main_pages_can_be_seen(walker: Enter) -> None:
    """Tab through each from top to end; the same element never holds the focus for ever."""
    admin = walker("admin")
    hands = Hands(admin, latin)
    for address in ("/queueview/list/", "/leadview/list/", "/leadview/add", "/statistics/",
                    "/users/add", "/companyview/edit"):  # fmt: skip
        admin.page.goto(address)
        first = None
        for _step in range(MOST_STOPS):
            admin.page.keyboard.press("Tab")
            if admin.page.evaluate("document.activeElement === document.body"):
                break
            found = hands.stop()
            if first is None:
                assert found["name"] == "To the content"
                first = found


def test_an_edited_line_a_moved_page_and_a_dialog_keep_the_focus(walker: Enter) -> None:
    operator = walker("operator")
    page, hands = operator.page, Hands(operator, latin)
    page.goto("/queueview/list/?group=new")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leadview/show/**")
    hands.tab_to("Lost")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    hands.stop()
    page.keyboard.press("Escape")
    assert hands.stop()["name"] == "Lost"
    page.keyboard.press("w")
    expect(page.locator("#status")).not_to_be_empty()
    stands(page)
    hands.stop()
