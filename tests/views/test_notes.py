"""Notes: the list of everything that happened, and changing one's own words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.models import Note
from tests.factories import make_client, make_lead
from tests.views.pages import counted, keep, read, text_of


def noted(app: Any, browser: Any, text: str) -> int:
    """A note that somebody wrote to a lead."""
    number = keep(app, lambda session: make_lead(session).id)
    browser.post(f"/leadview/{number}/write_note", data={"text": text})
    asked = select(Note.id).where(Note.lead_id == number, Note.kind == "person")
    return int(read(app, lambda session: session.scalar(asked)))


def test_the_list_tells_the_newest_first(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    noted(app, operator, "the first words")
    noted(app, operator, "<script>alert(2)</script>")
    page = text_of(operator.get("/noteview/list/"))
    assert page.index("&lt;script&gt;alert(2)") < page.index("the first words")
    assert "<script>alert" not in page
    assert "Operator Test" in page
    calls = text_of(operator.get("/noteview/list/?_flt_2_kind=call"))
    assert "the first words" not in calls
    assert client_as("Marketer").get("/noteview/list/").status_code == 403


def test_one_changes_ones_own_words(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    number = noted(app, operator, "wrnog")
    assert f"/noteview/edit/{number}" in text_of(operator.get("/noteview/list/"))
    assert f"/noteview/edit/{number}" not in text_of(client_as("Manager").get("/noteview/list/"))
    assert "wrnog" in text_of(operator.get(f"/noteview/edit/{number}"))
    answer = operator.post(f"/noteview/edit/{number}", data={"text": "right"})
    assert answer.status_code == 302
    assert read(app, lambda s: s.get(Note, number).text) == "right"
    empty = operator.post(f"/noteview/edit/{number}", data={"text": "  "})
    assert empty.status_code == 400
    assert read(app, lambda s: s.get(Note, number).text) == "right"


def test_nobody_changes_the_words_of_others_or_of_the_system(app: Any, client_as: Any) -> None:
    number = noted(app, client_as("Operator"), "mine")
    manager = client_as("Manager")
    assert manager.get(f"/noteview/edit/{number}").status_code == 403
    assert manager.post(f"/noteview/edit/{number}", data={"text": "x"}).status_code == 403
    assert read(app, lambda s: s.get(Note, number).text) == "mine"
    keep(app, lambda s: make_client(s).id)
    system = read(app, lambda s: s.scalar(select(Note.id).where(Note.kind == "created")))
    assert manager.post(f"/noteview/edit/{system}", data={"text": "x"}).status_code == 403


def test_a_note_shows_its_lead(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    page = text_of(operator.get(f"/noteview/show/{noted(app, operator, 'some words')}"))
    assert "some words" in page
    assert "/leadview/show/" in page


def test_few_statements_however_many_notes(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")

    def fill(count: int) -> None:
        def make(session: Any) -> None:
            for _ in range(count):
                make_lead(session).write_note("words")
                make_client(session)

        keep(app, make)

    fill(3)
    few = counted(app, lambda: operator.get("/noteview/list/?psize_NoteView=100"))
    fill(20)
    many = counted(app, lambda: operator.get("/noteview/list/?psize_NoteView=100"))
    assert few == many
    assert many <= 10
