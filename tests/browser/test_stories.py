"""Stories, the document pane and acts that cannot be undone, as a manager uses them in Chromium."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.chromium import READY_WITHIN, Walker
from tests.served import Server

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
NARROW: ViewportSize = {"width": 360, "height": 780}


@contextmanager
def database(server: Server) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(server.folder / "crm.sqlite3", timeout=60)) as connection:
        yield connection
        connection.commit()


def one(server: Server, question: str) -> int:
    with database(server) as connection:
        return int(connection.execute(question).fetchone()[0])


def stay(page: Page) -> None:
    """Marks the page: it has gone when the browser loads another one."""
    page.evaluate("window.stayed = true")


def has_stayed(page: Page) -> bool:
    return bool(page.evaluate("window.stayed === true"))


def test_a_note_is_written_pinned_and_filtered_where_it_stands(
    server: Server, walker: Enter
) -> None:
    manager = walker("manager")
    page, client = manager.page, one(server, "SELECT max(client_id) FROM contract")
    page.goto(f"/clientview/show/{client}")
    stay(page)
    page.keyboard.press("m")
    expect(page.get_by_label("Note", exact=True)).to_be_focused()
    page.keyboard.type("Mind the dog at the door")
    page.get_by_role("button", name="Save note").click()
    words = page.locator(".story-words", has_text="Mind the dog at the door")
    expect(words).to_have_count(1)
    expect(page.locator("#status")).to_contain_text("The note has been saved.")
    expect(page.get_by_label("Note", exact=True)).to_have_value("")

    words.get_by_role("button", name="Pin").click()
    pinned = page.locator(".story-pinned .story-words", has_text="Mind the dog at the door")
    expect(pinned).to_have_count(1)
    expect(words).to_have_count(1)
    manager.shoot("client-pinned")

    page.locator("#story-calls").click()
    expect(page.locator("#story-calls")).to_have_attribute("aria-current", "true")
    expect(words).to_have_count(0)
    assert has_stayed(page)
    assert re.search(r"story=calls", page.url)
    page.reload()
    expect(page.locator("#story-calls")).to_have_attribute("aria-current", "true")

    page.locator("#story-notes").click()
    pinned.get_by_role("button", name="Unpin").click()
    expect(pinned).to_have_count(0)


def test_older_entries_are_loaded_below_and_take_the_focus(server: Server, walker: Enter) -> None:
    manager = walker("manager")
    page, client = manager.page, one(server, "SELECT min(client_id) FROM contract")
    with database(server) as connection:
        for number in range(40):
            connection.execute(
                "INSERT INTO note (kind, text, at, pinned, author_kind, author, client_id)"
                " VALUES ('person', ?, '2020-01-01 00:00:00.000000', 0, 'system', '', ?)",
                (f"old words {number}", client),
            )
    page.goto(f"/clientview/show/{client}?story=notes")
    stay(page)
    page.get_by_role("link", name="Load older").click()
    expect(page.locator(".story-words", has_text="old words 0")).to_have_count(1)
    expect(page.locator(".story-line:focus")).to_have_count(1)
    assert has_stayed(page)


def test_the_pane_waits_and_shows_the_pages_when_they_are_there(
    server: Server, walker: Enter
) -> None:
    manager = walker("manager")
    page = manager.page
    document = one(server, "SELECT max(id) FROM document WHERE state = 'ready'")
    contract = one(server, f"SELECT contract_id FROM document WHERE id = {document}")  # noqa: S608
    wait = (
        "UPDATE document SET state = 'waiting', ordered_at = strftime('%Y-%m-%d %H:%M:%f', 'now'),"
        " attempts = 0, lease_token = NULL, next_try_at = ? WHERE id = ?"
    )
    with database(server) as connection:
        connection.execute(wait, ("2099-01-01 00:00:00.000000", document))
    page.goto(f"/contractview/show/{contract}")
    pane = page.locator("#document-pane")
    expect(pane).to_contain_text("usually under a minute")
    manager.shoot("contract-waits")
    stay(page)
    with database(server) as connection:
        connection.execute(wait, ("2020-01-01 00:00:00.000000", document))
    expect(pane).to_contain_text("Ready", timeout=READY_WITHIN)
    expect(page.locator("#status")).to_contain_text("of the PDF is ready.")
    picture = pane.locator("img").first
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 900)
    assert has_stayed(page)
    manager.shoot("contract-ready")

    page.set_viewport_size(NARROW)
    expect(picture).to_be_hidden()
    expect(pane.get_by_role("link", name="Download")).to_be_visible()


def test_what_cannot_be_undone_asks_in_a_dialog_with_the_focus_on_cancel(
    server: Server, walker: Enter
) -> None:
    manager = walker("manager")
    page = manager.page
    contract = one(server, "SELECT min(id) FROM contract WHERE status = 'signed'")
    page.goto(f"/contractview/show/{contract}")
    terminate = page.get_by_role("link", name="Terminate", exact=True)
    terminate.click()
    dialog = page.locator("#act-dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    expect(dialog).to_contain_text("№")
    expect(dialog).to_contain_text("₽")
    expect(dialog).to_contain_text("This cannot be undone.")
    manager.shoot("contract-terminate")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(terminate).to_be_focused()

    terminate.click()
    dialog.get_by_role("link", name="Cancel").press("Enter")
    expect(dialog).to_be_hidden()
    terminate.click()
    manager.expected.add(400)
    dialog.get_by_role("button", name="Terminate").click()
    manager.sees("Fill in this field.")  # no reason was given: the act's own page keeps the rest
    assert page.url.endswith(f"/contractview/{contract}/terminate")
    page.locator("[name=reason]").fill("They moved away")
    page.get_by_role("button", name="Terminate", exact=True).click()
    manager.sees("The contract has been terminated.")
    manager.sees("They moved away")
