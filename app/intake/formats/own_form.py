"""A form of ours as it was filled in: our own words for it, so that it can be read again even after
the form has changed.

    {"name": …, "phone": …, "email": …, "language": "ru", "form_id": "7", "external_id": …,
     "answers": {question as shown: answer}, "marks": {"utm_source": …, "gclid": …},
     "page": …, "referrer": …,
     "consent_text": as shown, "consent_version": 2, "consent_at": "2026-01-31T12:00:00+00:00"}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.intake.arrival import Arrival
from app.intake.formats.format import Format
from app.intake.formats.taking import Taking
from app.intake.formats.values import mapping_in, plain_text, read_time, short_texts, storable
from app.models.contacts import clean_text
from app.models.source import SourceFormat

CONTACTS = ("name", "phone", "email")
WHERE = ("page", "referrer")  # of the page around the form; kept with the marks


class OwnForm(Format):
    """Its requests come to /f/…, where the visitor is told what to correct."""

    name = SourceFormat.OWN_FORM
    tells_faults = True
    sample = {
        "name": "Anna Sample",
        "phone": "+79991234567",
        "email": "anna.sample@example.com",
        "answers": {"What is it about?": "Call after six"},
        "marks": {"utm_source": "newsletter"},
    }

    def read(self, values: Mapping[str, Any], arrival: Arrival) -> None:
        taking = Taking(arrival)
        for name, value in mapping_in(values, "marks").items():
            taking.take(str(name), value)
        taking.finish()
        for name in CONTACTS:
            sent = values.get(name)
            setattr(arrival, name, sent if isinstance(sent, str) else plain_text(sent))
        arrival.language = plain_text(values.get("language")) or None
        arrival.form_id = plain_text(values.get("form_id")) or None
        arrival.external_id = plain_text(values.get("external_id")) or None
        arrival.utm |= short_texts({name: values.get(name) for name in WHERE})
        arrival.answers = storable(mapping_in(values, "answers"))
        consent = values.get("consent_text")
        arrival.consent_text = (
            clean_text(consent, multiline=True) or None if isinstance(consent, str) else None
        )
        arrival.consent_at = read_time(plain_text(values.get("consent_at")))
