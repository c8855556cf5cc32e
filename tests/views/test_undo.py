"""The Undo button: it stands in the message of a save and takes that save back, for its maker."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select

from app.models import Lead, Note, UndoStep
from app.models.actor import Actor, acting_as
from tests.factories import make_lead
from tests.views.pages import keep, read, text_of

PHONE = "+79000000001"


def lead_of(app: Any, **changes: Any) -> int:
    number: int = keep(app, lambda session: make_lead(session, **changes).id)
    return number


def status_of(app: Any, number: int) -> str:
    status: str = read(app, lambda session: session.get_one(Lead, number).status)
    return status


def undo_address(page: str) -> str:
    found = re.search(r'action="(/undo/\d+)"', page)
    assert found is not None, page
    return found[1]


def act(browser: Any, number: int, name: str, **form: Any) -> str:
    answer = browser.post(f"/leadview/{number}/{name}", data=form, follow_redirects=True)
    assert answer.status_code == 200
    return text_of(answer)


def test_the_message_of_a_save_carries_the_button(app: Any, client_as: Any) -> None:
    number = lead_of(app)
    browser = client_as("Operator")
    page = act(browser, number, "lose", lost_reason="no_need")
    assert 'data-key="z"' in page
    answer = browser.post(undo_address(page), follow_redirects=True)
    assert "Undone." in text_of(answer)
    assert answer.request.path == f"/leadview/show/{number}"
    assert status_of(app, number) == "new"
    assert "Undone: lost (No need)" in text_of(answer)


def test_a_call_that_opens_the_next_lead_can_be_undone_from_there(app: Any, client_as: Any) -> None:
    number, following = lead_of(app), lead_of(app)
    browser = client_as("Operator")
    page = act(browser, number, "log_call", outcome="no_answer", text="", then="next")
    assert f'href="/leadview/show/{following}"' in page or f"/leadview/{following}/" in page
    browser.post(undo_address(page))
    assert status_of(app, number) == "new"
    assert status_of(app, following) == "new"


def test_who_put_a_lead_away_can_bring_it_back_so_without_the_right_to_restore(
    app: Any, client_as: Any
) -> None:
    number = lead_of(app)
    browser = client_as("Operator")
    answer = browser.post(f"/leadview/delete/{number}", data={"reason": "spam"})
    page = text_of(browser.get(answer.location))
    browser.post(undo_address(page))
    assert read(app, lambda session: session.get_one(Lead, number).archived_at) is None


def test_it_is_for_its_maker_alone(app: Any, client_as: Any) -> None:
    number = lead_of(app)
    address = undo_address(act(client_as("Operator"), number, "take"))
    assert client_as("Admin").post(address).status_code == 404
    assert client_as("Operator").get(address).status_code == 405
    assert status_of(app, number) == "in_work"


def test_a_second_click_says_that_it_was_undone(app: Any, client_as: Any) -> None:
    number = lead_of(app)
    browser = client_as("Operator")
    address = undo_address(act(browser, number, "take"))
    browser.post(address, follow_redirects=True)
    answer = browser.post(address, follow_redirects=True)
    assert "This has been undone already." in text_of(answer)
    assert status_of(app, number) == "new"


def test_a_refusal_names_what_changed_meanwhile(app: Any, client_as: Any) -> None:
    number = lead_of(app)
    browser = client_as("Operator")
    address = undo_address(act(browser, number, "take"))

    def change(session: Any) -> None:
        with acting_as(Actor("user", "Boris Test")):
            session.get_one(Lead, number).change(company_name="Romashka")
            session.flush()

    keep(app, change)
    page = text_of(browser.post(address, follow_redirects=True))
    assert "the record was changed meanwhile" in page
    assert "Boris Test: Changed. Company: empty → Romashka." in page
    assert status_of(app, number) == "in_work"


def test_a_refusal_by_another_open_lead_leads_there(app: Any, client_as: Any) -> None:
    number = lead_of(app, phone=PHONE)
    browser = client_as("Operator")
    address = undo_address(act(browser, number, "lose", lost_reason="no_need"))
    other = lead_of(app, phone=PHONE)
    page = text_of(browser.post(address, follow_redirects=True))
    assert "There is an open lead of this person in this campaign already." in page
    assert f'href="/leadview/show/{other}"' in page


def test_what_is_never_undone_offers_nothing(app: Any, client_as: Any) -> None:
    number = lead_of(app)
    browser = client_as("Manager")
    browser.post(f"/leadview/{number}/convert", data={"into": "new"}, follow_redirects=True)
    browser.post(f"/leadview/edit/{number}", data={}, follow_redirects=True)
    act(browser, number, "write_note", text="words")
    assert read(app, lambda session: session.scalars(select(UndoStep)).all()) == []


def test_the_way_back_stays_on_this_site(app: Any, client_as: Any) -> None:
    number = lead_of(app)
    browser = client_as("Operator")
    for came, expected in (
        ("http://localhost/leadview/list/?search=x", "/leadview/list/?search=x"),
        ("http://localhost/", "/"),
        ("http://elsewhere.example/", f"/leadview/show/{number}"),
        ("http://localhost//elsewhere.example/", "/"),
    ):
        address = undo_address(act(browser, number, "take"))
        answer = browser.post(address, headers={"Referer": came})
        assert answer.location == expected


def test_the_story_tells_a_call_that_was_undone(app: Any, client_as: Any) -> None:
    number = lead_of(app)
    browser = client_as("Operator")
    page = act(browser, number, "log_call", outcome="busy", text="He was busy.")
    page = text_of(browser.post(undo_address(page), follow_redirects=True))
    assert "Undone: call: Busy" in page
    kinds = read(app, lambda s: s.scalars(select(Note.kind).where(Note.lead_id == number)).all())
    assert "call" not in kinds
