"""The seed's body: six fields under the names that existing senders use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.intake.arrival import Arrival, CampaignSent
from app.intake.formats.values import NumberText, StrictReader, is_whole_number, number_text
from app.intake.remarks import Why

FIELDS = (
    "first_name", "last_name", "middle_name", "phone_number", "email", "advertising_company",
)  # fmt: skip
LABELS = {"phone": "phone_number", "campaign": "advertising_company"}


def read(values: Mapping[str, Any], arrival: Arrival) -> None:
    """Strict. The campaign is ours, as a number or its digits; other fields are ignored."""
    arrival.strict, arrival.labels = True, LABELS
    sent = StrictReader(values, arrival)
    arrival.first_name = sent.text("first_name")
    arrival.last_name = sent.text("last_name")
    arrival.middle_name = sent.text("middle_name")
    arrival.phone = sent.text("phone_number", or_number=True)
    arrival.email = sent.text("email")
    number = campaign_number(sent, "advertising_company")
    arrival.campaign = CampaignSent(number, only_ours=True) if number else None


def campaign_number(sent: StrictReader, name: str) -> str | None:
    """The id as digits; None when absent, null or empty, or no number, which is refused."""
    value: Any = sent.values.get(name)
    if is_whole_number(value):
        return number_text(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    digits = value.strip() if isinstance(value, str) else ""
    if isinstance(value, NumberText) or not (digits.isascii() and digits.isdigit()):
        sent.refuse(name, Why.NOT_A_NUMBER)
        return None
    return digits
