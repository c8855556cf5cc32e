"""A lead's verbs beside its conversion: law 4 from the other side, and repeats in the middle."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ClaimedByAnother, OpenLeadExists, Stale
from app.extensions import db
from app.intake import Arrival, CampaignSent, receive
from app.laws import LAWS
from app.models import Campaign, ContactPoint, Lead, Note
from app.models.actor import Actor, acting_as
from app.models.lead import NewPerson
from tests.factories import make_campaign, make_lead, make_user
from tests.racing import race

PHONE, OTHER = "+79000000001", "+79000000002"


def ask(session: Session, campaign: Campaign | None, **fields: Any) -> Any:
    sent = CampaignSent(str(campaign.id)) if campaign else None
    return receive(session, Arrival(door="leads", campaign=sent, **fields))


def beside(act: Any) -> None:
    """What somebody else does and commits while our transaction goes on."""
    with Session(db.engine) as other:
        act(other)
        other.commit()


@pytest.mark.postgres
def test_an_edit_keeps_what_a_repeat_filled_meanwhile(postgres_app: Any) -> None:
    with postgres_app.app_context():
        session = db.session()
        lead = make_lead(session, phone=PHONE)
        session.commit()
        assert lead.email == ""  # loaded before the repeat
        beside(lambda other: ask(other, None, phone=PHONE, email="new@example.com"))

        lead.change(last_name="Petrov")
        session.commit()

        assert lead.email == "new@example.com"
        assert "new@example.com" in lead.search_text
        beside(lambda other: ask(other, None, phone=f"{PHONE}, {OTHER}"))
        lead.change(first_name="Petr")
        session.commit()
        assert OTHER.removeprefix("+") in lead.search_text


@pytest.mark.postgres
def test_a_column_that_a_repeat_filled_is_not_typed_over_unseen(postgres_app: Any) -> None:
    with postgres_app.app_context():
        session = db.session()
        lead = make_lead(session, phone=PHONE)
        session.commit()
        assert lead.email == ""
        beside(lambda other: ask(other, None, phone=PHONE, email="new@example.com"))
        with pytest.raises(Stale):
            lead.change(email="typed@example.com")


def test_two_leads_that_a_repeat_tied_together_can_still_be_corrected(session: Session) -> None:
    """Phone of one, address of the other: the one with the phone is asked again, both stay."""
    campaign = make_campaign(session)
    mute = make_lead(session, campaign=campaign, phone="", email="a@example.com")
    called = make_lead(session, campaign=campaign, phone=PHONE)
    session.commit()
    assert ask(session, campaign, phone=PHONE, email="a@example.com").lead_id == called.id

    mute.change(last_name="Corrected")
    mute.change(email="a@example.com", first_name="Anna")
    session.commit()
    assert mute.last_name == "Corrected"
    one_each = next(law for law in LAWS if law.sentence.startswith("a person has one open lead"))
    assert one_each.broken(session) is None
    with pytest.raises(OpenLeadExists):
        mute.change(phone=PHONE)


def test_a_lead_is_not_moved_to_where_the_person_is_open(session: Session) -> None:
    here, there = make_campaign(session), make_campaign(session)
    make_lead(session, campaign=there, phone=PHONE)
    lead = make_lead(session, campaign=here, phone=PHONE)
    with pytest.raises(OpenLeadExists):
        lead.change(campaign=there)


def test_further_contacts_are_told(session: Session) -> None:
    lead = make_lead(session, phone=PHONE)
    lead.change(phone=f"{PHONE}, {OTHER}")
    session.commit()
    assert session.scalars(select(ContactPoint.key)).all() == [OTHER]
    changes = session.scalars(select(Note.changes).order_by(Note.id.desc())).first()
    assert {"field": "contact_points", "old": "", "new": OTHER} in (changes or [])


def test_taking_does_not_throw_back_who_was_qualified_meanwhile(session: Session) -> None:
    lead = make_lead(session)
    session.commit()
    assert lead.status == "new"
    session.expunge(lead)
    session.get_one(Lead, lead.id).qualify()
    session.commit()
    session.expunge_all()
    session.add(lead)
    lead.take()
    assert lead.status == "qualified"


@pytest.mark.postgres
def test_edits_repeats_reopenings_and_conversions_never_wait_in_a_circle(
    postgres_app: Any,
) -> None:
    with postgres_app.app_context():
        session = db.session()
        campaign = make_campaign(session)
        ids = [make_lead(session, campaign=campaign, phone=p).id for p in (PHONE, OTHER)]
        lost = make_lead(session, campaign=campaign, phone="+79000000003")
        lost.lose("no_need")
        campaign_id, lost_id = campaign.id, lost.id
        session.commit()

        def act(own: Session, turn: int) -> str:
            kind = turn % 4
            if kind == 0:
                lead = own.get_one(Lead, ids[turn // 4 % 2])
                lead.change(company_name=f"Company {turn}")
            elif kind == 1:
                ask(own, own.get_one(Campaign, campaign_id), phone=f"{PHONE}, +7900000010{turn}")
            elif kind == 2:
                own.get_one(Lead, lost_id).reopen()
            else:
                own.get_one(Lead, lost_id).convert(NewPerson())
            return "done"

        outcomes = race(16, act)
        names = {type(one).__name__ for one in outcomes if isinstance(one, Exception)}
        assert "OperationalError" not in names, outcomes
        assert names <= {
            "NotAllowedNow", "LeadIsClosed", "AlreadyConverted", "StaleDataError", "OpenLeadExists",
            "Stale",
        }, outcomes  # fmt: skip


def test_a_claim_is_respected_by_work(session: Session) -> None:
    from app.models.claim import claim

    anna, boris = make_user(session, "Operator"), make_user(session, "Operator")
    lead = make_lead(session)
    claim(session, lead, anna.id)
    session.commit()
    with acting_as(Actor("user", "Boris", boris.id)), pytest.raises(ClaimedByAnother):
        lead.log_call("answered")
    with acting_as(Actor("user", "Anna", anna.id)):
        lead.log_call("answered")
