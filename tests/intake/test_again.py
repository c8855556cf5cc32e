"""Kept submissions worked once more: accepted, corrected, read by a mended mapping, tried."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.errors import Invalid, NotAllowedNow
from app.intake import correct_and_accept, replay
from app.intake.formats.known import FORMATS
from app.intake.trial import send_test, try_submissions, try_values
from app.models import Lead, Submission
from app.models.source import Source, SourceFormat
from app.models.submission import Outcome
from tests.factories import make_campaign, make_source

# That of an own form comes and goes with its form, and takes nothing at /in/.
SENT = [form for form in SourceFormat if form is not SourceFormat.OWN_FORM]


def kept(session: Session, body: Any, source: Source | None = None, **changes: Any) -> Submission:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    values = {"door": "form", "outcome": "rejected", "media_type": "application/json"}
    row = Submission(source=source or make_source(session, format="form"), body=raw,
                     **(values | changes))  # fmt: skip
    session.add(row)
    session.flush()
    return row


def lead_of(session: Session, receipt: Any) -> Lead:
    return session.get_one(Lead, receipt.lead_id)


def test_a_person_corrects_what_was_wrong_and_the_rest_comes_from_the_body(
    session: Session,
) -> None:
    row = kept(session, {"name": "Anna", "phone": "12", "comment": "x", "utm_source": "vk"})
    values = {"first_name": "Anna", "last_name": "Petrova", "phone": "+79990000001"}
    receipt = correct_and_accept(session, row, values)
    lead, accepted = lead_of(session, receipt), session.get_one(Submission, receipt.submission_id)
    assert (lead.first_name, lead.last_name, lead.phone_key) == ("Anna", "Petrova", "+79990000001")
    assert (accepted.outcome, accepted.answers, accepted.utm) == (
        "accepted", {"comment": "x"}, {"utm_source": "vk"},
    )  # fmt: skip
    assert (row.outcome, row.first_id, row.lead_id) == ("repeated", accepted.id, lead.id)
    assert lead.received_at == row.received_at
    with pytest.raises(NotAllowedNow):
        correct_and_accept(session, row, values)


def test_a_correction_that_reaches_nobody_names_its_fields(session: Session) -> None:
    row = kept(session, {"phone": "12"})
    with pytest.raises(Invalid) as refused:
        correct_and_accept(session, row, {"phone": "13"})
    assert set(refused.value.faults) == {"phone"}
    assert row.outcome == "rejected"
    assert session.query(Submission).count() == 1


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"[1]"])
def test_a_body_that_cannot_be_read_is_no_hindrance_to_a_person(
    session: Session, body: bytes
) -> None:
    row = kept(session, body)
    assert lead_of(session, correct_and_accept(session, row, {"email": "a@example.com"})).email_key


def test_the_campaign_is_chosen_by_the_person(session: Session) -> None:
    campaign = make_campaign(session)
    source = make_source(session, format="form", needs_campaign=True)
    row = kept(session, {"phone": "+79990000001", "campaign": "unknown"}, source)
    with pytest.raises(Invalid) as refused:
        correct_and_accept(session, row, {"phone": "+79990000001"})
    assert set(refused.value.faults) == {"campaign"}
    receipt = correct_and_accept(session, row, {"phone": "+79990000001", "campaign": campaign})
    assert lead_of(session, receipt).campaign is campaign


def test_a_mended_mapping_is_tried_first_and_then_replays_what_was_rejected(
    session: Session,
) -> None:
    source = make_source(session, format="form")
    rows = [kept(session, {"q1": f"+7999000000{at}", "q2": "Anna"}, source) for at in range(3)]
    rows.append(kept(session, {"q1": "no phone"}, source))
    with pytest.raises(Invalid):
        replay(session, kept(session, {"q1": "no phone"}, source))
    mapping = {"q1": "phone", "q2": "name"}
    tried = try_submissions(session, source, mapping)
    assert [one.makes_a_lead for one in tried] == [False, False, True, True, True]
    assert tried[2].fields == {"first_name": "Anna", "phone": "+79990000002"}
    assert source.mapping is None
    assert session.query(Lead).count() == 0
    source.use_mapping(mapping)
    assert [lead_of(session, replay(session, row)).first_name for row in rows[:3]] == ["Anna"] * 3
    with pytest.raises(Invalid):
        replay(session, rows[3])
    with pytest.raises(NotAllowedNow):
        replay(session, rows[0])


def test_what_is_still_to_be_fetched_is_not_replayed_but_may_be_typed(session: Session) -> None:
    sent = {"field": "leadgen", "value": {"leadgen_id": "7"}}
    notice = {"object": "page", "entry": [{"changes": [sent]}]}
    source = make_source(session, format="meta")
    row = kept(session, notice, source, door="meta", outcome="pending", external_id="7")
    with pytest.raises(NotAllowedNow):
        replay(session, row)
    receipt = correct_and_accept(session, row, {"email": "a@example.com"})
    assert session.get_one(Submission, receipt.submission_id).external_id == "7"


def test_a_failed_request_with_several_leads_is_accepted_whole(session: Session) -> None:
    sample = json.loads(json.dumps(FORMATS["tiktok"].sample))
    other = {"id": "8", "changes": [{"field": "email", "value": "b@example.com"}]}
    sample["entry"].append(other)
    source = make_source(session, format="tiktok")
    row = kept(session, sample, source, door="tiktok", outcome="failed")
    replay(session, row)
    assert session.query(Lead).count() == 2
    assert row.outcome == "repeated"


@pytest.mark.parametrize("form", SENT)
def test_the_sample_of_each_format_is_sent_as_a_test(session: Session, form: SourceFormat) -> None:
    source = make_source(session, format=form.value)
    receipts = [send_test(session, source) for _ in range(2)]
    assert {one.outcome for one in receipts} == {Outcome.TEST}
    assert lead_of(session, receipts[0]).is_test
    trial = try_values(session, source, FORMATS[form].sample, {})
    assert trial.fields["first_name"] == "Anna"
    assert trial.makes_a_lead
    assert not try_values(session, source, {}, {}).makes_a_lead
