"""Accepting a submission that failed: its kept body is read once more by its own door's format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.errors import N_, Invalid, NotAllowedNow
from app.intake.arrival import Arrival, Receipt, Sender
from app.intake.bodies import FORM_TYPE, Broken, is_json, read_form, read_json
from app.intake.formats import generic, lead, seed
from app.intake.receive import receive
from app.models.source import Source
from app.models.submission import Outcome, Submission

READERS: dict[str, Callable[[Mapping[str, Any], Arrival], None]] = {
    "seed": seed.read,
    "leads": lead.read,
    "batch": lead.read,
    "submissions": generic.read,
}


def accept_failed(session: Session, submission: Submission) -> Receipt:
    """Makes the lead at last; the failed row then points to the submission that was accepted.

    Raises NotAllowedNow for any other submission or a body that cannot be read, Invalid with
    every faulty field. The lead is as old as its submission.
    """
    session.refresh(submission, with_for_update={"of": Submission})
    if submission.outcome != Outcome.FAILED:
        raise NotAllowedNow(N_("Only a failed submission can be accepted."))
    arrival = _arrival(session, submission)
    with session.begin_nested() as attempt:
        receipt = receive(session, arrival)
        if receipt.is_refused:
            attempt.rollback()
    if receipt.is_refused:
        raise Invalid(
            {
                field: [remark.as_error(field) for remark in said]
                for field, said in receipt.reasons.items()
            }
        )
    submission.outcome = Outcome.REPEATED.value
    submission.first_id, submission.lead_id = receipt.submission_id, receipt.lead_id
    submission.campaign_id = receipt.campaign_id
    session.flush()
    return receipt


def _arrival(session: Session, submission: Submission) -> Arrival:
    source = session.get(Source, submission.source_id) if submission.source_id else None
    arrival = Arrival(
        door=submission.door,
        sender=Sender.of(source) if source else None,
        received_at=submission.received_at,
        media_type=submission.media_type,
        body=submission.body,
        body_digest=submission.body_digest,
    )
    READERS.get(submission.door, generic.read)(_values(submission), arrival)
    return arrival


def _values(submission: Submission) -> Mapping[str, Any]:
    unreadable = NotAllowedNow(N_("The body of this submission cannot be read again."))
    try:
        if is_json(submission.media_type):
            values = read_json(submission.body)
        elif submission.media_type == FORM_TYPE:
            values = read_form(submission.body, lenient=True)
        else:
            raise unreadable
    except Broken:
        raise unreadable from None
    if not isinstance(values, dict):
        raise unreadable
    return values
