"""The product in Russian, page by page: no English word outside data, Russian numbers and days."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Walker
from tests.browser.crawl import every_kind_of_page

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
# Latin words that Russian pages rightly hold: abbreviations, codes, and names that tests enter.
ALLOWED = {
    *("CRM", "ROI", "ROAS", "CPL", "CAC", "PDF", "PNG", "JPEG", "SHA", "UTM", "API", "RU", "RUB"),
    *("English", "Admin", "Manager", "Marketer", "Operator", "Public", "Administrator"),
    *("admin", "manager", "marketer", "operator", "reader", "website", "TOKENS_API", "is_test"),
    *("yandex", "vk", "google", "demo", "question", "utm_source"),
    *("Ivan", "Testov", "Vanya", "Olga", "Orlova", "Vector", "LLC"),
}
DATA = re.compile(
    r"""
    \S+@\S+                 # e-mail addresses
    | /[\w/.-]+             # addresses of doors
    | \b\w+/\w+             # media types
    | \b[0-9a-f]{12,}\b     # checksums and ids of clicks
    """,
    re.VERBOSE,
)
# What people read, hear from a screen reader, or find in a hint; not what a program reads.
READ = """
() => {
  const said = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const around = walk.currentNode.parentElement;
    if (!around.closest("script, style, pre, code, textarea")) said.push(walk.currentNode.data);
  }
  for (const name of ["title", "placeholder", "aria-label", "alt", "data-placeholder"]) {
    const some = document.querySelectorAll("[" + name + "]");
    for (const one of some) said.push(one.getAttribute(name));
  }
  for (const one of document.querySelectorAll("input[type=submit]")) said.push(one.value);
  return said.map(text => text.trim()).filter(text => text);
}
"""
MONEY = re.compile(r"^[-−]?\d{1,3}(\u00a0\d{3})*(,\d\d)?\u00a0₽$")
SUM = re.compile(r"[-−\d\u00a0.,]*\d[\u00a0 ]*₽|₽\s*[\d,.]+")
FOREIGN_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b\d{1,2}:\d\d [AP]M\b")


def test_fields_of_many_choices_speak_russian(walker: Enter) -> None:
    admin = walker("admin", locale="ru-RU")
    admin.page.goto("/users/edit/1")
    field = admin.page.locator("#roles + .select2-container")
    field.locator("input").fill("нет такой роли")
    expect(admin.page.locator(".select2-results")).to_have_text("Ничего не найдено")
    expect(field.locator("[title='Сбросить']")).to_have_count(1)


@pytest.mark.parametrize("name", ["admin", "operator"])
def test_no_english_word_and_no_english_number_is_left(walker: Enter, name: str) -> None:
    somebody = walker(name)
    somebody.click("Русский")
    expect(somebody.page.locator("[lang=ru]").first).to_be_visible()
    english: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for address in every_kind_of_page(somebody):
        for text in somebody.page.evaluate(READ):
            for word in set(re.findall(r"[A-Za-z_]{2,}", DATA.sub(" ", text))) - ALLOWED:
                english.setdefault(word, f"{address}: {text[:200]}")
            sums = [found for found in SUM.findall(text) if not MONEY.match(found.strip())]
            if sums or FOREIGN_DAY.search(text):
                numbers.setdefault(text, address)
    somebody.shoot("russian")
    assert not english, "\n".join(f"{word} at {place}" for word, place in english.items())
    assert not numbers, "\n".join(f"{address}: {text}" for text, address in numbers.items())
