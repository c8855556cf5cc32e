"""A person at Chromium: every page they open is watched, and each failure there fails the test."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

from tests.served import Server

PROGRAM = "/usr/bin/chromium"
ARGUMENTS = ["--disable-gpu", "--disable-background-networking", "--no-first-run"]
if os.getuid() == 0:
    ARGUMENTS.append("--no-sandbox")
WINDOW: ViewportSize = {"width": 1280, "height": 800}
PATIENCE = 30_000  # milliseconds; the machine may be busy with other things
READY_WITHIN = 60_000
VIOLATIONS = """
document.addEventListener("securitypolicyviolation", function (event) {
  console.error("CSP violation: " + event.violatedDirective + " " + event.blockedURI);
});
"""


class Walker:
    """Somebody of a role in a browser window of their own, and what went wrong in it."""

    def __init__(
        self,
        browser: Browser,
        server: Server,
        shots: Path,
        locale: str,
        window: ViewportSize = WINDOW,
        scripts: bool = True,
    ) -> None:
        self.server = server
        self.shots = shots
        self.name = "visitor"
        self.faults: list[str] = []
        self.expected: set[int] = set()  # statuses from 400 up that the test asks for
        context = browser.new_context(
            base_url=server.url,
            locale=locale,
            viewport=window,
            accept_downloads=True,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(VIOLATIONS)
        context.on("request", self._watch_request)
        context.on("response", self._watch_response)
        context.on("console", self._watch_console)
        context.on("weberror", lambda error: self.faults.append(f"error: {error.error}"))
        self.page: Page = context.new_page()
        self.answer: Response | None = None  # to the last page of a crawl

    def _watch_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("data", "blob", "about"):
            return
        if parts.netloc != urlsplit(self.server.url).netloc:
            self.faults.append(f"request outside: {request.url}")

    def _watch_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status}: {response.request.method} {response.url}")

    def _watch_console(self, message: ConsoleMessage) -> None:
        # A status that the test asked for is told in the console too.
        asked_for = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in ("error", "warning") and not asked_for:
            self.faults.append(f"console at {message.location}: {message.text}")

    def look_back(self) -> None:
        """Fails when any page so far was faulty."""
        assert not self.faults, "\n".join(self.faults)

    # -- walking -----------------------------------------------------------------------------------

    def log_in(self, name: str, password: str) -> Walker:
        self.name = name
        self.page.goto("/login/")
        self.page.locator("#username").fill(name)
        self.page.locator("#password").fill(password)
        self.page.locator("form:has(#username) [type=submit]").click()
        expect(self.page.locator("#rail")).to_be_attached()
        self.page.wait_for_load_state()  # before it a key is nobody's
        return self

    def open(self, address: str, shot: str | None = None) -> str:
        """Opens a page of the site, keeps a picture of it, and gives its text."""
        self.page.goto(address)
        self.shoot(shot or re.sub(r"\W+", "-", address).strip("-"))
        return self.text()

    def shoot(self, name: str) -> None:
        self.page.screenshot(path=self.shots / f"{self.name}-{name}.png", full_page=True)

    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def click(self, name: str) -> None:
        """The link or button that is called so."""
        self.named(name).click()

    def named(self, name: str) -> Locator:
        link = self.page.get_by_role("link", name=name, exact=True)
        return link.or_(self.page.get_by_role("button", name=name, exact=True)).first

    def fill(self, **fields: str) -> None:
        """Fields of the page's form, by name."""
        for name, value in fields.items():
            field = self.page.locator(f"form[method=post] [name={name}]")
            if field.first.evaluate("field => field.tagName") == "SELECT":
                field.first.select_option(value)
            else:
                field.first.fill(value)

    def panel(self, title: str) -> Locator:
        heading = self.page.get_by_role("heading", name=title, exact=True)
        return self.page.locator(".card").filter(has=heading)

    def sees(self, text: str) -> None:
        expect(self.page.locator("body")).to_contain_text(text)
        self.page.wait_for_load_state()

    def download(self, link: Locator) -> bytes:
        with self.page.expect_download() as started:
            link.click()
        return Path(started.value.path()).read_bytes()

    @property
    def record(self) -> int:
        """The id in the address of the page."""
        found = re.search(r"/(\d+)(?:$|[/?])", urlsplit(self.page.url).path)
        assert found, self.page.url
        return int(found[1])


def facts(of: Any) -> dict[str, str]:
    """The rows of a table whose first cell names the second; a "?" there opens a formula."""
    rows = of.locator("tr").all()
    cells = [row.locator("th, td").all_inner_texts() for row in rows]
    return {row[0].partition("?")[0].strip(): row[1].strip() for row in cells if len(row) > 1}
