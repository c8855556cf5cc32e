"""Who is responsible for a new lead: nobody, a person, or operators on duty in turn, fairly."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.intake import Arrival, Sender, receive, receive_many
from app.models import Company, Lead, Note, Source
from app.models.clock import travel, utc_now
from app.models.duty import Duty, people_on_duty
from app.models.source import Assignment
from tests.factories import make_source, make_user
from tests.racing import race

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def source_of(session: Session, assignment: Assignment, assignee: Any = None) -> Sender:
    source = make_source(session, assignment=assignment.value, assignee=assignee)
    return Sender.of(source)


def operators(session: Session, number: int) -> list[int]:
    people = [make_user(session, "Operator").id for _ in range(number)]
    for user_id in people:
        Duty.set(session, user_id, on_duty=True, week="")
    return people


def arrivals(sender: Sender | None, number: int, start: int = 0) -> list[Arrival]:
    return [Arrival(sender=sender, name="A B", phone=f"+7900{start + n:07}") for n in range(number)]


def assignees(session: Session) -> list[int | None]:
    return list(session.scalars(select(Lead.assignee_id).order_by(Lead.id)))


def test_nobody_is_responsible_unless_the_source_says_so(session: Any) -> None:
    operators(session, 2)
    receive_many(session, arrivals(source_of(session, Assignment.NOBODY), 3))
    receive(session, arrivals(None, 1, 50)[0])
    assert assignees(session) == [None] * 4


def test_a_named_person_is_responsible_while_they_can_log_in(session: Any) -> None:
    anna = make_user(session, "Operator")
    sender = source_of(session, Assignment.PERSON, anna)
    receive(session, arrivals(sender, 1)[0])
    anna.active = False
    session.flush()
    receive(session, arrivals(sender, 1, 1)[0])
    assert assignees(session) == [anna.id, None]
    told = session.scalars(select(Note.changes).order_by(Note.id)).first()
    assert told == [{"field": "assignee", "old": None, "new": anna.id}]


def test_a_person_must_be_named(session: Any) -> None:
    with pytest.raises(Invalid):
        make_source(session, assignment="person")


def test_operators_take_turns(session: Any) -> None:
    people = operators(session, 3)
    sender = source_of(session, Assignment.IN_TURN)
    receive_many(session, arrivals(sender, 4))
    for arrival in arrivals(sender, 5, 100):
        receive(session, arrival)
    assert Counter(assignees(session)) == dict.fromkeys(people, 3)


def test_only_who_is_on_duty_takes_turns(session: Any) -> None:
    off, on, gone, at_night = operators(session, 4)
    Duty.set(session, off, on_duty=False, week="")
    Duty.set(session, at_night, on_duty=True, week=";".join(["22:00-06:00"] * 7))
    session.get(type(make_user(session)), gone).active = False
    session.flush()
    with travel(TUESDAY):
        assert people_on_duty(session) == [on]
    with travel(TUESDAY + timedelta(hours=14)):
        assert people_on_duty(session) == [on, at_night]
    sender = source_of(session, Assignment.IN_TURN)
    Duty.end(session, on)
    with travel(TUESDAY):
        receive(session, arrivals(sender, 1)[0])
    assert assignees(session) == [None]


def test_who_asks_again_stays_with_whom_they_know(session: Any) -> None:
    people = operators(session, 2)
    sender = source_of(session, Assignment.IN_TURN)
    arrival = arrivals(sender, 1)[0]
    receive(session, arrival)
    for _ in range(3):
        receive(session, arrivals(sender, 1)[0])
    assert len(assignees(session)) == 1
    receive(session, arrivals(sender, 1, 9)[0])
    assert set(assignees(session)) == set(people)  # a repeat takes nobody's turn


def test_turns_are_fair_at_the_same_moment(session: Any) -> None:
    people = operators(session, 3)
    source_id = make_source(session, assignment="in_turn").id
    session.commit()

    def post(own: Session, turn: int) -> int:
        sender = Sender.of(own.get_one(Source, source_id))
        for number in range(3):
            receive(own, arrivals(sender, 1, 1000 * turn + number)[0])
            own.commit()
        return turn

    results = race(8, post)
    assert sorted(results) == list(range(8)), results
    shares = Counter(assignees(session))
    assert set(shares) == set(people)
    assert max(shares.values()) - min(shares.values()) <= 1, shares


# -- the clock of the first answer -----------------------------------------------------------------


def test_a_new_lead_has_a_time_to_be_answered(session: Any) -> None:
    Company.of(session).change(working_week=";".join(["00:00-00:00"] * 7), response_minutes=15)
    session.flush()
    at = utc_now()
    receive(session, Arrival(name="A B", phone="+79000000001", received_at=at))
    lead = session.scalars(select(Lead)).one()
    assert lead.respond_by == at + timedelta(minutes=15)
    assert not lead.is_late
    with travel(at + timedelta(minutes=16)):
        assert lead.is_late
        lead.log_call("no_answer")
        assert lead.respond_by is None
        assert not lead.is_late


def test_tests_imports_and_companies_without_the_rule_have_no_clock(session: Any) -> None:
    receive(session, Arrival(name="A B", phone="+79000000001", is_test=True))
    Company.of(session).change(response_minutes=0)
    session.flush()
    receive(session, Arrival(name="A B", phone="+79000000002"))
    assert list(session.scalars(select(Lead.respond_by))) == [None, None]
