"""Working a kept submission once more: as it came, corrected by a person, or by a mended mapping.

Its kept body is read anew by the format of its own door, with what the source says today.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.errors import N_, Invalid, NotAllowedNow
from app.intake.arrival import Arrival, CampaignSent, Receipt, Sender, digest_of_body
from app.intake.bodies import (
    FORM_TYPE,
    JSON_TYPE,
    Broken,
    is_json,
    read_form,
    read_json,
    read_old,
)  # fmt: skip
from app.intake.formats.known import FORMATS, READERS
from app.intake.many import receive_many
from app.intake.remarks import Remarks, Why
from app.models.campaign import Campaign
from app.models.source import Source
from app.models.submission import Outcome, Submission

# What has made no lead yet and still may.
OPEN = (Outcome.FAILED.value, Outcome.REJECTED.value, Outcome.PENDING.value)
CORRECTED = (
    "first_name", "last_name", "middle_name", "phone", "email", "company_name", "job_title",
)  # fmt: skip


class Refused(Invalid):
    """It is still refused; `reasons` are the remarks as a submission keeps them."""

    def __init__(self, reasons: Remarks) -> None:
        self.reasons = reasons
        super().__init__(
            {field: [remark.as_error(field) for remark in said] for field, said in reasons.items()}
        )


def can_be_accepted(submission: Submission) -> bool:
    return submission.outcome in OPEN


def accept_failed(session: Session, submission: Submission) -> Receipt:
    """What failed by our fault becomes the lead that it should have been.

    Raises NotAllowedNow for any other submission or a body that cannot be read, Invalid with
    every faulty field. The lead is as old as its submission.
    """
    session.refresh(submission, with_for_update={"of": Submission})
    if submission.outcome != Outcome.FAILED:
        raise NotAllowedNow(N_("Only a failed submission can be accepted."))
    return _accept(session, submission, arrivals_of(session, submission))


def replay(session: Session, submission: Submission) -> Receipt:
    """The same for one that was rejected, after the mapping, the source or the campaigns were
    mended. Raises as `accept_failed` does.
    """
    _lock_open(session, submission)
    return _accept(session, submission, arrivals_of(session, submission))


def correct_and_accept(
    session: Session, submission: Submission, values: Mapping[str, Any]
) -> Receipt:
    """A person has put right what was wrong: `values` are the lead's names and contacts and the
    campaign as a row or None. Everything else is taken from the body, if it can be read. Leniently:
    one good contact is enough. Raises NotAllowedNow, or Invalid with every faulty field.
    """
    _lock_open(session, submission)
    try:
        arrival = arrivals_of(session, submission)[0]
    except NotAllowedNow:
        arrival = _bare(session, submission)
    arrival.strict, arrival.is_pending, arrival.name = False, False, None
    arrival.errors, arrival.warnings, arrival.labels = {}, {}, {}
    for field in CORRECTED:
        setattr(arrival, field, values.get(field) or None)
    campaign: Campaign | None = values.get("campaign")
    arrival.campaign = CampaignSent(str(campaign.id), only_ours=True) if campaign else None
    return _accept(session, submission, [arrival])


def accept_fetched(session: Session, submission: Submission, values: Any) -> Receipt:
    """The answers of a pending one have come, in the platform's own words."""
    _lock_open(session, submission)
    arrival = _bare(session, submission)
    arrival.media_type, arrival.body = JSON_TYPE, json.dumps(values).encode()
    arrival.body_digest = digest_of_body(arrival.body)
    READERS[submission.door](values, arrival)
    arrival.external_id = submission.external_id
    return _accept(session, submission, [arrival])


def arrivals_of(
    session: Session, submission: Submission, sender: Sender | None = None
) -> list[Arrival]:
    """What the kept body says, read by the source as it is today or as `sender` would have it.
    Raises NotAllowedNow when it cannot be read.
    """
    unreadable = NotAllowedNow(N_("The body of this submission cannot be read again."))
    try:
        values = _values(submission)
    except Broken:
        raise unreadable from None
    door = submission.door
    items = FORMATS[door].split(values) if door in FORMATS else [values]
    if not items or not all(isinstance(item, dict) for item in items):
        raise unreadable
    found = []
    for item in items:
        arrival = _bare(session, submission, sender)
        READERS.get(door, READERS["submissions"])(item, arrival)
        found.append(arrival)
    return found


def _accept(session: Session, submission: Submission, arrivals: list[Arrival]) -> Receipt:
    """The kept row then points to the submission that was accepted."""
    if any(arrival.is_pending for arrival in arrivals):
        raise NotAllowedNow(N_("Its answers are still to be fetched from the platform."))
    with session.begin_nested() as attempt:
        receipts = receive_many(session, arrivals)
        good = [one for one in receipts if not one.is_refused]
        if not good:
            attempt.rollback()
    if not good:
        raise Refused(receipts[0].reasons)
    receipt = good[0]
    submission.outcome = Outcome.REPEATED.value
    submission.first_id, submission.lead_id = receipt.submission_id, receipt.lead_id
    submission.campaign_id = receipt.campaign_id
    submission.fetch_at = None
    session.flush()
    return receipt


def _lock_open(session: Session, submission: Submission) -> None:
    session.refresh(submission, with_for_update={"of": Submission})
    if not can_be_accepted(submission):
        raise NotAllowedNow(N_("This submission has its lead already."))


def _bare(session: Session, submission: Submission, sender: Sender | None = None) -> Arrival:
    source = session.get(Source, submission.source_id) if submission.source_id else None
    return Arrival(
        door=submission.door,
        sender=sender or (Sender.of(source) if source else None),
        received_at=submission.received_at,
        submitted_at=submission.submitted_at,
        external_id=submission.external_id,
        form_id=submission.form_id,
        media_type=submission.media_type,
        body=submission.body,
        body_digest=submission.body_digest,
    )


def _values(submission: Submission) -> Any:
    read: Callable[..., Any] = read_json if is_json(submission.media_type) else read_form
    if read is read_form and submission.media_type not in (FORM_TYPE, "", "text/plain"):
        raise Broken(Why.BAD_MEDIA_TYPE)
    try:
        return read(submission.body)
    except Broken as broken:
        if broken.why is not Why.BAD_ENCODING:
            raise
    return read_old(read, submission.body)
