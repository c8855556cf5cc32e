"""axe-core finds no violation of WCAG 2.2 A and AA: every kind of page, in both themes, by role."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Walker
from tests.browser.crawl import every_kind_of_page

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
AXE = (Path(__file__).resolve().parents[1] / "vendor/axe.min.js").read_text()
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
}
# What only other roles see: their start page and the pages that hold other things for them.
BY_ROLE = {
    "operator": ("/", "/queueview/list/", "/leadview/list/", "a[href*='/leadview/show/']",
                 "/clientview/list/", "a[href*='/clientview/show/']", "/statistics/"),
    "manager": ("/", "/leadview/list/", "a[href*='/leadview/show/']", "/contractview/list/",
                "a[href*='/contractview/show/']"),
    "marketer": ("/", "/campaignview/list/", "a[href*='/campaignview/show/']", "/statistics/"),
}  # fmt: skip


def violations(walker: Walker) -> list[str]:
    """Of the page as it stands, in both themes, one line each."""
    page = walker.page
    # Evaluated by the debugger, not by the page: its policy allows no such script.
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        result: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
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


def test_axe_itself_finds_what_is_wrong(walker: Enter) -> None:
    admin = walker("admin")
    admin.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img>')")
    assert any("image-alt" in one for one in violations(admin))


def test_no_kind_of_page_has_a_violation(walker: Enter) -> None:
    admin, faults = walker("admin"), list[str]()
    for address in every_kind_of_page(admin):
        faults += [f"{address}: {one}" for one in violations(admin)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", BY_ROLE)
def test_no_page_of_another_role_has_a_violation(walker: Enter, role: str) -> None:
    somebody, faults = walker(role), list[str]()
    for step in BY_ROLE[role]:
        if step.startswith("/"):
            somebody.page.goto(step)
        else:
            somebody.page.locator(f"main {step}").first.click()
            somebody.page.wait_for_load_state()
        faults += [f"{role}: {somebody.page.url}: {one}" for one in violations(somebody)]
    assert not faults, "\n".join(faults)


def test_the_pages_of_visitors_have_no_violation(walker: Enter) -> None:
    visitor, faults = walker(), list[str]()
    for address in ("/login/", "/nowhere"):
        visitor.expected = {404}
        visitor.page.goto(address)
        faults += [f"{address}: {one}" for one in violations(visitor)]
    assert not faults, "\n".join(faults)
