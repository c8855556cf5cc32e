"""Keys as people press them: on a Latin and on a Cyrillic layout, in lists, forms and dialogs; and
the search dialog without the mouse.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Walker
from tests.browser.test_axe import violations

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
# What a Russian layout gives for these keys of the keyboard: the letter and the key's place.
RUSSIAN = {
    "a": ("ф", "KeyA"), "b": ("и", "KeyB"), "s": ("ы", "KeyS"), "z": ("я", "KeyZ"),
    "c": ("с", "KeyC"), "g": ("п", "KeyG"), "h": ("р", "KeyH"), "j": ("о", "KeyJ"),
    "k": ("л", "KeyK"), "l": ("д", "KeyL"), "n": ("т", "KeyN"), "q": ("й", "KeyQ"),
    "t": ("е", "KeyT"), "v": ("м", "KeyV"), "w": ("ц", "KeyW"), "x": ("ч", "KeyX"),
    "/": (".", "Slash"), "?": (",", "Slash"),
}  # fmt: skip
DVORAK = {"l": ("l", "KeyP"), "g": ("g", "KeyU")}
PRESS = """([key, code, shift]) => document.activeElement.dispatchEvent(new KeyboardEvent(
  "keydown", {key: key, code: code, shiftKey: shift, bubbles: true, cancelable: true}))"""


def latin(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def russian(page: Page, *keys: str) -> None:
    for key in keys:
        letter, place = RUSSIAN[key]
        page.evaluate(PRESS, [letter, place, key == "?"])


def dvorak(page: Page, *keys: str) -> None:
    for key in keys:
        letter, place = DVORAK[key]
        page.evaluate(PRESS, [letter, place, False])


LAYOUTS = pytest.mark.parametrize("press", [latin, russian])


@pytest.fixture
def page(walker: Enter) -> Page:
    operator = walker("operator")
    operator.page.goto("/queueview/list/")
    return operator.page


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.tagName.toLowerCase()"))


def opened(page: Page) -> str:
    return str(page.evaluate("(document.querySelector('dialog[open]') || {}).id || ''"))


# -- single keys -----------------------------------------------------------------------------------


@LAYOUTS
def test_g_and_a_letter_lead_to_a_place(page: Page, press: Callable[..., None]) -> None:
    press(page, "g", "l")
    page.wait_for_url("**/leadview/list/**")
    press(page, "g", "q")
    page.wait_for_url("**/queueview/list/**")


def test_dvorak_is_read_by_its_letters(page: Page) -> None:
    dvorak(page, "g", "l")
    page.wait_for_url("**/leadview/list/**")


@LAYOUTS
def test_j_and_k_walk_the_rows_and_enter_opens_one(page: Page, press: Callable[..., None]) -> None:
    page.goto("/leadview/list/")
    rows = page.locator("tr[data-row]")
    press(page, "j")
    expect(rows.nth(0)).to_be_focused()
    press(page, "j", "j")
    expect(rows.nth(2)).to_be_focused()
    press(page, "k")
    expect(rows.nth(1)).to_be_focused()
    name = rows.nth(1).locator("a.row-link").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/leadview/show/**")
    expect(page.locator("h1")).to_contain_text(name)


@LAYOUTS
def test_x_ticks_the_row(page: Page, press: Callable[..., None]) -> None:
    page.goto("/leadview/list/")
    box = page.locator("tr[data-row] input[type=checkbox]").first
    press(page, "j", "x")
    expect(box).to_be_checked()
    press(page, "x")
    expect(box).not_to_be_checked()


@LAYOUTS
def test_a_button_is_pressed_by_its_key(page: Page, press: Callable[..., None]) -> None:
    expect(page.locator("[data-key=n]")).to_have_attribute("aria-keyshortcuts", "N")
    press(page, "n")
    page.wait_for_url("**/leadview/show/**")


@LAYOUTS
def test_the_next_lead_is_one_key_away_on_every_page(
    page: Page, press: Callable[..., None]
) -> None:
    page.goto("/clientview/list/")
    press(page, "n")
    page.wait_for_url("**/leadview/show/**")


def test_the_board_is_two_keys_away(page: Page) -> None:
    latin(page, "g", "b")
    page.wait_for_url("**/leads/board/**")


def test_letters_belong_to_the_field_in_which_one_types(page: Page) -> None:
    page.goto("/leadview/add")
    field = page.locator("#last_name")
    field.focus()
    page.keyboard.type("gljkxn/?")
    expect(field).to_have_value("gljkxn/?")
    assert opened(page) == ""
    assert page.url.endswith("/leadview/add")


def test_letters_with_a_modifier_are_the_browsers(page: Page) -> None:
    page.goto("/leadview/list/")
    for key in ("Alt+j", "Shift+j"):
        page.keyboard.press(key)
        assert focused(page) == "body"


def test_control_and_enter_send_the_form(page: Page) -> None:
    page.goto("/leadview/add")
    page.locator("#last_name").fill("Клавишный")
    page.locator("#phone").fill("+7 999 765-43-21")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/leadview/show/**")
    expect(page.locator("h1")).to_contain_text("Клавишный")


@LAYOUTS
def test_the_list_of_keys_tells_those_of_the_page(page: Page, press: Callable[..., None]) -> None:
    press(page, "?")
    keys = page.locator("#keys-dialog")
    expect(keys).to_be_visible()
    expect(keys.locator("[data-keys-here] li").filter(has_text="Next lead")).to_have_count(1)
    expect(keys.locator("[data-keys-go] li").filter(has_text="Leads")).to_have_count(1)
    url = page.url
    press(page, "n")  # a key of the page behind it
    page.wait_for_timeout(200)
    assert page.url == url
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_single_keys_can_be_switched_off(walker: Enter) -> None:
    marketer = walker("marketer")
    page = marketer.page
    page.goto("/search/?q=shortcuts")
    marketer.click("Switch single keys off")
    expect(page.locator("html")).to_have_attribute("data-keys", "off")
    url = page.url
    for press in (latin, russian):
        press(page, "g", "h")
        press(page, "?")
        press(page, "/")
    page.wait_for_timeout(300)
    assert (page.url, opened(page)) == (url, "")
    page.keyboard.press("Control+k")
    assert opened(page) == "search-dialog"
    page.keyboard.press("Escape")
    page.goto("/search/?q=shortcuts")
    marketer.click("Switch single keys on")
    expect(page.locator("html")).to_have_attribute("data-keys", "on")


# -- the search dialog -----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["/", "Control+k", "russian /", "button"])
def test_the_search_opens_everywhere(page: Page, how: str) -> None:
    if how == "russian /":
        russian(page, "/")
    elif how == "button":
        page.locator(".rail [data-open='#search-dialog']").click()
    else:
        page.keyboard.press(how)
    expect(page.locator("#search-text")).to_be_focused()
    expect(page.locator("#search-text")).to_have_value("")
    expect(page.locator("#search-dialog [role=option]").first).to_be_visible()


def test_a_lead_is_found_and_opened_by_keys_alone(page: Page) -> None:
    page.goto("/leadview/list/")
    link = page.locator("tr[data-row] a.row-link").nth(3)
    name, address = link.inner_text(), str(link.get_attribute("href"))
    page.keyboard.press("/")
    page.keyboard.type(name.lower())
    text = page.locator("#search-text")
    first = page.locator("#search-dialog [role=option]").first
    expect(first).to_contain_text(name)
    expect(first).to_have_attribute("aria-selected", "true")
    expect(text).to_have_attribute("aria-activedescendant", "hit-1")
    expect(text).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#search-status")).to_contain_text("result")
    expect(text).to_be_focused()
    options = page.locator("#search-dialog [role=option]")
    at = options.evaluate_all("(all, href) => all.findIndex(a => a.getAttribute('href') === href)",
                              address)  # fmt: skip
    assert at >= 0
    for _ in range(at):
        page.keyboard.press("ArrowDown")
    expect(options.nth(at)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")
    # What was opened stands first in an empty search.
    page.goto("/queueview/list/")
    page.keyboard.press("/")
    expect(page.locator("#hits-recent")).to_be_visible()
    expect(page.locator("#search-dialog [role=option]").first).to_contain_text(name)


def test_the_arrows_go_round_and_escape_gives_the_focus_back(page: Page) -> None:
    opener = page.locator(".rail [data-open='#search-dialog']")
    opener.focus()
    page.keyboard.press("Enter")
    options = page.locator("#search-dialog [role=option]")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#search-dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_enter_before_the_answer_opens_the_first_record(page: Page) -> None:
    page.goto("/leadview/list/")
    link = page.locator("tr[data-row] a.row-link").nth(2)
    number = str(link.get_attribute("href")).rpartition("/")[2]
    page.keyboard.press("/")
    page.keyboard.type(f"№ {number}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/leadview/show/{number}")


def test_a_command_is_done_by_keys_alone(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("appearance dark")
    expect(page.locator("#search-dialog [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-look", "dark")
    page.keyboard.press("Control+k")
    page.keyboard.type("appearance device")
    expect(page.locator("#search-dialog [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("html")).not_to_have_attribute("data-look", "dark")


def test_whoever_is_not_there_becomes_a_new_lead(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("8 921 700-11-22")
    options = page.locator("#search-dialog [role=option]")
    expect(options).to_have_count(1)
    expect(options.first).to_contain_text("New lead with the phone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leadview/add?**")
    expect(page.locator("#phone")).to_have_value("8 921 700-11-22")


# -- the focus after a part of the page was replaced -----------------------------------------------


def test_the_focus_stays_when_its_part_is_replaced(page: Page) -> None:
    page.goto("/settings/")
    page.evaluate("""() => {
      const part = document.createElement("section");
      part.id = "part";
      part.innerHTML = '<h2>Part</h2><button type="button" id="here">Here</button>'
        + '<button type="button" id="gone">Gone</button>';
      document.getElementById("main").prepend(part);
    }""")
    swap = """(html) => window.htmx.swap("#part", html, {swapStyle: "innerHTML"})"""
    before = """() => document.body.dispatchEvent(new CustomEvent("htmx:beforeSwap",
      {bubbles: true, detail: {target: document.getElementById("part")}}))"""
    for button, stands in (("here", "#here"), ("gone", "#part h2")):
        page.locator(f"#{button}").focus()
        page.evaluate(before)
        page.evaluate(swap, '<h2>Part</h2><button type="button" id="here">Here</button>'
                      + '<i id="x"></i>')  # fmt: skip
        expect(page.locator(stands)).to_be_focused()
        page.evaluate(swap, '<h2>Part</h2><button type="button" id="gone">Gone</button>')


# -- nothing in the dialogs keeps anybody out ------------------------------------------------------


def test_a_key_counts_at_once_when_a_dialog_has_closed(walker: Enter) -> None:
    """The browser takes the focus out of it only a moment later."""
    page = walker("manager").page
    page.goto("/leadview/list/")
    assert page.evaluate(
        """() => {
          const dialog = document.getElementById("search-dialog");
          dialog.showModal();
          dialog.close();
          document.getElementById("search-text").dispatchEvent(
            new KeyboardEvent("keydown", {key: "/", code: "Slash", bubbles: true}));
          return dialog.open;
        }"""
    )


def test_axe_finds_nothing_in_the_dialogs(walker: Enter) -> None:
    manager = walker("manager")
    manager.page.goto("/leadview/list/")
    name = manager.page.locator("tr[data-row] a.row-link").first.inner_text()
    faults = []
    for typed in ("", name, "8 921 700-11-22", "нетникого zzz"):
        manager.page.keyboard.press("/")
        manager.page.keyboard.type(typed)
        if typed:
            expect(manager.page.locator("#search-status")).not_to_be_empty()
        expect(manager.page.locator("#search-dialog [role=option]").first).to_be_visible()
        faults += violations(manager)
        manager.page.keyboard.press("Escape")
        expect(manager.page.locator("#search-dialog")).to_be_hidden()
    manager.page.keyboard.press("?")
    expect(manager.page.locator("#keys-dialog")).to_be_visible()
    faults += violations(manager)
    manager.page.goto("/search/?q=8")
    assert faults + violations(manager) == []
