"""An own form on somebody else's site: framed, filled in, thanked; with scripts and without."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect

from tests.browser.chromium import PATIENCE, VIOLATIONS, Walker
from tests.browser.test_axe import violations
from tests.browser.test_sizes import INLINE, PHONE, SMALL, TOO_WIDE
from tests.served import Server

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
READ_FOR = 2500  # milliseconds; whoever is quicker is taken for a robot


class Site:
    """Another site with one page: what stands in `body`."""

    def __init__(self) -> None:
        site = self
        self.body = ""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = f"<!doctype html><title>Shop</title><h1>Shop</h1>{site.body}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A window of somebody who has never been here; what goes wrong in it is told at the end."""
    there, faults = [], list[str]()

    def hear(told: ConsoleMessage) -> None:
        expected = "400" in told.text or "favicon" in str(told.location)
        if told.type == "error" and not expected:
            faults.append(told.text)

    def enter(
        scripts: bool = True, locale: str = "en-GB", window: ViewportSize | None = None
    ) -> Page:
        context = browser.new_context(
            locale=locale, java_script_enabled=scripts, viewport=window or PHONE
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(VIOLATIONS)
        context.on("console", hear)
        there.append(context)
        return context.new_page()

    yield enter
    for context in there:
        assert context.cookies() == []
        context.close()
    assert faults == []


def built(marketer: Walker, title: str, **fields: str) -> dict[str, str]:
    """A form made by hand on its page; the texts that can be copied there."""
    marketer.page.goto("/ownformview/add")
    marketer.fill(title=title, **fields)
    marketer.click("Save")
    expect(marketer.page.get_by_role("heading", level=1)).to_contain_text(title)
    copied = [
        html.unescape(one.get_attribute("data-copy") or "")
        for one in marketer.page.locator("pre + .crm-bar [data-copy]").all()
    ]
    return dict(zip(("link", "script", "frame"), copied, strict=True))


def fill_in(inside: Any, page: Page, phone: str) -> None:
    page.wait_for_timeout(READ_FOR)
    inside.get_by_label("Name").fill("Anna Framed")
    inside.get_by_label("Phone").fill(phone)
    inside.get_by_label("I agree").check()
    inside.get_by_role("button", name="Send").click()


def test_a_form_is_built_put_into_a_site_and_brings_a_lead(
    walker: Enter, site: Site, visitor: Callable[..., Page]
) -> None:
    marketer = walker("marketer")
    texts = built(marketer, "Form by script", sites=site.url)
    marketer.click("Change the questions")
    page = marketer.page
    page.locator("#kind-4").select_option("choice")
    page.locator("#label_en-4").fill("Budget")
    page.locator("#label_ru-4").fill("Бюджет")
    page.locator("details:has(#options_en-4) summary").click()
    page.locator("#options_en-4").fill("Small\nLarge")
    page.locator("#options_ru-4").fill("Малый\nБольшой")
    marketer.shoot("form-questions")
    marketer.click("Save")
    marketer.sees("The form asks this from the next visitor on.")
    expect(page.frame_locator(".form-preview").get_by_label("Budget")).to_be_visible()
    marketer.shoot("form-built")

    site.body = texts["script"]
    guest = visitor(window={"width": 700, "height": 900})
    guest.goto(f"{site.url}/a?utm_source=vk&gclid=click-1&phone=1")
    frame = guest.frame_locator("iframe")
    expect(frame.get_by_label("Budget")).to_be_visible()
    height = "document.querySelector('iframe').height !== '640'"
    guest.wait_for_function(height)  # the frame is as high as its form
    inner = frame.locator("html").evaluate("all => all.scrollHeight - all.clientHeight")
    assert inner <= 1
    frame.get_by_label("Budget").select_option("Large")
    fill_in(frame, guest, "+7 999 000-30-01")
    expect(frame.get_by_role("status")).to_contain_text("We have received your request")
    guest.screenshot(path=marketer.shots / "visitor-form-framed-thanks.png")

    operator = walker("operator")
    operator.page.goto("/submissionview/list/")
    operator.page.locator("a[href*='/submissionview/show/']").first.click()
    for text in ("Form by script", "Budget: Large", "click-1", f"{site.url}/a", "I agree"):
        operator.sees(text)
    operator.shoot("form-submission")


def test_a_frame_works_without_scripts_and_sends_back_what_is_wrong(
    walker: Enter, site: Site, visitor: Callable[..., Page]
) -> None:
    site.body = built(walker("marketer"), "Form in a frame", sites=site.url)["frame"]
    guest = visitor(scripts=False)
    guest.goto(site.url)
    frame = guest.frame_locator("iframe")
    fill_in(frame, guest, "12")
    expect(frame.get_by_role("alert")).to_contain_text("Phone: No phone has this number.")
    expect(frame.get_by_label("Name")).to_have_value("Anna Framed")
    expect(frame.get_by_label("I agree")).to_be_checked()
    frame.get_by_label("Phone").fill("+7 999 000-30-02")
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("status")).to_contain_text("We have received your request")


def test_a_site_that_is_not_on_the_list_cannot_show_it(
    walker: Enter, site: Site, browser: Browser
) -> None:
    marketer = walker("marketer")
    site.body = built(marketer, "Form for others", sites="https://other.example")["frame"]
    context = browser.new_context()
    guest = context.new_page()
    told: list[str] = []
    guest.on("console", lambda message: told.append(message.text))
    guest.goto(site.url)
    guest.wait_for_timeout(500)
    expect(guest.frame_locator("iframe").get_by_label("Name")).to_have_count(0)
    assert any("frame-ancestors" in text for text in told), told
    context.close()


def test_an_address_for_thanks_is_reached_on_top_of_the_window(
    walker: Enter, site: Site, visitor: Callable[..., Page]
) -> None:
    thanks = f"{site.url}/thanks?from=form"
    texts = built(walker("marketer"), "Form that leads on", sites=site.url, thanks_url=thanks)
    site.body = texts["frame"]
    guest = visitor()
    guest.goto(site.url)
    fill_in(guest.frame_locator("iframe"), guest, "+7 999 000-30-03")
    guest.wait_for_url(thanks)


def test_the_pages_of_a_form_fit_a_phone_in_both_languages_and_have_no_violation(
    walker: Enter, server: Server
) -> None:
    marketer = walker("marketer", window=PHONE)
    link = urlsplit(built(marketer, "Form to look at", sites="https://other.example")["link"]).path
    number = marketer.record
    found: list[str] = []

    def look(who: Walker, name: str) -> None:
        found.extend(f"{name}: {one}" for one in violations(who))
        wide = who.page.evaluate(TOO_WIDE)
        found.extend(f"{name}: {one}" for one in [wide, *who.page.evaluate(SMALL)] if one)
        found.extend(f"{name}: {one}" for one in INLINE.findall(who.page.content()))
        who.shoot(f"form-{name}")

    for address, name in (
        (f"/ownformview/show/{number}", "show"), (f"/ownformview/{number}/questions", "questions"),
        (f"/ownformview/edit/{number}", "edit"), ("/ownformview/list/", "list"),
        (f"/ownformview/{number}/preview", "preview"),
    ):  # fmt: skip
        marketer.page.goto(address)
        look(marketer, name)
    guest = walker(window=PHONE)
    guest.expected = {400, 404}
    for language in ("en", "ru"):
        page = guest.page
        page.goto(f"{link}?lang={language}")
        look(guest, f"empty-{language}")
        page.wait_for_timeout(READ_FOR)
        page.locator("form").evaluate("form => form.noValidate = true")
        page.locator("#f-phone").fill("12")
        page.locator("[type=submit]").click()
        expect(page.get_by_role("alert")).to_be_focused()
        look(guest, f"faulty-{language}")
        page.goto(f"{link}/thanks?lang={language}")
        look(guest, f"thanks-{language}")
    assert found == []
