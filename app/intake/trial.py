"""What would become of values that a source sends, without keeping anything: for mappings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from app.errors import NotAllowedNow
from app.intake.again import CORRECTED, arrivals_of
from app.intake.arrival import Arrival, Receipt, Sender, digest_of_body
from app.intake.campaigns import Campaigns
from app.intake.formats.known import format_of
from app.intake.reading import read_person
from app.intake.receive import receive
from app.intake.remarks import Remark, Remarks, Why, as_stored, say
from app.models.campaign import Campaign
from app.models.contacts import split_full_name
from app.models.person import company_region
from app.models.source import Source
from app.models.submission import Outcome, Submission

MOST = 50
TRIED = (Outcome.REJECTED.value, Outcome.FAILED.value, Outcome.ACCEPTED.value)
SHOWN = (
    "first_name", "last_name", "middle_name", "phone", "email", "company_name", "job_title",
    "campaign", "external_id", "form_id", "submitted_at", "click_id", "consent_at",
)  # fmt: skip


@dataclass(slots=True)
class Trial:
    """`fields`: the lead's as they would be, without empty ones. `submission`: what was tried."""

    fields: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    errors: Remarks = field(default_factory=dict)
    warnings: Remarks = field(default_factory=dict)
    submission: Submission | None = None

    @property
    def makes_a_lead(self) -> bool:
        return not self.errors

    @property
    def stored_errors(self) -> dict[str, list[dict[str, Any]]] | None:
        """As pages read the reasons of a submission."""
        return as_stored(self.errors)

    @property
    def stored_warnings(self) -> dict[str, list[dict[str, Any]]] | None:
        return as_stored(self.warnings)


def try_values(session: Session, source: Source, values: Any, mapping: Mapping[str, str]) -> Trial:
    """Of the values of one request, by the source's format and this mapping."""
    sender = replace(Sender.of(source), mapping=mapping)
    form = format_of(source.format)
    items = form.split(values) if isinstance(values, dict) else []
    if not items:
        trial = Trial()
        say(trial.errors, "", Remark(Why.NOTHING))
        return trial
    arrival = Arrival(door=source.format, sender=sender)
    form.read(items[0], arrival)
    return _trial(session, arrival)


def try_submissions(
    session: Session, source: Source, mapping: Mapping[str, str], limit: int = MOST
) -> list[Trial]:
    """Of the source's last submissions, newest first."""
    sender = replace(Sender.of(source), mapping=mapping)
    last = session.scalars(
        select(Submission)
        .where(Submission.source_id == source.id, Submission.outcome.in_(TRIED))
        .order_by(Submission.received_at.desc(), Submission.id.desc())
        .limit(limit)
        .options(undefer(Submission.body))
    )
    return [_try_again(session, one, sender) for one in last]


def understood(session: Session, submission: Submission) -> dict[str, Any]:
    """What was read of a submission, as texts for the form that corrects it."""
    try:
        arrival = arrivals_of(session, submission)[0]
    except NotAllowedNow:
        return {}
    found: dict[str, Any] = {name: getattr(arrival, name) for name in CORRECTED}
    if arrival.name and not (arrival.first_name or arrival.last_name):
        found["first_name"], found["last_name"] = split_full_name(arrival.name)
    campaign_id = Campaigns(session, [arrival]).place(arrival)
    found["campaign"] = session.get(Campaign, campaign_id) if campaign_id else None
    return {name: value for name, value in found.items() if value}


def _try_again(session: Session, submission: Submission, sender: Sender) -> Trial:
    try:
        arrival = arrivals_of(session, submission, sender)[0]
    except NotAllowedNow:
        trial = Trial(submission=submission)
        say(trial.errors, "", Remark(Why.UNREADABLE))
        return trial
    trial = _trial(session, arrival)
    trial.submission = submission
    return trial


def _trial(session: Session, arrival: Arrival) -> Trial:
    region = (arrival.sender and arrival.sender.phone_region) or company_region(session)
    person = read_person(arrival, region)
    Campaigns(session, [arrival]).place(arrival)
    fields = person.fields
    found: dict[str, Any] = {
        "first_name": fields.first_name, "last_name": fields.last_name,
        "middle_name": fields.middle_name,
        "phone": ", ".join(one.key or one.typed for one in person.phones),
        "email": ", ".join(one.key or one.typed for one in person.emails),
        "company_name": person.company_name, "job_title": person.job_title,
        "campaign": arrival.campaign.value if arrival.campaign else None,
        "external_id": arrival.external_id, "form_id": arrival.form_id,
        "submitted_at": arrival.submitted_at, "click_id": arrival.click_id,
        "consent_at": arrival.consent_at,
    }  # fmt: skip
    shown = {name: found[name] for name in SHOWN if found[name]}
    answers = dict(arrival.answers)
    return Trial(shown, answers, arrival.errors, arrival.warnings)


def send_test(session: Session, source: Source) -> Receipt:
    """The format's own sample as a test lead, through all that a real one goes through."""
    form = format_of(source.format)
    values = deepcopy(form.sample)
    body = json.dumps(values).encode()
    arrival = Arrival(
        door=source.format, sender=Sender.of(source), media_type="application/json", body=body,
        body_digest=digest_of_body(body),
    )  # fmt: skip
    form.read(form.split(values)[0], arrival)
    arrival.is_test, arrival.external_id, arrival.submitted_at = True, None, None
    arrival.campaign = None  # the sample's is nobody's
    return receive(session, arrival)
