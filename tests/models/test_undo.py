"""What a verb changed can be taken back once, unless somebody changed the record since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import CrmError, NotAllowedNow, OpenLeadExists
from app.intake import Arrival, receive
from app.laws import LAWS
from app.models import Lead, Note
from app.models.actor import Actor, acting_as
from app.models.base import snapshot
from app.models.claim import claim
from app.models.clock import utc_now
from app.models.lead import NewPerson
from app.models.undo import ChangedSince, UndoneAlready, UndoStep, recording
from tests.factories import make_client, make_lead, make_user
from tests.racing import race

PHONE = "+79000000001"


def broken_laws(session: Session) -> list[str]:
    return [line for law in LAWS if (line := law.broken(session))]


def step_of(session: Session, act: Any, user_id: int) -> UndoStep:
    with acting_as(Actor("user", "Anna", user_id)):
        with recording(session) as record:
            act()
        step = UndoStep.keep(
            session, record.rows(), user_id=user_id, act="LeadView act", permission="work"
        )
    session.commit()
    assert step is not None
    return step


@pytest.fixture
def anna(session: Session) -> int:
    return int(make_user(session, "Operator").id)


@pytest.mark.parametrize(
    "act",
    [
        lambda lead: lead.take(),
        lambda lead: lead.qualify(),
        lambda lead: lead.lose("no_need", "words"),
        lambda lead: lead.plan_contact(utc_now() + timedelta(days=1)),
        lambda lead: lead.move_to("in_work"),
        lambda lead: lead.log_call(
            "no_answer", "words", next_contact_at=utc_now() + timedelta(days=1), status="qualified"
        ),
        lambda lead: lead.put_away("spam"),
    ],
    ids=["take", "qualify", "lose", "plan", "move", "call", "put away"],
)
def test_each_verb_can_be_taken_back(session: Session, anna: int, act: Any) -> None:
    lead = make_lead(session)
    session.commit()
    before = snapshot(lead, Lead.UNDOABLE)
    step = step_of(session, lambda: act(lead), anna)
    assert snapshot(lead, Lead.UNDOABLE) != before

    assert step.take_back().rows == 1
    session.commit()

    assert snapshot(lead, Lead.UNDOABLE) == before
    assert [line for line in broken_laws(session) if "note of their beginning" not in line] == []


def test_bringing_back_and_reopening_can_be_taken_back(session: Session, anna: int) -> None:
    lead, lost = make_lead(session), make_lead(session)
    lead.put_away("spam")
    lost.lose("no_need")
    session.commit()
    back = step_of(session, lead.bring_back, anna)
    again = step_of(session, lost.reopen, anna)
    back.take_back()
    again.take_back()
    session.commit()
    assert lead.archived_reason == "spam"
    assert (lost.status, lost.lost_reason) == ("lost", "no_need")


def test_an_assignment_is_taken_back_with_the_name_that_pages_show(
    session: Session, anna: int
) -> None:
    lead, boris = make_lead(session), make_user(session, "Operator")
    session.commit()
    step = step_of(session, lambda: lead.assign_to(boris), anna)
    assert lead.assignee is boris
    step.take_back()
    session.commit()
    assert lead.assignee is None


def test_a_save_of_two_verbs_is_taken_back_whole(session: Session, anna: int) -> None:
    lead, boris = make_lead(session), make_user(session, "Operator")
    session.commit()

    def act() -> None:
        lead.take()
        lead.assign_to(boris)

    step_of(session, act, anna).take_back()
    session.commit()
    assert (lead.status, lead.assignee_id) == ("new", None)


def test_the_line_of_the_story_stays_and_says_that_it_was_undone(
    session: Session, anna: int
) -> None:
    lead = make_lead(session)
    session.commit()
    step = step_of(session, lambda: lead.log_call("busy", "He was busy."), anna)
    step.take_back()
    session.commit()
    latest = select(Note).where(Note.lead_id == lead.id).order_by(Note.id.desc())
    note = session.scalars(latest).first()
    assert note is not None
    assert (note.kind, note.text) == ("changed", "He was busy.")
    assert note.facts == {"outcome": "busy", "undone": "call"}
    assert {change["field"] for change in note.changes or []} >= {"status"}


def test_it_is_refused_when_somebody_changed_the_lead_since(session: Session, anna: int) -> None:
    lead = make_lead(session)
    session.commit()
    step = step_of(session, lead.take, anna)
    lead.change(company_name="Romashka")
    session.commit()
    with pytest.raises(ChangedSince):
        step.take_back()
    session.rollback()
    assert lead.status == "in_work"


def test_a_lead_that_was_converted_since_stays_converted(session: Session, anna: int) -> None:
    lead = make_lead(session)
    session.commit()
    step = step_of(session, lead.qualify, anna)
    lead.convert(NewPerson())
    session.commit()
    with pytest.raises(ChangedSince):
        step.take_back()


def test_a_repeat_is_no_change_and_is_kept(session: Session, anna: int) -> None:
    lead = make_lead(session, phone=PHONE)
    session.commit()
    step = step_of(session, lambda: lead.log_call("busy"), anna)
    receive(session, Arrival(door="leads", phone=PHONE, email="new@example.com"))
    session.commit()
    step.take_back()
    session.commit()
    assert (lead.status, lead.email) == ("new", "new@example.com")


def test_it_makes_no_second_open_lead(session: Session, anna: int) -> None:
    lead = make_lead(session, phone=PHONE)
    session.commit()
    step = step_of(session, lambda: lead.lose("no_need"), anna)
    other = make_lead(session, phone=PHONE)
    session.commit()
    with pytest.raises(OpenLeadExists) as refusal:
        step.take_back()
    assert refusal.value.link == ("lead", other.id)
    session.rollback()
    assert lead.status == "lost"


def test_it_respects_who_works_with_the_person_now(session: Session, anna: int) -> None:
    lead, boris = make_lead(session), make_user(session, "Operator")
    session.commit()
    step = step_of(session, lead.take, anna)
    claim(session, lead, boris.id)
    session.commit()
    with acting_as(Actor("user", "Anna", anna)), pytest.raises(CrmError, match="is working with"):
        step.take_back()


def test_it_ends_after_ten_minutes(session: Session, anna: int) -> None:
    lead = make_lead(session)
    session.commit()
    step = step_of(session, lead.take, anna)
    step.until = utc_now() - timedelta(seconds=1)
    session.commit()
    with pytest.raises(NotAllowedNow, match="ten minutes"):
        step.take_back()


def test_of_several_leads_those_that_can_return(session: Session, anna: int) -> None:
    leads = [make_lead(session) for _ in range(3)]
    session.commit()

    def act() -> None:
        for lead in leads:
            lead.take()

    step = step_of(session, act, anna)
    leads[1].change(company_name="Romashka")
    session.commit()
    taken = step.take_back()
    session.commit()
    assert [lead.status for lead in leads] == ["new", "in_work", "new"]
    assert taken.rows == 2
    assert [place for place, _error in taken.refused] == [("lead", leads[1].id)]


def test_two_clicks_at_once_undo_once(session: Session, anna: int) -> None:
    lead = make_lead(session)
    session.commit()
    number = step_of(session, lead.take, anna).id
    session.commit()

    def act(own: Session, _turn: int) -> int:
        return own.get_one(UndoStep, number).take_back().rows

    outcomes = race(4, act)
    assert outcomes.count(1) == 1
    assert sum(isinstance(one, UndoneAlready) for one in outcomes) == 3, outcomes
    session.expire_all()
    assert lead.status == "new"


def test_an_undo_and_an_edit_at_once_lose_nothing(session: Session, anna: int) -> None:
    lead = make_lead(session)
    session.commit()
    number, lead_id = step_of(session, lead.take, anna).id, lead.id
    session.commit()

    def act(own: Session, turn: int) -> None:
        if turn:
            own.get_one(Lead, lead_id).change(company_name="Romashka")
        else:
            own.get_one(UndoStep, number).take_back()

    undone, edited = race(2, act)
    session.expire_all()
    assert edited is None or isinstance(edited, Exception)
    assert (lead.company_name == "Romashka") == (edited is None)
    assert (lead.status == "new") == (undone is None)


def test_what_changed_nothing_leaves_no_step(session: Session, anna: int) -> None:
    lead = make_lead(session)
    lead.qualify()
    session.commit()
    with recording(session) as record:
        lead.take()
        make_client(session)
    assert record.rows() == []
