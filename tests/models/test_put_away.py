"""Law 7 where two acts meet: what is put away has nothing live, what stands has its leads."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotAllowedNow, NotFound
from app.extensions import db
from app.intake import Arrival, receive
from app.laws import LAWS
from app.models import Client, Contract, Document, Lead, Note
from app.models.lead import NewPerson
from tests.factories import (
    complete_company,
    make_client,
    make_contract,
    make_lead,
    make_service,
    make_signed_contract,
)
from tests.racing import race


def broken_laws(session: Session) -> list[str]:
    return [line for law in LAWS if (line := law.broken(session))]


def test_a_put_away_client_gets_no_contract_by_any_verb(session: Session) -> None:
    away, stands = make_client(session), make_client(session)
    voided = make_signed_contract(session, client=away)
    voided.void("mistake")
    session.flush()
    away.put_away("other")
    session.flush()

    with pytest.raises(NotAllowedNow):
        voided.bring_back()
    with pytest.raises(NotAllowedNow):
        make_contract(session, client=away)
    draft, signed = (
        make_contract(session, client=stands),
        make_signed_contract(session, client=stands),
    )
    with pytest.raises(NotAllowedNow):
        draft.change(client=away)
    with pytest.raises(NotAllowedNow):
        signed.amend("moved", client=away)


def test_a_completed_contract_comes_back_whatever_became_of_the_client(session: Session) -> None:
    contract = make_signed_contract(session)
    contract.complete()
    session.flush()
    contract.void("mistake")
    session.flush()
    contract.client.put_away("other")
    session.flush()
    contract.bring_back()
    assert contract.revenue == contract.amount


@pytest.mark.parametrize("turns", [8])
def test_a_contract_and_a_putting_away_at_once(session: Session, turns: int) -> None:
    client, service = make_client(session), make_service(session)
    client_id, service_id = client.id, service.id
    session.commit()

    def act(own: Session, turn: int) -> None:
        client = own.get_one(Client, client_id)
        if turn % 2:
            client.put_away("other")
        else:
            from app.models import Service

            Contract.draft(own, client=client, service=own.get_one(Service, service_id))

    race(turns, act)
    session.rollback()
    live = session.scalar(select(func.count(Contract.id)))
    away = session.scalar(select(Client.archived_at).where(Client.id == client_id))
    assert bool(live) != bool(away)


def test_a_client_brings_its_leads_back(session: Session) -> None:
    lead = make_lead(session)
    client = lead.convert(NewPerson())
    session.flush()
    client.put_away("mistake")
    session.flush()
    lead.put_away("mistake")
    session.flush()
    client.bring_back()
    session.commit()
    assert not lead.is_put_away
    told = select(func.count(Note.id)).where(Note.lead_id == lead.id, Note.kind == "brought_back")
    assert session.scalar(told) == 1
    with pytest.raises(NotAllowedNow):
        lead.put_away("spam")


def test_nobody_is_converted_into_a_client_who_was_put_away_meanwhile(session: Session) -> None:
    client, lead = make_client(session), make_lead(session)
    client.put_away("other")
    session.flush()
    with pytest.raises(NotAllowedNow):
        lead.convert(client)


def test_a_draft_that_a_colleague_deleted_is_not_there(session: Session) -> None:
    contract = make_contract(session)
    complete_company(session)
    session.commit()
    assert contract.is_draft
    contract_id = contract.id
    session.commit()
    with Session(db.engine) as other:
        other.get_one(Contract, contract_id).remove("mistake")
        other.commit()
    with pytest.raises(NotFound):
        contract.sign()


def test_a_document_that_became_ready_meanwhile_is_not_put_back_into_the_queue(
    session: Session,
) -> None:
    make_signed_contract(session)
    document: Any = session.scalars(select(Document)).one()
    document.state = "failed"
    session.commit()
    assert document.state == "failed"
    session.expunge(document)
    fresh = session.scalars(select(Document)).one()
    fresh.state, fresh.content = "ready", b"%PDF-1"
    session.commit()
    session.expunge_all()
    session.add(document)
    with pytest.raises(NotAllowedNow):
        document.retry()


def test_an_amendment_that_was_lost_colours_no_later_change(session: Session) -> None:
    contract = make_signed_contract(session)
    session.commit()
    savepoint = session.begin_nested()
    contract.amend("lost", takes_todays_data=True)
    savepoint.rollback()
    contract.change(campaign=None, manager=None)
    contract.complete()
    session.commit()
    assert session.scalars(select(Note.kind).where(Note.kind == "amended")).all() == []
    assert session.scalar(select(func.count(Document.id))) == 1


def test_an_equal_amount_in_other_words_is_no_amendment(session: Session) -> None:
    from app.errors import Invalid

    contract = make_signed_contract(session, amount="10.00")
    with pytest.raises(Invalid):
        contract.amend("nothing", amount="10.004")


def test_a_new_client_speaks_the_company_s_language_unless_the_lead_has_its_own(
    session: Session,
) -> None:
    complete_company(session).change(language="ru")
    plain, english = make_lead(session), make_lead(session, language="en")
    assert plain.convert(NewPerson()).language == "ru"
    assert english.convert(NewPerson()).language == "en"


def test_the_laws_hold_after_all_this(session: Session) -> None:
    receipt = receive(session, Arrival(door="leads", phone="+79000000001"))
    lead = session.get_one(Lead, receipt.lead_id)
    client = lead.convert(NewPerson())
    session.commit()
    client.put_away("other")
    session.commit()
    lead.put_away("other")
    session.commit()
    client.bring_back()
    session.commit()
    assert broken_laws(session) == []
