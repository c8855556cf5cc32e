"""Nothing needs scrolling that should not: phones sideways, and the way to a list's first row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.chromium import Walker
from tests.browser.crawl import every_kind_of_page

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
PHONE: ViewportSize = {"width": 360, "height": 740}
FIRST_ROW_WITHIN = 140
# The widest element that stands out, unless something around it scrolls by itself.
TOO_WIDE = """
() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return null;
  let worst = null, edge = room;
  for (const one of document.body.querySelectorAll("*")) {
    const right = one.getBoundingClientRect().right;
    if (right > edge + 0.5 && one.checkVisibility()) { worst = one; edge = right; }
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
    "button, summary, input:not([type=hidden]), select, [role=button], .btn"))
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


def test_no_page_scrolls_sideways_on_a_phone(walker: Enter) -> None:
    admin, faults = walker("admin", window=PHONE), list[str]()
    for address in every_kind_of_page(admin):
        wide = admin.page.evaluate(TOO_WIDE)
        if wide:
            faults.append(f"{address}: {wide}")
    assert not faults, "\n".join(faults)


def test_the_first_row_of_every_list_is_near_the_top(walker: Enter) -> None:
    admin, faults, lists = walker("admin"), list[str](), 0
    for address in every_kind_of_page(admin):
        if "/list/" not in address:
            continue
        top = admin.page.evaluate(FIRST_ROW)
        lists += top is not None
        if top is not None and top > FIRST_ROW_WITHIN:
            faults.append(f"{address}: its first row begins at {top} px")
    assert lists > 8
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("window", [None, PHONE], ids=["desk", "phone"])
def test_every_control_is_large_enough_to_hit(walker: Enter, window: ViewportSize | None) -> None:
    admin = walker("admin", window=window) if window else walker("admin")
    faults: dict[str, str] = {}
    for address in every_kind_of_page(admin):
        for small in admin.page.evaluate(SMALL):
            faults.setdefault(small, address)
    assert not faults, "\n".join(f"{address}: {small}" for small, address in faults.items())
