"""What axe does not measure: borders, placeholders, the current entry, pills, and the focus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest

from tests.browser.chromium import Walker

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
THEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
STEPS = 30  # of the Tab key on each page
BORDER, TEXT = 3.0, 4.5  # WCAG 1.4.11 and 1.4.3
PAGES = (
    "/leadview/list/", "/leadview/add", "/leads/board/", "/clientview/add?kind=person",
    "/contractview/add", "/settings/", "/statistics/", "/users/add", "/search/?q=an",
)  # fmt: skip
PILLS = ("new", "work", "qualified", "good", "grey", "bad", "info")
MARKS = ("overdue", "today", "later", "nothing")
TOOLS = """
  // Whatever a colour is written in, a canvas turns it into red, green, blue and opacity.
  const dot = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const read = (colour) => {
    dot.clearRect(0, 0, 1, 1);
    dot.fillStyle = colour;
    dot.fillRect(0, 0, 1, 1);
    return Array.from(dot.getImageData(0, 0, 1, 1).data);
  };
  const over = (top, below) => below.map((part, at) => {
    return at === 3 ? 255 : (top[at] * top[3] + part * (255 - top[3])) / 255;
  });
  const behind = (one) => {
    if (!one) return read("Canvas");
    const own = read(getComputedStyle(one).backgroundColor);
    return own[3] === 255 ? own : over(own, behind(one.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const against = (colour, ground) => ratio(over(read(colour), ground), ground);
"""
# A control is told from the page by its border, or by its own colour as a full button is.
BORDERS = """
  const plain = ".form-control, .form-select, select, textarea, .rail-search, .btn:not(.btn-link)";
  return Array.from(document.querySelectorAll(plain))
    .filter(one => one.checkVisibility() && !one.disabled && !one.closest(".visually-hidden"))
    .map(one => {
      const style = getComputedStyle(one), ground = behind(one.parentElement);
      const drawn = parseFloat(style.borderTopWidth) >= 1;
      const edge = drawn ? against(style.borderTopColor, ground) : 1;
      return [Math.max(edge, ratio(behind(one), ground)), one.outerHTML.slice(0, 90)];
    });
"""
PLACEHOLDERS = """
  return Array.from(document.querySelectorAll("[placeholder]"))
    .filter(one => one.checkVisibility() && one.placeholder.trim())
    .map(one => [getComputedStyle(one, "::placeholder").color, one])
    .map(([colour, one]) => [against(colour, behind(one)), one.outerHTML.slice(0, 90)]);
"""
CURRENT = """
  const current = ".rail-entry[aria-current], .list-view[aria-current]";
  return Array.from(document.querySelectorAll(current))
    .filter(one => one.checkVisibility())
    .map(one => [against(getComputedStyle(one).color, behind(one)), one.outerHTML.slice(0, 90)]);
"""
# The current entry is marked by a bar too, since its ground differs but little.
BARS = """
  return Array.from(document.querySelectorAll(".rail-entry[aria-current]"))
    .filter(one => one.checkVisibility())
    .map(one => [getComputedStyle(one, "::before").backgroundColor, one])
    .map(([colour, one]) => [against(colour, behind(one)), one.outerHTML.slice(0, 90)]);
"""
WORDS = """
  const main = document.querySelector("main");
  const grounds = ["--crm-page", "--crm-surface", "--crm-selected", "--crm-hover"];
  return made.flatMap(name => grounds.map(ground => {
    const box = main.appendChild(document.createElement("div"));
    const word = box.appendChild(document.createElement("span"));
    word.className = name;
    word.textContent = "word";
    box.style.background = "var(" + ground + ")";
    const found = against(getComputedStyle(word).color, behind(word));
    box.remove();
    return [found, name + " on " + ground];
  }));
"""


# The line around what has the focus, beside what lies around it.
FOCUS = """
  const one = document.activeElement, style = getComputedStyle(one);
  const line = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const seen = line ? against(style.outlineColor, behind(one.parentElement)) : 0;
  return one === document.body ? [] : [[seen, one.outerHTML.slice(0, 90)]];
"""


def measured(walker: Walker, script: str, least: float, *made: Any) -> tuple[int, list[str]]:
    """How many were measured in both themes, and those below the least ratio."""
    count, faults = 0, []
    for theme in THEMES:
        walker.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found = walker.page.evaluate(f"(made) => {{ {TOOLS} {script} }}", list(made))
        count += len(found)
        place = walker.page.url.removeprefix(walker.server.url)
        faults += [f"{place}: {theme}: {ratio:.2f}: {one}" for ratio, one in found if ratio < least]
    return count, faults


def test_the_measure_itself_is_right(walker: Enter) -> None:
    visitor = walker()
    visitor.page.goto("/login/")
    script = (
        'return [[against("#777", read("#fff")), "grey"], [against("#000", read("#fff")), "black"]]'
    )
    assert measured(visitor, script, TEXT) == (
        4,
        ["/login/: light: 4.48: grey", "/login/: dark: 4.48: grey"],
    )
    assert "/login/: light: 21.00: black" in measured(visitor, script, 21.1)[1]


def test_controls_placeholders_and_the_current_entry_are_seen(walker: Enter) -> None:
    admin = walker("admin")
    counts = dict.fromkeys(("borders", "placeholders", "current"), 0)
    faults: list[str] = []
    for address in PAGES:
        admin.page.goto(address)
        for kind, script, least in (
            ("borders", BORDERS, BORDER),
            ("placeholders", PLACEHOLDERS, TEXT),
            ("current", CURRENT, TEXT),
            ("current", BARS, BORDER),
        ):
            count, wrong = measured(admin, script, least)
            counts[kind] += count
            faults += wrong
    visitor = walker()
    visitor.page.goto("/login/")
    faults += measured(visitor, BORDERS, BORDER)[1]
    assert counts["borders"] > 150
    assert counts["placeholders"] > 8
    assert counts["current"] > 12
    assert not faults, "\n".join(faults)


def test_the_words_of_pills_and_marks_are_read_on_every_ground(walker: Enter) -> None:
    manager = walker("manager")
    manager.page.goto("/leadview/list/")
    made = [f"pill pill-{kind}" for kind in PILLS] + [f"mark mark-{kind}" for kind in MARKS]
    count, faults = measured(manager, WORDS, TEXT, *made)
    assert count == 2 * 4 * len(made)
    assert not faults, "\n".join(faults)


def test_the_focus_is_seen_wherever_it_goes(walker: Enter) -> None:
    manager = walker("manager")
    page = manager.page
    faults: list[str] = []
    stops: set[str] = set()
    for address in ("/queueview/list/", "/leadview/list/", "/leadview/add", "/leads/board/"):
        page.goto(address)
        for _step in range(STEPS):
            page.keyboard.press("Tab")
            stops.add(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
            faults += measured(manager, FOCUS, BORDER)[1]
    assert len(stops) > 2 * STEPS
    assert not faults, "\n".join(dict.fromkeys(faults))
