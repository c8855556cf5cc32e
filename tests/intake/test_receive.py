"""How a submission becomes a lead, or finds the one that is open already (law 4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.intake import Arrival, CampaignSent, Sender, people, receive, receive_by_hand, receive_many
from app.models import ContactPoint, Lead, Note, Submission
from app.models.actor import Actor, acting_as
from app.models.clock import utc_now
from app.models.submission import Outcome
from tests.factories import make_campaign, make_lead, make_source, make_user

P, Q = "+79910000001", "+79910000002"
M, N = "a@example.com", "b@example.com"


def arrive(session: Session, **fields: Any) -> Any:
    receipt = receive(session, Arrival(**fields))
    session.commit()
    return receipt


def lead_of(session: Session, receipt: Any) -> Lead:
    return session.get_one(Lead, receipt.lead_id)


def notes_of(session: Session, receipt: Any) -> list[Note]:
    query = select(Note).where(Note.lead_id == receipt.lead_id).order_by(Note.id)
    return list(session.scalars(query))


def test_a_submission_makes_a_new_lead_with_its_note(session: Session) -> None:
    with acting_as(Actor("source", "Landing", 7)):
        receipt = arrive(
            session, first_name=" Ivan ", phone="8 991 000 00 01", email="A@Example.com"
        )
    lead = lead_of(session, receipt)
    assert (receipt.outcome, receipt.asked_again) == (Outcome.ACCEPTED, False)
    assert (lead.first_name, lead.phone, lead.phone_key, lead.email_key, lead.status) == (
        "Ivan", "8 991 000 00 01", P, M, "new",
    )  # fmt: skip
    assert "ivan" in lead.search_text
    assert lead.lock_version == 1
    (note,) = notes_of(session, receipt)
    assert (note.kind, note.author_kind, note.author) == ("created", "source", "Landing")
    assert [one.id for one in lead.submissions] == [receipt.submission_id]


def test_what_is_empty_is_filled_and_nothing_is_overwritten(session: Session) -> None:
    first = arrive(session, first_name="Ivan", email=M)
    again = arrive(
        session, first_name="ivan", last_name="Testov", phone=P, email=M, company_name="Romashka"
    )
    assert (again.lead_id, again.asked_again) == (first.lead_id, True)
    lead = lead_of(session, again)
    assert (lead.first_name, lead.last_name, lead.phone_key, lead.company_name) == (
        "Ivan", "Testov", P, "Romashka",
    )  # fmt: skip
    assert "romashka" in lead.search_text
    assert lead.lock_version == 1
    assert lead.asked_again_at is not None
    note = notes_of(session, again)[-1]
    assert note.kind == "asked_again"
    assert {change["field"]: change["new"] for change in note.changes or []} == {
        "last_name": "Testov", "phone": P, "company_name": "Romashka",
    }  # fmt: skip


def test_a_differing_contact_is_kept_beside_the_first(session: Session) -> None:
    first = arrive(session, phone=P, email=M)
    again = arrive(session, phone=f"{P}, {Q}", email=N)
    lead = lead_of(session, again)
    assert again.lead_id == first.lead_id
    assert (lead.phone_key, lead.email_key) == (P, M)
    assert (lead.phone_keys(), lead.email_keys()) == ({P, Q}, {M, N})
    assert notes_of(session, again)[-1].facts == {"further": [Q, N]}
    third = arrive(session, phone=Q)
    assert third.lead_id == first.lead_id
    assert session.query(ContactPoint).count() == 2
    assert "b@example.com" in lead.search_text


def test_two_names_on_one_phone_are_one_lead_that_keeps_its_name(session: Session) -> None:
    first = arrive(session, first_name="Anna", phone=P)
    again = arrive(session, first_name="Pyotr", last_name="Petrov", phone=P)
    lead = lead_of(session, again)
    assert again.lead_id == first.lead_id
    assert (lead.first_name, lead.last_name) == ("Anna", "")
    assert notes_of(session, again)[-1].facts == {"name": "Petrov Pyotr"}


def test_of_several_matches_the_oldest_is_taken_and_the_others_are_named(session: Session) -> None:
    a = make_lead(session, phone=P)
    b = make_lead(session, phone=Q)
    c = make_lead(session, phone="", email=M)
    session.commit()
    receipt = arrive(session, phone=f"{Q}; {P}", email=M)
    assert receipt.lead_id == a.id
    assert notes_of(session, receipt)[-1].facts["others"] == [b.id, c.id]  # type: ignore[index]


def test_campaigns_are_apart(session: Session) -> None:
    one, two = make_campaign(session).id, make_campaign(session).id
    session.commit()
    ids = [
        arrive(session, phone=P, campaign=CampaignSent(str(sent)) if sent else None).lead_id
        for sent in (one, two, None, one, two, None)
    ]
    assert ids[:3] == ids[3:]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("end", ["lose", "put_away", "convert"])
def test_a_closed_lead_is_not_asked_for_again(session: Session, end: str) -> None:
    from app.models.lead import NewPerson

    first = arrive(session, phone=P)
    lead = lead_of(session, first)
    acts: dict[str, Any] = {
        "lose": lambda: lead.lose("no_need"),
        "put_away": lambda: lead.put_away("spam"),
        "convert": lambda: lead.convert(NewPerson()),
    }
    acts[end]()
    session.commit()
    again = arrive(session, phone=P)
    assert (again.outcome, again.asked_again) == (Outcome.ACCEPTED, False)
    assert again.lead_id != first.lead_id


def test_a_repeat_of_long_ago_makes_no_lead_younger(session: Session) -> None:
    now = utc_now().replace(microsecond=0)
    first = arrive(session, phone=P, received_at=now)
    arrive(session, phone=P, received_at=now)
    arrive(session, phone=P, submitted_at=now - timedelta(days=9), received_at=now)
    lead = lead_of(session, first)
    assert (lead.received_at, lead.asked_again_at) == (now, now)


def test_the_people_s_own_moment_is_never_in_the_future(session: Session) -> None:
    now = utc_now()
    receipt = arrive(
        session, phone=P, received_at=now, submitted_at=datetime(2099, 1, 1, tzinfo=UTC)
    )
    assert lead_of(session, receipt).received_at == now


def test_the_same_external_id_of_the_same_source_changes_nothing(session: Session) -> None:
    sender, other = (Sender.of(make_source(session)) for _ in range(2))
    session.commit()
    first = arrive(session, phone=P, sender=sender, external_id="1")
    again = arrive(session, phone=P, first_name="New", sender=sender, external_id="1")
    assert (again.outcome, again.lead_id) == (Outcome.REPEATED, first.lead_id)
    assert session.get_one(Submission, again.submission_id).first_id == first.submission_id
    assert len(notes_of(session, first)) == 1
    assert lead_of(session, first).first_name == ""
    third = arrive(session, phone=P, sender=other, external_id="1")
    assert (third.outcome, third.asked_again) == (Outcome.ACCEPTED, True)


def test_nothing_is_carried_over_from_the_row_above(session: Session) -> None:
    rows = [("A", P, "a1@example.com"), ("B", Q, ""), ("C", "+79910000003", "c3@example.com"),
            ("D", "+79910000004", "")]  # fmt: skip
    receipts = receive_many(
        session, [Arrival(first_name=name, phone=phone, email=mail) for name, phone, mail in rows]
    )
    session.commit()
    assert [lead_of(session, one).email for one in receipts] == [row[2] for row in rows]


def test_the_unique_index_is_the_net_under_the_look_up(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wrote past the locks: the look-up misses the lead, the index does not."""
    first = arrive(session, phone=P)
    load, calls = people.OpenLeads.load, []

    def blind_once(*look: Any) -> Any:
        calls.append(1)
        return people.OpenLeads() if len(calls) == 1 else load(*look)

    monkeypatch.setattr(people.OpenLeads, "load", blind_once)
    assert arrive(session, phone=P).lead_id == first.lead_id
    calls.clear()
    receipts = receive_many(session, [Arrival(phone=P), Arrival(phone=Q), Arrival(phone=P)])
    session.commit()
    assert receipts[0].lead_id == receipts[2].lead_id == first.lead_id
    assert session.query(Lead).count() == 2


def test_a_loaded_lead_shows_what_a_repeat_added(session: Session) -> None:
    first = arrive(session, email=M)
    lead = lead_of(session, first)
    assert lead.phone_key is None
    receive(session, Arrival(email=M, phone=P))
    assert lead.phone_key == P


def test_a_round_is_bounded(session: Session) -> None:
    with pytest.raises(ValueError, match="1000"):
        receive_many(session, [Arrival(phone=P)] * 1001)
    assert receive_many(session, []) == []


def test_a_single_post_takes_few_statements(session: Session) -> None:
    sender = Sender.of(make_source(session))
    session.commit()
    statements: list[str] = []

    def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", heard)
    try:
        receive(session, Arrival(phone=P, email=M, sender=sender, strict=True))
    finally:
        event.remove(engine, "before_cursor_execute", heard)
    spoken = [one for one in statements if not one.startswith(("PRAGMA", "BEGIN"))]
    assert len(spoken) <= 6, spoken  # region, locks, look-up, lead, submission, note


class TestByHand:
    def test_a_new_lead_has_its_user_as_author(self, session: Session) -> None:
        user, campaign = make_user(session, "Operator"), make_campaign(session)
        receipt = receive_by_hand(
            session, {"first_name": "Timmy", "last_name": "O'Toole", "phone": P, "email": "",
                      "campaign": campaign}, user,
        )  # fmt: skip
        session.commit()
        lead = lead_of(session, receipt)
        assert (lead.last_name, lead.campaign_id, lead.created_by_id) == (
            "O'Toole", campaign.id, user.id,
        )  # fmt: skip
        (note,) = notes_of(session, receipt)
        assert (note.author_kind, note.author_user_id) == ("user", user.id)
        stored = session.get_one(Submission, receipt.submission_id)
        assert (stored.source_id, stored.created_by_id) == (None, user.id)

    def test_every_faulty_field_is_named_and_nothing_is_stored(self, session: Session) -> None:
        user = make_user(session, "Operator")
        session.commit()
        with pytest.raises(Invalid) as refused:
            receive_by_hand(session, {"phone": "12", "email": "no", "first_name": "a\x00"}, user)
        session.commit()
        assert set(refused.value.faults) == {"phone", "email", "first_name"}
        assert session.query(Submission).count() == 0

    def test_whose_lead_is_open_has_asked_again(self, session: Session) -> None:
        user = make_user(session, "Operator")
        first = arrive(session, phone=P)
        again = receive_by_hand(session, {"phone": P}, user)
        assert (again.lead_id, again.asked_again) == (first.lead_id, True)

    def test_a_campaign_that_is_put_away_takes_the_lead(self, session: Session) -> None:
        user, campaign = make_user(session, "Operator"), make_campaign(session)
        campaign.put_away("other")
        receipt = receive_by_hand(session, {"phone": P, "campaign": campaign}, user)
        assert list(receipt.warnings) == ["campaign"]


def test_a_lost_update_by_an_open_form_is_none_of_a_repeat(session: Session) -> None:
    first = arrive(session, phone=P)
    version = session.scalar(select(Lead.lock_version).where(Lead.id == first.lead_id))
    session.execute(update(Lead).values(next_contact_at=None).where(Lead.id == first.lead_id))
    arrive(session, phone=P, email=M)
    assert session.scalar(select(Lead.lock_version).where(Lead.id == first.lead_id)) == version
