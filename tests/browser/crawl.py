"""Finds its way through the site by its links, one page of each kind."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator

from tests.browser.chromium import Walker

MOST_PAGES = 200
# Another language, the way out, and what is no page.
ELSEWHERE = re.compile(
    r"/(lang|logout|static|back)\b|/(document|preview|download|logo)\b(?!view)|\.(csv|xlsx|json)\b"
)
# Records differ by their state: more than one of each is looked at.
RECORDS = re.compile(r"/(lead|client|contract|submission|document)view/show/")
# What only forms, scripts or keys lead an administrator to.
UNLINKED = (
    "/search/?q=an", "/jobview/list/", "/noteview/list/",
    "/password/form", "/account/form", "/users/password/form?pk=2",
)  # fmt: skip
LINKS = "all => all.map(link => link.getAttribute('href'))"


def every_kind_of_page(walker: Walker, *also: str) -> Iterator[str]:
    """Opens a page of each kind that links lead to, from the start page on; gives its address.

    What the server answered stands in `walker.answer` meanwhile.
    """
    waiting, kinds = ["/", *also], Counter[str]()
    seen: set[str] = set()
    while waiting:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        assert len(seen) <= MOST_PAGES, "the same kind of page over and over again?"
        walker.answer = walker.page.goto(address, wait_until="domcontentloaded")
        if os.environ.get("CRM_SHOTS"):
            walker.shoot(re.sub(r"\W+", "-", address).strip("-")[:80] or "home")
        yield address
        for href in walker.page.locator("a[href^='/']").evaluate_all(LINKS):
            link = href.partition("#")[0]
            kind = _kind_of(link)
            if kinds[kind] < (3 if RECORDS.match(link) else 1) and not ELSEWHERE.search(link):
                kinds[kind] += 1
                waiting.append(link)


def _kind_of(link: str) -> str:
    """Pages of one kind differ in numbers alone; of figures and groups each is its own kind."""
    path, _mark, query = link.partition("?")
    figure = re.search(r"\b(figure|group|kind)=\w+", query)
    return re.sub(r"\d+", "#", path) + (figure[0] if figure else "")
