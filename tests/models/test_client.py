"""A client's verbs: what its story tells, and its contact people."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Client, Lead, Note
from app.models.client import ClientKind
from app.models.lead import NewPerson
from tests.factories import make_client, make_contract, make_lead
from tests.racing import race

PHONE, OTHER = "+79000000001", "+79000000002"


def last_changes(session: Session, client: Client) -> list[dict[str, Any]]:
    session.flush()
    query = select(Note.changes).where(Note.client_id == client.id, Note.kind == "changed")
    return session.scalars(query.order_by(Note.id.desc())).first() or []


@pytest.fixture
def company(session: Session) -> Client:
    made = Client(
        kind=ClientKind.ORGANISATION.value, organisation_name="Romashka", contact_points=[]
    )
    session.add(made)
    made.create()
    session.commit()
    return made


def test_further_contacts_are_told_and_found(session: Session, company: Client) -> None:
    client = make_client(session, phone=PHONE)
    client.change(phone=f"{PHONE}, {OTHER}")
    point = {"field": "contact_points", "old": "", "new": OTHER}
    assert point in last_changes(session, client)
    assert OTHER.removeprefix("+") in client.search_text
    person = company.add_person(last_name="Petrov", phone=PHONE)
    person.change(phone=f"{PHONE}, {OTHER}")
    assert {**point, "person": "Petrov"} in last_changes(session, company)
    assert OTHER.removeprefix("+") in company.search_text


def test_a_lead_that_becomes_a_contact_person_is_told(session: Session, company: Client) -> None:
    lead = make_lead(session, last_name="Petrov", first_name="", phone=PHONE)
    lead.convert(company)
    told = {change["field"]: change["new"] for change in last_changes(session, company)}
    assert told["phone"] == PHONE
    assert told["is_main"] is True
    again = make_lead(session, last_name="Other", phone=f"{PHONE}, {OTHER}")
    again.convert(company, seen=[company.id])
    assert [person.last_name for person in company.people] == ["Petrov"]
    further = [c for c in last_changes(session, company) if c["field"] == "contact_points"]
    assert [(change["person"], change["new"]) for change in further] == [("Petrov", OTHER)]


def test_contracts_are_found_by_the_client_s_new_name(session: Session) -> None:
    contract = make_contract(session)
    session.commit()
    seen = (contract.lock_version, contract.changed_at)
    contract.client.change(last_name="Sidorova")
    session.commit()
    assert "sidorova" in contract.search_text
    assert (contract.lock_version, contract.changed_at) == seen
    kinds = select(Note.kind).where(Note.contract_id == contract.id)
    assert session.scalars(kinds).all() == ["created"]


def test_an_organisation_keeps_a_main_person(session: Session, company: Client) -> None:
    first = company.add_person(last_name="First")
    second = company.add_person(last_name="Second")
    session.commit()
    with pytest.raises(Invalid) as refused:
        first.change(is_main=False)
    assert list(refused.value.faults) == ["is_main"]
    second.change(is_main=True)
    session.commit()
    assert [person.is_main for person in company.people] == [False, True]
    first.change(is_main=False, role="Bookkeeper")


def test_two_people_of_one_client_may_be_changed_at_once(session: Session, company: Client) -> None:
    ids = [company.add_person(last_name=name).id for name in ("First", "Second")]
    session.flush()
    ids = [person.id for person in company.people]
    session.commit()

    def act(own: Session, turn: int) -> str:
        from app.models import ContactPerson

        person = own.get_one(ContactPerson, ids[turn])
        person.change(phone=(PHONE, OTHER)[turn])
        return "done"

    assert race(2, act) == ["done", "done"]
    session.rollback()
    session.expire_all()
    for phone in (PHONE, OTHER):
        assert phone.removeprefix("+") in company.search_text


def test_a_client_who_gets_the_phone_at_the_moment_of_a_conversion(session: Session) -> None:
    """One of the two sees the other: never two clients of one person in silence."""
    client_id, lead_id = make_client(session).id, make_lead(session, phone=PHONE).id
    session.commit()

    def act(own: Session, turn: int) -> str:
        if turn:
            own.get_one(Client, client_id).change(phone=PHONE)
        else:
            own.get_one(Lead, lead_id).convert(NewPerson())
        return "done"

    for outcome in race(2, act):
        assert outcome == "done" or type(outcome).__name__ == "UnseenMatch"
