"""Claims: two operators never talk to one person, whichever of the person's leads they open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ClaimedByAnother
from app.models import Lead, Note
from app.models.actor import Actor, acting_as
from app.models.claim import LASTS, claim, claim_next, release
from app.models.clock import travel, utc_now
from tests.factories import make_campaign, make_lead, make_user
from tests.racing import race

PHONE = "+79000000001"


@pytest.fixture
def people(session: Session) -> tuple[int, int]:
    anna, boris = make_user(session, "Operator"), make_user(session, "Operator")
    session.commit()
    return anna.id, boris.id


def twins(session: Session) -> list[Lead]:
    return [make_lead(session, phone=PHONE, campaign=make_campaign(session)) for _ in range(2)]


def test_a_claim_covers_the_person_in_every_campaign(session: Session, people: Any) -> None:
    anna, boris = people
    first, second = twins(session)
    claim(session, first, anna)
    with pytest.raises(ClaimedByAnother):
        claim(session, second, boris)


def test_a_lead_that_comes_during_the_call_is_the_caller_s(session: Session, people: Any) -> None:
    anna, boris = people
    first = make_lead(session, phone=PHONE, campaign=make_campaign(session))
    claim(session, first, anna)
    late = make_lead(session, phone=PHONE, campaign=make_campaign(session))
    other = make_lead(session)
    session.commit()

    with pytest.raises(ClaimedByAnother) as refused:
        claim(session, late, boris)
    assert refused.value.params["who"]
    session.rollback()
    found = claim_next(session, boris)
    assert found is not None
    assert found.id == other.id
    session.commit()
    assert claim_next(session, boris) is not late


def test_a_claim_ends_by_time_by_hand_and_by_a_saved_call(session: Session, people: Any) -> None:
    anna, boris = people
    first, second = twins(session)
    claim(session, first, anna)
    with travel(utc_now() + LASTS + timedelta(seconds=1)):
        claim(session, second, boris)
        release(session, second, boris)
        claim(session, first, anna)
        with acting_as(Actor("user", "Anna", anna)):
            first.log_call("answered")
        session.commit()
        assert [lead.claimed_by_id for lead in (first, second)] == [None, None]
        claim(session, second, boris)


def test_taking_over_leaves_a_note_and_takes_the_person_whole(
    session: Session, people: Any
) -> None:
    anna, boris = people
    first, second = twins(session)
    claim(session, first, anna)
    versions = [first.lock_version, second.lock_version]
    claim(session, second, boris, takes_over=True)
    session.commit()
    assert [lead.claimed_by_id for lead in (first, second)] == [boris, boris]
    assert [first.lock_version, second.lock_version] == versions
    note = session.scalars(select(Note).where(Note.kind == "claim_taken")).one()
    assert note.facts == {"from": anna}


def test_two_operators_at_once_on_two_leads_of_one_person(session: Session, people: Any) -> None:
    ids = [lead.id for lead in twins(session)]
    session.commit()
    for act in (
        lambda own, turn: claim(own, own.get_one(Lead, ids[turn]), people[turn]),
        lambda own, turn: claim_next(own, people[turn]),
    ):
        race(2, act)
        session.rollback()
        holders = set(session.scalars(select(Lead.claimed_by_id)))
        assert len(holders - {None}) == 1, holders
        for lead in session.scalars(select(Lead)):
            for user in people:
                release(session, lead, user)
        session.commit()


def test_each_of_many_operators_gets_a_lead_of_their_own(session: Session) -> None:
    users = [make_user(session, "Operator").id for _ in range(8)]
    for _ in range(8):
        make_lead(session)
    session.commit()

    def act(own: Session, turn: int) -> int | None:
        lead = claim_next(own, users[turn])
        return lead.id if lead else None

    found = race(8, act)
    assert len(set(found)) == 8, found
    assert None not in found
