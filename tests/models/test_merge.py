"""Two records of one person become one: everything moves, once, and can be given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from app.errors import AlreadyMerged, CrmError, NotAllowedNow, OpenLeadExists, Stale
from app.intake import Arrival, receive
from app.laws import LAWS
from app.models import (
    Client,
    Contract,
    Document,
    Lead,
    Model,
    Note,
    PeopleApart,
    RevenueEntry,
    Submission,
)  # fmt: skip
from app.models.actor import Actor, acting_as
from app.models.apart import are_apart, tell_apart
from app.models.base import snapshot
from app.models.client import ClientKind
from app.models.clock import utc_now
from app.models.lead import NewPerson
from app.models.merge import Contradicted, merge, survivor_of
from app.models.note import NoteKind
from app.models.undo import UndoneAlready
from tests import factories
from tests.factories import make_campaign, make_client, make_signed_contract, make_user
from tests.racing import race


def broken_laws(session: Session) -> list[str]:
    session.commit()
    return [line for law in LAWS if (line := law.broken(session))]


def again(session: Session, *rows: Any) -> list[Any]:
    """The check of the laws leaves the session empty."""
    return [session.get_one(type(row), inspect(row).identity[0]) for row in rows]


def make_lead(session: Session, **changes: Any) -> Lead:
    lead = factories.make_lead(session, **changes)
    session.add(Note(kind=NoteKind.CREATED.value, lead=lead))
    session.flush()
    return lead


def two_leads(session: Session, **changes: Any) -> tuple[Lead, Lead]:
    one = make_lead(
        session,
        first_name="Сергей",
        last_name="Иванов",
        phone="+79000000001",
        email="a@example.com",
    )
    values = {"first_name": "Sergey", "last_name": "Ivanov", "phone": "+79000000002"}
    values |= {"email": "b@example.com", "company_name": "Romashka"} | changes
    return one, make_lead(session, **values)


def count(session: Session, noun: Any, **where: Any) -> int:
    query = select(func.count()).select_from(noun).filter_by(**where)
    return int(session.scalar(query) or 0)


def organisation(session: Session, name: str, **values: Any) -> Client:
    firm = Client(kind=ClientKind.ORGANISATION.value, contact_points=[])
    session.add(firm)
    firm.create(organisation_name=name, **values)
    session.flush()
    return firm


# -- leads -----------------------------------------------------------------------------------------


def test_what_was_said_and_asked_moves_to_the_survivor(session: Any) -> None:
    campaign = make_campaign(session)
    one, two = two_leads(session, campaign=campaign)
    one.write_note("N1")
    two.write_note("N2")
    two.log_call("no_answer", "C2")
    session.add(Submission(outcome="accepted", lead_id=two.id, door="leads"))
    session.flush()
    merge(one, two, {"company_name": two.id})
    assert {"N1", "N2", "C2"} <= {note.text for note in one.notes}
    assert count(session, Note, lead_id=two.id) == 0
    assert [row.lead_id for row in session.scalars(select(Submission))] == [one.id]
    assert one.calls == 1
    assert one.last_outcome == "no_answer"
    assert one.company_name == "Romashka"
    assert one.name() == "Иванов Сергей"
    assert one.phone_keys() == {"+79000000001", "+79000000002"}
    assert one.email_keys() == {"a@example.com", "b@example.com"}
    assert "79000000002" in one.search_text
    told = [note for note in one.notes if note.kind == NoteKind.MERGED]
    assert len(told) == 1
    assert told[0].facts == {"lead": two.id, "name": "Ivanov Sergey"}
    assert (two.archived_reason, two.merged_into_id) == ("duplicate", one.id)
    assert survivor_of(session, Lead, two.id) == one.id
    assert broken_laws(session) == []


def test_each_chosen_field_is_the_others(session: Any) -> None:
    one, two = two_leads(session)
    two.move_to("in_work")
    merge(one, two, {"name": two.id, "phone": two.id, "email": two.id, "status": two.id})
    assert one.name() == "Ivanov Sergey"
    assert (one.phone_key, one.email_key) == ("+79000000002", "b@example.com")
    assert {point.key for point in one.contact_points} == {"+79000000001", "a@example.com"}
    assert one.status == "in_work"
    assert one.name_key
    assert broken_laws(session) == []


def test_undone_it_is_as_it_was(session: Any) -> None:
    one, two = two_leads(session)
    one.write_note("N1")
    two.log_call("no_answer", "C2", next_contact_at=utc_now() + timedelta(days=1))
    session.flush()
    columns = [c.key for c in Lead.__table__.columns if c.key not in (
        "lock_version", "changed_at", "changed_by_id",
    )]  # fmt: skip
    before = [snapshot(row, columns) for row in (one, two)]
    points = [row.further_contacts() for row in (one, two)]
    done = merge(one, two, dict.fromkeys(("name", "phone", "status", "next_contact_at"), two.id))
    session.commit()
    done.undo()
    session.commit()
    assert [snapshot(row, columns) for row in (one, two)] == before
    assert [row.further_contacts() for row in (one, two)] == points
    assert {note.text for note in two.notes} == {"", "C2"}
    assert "merged" in {(note.facts or {}).get("undone") for note in one.notes}
    with pytest.raises(UndoneAlready):
        done.undo()
    session.rollback()
    assert broken_laws(session) == []


def test_work_after_the_merge_stays_when_it_is_undone(session: Any) -> None:
    one, two = two_leads(session)
    two.log_call("no_answer", "C2")
    done = merge(one, two, {"status": two.id})
    one.log_call("answered", "later", status="qualified")
    session.flush()
    assert one.calls == 2
    done.undo()
    assert (one.calls, one.status, one.last_outcome) == (1, "qualified", "answered")
    assert (two.calls, two.status) == (1, "in_work")
    assert {"later"} <= {note.text for note in one.notes}
    assert broken_laws(session) == []


def test_a_field_that_was_changed_since_contradicts(session: Any) -> None:
    one, two = two_leads(session)
    done = merge(one, two, {"name": two.id})
    one.change(first_name="Serge")
    session.flush()
    with pytest.raises(Contradicted, match="First name"):
        done.undo()


def test_a_conversion_since_contradicts(session: Any) -> None:
    one, two = two_leads(session)
    done = merge(one, two, {})
    one.convert(NewPerson())
    session.flush()
    with pytest.raises(Contradicted, match="converted"):
        done.undo()


def test_another_merge_since_contradicts_and_addresses_lead_on(session: Any) -> None:
    one, two = two_leads(session)
    third = make_lead(session)
    done = merge(one, two, {})
    later = merge(third, one, {})
    assert survivor_of(session, Lead, two.id) == third.id
    with pytest.raises(Contradicted, match="merged into another"):
        done.undo()
    later.undo()
    done.undo()
    assert survivor_of(session, Lead, two.id) is None
    assert broken_laws(session) == []


def test_a_third_open_lead_of_the_person_is_named(session: Any) -> None:
    campaign = make_campaign(session)
    one = make_lead(session, campaign=campaign, phone="+79000000001")
    two = make_lead(session, phone="+79000000002")
    third = make_lead(session, campaign=campaign, phone="+79000000002")
    session.commit()
    with pytest.raises(OpenLeadExists) as refused:
        merge(one, two, {})
    session.rollback()
    assert refused.value.link == ("lead", third.id)


def test_undo_makes_no_second_open_lead(session: Any) -> None:
    one, two = two_leads(session)
    done = merge(one, two, {"name": two.id})
    session.commit()
    arrival = Arrival(name="Sergey", phone="+79000000002")
    receipt = receive(session, arrival)
    assert receipt.lead_id == one.id  # asks again of the survivor
    session.commit()
    done.undo()
    assert broken_laws(session) == []


def test_a_converted_lead_survives_only(session: Any) -> None:
    one, two = two_leads(session)
    client = two.convert(NewPerson())
    session.flush()
    with pytest.raises(NotAllowedNow):
        merge(one, two, {})
    session.flush()
    merge(two, one, {"status": one.id})
    assert (two.status, two.client) == ("converted", client)
    assert broken_laws(session) == []


def test_contracts_keep_their_campaign_and_document(session: Any) -> None:
    first, second = make_campaign(session), make_campaign(session)
    one, two = two_leads(session, campaign=second)
    one.change(campaign=first)
    client = two.convert(NewPerson())
    session.flush()
    contract = make_signed_contract(session, client=client, lead=two)
    session.commit()
    assert contract.campaign_id == second.id
    one.convert(client, seen=[client.id])
    session.commit()
    merge(one, two, {})
    session.commit()
    assert (contract.lead_id, contract.campaign_id) == (one.id, second.id)
    assert count(session, Document, contract_id=contract.id) == 1
    assert broken_laws(session) == []


def test_words_that_two_are_not_one_refuse_and_move(session: Any) -> None:
    one, two = two_leads(session)
    stranger = make_lead(session)
    tell_apart(session, two, stranger)
    done = merge(one, two, {})
    assert are_apart(session, one, stranger)
    done.undo()
    assert not are_apart(session, one, stranger)
    assert count(session, PeopleApart) == 1
    tell_apart(session, one, two)
    with pytest.raises(NotAllowedNow, match="not the same person"):
        merge(one, two, {})


def test_what_was_merged_does_not_come_back_by_itself(session: Any) -> None:
    one, two = two_leads(session)
    merge(one, two, {})
    with pytest.raises(AlreadyMerged) as refused:
        two.bring_back()
    assert refused.value.link == ("lead", one.id)
    with pytest.raises(AlreadyMerged):
        merge(make_lead(session), two, {})


def test_a_version_that_was_not_seen_is_refused(session: Any) -> None:
    one, two = two_leads(session)
    seen = {one.id: one.lock_version, two.id: two.lock_version}
    two.change(company_name="Else")
    session.flush()
    with pytest.raises(Stale):
        merge(one, two, {}, versions=seen)


def test_of_two_who_merge_at_once_one_wins(session: Any) -> None:
    one, two = two_leads(session)
    ids = one.id, two.id
    session.commit()

    def act(own: Session, turn: int) -> int:
        rows = [own.get_one(Lead, number) for number in ids]
        if turn % 2:
            rows.reverse()
        return merge(rows[0], rows[1], {}).survivor_id

    results = race(6, act)
    won = [one for one in results if isinstance(one, int)]
    assert len(won) == 1, results
    assert all(isinstance(one, (int, CrmError)) and getattr(one, "status", 409) == 409
               for one in results)  # fmt: skip
    session.expire_all()
    assert broken_laws(session) == []


# -- clients ---------------------------------------------------------------------------------------


def test_contracts_leads_and_notes_move_to_the_client(session: Any) -> None:
    lead = make_lead(session, phone="+79000000005")
    two = lead.convert(NewPerson())
    session.flush()
    one = make_client(session, address="Moscow", phone="+79000000006")
    two.change(address="Kazan")
    contract = make_signed_contract(session, client=two, lead=lead)
    draft = make_signed_contract(session, client=two)
    two.write_note("N2")
    session.commit()
    done = merge(one, two, {"address": two.id})
    session.commit()
    assert one.address == "Kazan"
    assert {row.id for row in one.contracts} == {contract.id, draft.id}
    assert [row.id for row in one.leads] == [lead.id]
    assert "N2" in {note.text for note in one.notes}
    assert one.phone_keys() == {"+79000000005", "+79000000006"}
    assert count(session, Document) == 2  # no version follows: nothing that is printed changed
    assert (two.archived_reason, two.merged_into_id) == ("duplicate", one.id)
    assert broken_laws(session) == []
    one, two, contract, draft, done = again(session, one, two, contract, draft, done)
    done.undo()
    session.commit()
    assert one.address == "Moscow"
    assert {row.id for row in two.contracts} == {contract.id, draft.id}
    assert one.contracts == []
    assert not two.is_put_away
    assert broken_laws(session) == []


def test_an_amendment_after_a_merge_keeps_the_frozen_client(session: Any) -> None:
    two = make_client(session, last_name="Frozen")
    contract = make_signed_contract(session, client=two)
    session.commit()
    one = make_client(session, last_name="Other")
    merge(one, two, {})
    session.commit()
    contract.amend("why", amount=5)
    session.commit()
    newest = max(contract.documents, key=lambda document: document.version)
    assert newest.version == 2
    assert "Frozen" in newest.terms["client"]["name"]


def test_a_contract_signed_since_contradicts(session: Any) -> None:
    from tests.factories import complete_company, make_contract

    complete_company(session)
    one, two = make_client(session), make_client(session)
    draft = make_contract(session, client=two)
    done = merge(one, two, {})
    session.commit()
    draft.sign()
    session.commit()
    with pytest.raises(Contradicted, match="signed") as refused:
        done.undo()
    assert refused.value.link == ("contract", draft.id)


def test_contact_people_move_and_one_stays_main(session: Any) -> None:
    one = organisation(session, "Ромашка", tax_id="1", tax_country="RU")
    two = organisation(session, "ООО Ромашка", tax_id="2", tax_country="RU")
    main = one.add_person(last_name="A", phone="+79000000011")
    other = two.add_person(last_name="B", phone="+79000000012")
    session.commit()
    done = merge(one, two, {"taxpayer": two.id})
    session.commit()
    assert one.tax_id == "2"
    assert {person.id for person in one.people} == {main.id, other.id}
    assert one.main_person is main
    assert broken_laws(session) == []
    one, two, main, other, done = again(session, one, two, main, other, done)
    done.undo()
    session.commit()
    assert (one.tax_id, two.tax_id) == ("1", "2")
    assert (one.main_person, two.main_person) == (main, other)
    assert broken_laws(session) == []


def test_a_person_and_an_organisation_stay_two(session: Any) -> None:
    with pytest.raises(NotAllowedNow):
        merge(make_client(session), organisation(session, "Firm"), {})


def test_the_merge_tells_who_did_it(session: Any) -> None:
    anna = make_user(session, "Manager")
    one, two = make_client(session), make_client(session)
    with acting_as(Actor("user", "Anna", anna.id)):
        done = merge(one, two, {})
    note = session.scalars(select(Note).where(Note.kind == NoteKind.MERGED.value)).one()
    assert (note.author, done.by_id) == ("Anna", anna.id)


def test_two_who_merge_clients_with_contracts_at_once_do_not_block_each_other(session: Any) -> None:
    one, two = make_client(session), make_client(session)
    for client in (one, two, one, two):
        make_signed_contract(session, client=client)
    ids = one.id, two.id
    session.commit()

    def act(own: Session, turn: int) -> int:
        rows = [own.get_one(Client, number) for number in ids]
        if turn % 2:
            rows.reverse()
        return merge(rows[0], rows[1], {}).survivor_id

    results = race(6, act)
    assert len([one for one in results if isinstance(one, int)]) == 1, results
    assert all(isinstance(one, (int, AlreadyMerged)) for one in results), results
    assert broken_laws(session) == []


def test_revenue_stays_with_the_campaigns_that_earned_it(session: Any) -> None:
    first, second = make_campaign(session), make_campaign(session)
    one, two = make_client(session, campaign=first), make_client(session, campaign=second)
    for client in (one, two):
        make_signed_contract(session, client=client, amount=100)
    session.commit()

    def earned() -> dict[int | None, Any]:
        sums = select(Contract.campaign_id, func.sum(RevenueEntry.amount)).join(Contract)
        return {row[0]: row[1] for row in session.execute(sums.group_by(Contract.campaign_id))}

    before = earned()
    assert set(before) == {first.id, second.id}
    done = merge(one, two, {})
    session.commit()
    assert earned() == before
    done.undo()
    session.commit()
    assert earned() == before


# -- nothing is forgotten --------------------------------------------------------------------------


def test_every_reference_to_a_lead_or_client_is_thought_of() -> None:
    """Who adds a table that points to people decides here what becomes of it in a merge."""
    moved = {
        "note.lead_id", "note.client_id", "submission.lead_id", "contract.lead_id",
        "contract.client_id", "lead.client_id", "contact_person.client_id",
    }  # fmt: skip
    copied = {"contact_point.lead_id", "contact_point.client_id"}
    copied |= {f"people_apart.{one}" for one in ("lead_id", "other_lead_id", "client_id")}
    copied |= {"clients_apart.client_id", "clients_apart.other_client_id"}
    stays = {"lead.merged_into_id", "client.merged_into_id"}
    found = {
        f"{table.name}.{key.parent.name}"
        for table in Model.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in ("lead", "client")
    }
    assert found == moved | copied | stays
    assert Contract.__table__.c.lead_id is not None
