"""Converting a lead through its page: once, into whom the manager chose, whoever else tries."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from app.models import Client, Lead, Note
from app.models.clock import today
from app.ui.formatters import day
from tests.factories import (
    make_campaign,
    make_client,
    make_lead,
    make_service,
    make_signed_contract,
)
from tests.site import logged_in
from tests.views.pages import keep, opened, read, text_of

PHONE = "+79121112233"


def lead_id(app: Any, **changes: Any) -> int:
    return int(keep(app, lambda session: make_lead(session, **changes).id))


def clients(app: Any) -> int:
    return int(read(app, lambda s: s.scalar(select(func.count()).select_from(Client))))


def convert(browser: Any, number: int, **form: Any) -> Any:
    return browser.post(f"/leadview/{number}/convert", data=form)


@pytest.mark.parametrize("role", ["Operator", "Marketer"])
def test_only_managers_and_administrators_convert(app: Any, client_as: Any, role: str) -> None:
    number = lead_id(app)
    somebody = client_as(role)
    assert somebody.get(f"/leadview/{number}/convert").status_code == 403
    assert convert(somebody, number, into="person").status_code == 403
    assert somebody.post(f"/leadview/action/convert/{number}").status_code == 403
    assert clients(app) == 0


def test_the_action_leads_to_the_page(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    manager = client_as("Manager")
    answer = manager.post(f"/leadview/action/convert/{number}")
    assert answer.location.endswith(f"/leadview/{number}/convert")
    assert f"/leadview/{number}/convert" in text_of(manager.get(f"/leadview/show/{number}"))
    assert "/convert" not in text_of(client_as("Operator").get(f"/leadview/show/{number}"))


def test_the_page_shows_who_matches_beside_the_lead(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        client = make_client(session, last_name="O'Toole", phone=PHONE, email="o@example.com")
        make_signed_contract(session, client=client)
        make_client(session, last_name="Stranger")
        return int(make_lead(session, last_name="<b>Bold</b>", phone=PHONE).id)

    number = keep(app, make)
    page = text_of(client_as("Manager").get(f"/leadview/{number}/convert"))
    assert "O&#39;Toole" in page
    assert "o@example.com" in page
    assert "&lt;b&gt;Bold" in page
    assert "<b>Bold" not in page
    assert "Stranger" not in page
    assert re.search(r"Signed contracts</dt><dd>1\b", page)
    assert "checked" not in page  # the phone alone does not choose


def test_an_organisation_matches_by_its_contact_person(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        firm = make_client(session, kind="organisation", organisation_name="Romashka", phone="")
        firm.add_person(last_name="Verova", phone=PHONE)
        early = make_lead(session, email="early@example.com", phone="")
        early.log_call("answered", "in the year 2020")
        early.convert(firm)
        session.flush()
        return int(make_lead(session, last_name="Other", phone=PHONE).id)

    page = text_of(client_as("Manager").get(f"/leadview/{keep(app, make)}/convert"))
    assert "Contact person: Verova" in page
    assert day(today()) in page.split("Romashka", 1)[1]  # the call with the lead that it was


def test_an_equal_phone_and_name_is_chosen_beforehand(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        same = {"first_name": "Anna", "last_name": "Petrova", "phone": PHONE}
        make_client(session, **same)
        return int(make_lead(session, **same).id)

    number = keep(app, make)
    page = text_of(client_as("Manager").get(f"/leadview/{number}/convert"))
    assert re.search(r'value="client-\d+" checked', page)


def test_equal_values_are_told_from_different_and_empty_ones(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        make_client(session, last_name="Known", phone=PHONE, email="")
        return int(make_lead(session, last_name="O", phone=PHONE, email="new@example.com").id)

    page = text_of(client_as("Manager").get(f"/leadview/{keep(app, make)}/convert"))
    client = page[page.index("This client") :].split("</section>")[0]
    words = re.findall(r"the same|differs|is filled", client)
    assert words == ["differs", "the same", "is filled"]  # name, phone, e-mail


def test_the_same_person_of_the_leads_page_is_chosen_beforehand(app: Any, client_as: Any) -> None:
    def make(session: Any) -> tuple[int, int]:
        client = make_client(session, phone=PHONE)
        return int(make_lead(session, phone=PHONE).id), int(client.id)

    number, client = keep(app, make)
    manager = client_as("Manager")
    assert f"/leadview/{number}/convert?client={client}" in text_of(
        manager.get(f"/leadview/show/{number}")
    )
    page = text_of(manager.get(f"/leadview/{number}/convert?client={client}"))
    assert f'value="client-{client}" checked' in page
    assert "checked" not in text_of(manager.get(f"/leadview/{number}/convert?client=99999"))


def test_the_campaigns_service_is_offered_for_the_contract(app: Any, client_as: Any) -> None:
    def make(session: Any) -> tuple[int, int]:
        campaign = make_campaign(session, service=make_service(session, title="Yacht <wash>"))
        return int(make_lead(session, campaign=campaign).id), int(campaign.service.id)

    number, service = keep(app, make)
    manager = client_as("Manager")
    page = text_of(manager.get(f"/leadview/{number}/convert"))
    assert "Start a contract for “Yacht &lt;wash&gt;”" in page
    answer = convert(manager, number, into="person", start_contract="y")
    assert f"service={service}" in answer.location


def test_into_a_new_person(app: Any, client_as: Any) -> None:
    number = lead_id(app, last_name="O'Toole", phone=PHONE)
    manager = client_as("Manager")
    answer = convert(manager, number, into="person")
    made = read(app, lambda s: s.scalars(select(Client)).one())
    assert answer.location.endswith(f"/clientview/show/{made.id}")
    assert (made.kind, made.last_name, made.phone_key) == ("person", "O'Toole", PHONE)
    note = read(app, lambda s: s.scalars(select(Note).where(Note.kind == "converted")).one())
    assert (note.author, note.lead_id, note.client_id) == ("Manager Test", number, made.id)
    page = text_of(manager.get(f"/leadview/show/{number}"))
    assert "This lead has been converted." in page
    assert f"/clientview/show/{made.id}" in page


def test_into_a_new_organisation_with_the_lead_as_contact_person(app: Any, client_as: Any) -> None:
    number = lead_id(app, last_name="Petrova", phone=PHONE)
    manager = client_as("Manager")
    nameless = convert(manager, number, into="organisation")
    assert nameless.status_code == 400
    assert clients(app) == 0
    convert(manager, number, into="organisation", organisation_name="Romashka")

    def look(session: Any) -> None:
        client = session.scalars(select(Client)).one()
        assert (client.kind, client.organisation_name) == ("organisation", "Romashka")
        assert [(p.last_name, p.is_main) for p in client.people] == [("Petrova", True)]

    read(app, look)


def test_into_a_matching_client_filling_only_what_is_empty(app: Any, client_as: Any) -> None:
    known = keep(app, lambda s: make_client(s, last_name="Known", phone=PHONE).id)
    number = lead_id(app, last_name="Other", phone=PHONE, email="new@example.com")
    convert(client_as("Manager"), number, into=f"client-{known}", seen=str(known))
    client = read(app, lambda s: s.get(Client, known))
    assert (client.last_name, client.email_key) == ("Known", "new@example.com")
    assert clients(app) == 1


def test_into_any_client_of_the_picker(app: Any, client_as: Any) -> None:
    other = keep(app, lambda s: make_client(s, last_name="Elsewhere").id)
    number = lead_id(app)
    manager = client_as("Manager")
    assert convert(manager, number, into="other").status_code == 400
    answer = convert(manager, number, into="other", client=other)
    assert answer.location.endswith(f"/clientview/show/{other}")


@pytest.mark.parametrize("into", ["", "client-x", "client-99999", "nobody", "client-"])
def test_a_choice_that_is_none_is_refused(app: Any, client_as: Any, into: str) -> None:
    number = lead_id(app)
    assert convert(client_as("Manager"), number, into=into).status_code == 400
    assert clients(app) == 0


def test_a_client_who_was_put_away_cannot_be_chosen(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        client = make_client(session)
        client.put_away("mistake")
        return int(client.id)

    away = keep(app, make)
    number = lead_id(app)
    assert convert(client_as("Manager"), number, into=f"client-{away}").status_code == 400


def test_a_match_that_has_appeared_meanwhile_is_shown_and_marked(app: Any, client_as: Any) -> None:
    number = lead_id(app, phone=PHONE)
    manager = client_as("Manager")
    form = opened(manager, f"/leadview/{number}/convert")
    new = keep(app, lambda s: make_client(s, last_name="Suddenly", phone=PHONE).id)
    answer = manager.post(f"/leadview/{number}/convert", data=form | {"into": "person"})
    page = text_of(answer)
    assert answer.status_code == 409
    assert "has just appeared" in page
    assert "Suddenly" in page
    assert clients(app) == 1
    # Seen by now, the manager may insist.
    again = form | {"into": "person", "seen": str(new)}
    assert manager.post(f"/leadview/{number}/convert", data=again).status_code == 302
    assert clients(app) == 2


def test_the_second_manager_is_led_to_the_client(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    first, second = client_as("Manager"), client_as("Admin")
    form = opened(second, f"/leadview/{number}/convert")
    convert(first, number, into="person")
    answer = second.post(f"/leadview/{number}/convert", data=form | {"into": "person"})
    made = read(app, lambda s: s.get(Lead, number).client_id)
    assert answer.status_code == 409
    assert "This lead has been converted already." in text_of(answer)
    assert f"/clientview/show/{made}" in text_of(answer)
    assert "Manager Test, " in text_of(answer)  # who was quicker, and when
    assert clients(app) == 1


def test_a_double_click_makes_one_client_and_looks_as_one(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    manager = client_as("Manager")
    form = opened(manager, f"/leadview/{number}/convert") | {"into": "person"}
    for _ in range(2):
        assert manager.post(f"/leadview/{number}/convert", data=form).status_code == 302
    assert clients(app) == 1


def test_a_contract_is_started_on_the_way(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    answer = convert(client_as("Manager"), number, into="person", start_contract="y")
    made = read(app, lambda s: s.get(Lead, number).client_id)
    assert "/contractview/add" in answer.location
    assert f"client={made}" in answer.location
    assert f"lead={number}" in answer.location


def test_a_lost_lead_is_not_converted(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        lead = make_lead(session)
        lead.lose("other")
        return int(lead.id)

    number = keep(app, make)
    manager = client_as("Manager")
    assert "This lead is closed" in text_of(manager.get(f"/leadview/{number}/convert"))
    assert convert(manager, number, into="person").status_code == 409


@pytest.mark.parametrize("leads", [1, 2])
def test_many_at_once_make_one_client(app: Any, leads: int) -> None:
    """One lead, or two leads of one person: each sender has seen no match."""
    numbers = [keep(app, lambda s: make_lead(s, email="one@example.com", phone="").id)]
    if leads == 2:

        def other(session: Any) -> int:
            campaign = make_campaign(session)
            return int(make_lead(session, email="one@example.com", phone="", campaign=campaign).id)

        numbers.append(keep(app, other))
    browsers = [logged_in(app, ("manager", "admin")[at % 2]) for at in range(8)]
    barrier, answers = threading.Barrier(len(browsers)), []

    def click(at: int) -> None:
        barrier.wait(timeout=60)
        answers.append(convert(browsers[at], numbers[at % leads], into="person").status_code)

    threads = [threading.Thread(target=click, args=(at,)) for at in range(len(browsers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(answers) == [302] + [409] * 7
    assert clients(app) == 1
