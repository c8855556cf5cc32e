"""Notes: the list of everything that happened, and changing one's own words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.models import Note
from app.models.lead import NewPerson
from tests.factories import make_client, make_contract, make_lead
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
    mine, page = f"/noteview/edit/{number}", f"/noteview/show/{number}"
    assert mine in text_of(operator.get(page))
    assert mine not in text_of(client_as("Manager").get(page))
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


# -- pinned ----------------------------------------------------------------------------------------


def test_a_note_is_pinned_from_the_page_where_it_stands(app: Any, client_as: Any) -> None:
    def make(session: Any) -> tuple[int, int, int]:
        lead = make_lead(session)
        note = lead.write_note("mind the dog")
        client = lead.convert(NewPerson())
        session.flush()
        return int(note.id), int(lead.id), int(client.id)

    note, lead, client = keep(app, make)
    operator = client_as("Operator")
    answer = operator.post(f"/noteview/{note}/pin", data={"at": "client"})
    assert answer.location == f"/clientview/show/{client}"
    assert read(app, lambda s: s.get(Note, note).pinned)
    page = text_of(operator.get(answer.location))
    assert page.index('class="story-lines story-pinned"') < page.index("mind the dog")
    assert page.count("mind the dog") == 1
    answer = operator.post(f"/noteview/{note}/unpin", data={"at": "lead"})
    assert answer.location == f"/leadview/show/{lead}"
    assert not read(app, lambda s: s.get(Note, note).pinned)


def test_what_the_system_saw_is_not_pinned(app: Any, client_as: Any) -> None:
    keep(app, lambda s: make_client(s).id)
    system = read(app, lambda s: s.scalar(select(Note.id).where(Note.kind == "created")))
    client_as("Manager").post(f"/noteview/{system}/pin")
    assert not read(app, lambda s: s.get(Note, system).pinned)


def test_a_contracts_note_is_not_there_for_operators_to_pin(app: Any, client_as: Any) -> None:
    keep(app, lambda s: make_contract(s).id)
    asked = select(Note.id).where(Note.contract_id.is_not(None))
    note = read(app, lambda s: s.scalar(asked))
    assert client_as("Operator").post(f"/noteview/{note}/pin").status_code == 404
