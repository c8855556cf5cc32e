"""Law 1: a lead converts once, a person becomes one client, whoever tries at the same moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.errors import AlreadyConverted, LeadIsClosed, UnseenMatch
from app.models import Client, Lead, Note
from app.models.lead import LeadStatus, NewOrganisation, NewPerson
from tests.factories import make_campaign, make_client, make_lead
from tests.racing import race

PHONE = "+79000000001"


def clients_of(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count(Client.id))) or 0


def convert(lead_id: int) -> Any:
    def act(session: Session, _turn: int) -> int:
        lead = session.get_one(Lead, lead_id)
        client = lead.convert(NewPerson())
        session.flush()
        return client.id

    return act


def test_twenty_at_once_make_one_client(session: Session) -> None:
    lead_id = make_lead(session).id
    session.commit()

    outcomes = race(20, convert(lead_id))

    made = [outcome for outcome in outcomes if isinstance(outcome, int)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyConverted)]
    assert len(made) == 1
    assert len(refused) == 19, outcomes
    assert {error.link for error in refused} == {("client", made[0])}
    assert clients_of(session) == 1
    told = select(func.count(Note.id)).where(Note.lead_id == lead_id, Note.kind == "converted")
    assert session.scalar(told) == 1


def test_two_leads_of_one_phone_become_one_client(session: Session) -> None:
    leads = [make_lead(session, phone=PHONE, campaign=make_campaign(session)) for _ in range(2)]
    ids = [lead.id for lead in leads]
    session.commit()

    outcomes = race(2, lambda own, turn: convert(ids[turn])(own, turn))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["UnseenMatch", "int"]
    unseen = next(outcome for outcome in outcomes if isinstance(outcome, UnseenMatch))
    made = next(outcome for outcome in outcomes if isinstance(outcome, int))
    assert unseen.link == ("client", made)
    assert clients_of(session) == 1


class Meeting:
    """Lets two looks for matches happen before either of them goes on, if the locks allow it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        look = Lead.likely_clients
        both = threading.Barrier(2)

        def together(lead: Lead) -> list[Client]:
            found = look(lead)
            try:
                both.wait(1.0)
            except threading.BrokenBarrierError:
                self.met = False
            return found

        self.met = True
        monkeypatch.setattr(Lead, "likely_clients", together)


def test_the_locks_keep_two_looks_apart(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Meeting(monkeypatch)
    test_two_leads_of_one_phone_become_one_client(session)
    assert not meeting.met


@pytest.mark.postgres
def test_without_the_key_locks_one_person_becomes_two_clients(
    postgres_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that the tests above notice when the guard is gone."""
    from app.extensions import db

    Meeting(monkeypatch)
    monkeypatch.setattr("app.models.lead.lock_keys", lambda *_: None)
    with postgres_app.app_context(), pytest.raises(AssertionError):
        test_two_leads_of_one_phone_become_one_client(db.session())
    with postgres_app.app_context():
        assert clients_of(db.session()) == 2


@pytest.mark.postgres
def test_without_the_row_lock_the_second_only_fails_at_the_version(
    postgres_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version column is the last net; it knows no better word than "stale"."""
    from app.extensions import db

    Meeting(monkeypatch)
    monkeypatch.setattr("app.models.lead.lock_keys", lambda *_: None)
    monkeypatch.setattr(Lead, "lock", lambda _lead: None)
    with postgres_app.app_context():
        session = db.session()
        lead_id = make_lead(session).id
        session.commit()
        outcomes = race(2, convert(lead_id))
        assert any(isinstance(outcome, StaleDataError) for outcome in outcomes), outcomes
        assert clients_of(session) == 1


def test_a_match_that_was_shown_is_no_obstacle(session: Session) -> None:
    known = make_client(session, phone=PHONE)
    lead = make_lead(session, phone=PHONE)
    with pytest.raises(UnseenMatch):
        lead.convert(NewPerson())
    assert lead.convert(NewPerson(), seen=[known.id]) is not known
    assert lead.status == LeadStatus.CONVERTED


def test_a_chosen_client_is_filled_and_never_overwritten(session: Session) -> None:
    known = make_client(session, first_name="Anna", phone=PHONE, email="")
    lead = make_lead(session, first_name="Ada", phone="+79000000002", email="ada@example.com")

    assert lead.convert(known) is known

    assert (known.first_name, known.phone, known.email) == ("Anna", PHONE, "ada@example.com")
    assert [point.key for point in known.contact_points] == ["+79000000002"]


def test_an_organisation_gets_the_lead_as_its_main_contact_person(session: Session) -> None:
    lead = make_lead(session, phone=PHONE)
    client = lead.convert(NewOrganisation("Vector"), language="ru")
    assert (client.organisation_name, client.language) == ("Vector", "ru")
    person = client.main_person
    assert person is not None
    assert person.phone_key == PHONE


def test_a_closed_lead_is_not_converted(session: Session) -> None:
    lead = make_lead(session)
    lead.lose("no_need")
    with pytest.raises(LeadIsClosed):
        lead.convert(NewPerson())
