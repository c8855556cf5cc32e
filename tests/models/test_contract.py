"""A contract's verbs: what each state allows, its numbers, its revenue."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import CompanyIncomplete, Invalid, NotAllowedNow
from app.models import Client, Company, Contract, Document, Note, NumberCounter, RevenueEntry
from app.models.clock import today, travel, utc_now
from tests.factories import (
    complete_company,
    make_client,
    make_contract,
    make_service,
    make_signed_contract,
)
from tests.racing import race


def revenue_by_reason(contract: Contract) -> dict[str, Decimal]:
    contract.session.flush()
    return {entry.reason: entry.amount for entry in contract.revenue_entries}


def test_fifty_signatures_at_once_give_the_numbers_one_to_fifty(session: Session) -> None:
    complete_company(session)
    client, service = make_client(session), make_service(session)
    ids = [make_contract(session, client=client, service=service).id for _ in range(50)]
    session.commit()

    def sign(own: Session, turn: int) -> int | None:
        contract = own.get_one(Contract, ids[turn])
        contract.sign()
        own.flush()
        return contract.number

    numbers = race(50, sign)

    assert sorted(numbers) == list(range(1, 51)), numbers
    session.rollback()
    assert session.scalar(select(NumberCounter.value)) == 50
    assert session.scalar(select(func.count(Document.id))) == 50


def test_a_number_of_a_signature_that_failed_is_given_to_the_next(session: Session) -> None:
    contract = make_contract(session)
    complete_company(session)
    session.commit()
    contract.sign()
    session.rollback()
    contract.sign()
    assert contract.number == 1


def test_signing_names_what_the_company_lacks(session: Session) -> None:
    contract = make_contract(session)
    Company.of(session).change(legal_name="", tax_id="", address="x", bank_details="x")
    with pytest.raises(CompanyIncomplete) as refused:
        contract.sign()
    assert "legal name" in refused.value.params["fields"]
    assert "tax id" in refused.value.params["fields"]


def test_a_contract_is_signed_once_and_not_tomorrow(session: Session) -> None:
    contract = make_contract(session)
    complete_company(session)
    with pytest.raises(Invalid):
        contract.sign(on=today() + timedelta(days=1))
    contract.sign()
    with pytest.raises(NotAllowedNow):
        contract.sign()


def test_terms_of_a_signed_contract_change_by_amendment_only(session: Session) -> None:
    contract = make_signed_contract(session, amount=100)
    with pytest.raises(NotAllowedNow):
        contract.change(amount=200)
    contract.change(amount=Decimal("100.00"))  # no change at all
    with pytest.raises(Invalid):
        contract.amend("", amount=200)
    with pytest.raises(Invalid):
        contract.amend("nothing new", amount=100)


def test_an_amendment_leaves_one_note_and_the_next_version(session: Session) -> None:
    contract = make_signed_contract(session, amount=Decimal("10.00"))
    session.commit()
    frozen = session.scalars(select(Document.terms)).one()

    contract.amend("more work", amount=Decimal("11.00"))
    session.commit()

    notes = session.scalars(select(Note).where(Note.kind == "amended")).all()
    assert [note.changes for note in notes] == [
        [{"field": "amount", "old": "10.00", "new": "11.00"}]
    ]
    assert notes[0].facts == {"number": 1, "reason": "more work", "version": 2}
    versions = session.execute(
        select(Document.version, Document.terms).order_by(Document.version)
    ).all()
    assert [version for version, _ in versions] == [1, 2]
    assert versions[0].terms == frozen
    assert versions[1].terms["amount"] == "11.00"
    assert revenue_by_reason(contract) == {"signed": Decimal("10.00"), "amended": Decimal("1.00")}


def test_an_amendment_of_several_terms_is_one_note_too(session: Session) -> None:
    """Loads of relationships in between must not tell half of it."""
    contract = make_signed_contract(session, amount=Decimal("10.00"))
    other = make_service(session)
    session.commit()
    session.expire_all()

    contract.amend(
        "all new", amount=11, service=other, ends_on=today() + timedelta(days=9), language="ru"
    )
    session.commit()

    told = session.scalars(select(Note).where(Note.kind.in_(("amended", "changed")))).all()
    mine = [note for note in told if note.contract_id == contract.id]
    assert len(mine) == 1
    assert {change["field"] for change in mine[0].changes or ()} == {
        "amount", "service", "ends_on", "language",
    }  # fmt: skip
    assert session.scalar(select(func.count(Document.id))) == 2


def test_an_amendment_keeps_the_frozen_client_unless_todays_data_is_taken(
    session: Session,
) -> None:
    client = make_client(session, last_name="Before")
    contract = make_signed_contract(session, client=client)
    session.commit()
    client.change(last_name="After")
    session.commit()
    assert session.scalar(select(func.count(Document.id))) == 1  # a client's change prints nothing

    contract.amend("price", amount=5)
    session.commit()
    contract.amend("name", takes_todays_data=True)
    session.commit()

    terms = session.scalars(select(Document.terms).order_by(Document.version)).all()
    names = [version["client"]["name"] for version in terms]
    assert "Before" in names[0]
    assert names[1] == names[0]
    assert "After" in names[2]
    last = session.scalars(select(Note).where(Note.kind == "amended").order_by(Note.id)).all()[-1]
    assert {"field": "client.name", "old": names[0], "new": names[2]} in (last.changes or ())


def test_completing_keeps_and_terminating_lowers_the_revenue_on_its_day(session: Session) -> None:
    done, ended = (make_signed_contract(session, amount=100) for _ in range(2))
    done.complete()
    assert done.revenue == 100
    with travel(utc_now() + timedelta(days=3)):
        ended.terminate(None, "they left", kept=30)
        day = today()
    assert revenue_by_reason(ended) == {"signed": Decimal(100), "terminated": Decimal(-70)}
    assert [entry.day for entry in ended.revenue_entries][-1] == day
    with pytest.raises(NotAllowedNow):
        ended.amend("again", amount=5)


def test_more_than_the_amount_cannot_be_kept(session: Session) -> None:
    contract = make_signed_contract(session, amount=100)
    with pytest.raises(Invalid):
        contract.terminate(None, "why", kept=101)


def test_voiding_takes_each_entry_back_on_its_own_day(session: Session) -> None:
    with travel(utc_now() - timedelta(days=40)):
        contract = make_signed_contract(session, amount=100)
    contract.amend("more", amount=150)
    session.flush()
    contract.void("mistake")
    session.flush()
    sums = session.execute(
        select(RevenueEntry.day, func.sum(RevenueEntry.amount)).group_by(RevenueEntry.day)
    ).all()
    assert len(sums) == 2
    assert {amount for _, amount in sums} == {0}
    contract.bring_back()
    assert contract.revenue == 150


@pytest.mark.slow
def test_two_hundred_thousand_amounts_add_up_to_the_kopeck(session: Session) -> None:
    contract = make_signed_contract(session, amount=0)
    session.flush()
    entry = {
        "contract_id": contract.id, "day": today(), "amount": Decimal("1185.13"),
        "reason": "signed",
    }  # fmt: skip
    for _ in range(20):
        session.execute(RevenueEntry.__table__.insert(), [entry] * 10_000)
    assert session.scalar(select(func.sum(RevenueEntry.amount))) == Decimal("237026000.00")


def test_a_client_with_a_live_contract_is_not_put_away(session: Session) -> None:
    from app.errors import ClientHasLiveContracts

    contract = make_contract(session)
    client: Client = contract.client
    with pytest.raises(ClientHasLiveContracts):
        client.put_away("other")
    contract.remove("mistake")
    session.flush()
    session.expire(client)
    client.put_away("other")
    assert client.is_put_away
