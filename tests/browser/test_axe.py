"""axe-core finds no violation of WCAG 2.2 A and AA: every kind of page, in both themes, by role."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Route, ViewportSize, expect

from app.web.errors import SENTENCES, answer
from tests.browser.chromium import Walker
from tests.browser.crawl import UNLINKED, every_kind_of_page
from tests.browser.test_sizes import SMALL

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
AXE = (Path(__file__).resolve().parents[1] / "vendor/axe.min.js").read_text()
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
}
# What holds other things for other roles than for the administrator; a selector: a link to follow.
LEAD, CLIENT, CONTRACT = (
    f"a[href*='/{noun}view/show/']" for noun in ("lead", "client", "contract")
)
BY_ROLE = {
    "operator": ("/", "/queueview/list/", "/leadview/list/", LEAD, "/leads/board/",
                 "/clientview/list/", CLIENT, "/statistics/", "/search/?q=an"),
    "manager": ("/", "/leadview/list/", LEAD, "/contractview/list/", CONTRACT, "/statistics/"),
    "marketer": ("/", "/campaignview/list/", "a[href*='/campaignview/show/']", "/sourceview/list/",
                 "/statistics/", "/search/?q=an", "/users/userinfo/"),
}  # fmt: skip
# What unfolds on a page: every <details>, and every dialog whose words stand in it.
UNFOLDING = {
    "manager": ("/leadview/list/", LEAD, "/clientview/list/", CLIENT, "/contractview/list/",
                CONTRACT, "/statistics/", "/settings/"),
    "admin": ("/submissionview/list/", "a[href*='/submissionview/show/']"),
}  # fmt: skip
# Opens the next one alone and marks it; false after the last. Those of rows are all alike.
UNFOLD = """
() => {
  const all = Array.from(document.querySelectorAll("main details, .rail-user"))
    .filter(one => one.checkVisibility() && !one.closest("tbody tr:not(:first-child)"));
  const next = all.findIndex(one => one.matches(".unfolded")) + 1;
  all.forEach((one, at) => {
    one.classList.toggle("unfolded", at === next);
    one.open = at === next;
  });
  return next < all.length;
}
"""
PHONE: ViewportSize = {"width": 390, "height": 780}


def violations(walker: Walker, within: str = "html") -> list[str]:
    """Of the page as it stands, in both themes, one line each. Of a menu that lies over the page,
    axe takes what it covers for its neighbours: sizes are then left to the caller.
    """
    rules = RULES | ({} if within == "html" else {"rules": {"target-size": {"enabled": False}}})
    page = walker.page
    # Evaluated by the debugger, not by the page: its policy allows no such script.
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        result: dict[str, Any] = page.evaluate(
            "([within, rules]) => axe.run(within, rules)", [within, rules]
        )
        found += [
            f"{theme}: {fault['id']}: {' '.join(map(str, node['target']))}: {node['html'][:120]}"
            f"{_measured(node)}"
            for fault in result["violations"]
            for node in fault["nodes"][:3]
        ]
    return found


def _measured(node: dict[str, Any]) -> str:
    told = [check.get("data") for check in node["any"] if isinstance(check.get("data"), dict)]
    ratios = [f" ({data['contrastRatio']})" for data in told if data.get("contrastRatio")]
    return "".join(ratios)


def follow(walker: Walker, step: str) -> None:
    """To an address, or where the first such link of the page leads."""
    if not step.startswith("/"):
        step = walker.page.locator(f"main {step}").first.get_attribute("href") or "no link"
    walker.page.goto(step)


class Faults(list[str]):
    def look(self, walker: Walker, where: str | None = None, within: str = "html") -> None:
        told = where or walker.page.url.removeprefix(walker.server.url)
        self += [f"{walker.name}: {told}: {one}" for one in violations(walker, within)]

    def none(self) -> None:
        assert not self, "\n".join(dict.fromkeys(self))


def test_axe_itself_finds_what_is_wrong(walker: Enter) -> None:
    admin = walker("admin")
    admin.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img>')")
    assert any("image-alt" in one for one in violations(admin))


def test_no_kind_of_page_has_a_violation(walker: Enter) -> None:
    admin, faults, behind_figures = walker("admin"), Faults(), 0
    for address in every_kind_of_page(admin, *UNLINKED):
        behind_figures += "figure=" in address  # a dozen pages of one kind
        if behind_figures < 4 or "figure=" not in address:
            faults.look(admin, address)
    faults.none()


@pytest.mark.parametrize("role", BY_ROLE)
def test_no_page_of_another_role_has_a_violation(walker: Enter, role: str) -> None:
    somebody, faults = walker(role), Faults()
    for step in BY_ROLE[role]:
        follow(somebody, step)
        faults.look(somebody)
    faults.none()


@pytest.mark.parametrize("role", UNFOLDING)
def test_nothing_that_unfolds_has_a_violation(walker: Enter, role: str) -> None:
    somebody, faults, unfolded = walker(role), Faults(), 0
    for step in UNFOLDING[role]:
        follow(somebody, step)
        while somebody.page.evaluate(UNFOLD):
            unfolded += 1
            faults.look(somebody, within=".unfolded")
            faults += somebody.page.evaluate(SMALL)
    assert unfolded > 3
    faults.none()


def test_no_dialog_has_a_violation(walker: Enter) -> None:
    """Those of search and keys: test_keys.py."""
    manager, faults = walker("manager"), Faults()
    page = manager.page
    for step in ("/queueview/list/", LEAD):
        follow(manager, step)
    page.locator("[data-open='#lose-dialog']").click()
    expect(page.locator("#lose-dialog")).to_be_visible()
    faults.look(manager, "a lead is lost")
    page.keyboard.press("Escape")
    page.locator(".fact-edit").first.click()
    expect(page.locator(".fact-open")).to_have_count(1)
    faults.look(manager, "a line is edited")

    page.goto("/leads/board/")
    page.locator(".board-card button").first.click()
    expect(page.locator(".board-menu")).to_be_visible()
    faults.look(manager, "the menu of a card")

    page.goto("/contractview/list/?_flt_0_status=signed")
    follow(manager, CONTRACT)
    page.get_by_role("link", name="Terminate", exact=True).click()
    expect(page.locator("#act-dialog")).to_be_visible()
    faults.look(manager, "a contract is terminated")

    admin = walker("admin")
    admin.page.goto("/sourceview/1/issue_token")
    admin.page.locator("main form [type=submit]").first.click()
    faults.look(admin, "a token that is shown once")
    admin.page.goto("/sourceview/show/1")
    admin.page.locator("form[data-confirm] button").first.click()
    expect(admin.page.locator("#confirm-dialog")).to_be_visible()
    faults.look(admin, "a question")
    faults.none()


def test_what_is_ticked_told_and_refused_has_no_violation(walker: Enter) -> None:
    manager, faults = walker("manager"), Faults()
    page = manager.page
    page.goto("/leadview/list/?_flt_2_status=new")
    page.locator("input[name=rowid]").first.check()
    expect(page.locator("#bulk")).to_be_visible()
    faults.look(manager, "ticked rows")
    page.locator("#bulk > .bulk-acts > button").first.click()
    expect(page.locator(".bulk-named")).to_be_visible()
    faults.look(manager, "an act upon many rows")

    page.goto("/settings/")
    page.locator("main form [type=submit]").last.click()
    expect(page.locator("#status .told").first).to_be_visible()
    faults.look(manager, "what is told")

    manager.expected = {400, 409}
    page.goto("/clientview/add?kind=person")
    page.locator("main form [type=submit]").first.click()
    expect(page.locator(".fault-list")).to_be_visible()
    faults.look(manager, "a form with faults")

    admin = walker("admin")
    admin.expected = {409}
    other = admin.page.context.new_page()
    for window in (admin.page, other):
        window.goto("/channelview/edit/1")
    for window in (other, admin.page):
        window.locator("#title").fill(f"Реклама {'там' if window is other else 'здесь'}")
        window.locator("main form [type=submit]").first.click()
        window.wait_for_load_state()
    expect(admin.page.locator(".crm-conflict")).to_be_visible()
    faults.look(admin, "a conflict")
    faults.none()


def test_the_menu_on_a_phone_has_no_violation(walker: Enter) -> None:
    admin, faults = walker("admin", window=PHONE), Faults()
    admin.page.locator(".bar-top [popovertarget]").first.click()
    expect(admin.page.locator("#rail")).to_be_visible()
    faults.look(admin)
    for step in ("/leadview/list/", LEAD, "/leads/board/"):
        follow(admin, step)
        faults.look(admin)
    faults.none()


def test_the_pages_of_visitors_have_no_violation(walker: Enter) -> None:
    visitor, faults = walker(), Faults()
    visitor.page.goto("/login/")
    faults.look(visitor)
    visitor.expected = {401}
    visitor.page.locator("#username").fill("nobody")
    visitor.page.locator("#password").fill("a wrong password")
    visitor.page.locator("form:has(#username) [type=submit]").click()
    expect(visitor.page.locator("#status")).to_contain_text("wrong")
    faults.look(visitor, "a wrong password")
    faults.none()


def test_no_error_page_has_a_violation(walker: Enter, sqlite_app: Flask) -> None:
    """Not all of them can be brought about at will: the answers are the product's all the same."""
    visitor, faults = walker(), Faults()
    visitor.expected = set(SENTENCES)

    def refuse(route: Route) -> None:
        status = int(route.request.url.rpartition("/")[2])
        with sqlite_app.test_request_context():
            page = answer(status)
        kind = page.headers["Content-Type"]
        route.fulfill(status=status, body=page.get_data(as_text=True), content_type=kind)

    visitor.page.route("**/refused/*", refuse)
    for status in SENTENCES:
        visitor.page.goto(f"/refused/{status}")
        expect(visitor.page.locator("h1")).to_be_visible()
        faults.look(visitor)
    operator = walker("operator")
    operator.expected = {403, 404}
    for address in ("/companyview/", "/leadview/show/99999999"):
        operator.page.goto(address)
        faults.look(operator)
    faults.none()
