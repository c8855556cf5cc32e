"""Similar people on the page, the page of a merge, its undo, and where the old address leads."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from app.models import Client, Lead, Merge
from app.models.client import ClientKind
from tests.factories import make_client, make_lead
from tests.views.pages import counted, keep, read, text_of

NUMBERS = count(1)


def two(app: Any, make: Any = make_lead, **changes: Any) -> tuple[int, int]:
    def both(session: Any) -> tuple[int, int]:
        number = f"+7901{next(NUMBERS):07}"
        one = make(session, last_name="Иванов", first_name="Сергей", phone=number)
        values = {
            "last_name": "Ivanov",
            "first_name": "Sergey",
            "phone": f"+7902{next(NUMBERS):07}",
        }
        return one.id, make(session, **(values | changes)).id

    made: tuple[int, int] = keep(app, both)
    return made


def opened(client: Any, address: str) -> dict[str, str]:
    page = text_of(client.get(address))
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    chosen = dict(re.findall(r'type="radio" name="([^"]+)" value="([^"]*)" checked', page))
    return hidden | chosen


@pytest.mark.parametrize(("make", "base"), [(make_lead, "leadview"), (make_client, "clientview")])
def test_a_similar_name_is_suggested_and_merged(
    app: Any, client_as: Any, make: Any, base: str
) -> None:
    one, other = two(app, make)
    manager = client_as("Manager")
    page = text_of(manager.get(f"/{base}/show/{one}"))
    assert "same name in other letters" in page
    assert f"/{base}/{one}/merge?with={other}" in page.replace("&amp;", "&")
    address = f"/{base}/{one}/merge?with={other}"
    values = opened(manager, address)
    assert values["survivor"] == str(one)
    answer = manager.post(address, data=values | {"choice_name": str(other)})
    assert (answer.status_code, answer.location) == (302, f"/{base}/show/{one}")
    page = text_of(manager.get(f"/{base}/show/{one}"))
    assert "Sergey Ivanov" in page
    assert "Merged with" in page
    assert "/undo/" in page
    gone = manager.get(f"/{base}/show/{other}")
    assert (gone.status_code, gone.location) == (302, f"/{base}/show/{one}")
    done = read(app, lambda session: session.scalars(select(Merge.id)).one())
    undone = manager.post(f"/{base}/{one}/unmerge", data={"merge": done})
    assert undone.status_code == 302
    assert manager.get(f"/{base}/show/{other}").status_code == 200
    assert "Undone: merged with" in text_of(manager.get(f"/{base}/show/{one}"))


def test_the_undo_button_of_the_message_gives_it_back(app: Any, client_as: Any) -> None:
    one, other = two(app)
    manager = client_as("Manager")
    address = f"/leadview/{one}/merge?with={other}"
    manager.post(address, data=opened(manager, address))
    page = text_of(manager.get(f"/leadview/show/{one}"))
    found = re.search(r'action="(/undo/\d+)"', page)
    assert found is not None
    assert manager.post(found[1]).status_code == 302
    merged = read(app, lambda session: session.get(Lead, other).merged_into_id)
    assert merged is None


def test_operators_merge_nothing(app: Any, client_as: Any) -> None:
    one, other = two(app)
    operator = client_as("Operator")
    assert operator.get(f"/leadview/{one}/merge?with={other}").status_code == 403
    page = text_of(operator.get(f"/leadview/show/{one}"))
    assert "same name in other letters" in page
    assert "/merge?" not in page
    moved = operator.get(f"/leadview/show/{other}")
    assert moved.status_code == 200


def test_operators_are_led_to_the_survivor_too(app: Any, client_as: Any) -> None:
    one, other = two(app)
    manager = client_as("Manager")
    address = f"/leadview/{one}/merge?with={other}"
    manager.post(address, data=opened(manager, address))
    answer = client_as("Operator").get(f"/leadview/show/{other}")
    assert answer.location == f"/leadview/show/{one}"


def test_two_ticked_rows_go_to_the_page_of_the_merge(app: Any, client_as: Any) -> None:
    for make, base in ((make_lead, "leadview"), (make_client, "clientview")):
        one, other = two(app, make)
        manager = client_as("Manager")
        assert 'value="merge"' in text_of(manager.get(f"/{base}/list/"))
        answer = manager.post(f"/{base}/bulk", data={"act": "merge", "rowid": [one, other]})
        assert answer.location == f"/{base}/{one}/merge?with={other}"
        answer = manager.post(f"/{base}/bulk", data={"act": "merge", "rowid": [one]})
        assert answer.location == f"/{base}/list/"
    assert 'value="merge"' not in text_of(client_as("Operator").get("/leadview/list/"))
    refused = client_as("Operator").get(f"/clientview/{one}/merge?with={other}")
    assert refused.status_code == 403


def test_who_was_slower_gets_409_and_a_link(app: Any, client_as: Any) -> None:
    one, other = two(app)
    first, second = client_as("Manager"), client_as("Admin")
    address = f"/leadview/{one}/merge?with={other}"
    mine, theirs = opened(first, address), opened(second, address)
    assert first.post(address, data=mine).status_code == 302
    answer = second.post(address, data=theirs | {"survivor": str(other)})
    assert answer.status_code == 409
    assert f"/leadview/show/{one}" in text_of(answer)


def test_a_change_meanwhile_is_shown_before_the_merge(app: Any, client_as: Any) -> None:
    one, other = two(app)
    manager = client_as("Manager")
    address = f"/leadview/{one}/merge?with={other}"
    values = opened(manager, address)
    keep(app, lambda session: session.get(Lead, other).change(company_name="Romashka"))
    answer = manager.post(address, data=values)
    assert answer.status_code == 409
    assert "Romashka" in text_of(answer)
    assert manager.post(address, data=opened(manager, address)).status_code == 302


def test_what_contradicts_an_undo_is_said(app: Any, client_as: Any) -> None:
    one, other = two(app)
    manager = client_as("Manager")
    address = f"/leadview/{one}/merge?with={other}"
    manager.post(address, data=opened(manager, address) | {"choice_name": str(other)})
    keep(app, lambda session: session.get(Lead, one).change(first_name="Serge"))
    done = read(app, lambda session: session.scalars(select(Merge.id)).one())
    manager.post(f"/leadview/{one}/unmerge", data={"merge": done})
    page = text_of(manager.get(f"/leadview/show/{one}"))
    assert "Changed since the merge: First name" in page


def test_clients_are_told_apart_for_good(app: Any, client_as: Any) -> None:
    one, other = two(app, make_client)
    manager = client_as("Manager")
    answer = manager.post(f"/clientview/{one}/not_same", data={"other": f"client-{other}"})
    assert answer.status_code == 302
    page = text_of(manager.get(f"/clientview/show/{other}"))
    assert "same name in other letters" not in page
    assert "1 other person" in page
    refused = manager.post(
        f"/clientview/{one}/merge?with={other}",
        data=opened(manager, f"/clientview/{one}/merge?with={other}"),
    )
    assert refused.status_code == 409
    assert "not the same person" in text_of(refused)


def test_a_new_lead_of_a_client_is_shown_with_the_client(app: Any, client_as: Any) -> None:
    def make(session: Any) -> tuple[int, int, int, int]:
        person = make_client(session, last_name="Known", phone="+79000000001")
        firm = Client(kind=ClientKind.ORGANISATION.value, contact_points=[])
        session.add(firm)
        with session.no_autoflush:
            firm.create(organisation_name="Firm", phone="+79000000009")
        session.flush()
        firm.add_person(last_name="At work", phone="+79000000002", email="w@example.com")
        session.flush()
        leads = [
            make_lead(session, phone="+79000000001"),
            make_lead(session, phone="", email="W@example.com"),
        ]
        make_lead(session, phone="+79000000003")
        return person.id, firm.id, leads[0].id, leads[1].id

    person, firm, one, other = keep(app, make)
    operator = client_as("Operator")
    page = text_of(operator.get("/queueview/list/"))
    assert page.count("q-client") == 2
    assert f"/clientview/show/{person}" in page
    assert f"/clientview/show/{firm}" in page
    for number, client in ((one, person), (other, firm)):
        page = text_of(operator.get(f"/leadview/show/{number}"))
        assert "is a client already" in page
        assert f"/clientview/show/{client}" in page
    operator.post(f"/leadview/{one}/not_same", data={"other": f"client-{person}"})
    assert text_of(operator.get("/queueview/list/")).count("q-client") == 1
    assert "is a client already" not in text_of(operator.get(f"/leadview/show/{one}"))


def test_similar_people_cost_a_bounded_number_of_statements(app: Any, client_as: Any) -> None:
    one, _other = two(app)
    manager = client_as("Manager")
    few = counted(app, lambda: manager.get(f"/leadview/show/{one}"))
    for _ in range(6):
        two(app)
    keep(app, lambda session: [make_client(session, last_name="Ivanov", first_name="Sergei")
                               for _ in range(6)])  # fmt: skip
    many = counted(app, lambda: manager.get(f"/leadview/show/{one}"))
    assert many <= few + 5


def test_what_cannot_be_merged_is_said_before_one_chooses(app: Any, client_as: Any) -> None:
    def make(session: Any) -> tuple[int, int]:
        firm = Client(kind=ClientKind.ORGANISATION.value, contact_points=[])
        session.add(firm)
        firm.create(organisation_name="Firm")
        session.flush()
        return make_client(session).id, firm.id

    one, other = keep(app, make)
    page = text_of(client_as("Manager").get(f"/clientview/{one}/merge?with={other}"))
    assert "A person and an organisation are not merged." in page


def test_a_client_with_a_similar_name_is_chosen_when_one_says_so(app: Any, client_as: Any) -> None:
    def make(session: Any) -> tuple[int, int]:
        client = make_client(session, last_name="Щёголева", first_name="Юлия")
        return make_lead(session, last_name="Shchegoleva", first_name="Julia").id, client.id

    number, client = keep(app, make)
    manager = client_as("Manager")
    page = text_of(manager.get(f"/leadview/show/{number}")).replace("&amp;", "&")
    address = f"/leadview/{number}/convert?client={client}"
    assert f'href="{address}"' in page
    values = opened(manager, address)
    assert values["into"] == "other"
    answer = manager.post(address, data=values | {"client": str(client)})
    assert answer.status_code == 302
    assert read(app, lambda session: session.get(Lead, number).client_id) == client
