"""The product in Russian, page by page and act by act: no English word outside data, Russian
numbers and days, and nothing wider than the window.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.chromium import Walker
from tests.browser.crawl import every_kind_of_page
from tests.browser.test_sizes import TOO_WIDE
from tests.served import Server, served

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
PHONE: ViewportSize = {"width": 360, "height": 740}
# Latin words that Russian pages rightly hold: abbreviations, codes, keys, and names of log-ins.
ALLOWED = {
    *("CRM", "ROI", "ROAS", "CPL", "CAC", "PDF", "PNG", "JPEG", "CSV", "SHA", "UTM", "API"),
    *("RU", "RUB", "Ctrl", "Enter", "Esc", "TOKENS_API", "is_test"),
    *("English", "Admin", "Manager", "Marketer", "Operator", "Public", "Administrator"),
    *("admin", "manager", "marketer", "operator"),
    *("yandex", "vk", "google", "demo", "question", "utm_source"),
    *("TSV", "XLSX", "xlsx", "Excel", "JSON", "OpenAPI", "URL", "https", "QR", "KZ"),
    *("Tilda", "Google", "Ads", "Meta", "Facebook", "Instagram", "TikTok", "Typeform"),
    *("gclid", "gbraid", "wbraid", "yclid", "fbclid", "ClientID"),
    *("lang", "ru", "en", "data-lang", "data-look", "data", "look", "light", "dark", "utm"),
}
DATA = re.compile(
    r"""
    \S+@\S+                 # e-mail addresses
    | https?://\S+ | \*\.[\w.]+
    | Idempotency-Key | Retry-After
    | /[\w/.-]+             # addresses of doors
    | \b\w+/\w+             # media types
    | \b[0-9a-f]{12,}\b     # checksums and ids of clicks
    """,
    re.VERBOSE,
)
# What people read, hear from a screen reader, or find in a hint or a dialog that is still closed;
# and what scripts say later. Not what a program reads.
READ = """
() => {
  const said = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const around = walk.currentNode.parentElement;
    if (!around.closest("script, style, pre, code, textarea, kbd, [lang=en], [data-as-sent]")) {
      said.push(walk.currentNode.data);
    }
  }
  const shown = [
    "title", "placeholder", "aria-label", "alt", "data-label", "data-key-label", "data-confirm",
    "data-copied", "data-failed", "data-lost", "data-offline", "data-picker-found",
    "data-picker-none"];
  for (const name of shown) {
    const some = document.querySelectorAll("[" + name + "]:not([lang=en])");
    for (const one of some) said.push(one.getAttribute(name));
  }
  for (const one of document.querySelectorAll("input[type=submit]")) said.push(one.value);
  return said.map(text => text.trim()).filter(text => text);
}
"""
MONEY = re.compile(r"^[-−+]?\d{1,3}(\u00a0\d{3})*(,\d\d)?(\u00a0(тыс\.|млн))?\u00a0₽$")
SUM = re.compile(r"[-−+\d\u00a0.,]*\d[\u00a0 ]*(?:(?:тыс\.|млн)[\u00a0 ])?₽|₽\s*[\d,.]+")
FOREIGN_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b\d{1,2}:\d\d [AP]M\b")
# What no link leads to, or only a link of a kind that has been seen.
ALSO = {
    "admin": (
        "/search/?q=ан", "/search/?q=нетничего", "/jobview/list/", "/noteview/list/",
        "/leadview/list/?search=нетничего", "/leadview/list/?put_away=1",
        "/serviceview/list/?put_away=1", "/leadview/list/?_flt_2_status=lost&due=overdue",
        "/leads/board/?search=нетничего", "/statistics/?compare=1&every=1",
        "/statistics/?period=last_month&compare=1", "/users/password/form?pk=2", "/нет-страницы",
    ),
    "operator": ("/queueview/list/?group=later", "/spendview/list/"),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of its own: what other tests type in English would look like a fault here."""
    with served(tmp_path_factory.mktemp("russian"), COMPANY_LANGUAGE="ru") as running:
        yield running


@pytest.fixture
def reader(walker: Enter) -> Enter:
    def enter(name: str | None, **more: object) -> Walker:
        return walker(name, locale="ru-RU", **more)

    return enter


def left_in(page: Page) -> tuple[dict[str, str], list[str]]:
    """English words with the text around each, and numbers and days as English writes them."""
    english: dict[str, str] = {}
    numbers = []
    for text in page.evaluate(READ):
        for word in set(re.findall(r"[A-Za-z_]{2,}", DATA.sub(" ", text))) - ALLOWED:
            english.setdefault(word, text[:200])
        sums = [found for found in SUM.findall(text) if not MONEY.match(found.strip())]
        if sums or FOREIGN_DAY.search(text):
            numbers.append(text[:200])
    return english, numbers


def is_russian(page: Page) -> None:
    assert left_in(page) == ({}, []), page.url


@pytest.mark.parametrize("name", ["admin", "operator"])
def test_no_english_word_and_no_english_number_is_left(reader: Enter, name: str) -> None:
    somebody = reader(name)
    somebody.expected |= {403, 404}
    english: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for address in every_kind_of_page(somebody, *ALSO[name]):
        words, wrong = left_in(somebody.page)
        english |= {word: f"{address}: {text}" for word, text in words.items()}
        numbers |= dict.fromkeys(wrong, address)
    somebody.shoot("russian")
    assert not english, "\n".join(f"{word} at {place}" for word, place in english.items())
    assert not numbers, "\n".join(f"{address}: {text}" for text, address in numbers.items())


@pytest.mark.parametrize("window", [{"width": 1280, "height": 800}, PHONE])
def test_russian_words_fit_the_window(server: Server, reader: Enter, window: ViewportSize) -> None:
    with closing(sqlite3.connect(server.folder / "crm.sqlite3", timeout=60)) as database:
        (contract,) = database.execute("SELECT max(id) FROM contract").fetchone()
        (client,) = database.execute("SELECT id FROM client WHERE kind = 'organisation'").fetchone()
        (lead,) = database.execute("SELECT max(id) FROM lead WHERE status = 'in_work'").fetchone()
    page = reader("admin", window=window).page
    wide = {}
    for address in (
        "/", "/queueview/list/", "/leadview/list/", "/leads/board/", f"/leadview/show/{lead}",
        "/submissionview/list/", "/clientview/list/", f"/clientview/show/{client}",
        "/contractview/list/", f"/contractview/show/{contract}", "/serviceview/list/",
        "/campaignview/list/", "/spendview/list/", "/sourceview/list/", "/statistics/",
        "/settings/", "/users/list/", "/documentview/list/",
    ):  # fmt: skip
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > window["width"]:
            wide[address] = (width, page.evaluate(TOO_WIDE))
    assert wide == {}


def test_the_search_and_the_keys_speak_russian(reader: Enter) -> None:
    page = reader("operator").page
    page.goto("/leadview/list/")
    page.keyboard.press("Control+k")
    dialog = page.locator("#search-dialog")
    expect(dialog.get_by_role("option", name="Моя очередь")).to_be_visible()
    is_russian(page)
    page.locator("#search-text").fill("ан")
    expect(page.locator("#search-status")).to_contain_text("результат")
    is_russian(page)
    page.locator("#search-text").fill("+7 900 111-22-33")
    expect(dialog).to_contain_text("Новый лид с телефоном")
    is_russian(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+?")
    expect(page.locator("#keys-dialog")).to_contain_text("Клавиши этой страницы")
    is_russian(page)


def test_a_call_and_its_undo_are_told_in_russian(reader: Enter) -> None:
    page = reader("operator").page
    page.goto("/queueview/list/?group=now")
    page.keyboard.press("n")
    page.wait_for_url("**/leadview/show/*")
    page.get_by_label("Нет ответа").check()
    page.locator(".call-form [name=then]").click()
    expect(page.locator("#status")).to_contain_text("Сохранено: нет ответа, следующий контакт")
    is_russian(page)
    page.locator("#status button[data-key=z]").click()
    expect(page.locator("#status .told-text")).to_have_text("Действие отменено.")
    is_russian(page)


def test_an_act_upon_many_is_asked_and_told_in_russian(reader: Enter) -> None:
    page = reader("operator").page
    page.goto("/leadview/list/?_flt_2_status=in_work&psize_LeadView=25")
    for at in range(2):
        page.locator("input[name=rowid]").nth(at).check()
    is_russian(page)
    page.locator("#bulk summary").click()
    page.locator("#bulk button[value=qualify]").click()
    expect(page.locator("h1")).to_have_text("Квалифицирован: передать менеджеру: 2 записи")
    is_russian(page)
    page.locator("[data-bulk-run] button[type=submit]").click()
    expect(page.locator("#status .told-text")).to_contain_text("Изменены 2 записи.")
    is_russian(page)
    page.locator("#status button[data-key=z]").click()
    expect(page.locator("#status .told-text")).to_have_text("Действие отменено.")


def test_a_long_act_is_shown_in_russian(reader: Enter) -> None:
    page = reader("operator").page
    page.goto("/leadview/list/")
    page.locator("[data-check-all]").check()
    page.locator("[data-bulk-all]").check()
    page.locator("#bulk button[value=assign]").click()
    is_russian(page)
    chosen = page.locator("[data-bulk-run] select").first
    chosen.select_option(index=1)
    page.locator("[data-bulk-run] button[type=submit]").click()
    expect(page.locator("#job")).to_contain_text("Готово")
    is_russian(page)
    expect(page.locator("#job .pill")).to_have_text("Готово")
    is_russian(page)
    page.goto("/jobview/list/")
    is_russian(page)


def test_a_view_is_kept_and_named_in_russian(reader: Enter) -> None:
    page = reader("operator").page
    page.goto("/leadview/list/?due=overdue")
    page.locator("#list-state summary").click()
    page.locator("#view-name").fill("Просроченные")
    page.locator("#list-state .menu-list .btn-primary").click()
    expect(page.locator("#status .told-text")).to_have_text(
        "Представление «Просроченные» сохранено."
    )
    page.locator(".view-menu, details:has(#view-rename)").first.evaluate("all => all.open = true")
    is_russian(page)


def test_a_refused_form_and_a_refused_move_say_why_in_russian(
    server: Server, reader: Enter
) -> None:
    manager = reader("manager")
    manager.expected |= {400, 409}
    page = manager.page
    for address in ("/leadview/add", "/contractview/add", "/clientview/add?kind=organisation"):
        page.goto(address)
        page.locator("form[method=post] .btn-primary").first.click()
        expect(page.locator(".crm-fault, .crm-faults").first).to_be_visible()
        is_russian(page)


def test_acts_that_cannot_be_undone_ask_in_russian(server: Server, reader: Enter) -> None:
    with closing(sqlite3.connect(server.folder / "crm.sqlite3", timeout=60)) as database:
        draft, signed = (
            database.execute("SELECT max(id) FROM contract WHERE status = ?", (status,)).fetchone()
            for status in ("draft", "signed")
        )
    page = reader("manager").page
    for address in (
        f"/contractview/{draft[0]}/sign", f"/contractview/{signed[0]}/amend",
        f"/contractview/{signed[0]}/complete", f"/contractview/{signed[0]}/terminate",
        f"/contractview/{draft[0]}/credit", f"/contractview/delete/{signed[0]}",
    ):  # fmt: skip
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        is_russian(page)


def test_the_log_in_speaks_the_browsers_language(reader: Enter) -> None:
    visitor = reader(None)
    visitor.expected |= {401}
    page = visitor.page
    page.goto("/login/")
    expect(page.get_by_label("Имя пользователя")).to_be_visible()
    is_russian(page)
    page.locator("#username").fill("никто")
    page.locator("#password").fill("никто")
    page.locator("form:has(#username) [type=submit]").click()
    expect(page.locator("body")).to_contain_text("не подходят")
    is_russian(page)
