"""Receiving one submission, from a door or by hand."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.errors import Invalid
from app.intake.arrival import Arrival, CampaignSent, Receipt
from app.intake.many import receive_many
from app.models.actor import Actor, acting_as
from app.models.campaign import Campaign

BY_HAND = "by_hand"
FORM_FIELDS = (
    "first_name", "last_name", "middle_name", "company_name", "job_title", "phone", "email",
    "language",
)  # fmt: skip


def receive(session: Session, arrival: Arrival) -> Receipt:
    """Makes the lead of one submission, or finds the open one that it asks again for (law 4).

    Leaves a submission in every case and never commits. The author of the note is the current
    actor.
    """
    return receive_many(session, [arrival])[0]


def receive_by_hand(session: Session, values: dict[str, Any], user: Any) -> Receipt:
    """The "new lead" form: `values` hold a lead's fields, the campaign as a row or None.

    Raises Invalid naming every faulty field; nothing is stored then, for the form keeps what was
    typed. Whose lead is open in the campaign already has asked again: the receipt says so and
    names that lead.
    """
    campaign: Campaign | None = values.get("campaign")
    fields: dict[str, Any] = {name: values.get(name) or None for name in FORM_FIELDS}
    arrival = Arrival(
        door=BY_HAND,
        strict=True,
        campaign=CampaignSent(str(campaign.id), only_ours=True) if campaign else None,
        **fields,
    )
    actor = Actor("user", user.get_full_name() or user.username, user.id)
    with acting_as(actor), session.begin_nested() as attempt:
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
    return receipt
