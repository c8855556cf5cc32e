"""Laws 2 and 3 through every door: a contract's change leaves a note and orders a document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from app.errors import BulkRefused
from app.listeners import bulk_allowed
from app.models import Batch, Campaign, Contract, Document, Note, Service
from app.models.actor import Actor, acting_as
from app.models.current_batch import filling
from tests.factories import (
    make_campaign,
    make_client,
    make_contract,
    make_service,
    make_signed_contract,
    make_user,
)

ANNA = Actor("user", "Anna Manager")


@pytest.fixture
def draft(session: Session) -> Contract:
    contract = make_contract(session, amount=Decimal("10.00"))
    session.commit()
    return contract


@pytest.fixture
def signed(session: Session) -> Contract:
    contract = make_signed_contract(session, amount=Decimal("10.00"))
    session.commit()
    return contract


def story(session: Session, contract_id: int) -> list[tuple[str, Any]]:
    """The contract's notes without the beginning: (kind, changes)."""
    session.flush()
    query = select(Note.kind, Note.changes).where(Note.contract_id == contract_id)
    told = session.execute(query.order_by(Note.id)).all()
    return [(kind, changes) for kind, changes in told if kind not in ("created", "signed")]


def change(field: str, old: Any, new: Any) -> dict[str, Any]:
    return {"field": field, "old": old, "new": new}


def versions(session: Session) -> list[int]:
    session.flush()
    return list(session.scalars(select(Document.version).order_by(Document.version)))


# -- notes -----------------------------------------------------------------------------------------


def test_an_equal_value_is_no_change(session: Session, draft: Contract) -> None:
    draft.amount = Decimal("10")
    assert story(session, draft.id) == []


def test_the_old_value_of_an_expired_attribute_is_told(session: Session, draft: Contract) -> None:
    session.expire_all()
    draft.amount = Decimal("11.00")
    assert story(session, draft.id) == [("changed", [change("amount", "10.00", "11.00")])]


def test_two_flushes_are_two_notes(session: Session, draft: Contract) -> None:
    for amount in ("11.00", "12.00"):
        draft.amount = Decimal(amount)
        session.flush()
    assert story(session, draft.id) == [
        ("changed", [change("amount", "10.00", "11.00")]),
        ("changed", [change("amount", "11.00", "12.00")]),
    ]


def test_a_rollback_leaves_nothing(session: Session, signed: Contract) -> None:
    signed.amend("more", amount=Decimal("11.00"))
    session.flush()
    session.rollback()
    assert story(session, signed.id) == []
    assert versions(session) == [1]
    signed.amend("more", amount=Decimal("12.00"))
    session.commit()
    assert versions(session) == [1, 2]


def test_a_released_savepoint_stays_one_that_is_rolled_back_does_not(
    session: Session, signed: Contract
) -> None:
    with session.begin_nested():
        signed.amend("kept", amount=Decimal("11.00"))
    savepoint = session.begin_nested()
    signed.amend("lost", amount=Decimal("99.00"))
    session.flush()
    savepoint.rollback()
    session.commit()

    assert story(session, signed.id) == [("amended", [change("amount", "10.00", "11.00")])]
    terms = session.scalars(select(Document.terms).order_by(Document.version)).all()
    assert [version["amount"] for version in terms] == ["10.00", "11.00"]


def test_an_order_in_a_lost_savepoint_is_ordered_again(session: Session, signed: Contract) -> None:
    savepoint = session.begin_nested()
    signed.amend("lost", amount=Decimal("99.00"))
    session.flush()
    savepoint.rollback()
    signed.amend("kept", amount=Decimal("11.00"))
    session.commit()
    terms = session.scalars(select(Document.terms).order_by(Document.version)).all()
    assert [version["amount"] for version in terms] == ["10.00", "11.00"]


def test_a_move_to_another_client_is_told_at_both(session: Session, draft: Contract) -> None:
    left, reached = draft.client, make_client(session)
    draft.change(client=reached)
    session.commit()
    told = session.scalars(select(Note).where(Note.contract_id == draft.id, Note.kind == "changed"))
    notes = {note.client_id: note.changes for note in told}
    moved = [change("client", left.id, reached.id)]
    assert notes == {left.id: moved, reached.id: moved}


@pytest.mark.parametrize("link", ["client", "service", "campaign"])
def test_a_key_alone_is_enough(session: Session, signed: Contract, link: str) -> None:
    make = {"client": make_client, "service": make_service, "campaign": make_campaign}[link]
    old, new = getattr(signed, f"{link}_id"), make(session).id
    session.commit()
    setattr(signed, f"{link}_id", new)
    notes = story(session, signed.id)
    assert notes
    assert all(told == ("changed", [change(link, old, new)]) for told in notes)
    # What is printed orders a version, whichever way it was changed; whose credit it is does not.
    assert versions(session) == ([1] if link == "campaign" else [1, 2])
    if link == "service":
        newest = select(Document.terms).where(Document.version == 2)
        assert session.scalars(newest).one()["service"]["id"] == new


def test_a_deleted_draft_keeps_service_amount_and_id_in_its_clients_story(
    session: Session, draft: Contract
) -> None:
    client_id, contract_id, title = draft.client_id, draft.id, draft.service.title
    draft.remove("mistake")
    session.commit()
    note = session.scalars(select(Note).where(Note.kind == "deleted")).one()
    assert (note.client_id, note.contract_id) == (client_id, None)
    assert note.facts == {"contract": contract_id, "service": title, "amount": "10.00"}
    assert session.get(Contract, contract_id) is None


def test_each_step_has_its_kind(session: Session) -> None:
    contract = make_signed_contract(session)
    contract.complete()
    session.flush()
    contract.void("mistake")
    session.flush()
    contract.bring_back()
    assert [kind for kind, _ in story(session, contract.id)] == [
        "completed", "voided", "brought_back",
    ]  # fmt: skip


def test_the_author_is_who_acts(session: Session) -> None:
    user = make_user(session, "Manager")
    with acting_as(Actor("user", "Anna Manager", user.id)):
        contract = make_contract(session)
    with acting_as(Actor("command", "import")):
        contract.change(amount=77)
        session.flush()
    contract.change(amount=78)
    session.flush()
    authors = session.execute(
        select(Note.author_kind, Note.author, Note.author_user_id)
        .where(Note.contract_id == contract.id)
        .order_by(Note.id)
    ).all()
    assert [tuple(author) for author in authors] == [
        ("user", "Anna Manager", user.id),
        ("command", "import", None),
        ("system", "system", None),
    ]


def test_a_contract_that_is_born_signed_has_both_notes_and_its_document(session: Session) -> None:
    """As an import would make it, past the verbs."""
    from app.models.clock import today

    contract = Contract(
        client=make_client(session), service=make_service(session), amount=Decimal(5),
        status="signed", number=1, signed_on=today(),
    )  # fmt: skip
    session.add(contract)
    session.commit()
    kinds = select(Note.kind).where(Note.contract_id == contract.id).order_by(Note.id)
    assert session.scalars(kinds).all() == ["created", "signed"]
    assert versions(session) == [1]


# -- documents -------------------------------------------------------------------------------------


def test_a_draft_orders_no_document(session: Session, draft: Contract) -> None:
    draft.change(amount=99)
    assert versions(session) == []


def test_steps_that_print_nothing_order_nothing(session: Session, signed: Contract) -> None:
    signed.change(manager=make_user(session, "Manager"), campaign=make_campaign(session))
    signed.complete()
    assert versions(session) == [1]


def test_what_one_transaction_orders_twice_is_one_version(
    session: Session, signed: Contract
) -> None:
    signed.amend("first", amount=Decimal("11.00"))
    session.flush()
    signed.amend("second", amount=Decimal("12.00"))
    session.commit()
    assert versions(session) == [1, 2]
    newest = session.scalars(select(Document.terms).where(Document.version == 2)).one()
    assert newest["amount"] == "12.00"


def test_a_batch_may_waive_its_documents(session: Session) -> None:
    batch = Batch(kind="seed", label="large", documents_waived=True)
    session.add(batch)
    session.flush()
    with filling(batch.id):
        contract = make_signed_contract(session)
    session.commit()
    assert versions(session) == []
    assert contract.batch_id == batch.id
    notes = select(func.count(Note.id)).where(Note.batch_id == batch.id)
    assert session.scalar(notes.where(Note.contract_id == contract.id)) == 2


# -- refused bulk statements -----------------------------------------------------------------------


def _bulk_save(session: Session) -> None:
    session.bulk_save_objects([session.scalars(select(Contract)).one()])
    session.bulk_update_mappings(Contract, [{"id": 1, "amount": Decimal(1)}])


def _bulk_insert(session: Session) -> None:
    session.bulk_insert_mappings(Contract, [{"amount": Decimal(1)}])


TABLE: Any = Contract.__table__
BULK = {
    "orm update": lambda s: s.execute(update(Contract).values(amount=Decimal(1))),
    "orm delete": lambda s: s.execute(delete(Contract)),
    "orm insert": lambda s: s.execute(insert(Contract), [{"amount": Decimal(1)}]),
    "query.update": lambda s: s.query(Contract).update({"amount": Decimal(1)}),
    "query.delete": lambda s: s.query(Contract).delete(),
    "bulk_save_objects": _bulk_save,
    "bulk_insert_mappings": _bulk_insert,
    "table update": lambda s: s.execute(TABLE.update().values(amount=Decimal(1))),
    "table delete": lambda s: s.execute(TABLE.delete()),
    "table insert": lambda s: s.connection().execute(TABLE.insert(), {"amount": Decimal(1)}),
    "text": lambda s: s.execute(text("UPDATE contract SET amount = 1")),
    "odd text": lambda s: s.execute(text('delete\n from "contract" where 1=1')),
    "driver sql": lambda s: s.connection().exec_driver_sql("UPDATE contract SET amount = 1"),
}


@pytest.mark.parametrize("way", BULK)
def test_bulk_statements_on_contracts_are_refused(
    session: Session, draft: Contract, way: str
) -> None:
    contract_id = draft.id
    with pytest.raises(BulkRefused):
        BULK[way](session)
    session.rollback()
    assert session.scalars(select(Contract.amount)).all() == [Decimal("10.00")]
    assert story(session, contract_id) == []


def test_bulk_statements_on_other_tables_are_not(session: Session, draft: Contract) -> None:
    session.execute(update(Service).values(description="the word contract stands here"))
    session.execute(text("UPDATE campaign SET title = 'update contract'"))
    session.execute(update(Document).values(reason=None))
    session.execute(delete(Campaign))


def test_who_answers_for_it_may(session: Session, draft: Contract) -> None:
    with bulk_allowed():
        session.execute(update(Contract).values(amount=Decimal(1)))
    with pytest.raises(BulkRefused):
        session.execute(update(Contract).values(amount=Decimal(2)))
