"""Nothing scrolls that should not, nothing is too small, and no page holds a script or a style."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.chromium import Walker
from tests.browser.crawl import UNLINKED, every_kind_of_page

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
PHONE: ViewportSize = {"width": 360, "height": 740}
FIRST_ROW_WITHIN = 140
POLICY = "script-src 'self'; style-src 'self';"
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=[\"']|javascript:")
# The widest element that stands out, unless something around it scrolls or hides it.
TOO_WIDE = """
() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return null;
  let worst = null, edge = room;
  const open = one => !one
    || (getComputedStyle(one).overflowX === "visible" && open(one.parentElement));
  for (const one of document.body.querySelectorAll("*")) {
    const right = one.getBoundingClientRect().right;
    if (right > edge + 0.5 && one.checkVisibility() && open(one.parentElement)) {
      worst = one;
      edge = right;
    }
  }
  const told = worst ? worst.outerHTML.slice(0, 120) : "?";
  return document.documentElement.scrollWidth + " px: " + told;
}
"""
FIRST_ROW = """
() => {
  const row = document.querySelector("main table tbody tr");
  return row ? Math.round(row.getBoundingClientRect().top + window.scrollY) : null;
}
"""
# Controls and links that stand apart from a text's flow; WCAG 2.5.8 lets links in sentences be.
SMALL = """
() => Array.from(document.querySelectorAll(
    "button, summary, input:not([type=hidden]), select, textarea, [role=button], .btn, .menu-item"))
  .filter(one => one.checkVisibility({opacityProperty: true, visibilityProperty: true}))
  .filter(one => !one.closest("label") && !one.disabled && !one.closest(".visually-hidden"))
  .map(one => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width > 1 && (box.width < 23.5 || box.height < 23.5))
  .filter(([one, box]) => !(one.labels && Array.from(one.labels).some(label => {
    const around = label.getBoundingClientRect();
    return around.height >= 23.5 && around.width >= 23.5;
  })))
  .map(([one, box]) => Math.round(box.width) + "×" + Math.round(box.height)
    + " " + one.outerHTML.slice(0, 100))
"""


class Faults(dict[str, str]):
    """What is wrong, and the first page where it was seen."""

    def note(self, address: str, found: str | list[str] | None) -> None:
        for one in [found] if isinstance(found, str) else found or []:
            self.setdefault(one, address)

    def none(self) -> None:
        assert not self, "\n".join(f"{address}: {fault}" for fault, address in self.items())


@pytest.fixture(params=["en", "ru"])
def speaking(request: pytest.FixtureRequest, walker: Enter) -> Iterator[Walker]:
    """An administrator with a phone, in each language; words differ in length."""
    admin = walker("admin", window=PHONE)
    admin.page.goto(f"/lang/{request.param}")
    yield admin
    admin.page.goto("/lang/en")  # kept with the user, whom other tests know in English


def test_on_a_phone_no_page_scrolls_sideways_and_controls_are_large_enough(
    speaking: Walker,
) -> None:
    faults = Faults()
    for address in every_kind_of_page(speaking, *UNLINKED):
        faults.note(address, speaking.page.evaluate(TOO_WIDE))
        faults.note(address, speaking.page.evaluate(SMALL))
    faults.none()


def test_on_a_desk_rows_are_near_the_top_controls_are_large_enough_and_nothing_is_inline(
    walker: Enter,
) -> None:
    admin, faults, lists = walker("admin"), Faults(), 0
    for address in every_kind_of_page(admin, *UNLINKED):
        faults.note(address, admin.page.evaluate(SMALL))
        faults.note(address, inline(admin))
        if "/list/" in address:
            top = admin.page.evaluate(FIRST_ROW)
            lists += top is not None
            if top is not None and top > FIRST_ROW_WITHIN:
                faults.note(address, f"{address}: its first row begins at {top} px")
    assert lists > 8
    faults.none()


def inline(walker: Walker) -> list[str]:
    """What the page as it was sent would run or wear by itself, or a policy that lets it."""
    assert walker.answer is not None
    wrong = INLINE.findall(walker.answer.text())
    if POLICY not in walker.answer.headers["content-security-policy"]:
        wrong.append("another policy")
    return wrong
