"""The body of /api/v1/leads: a lead in our own words, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.intake.arrival import Arrival, CampaignSent
from app.intake.formats.values import StrictReader, short_texts, storable
from app.intake.remarks import Why, say
from app.models.contacts import Code, Fault, clean_text, faults_in_text

TEXTS = (
    "first_name", "last_name", "middle_name", "name", "email", "company_name", "job_title",
    "language",
)  # fmt: skip
# What an answer repeats, in its order.
FIELDS = (
    "first_name", "last_name", "middle_name", "name", "company_name", "job_title", "phone",
    "email", "language", "campaign", "external_id",
)  # fmt: skip
OTHERS = (
    "submitted_at", "answers", "utm", "click_id", "consent_text", "consent_at", "is_test",
)  # fmt: skip
KNOWN = frozenset({*FIELDS, *OTHERS})
CLICK_ID_LIMIT = 255
CONSENT_LIMIT = 10_000


def read(values: Mapping[str, Any], arrival: Arrival) -> None:
    """Strict. `campaign` is our id or, as a text, a platform's; unknown names are a warning."""
    arrival.strict = True
    sent = StrictReader(values, arrival)
    for name in TEXTS:
        setattr(arrival, name, sent.text(name))
    arrival.phone = sent.text("phone", or_number=True)
    arrival.external_id = sent.text("external_id", or_number=True)
    campaign = sent.text("campaign", or_number=True)
    if campaign and campaign.strip():
        arrival.campaign = CampaignSent(campaign)
    arrival.submitted_at = sent.time("submitted_at")
    arrival.consent_at = sent.time("consent_at")
    arrival.is_test = sent.flag("is_test")
    arrival.answers = storable(sent.mapping("answers"))
    arrival.utm = short_texts(sent.mapping("utm"))
    arrival.click_id = _bounded(sent, "click_id", CLICK_ID_LIMIT)
    arrival.consent_text = _bounded(sent, "consent_text", CONSENT_LIMIT, multiline=True)
    for name in values:
        if name not in KNOWN:
            say(arrival.warnings, clean_text(str(name))[:100], Why.UNKNOWN_FIELD)


def _bounded(sent: StrictReader, name: str, limit: int, *, multiline: bool = False) -> str | None:
    value = sent.text(name)
    if value is None:
        return None
    faults = faults_in_text(value, multiline=multiline)
    text = clean_text(value, multiline=multiline)
    if len(text) > limit:
        faults.append(Fault(Code.TOO_LONG, {"limit": limit}))
    if faults:
        say(sent.arrival.errors, name, *faults)
        return None
    return text or None
