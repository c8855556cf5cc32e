"""Judges the fields of one arrival: strict doors refuse what is malformed, lenient ones mend it."""

from __future__ import annotations

from collections.abc import Mapping

from app.intake.arrival import Arrival
from app.intake.remarks import Remarks, Why, say
from app.models.company import LANGUAGES
from app.models.contacts import Code, ContactFields, Fault, clean_text, faults_in_text, read_contact
from app.models.matching import Keys

LIMITS = {"company_name": 200, "job_title": 200}
EXTERNAL_ID_LIMIT = 255
FORM_ID_LIMIT = 100


class Person:
    """The person of one arrival: cleaned columns, contacts and keys."""

    def __init__(self, fields: ContactFields) -> None:
        self.fields = fields
        self.phones = [phone for phone in (fields.phone, *fields.other_phones) if phone]
        self.emails = [email for email in (fields.email, *fields.other_emails) if email]
        self.company_name = ""
        self.job_title = ""
        self.language: str | None = None

    @property
    def keys(self) -> Keys:
        return Keys(
            frozenset(phone.key for phone in self.phones if phone.key),
            frozenset(email.key for email in self.emails if email.key),
        )


def read_person(arrival: Arrival, region: str) -> Person:
    """The person; what is wrong is added to the arrival's errors and warnings under the sender's
    names. With any error the arrival is refused. Of a pending one only the id is looked at.
    """
    if arrival.is_pending:
        _external_id(arrival)
        return Person(ContactFields())
    fields, errors, warnings = read_contact(
        first_name=arrival.first_name,
        last_name=arrival.last_name,
        middle_name=arrival.middle_name,
        name=arrival.name,
        phone=arrival.phone,
        email=arrival.email,
        region=region,
        strict=arrival.strict,
    )
    person = Person(fields)
    _tell_cleaned(arrival)
    _tell(arrival, arrival.errors, errors)
    _tell(arrival, arrival.warnings, warnings)
    person.company_name = _text(arrival, "company_name")
    person.job_title = _text(arrival, "job_title")
    person.language = _language(arrival)
    _external_id(arrival)
    if arrival.form_id:
        arrival.form_id = clean_text(arrival.form_id)[:FORM_ID_LIMIT]
    return person


def _tell(arrival: Arrival, where: Remarks, faults: Mapping[str, list[Fault]]) -> None:
    for our_field, said in faults.items():
        label = arrival.label(our_field)
        # What the format has refused already ("send a text") needs no second complaint.
        missing_only = all(fault.code == Code.NO_CONTACT for fault in said)
        if not (missing_only and arrival.errors.get(label)):
            say(where, label, *said)


def _tell_cleaned(arrival: Arrival) -> None:
    """Lenient doors take out what no text can hold, and say so once for the whole request."""
    texts = (arrival.first_name, arrival.last_name, arrival.middle_name, arrival.name,
             arrival.phone, arrival.company_name, arrival.job_title)  # fmt: skip
    faulty = (fault for text in texts if text for fault in faults_in_text(text, multiline=True))
    if not arrival.strict and next(faulty, None):
        say(arrival.warnings, "", Why.CLEANED)


def _text(arrival: Arrival, our_field: str) -> str:
    value: str | None = getattr(arrival, our_field)
    if not value:
        return ""
    label, limit = arrival.label(our_field), LIMITS[our_field]
    if arrival.strict:
        faults = faults_in_text(value)
        if faults:
            say(arrival.errors, label, *faults)
    text = clean_text(value)
    if len(text) <= limit:
        return text
    say(arrival.errors if arrival.strict else arrival.warnings, label, _too_long(limit))
    arrival.answers.setdefault(label, text)  # kept whole with the submission, never cut
    return ""


def _language(arrival: Arrival) -> str | None:
    language = (arrival.language or "").strip().lower()[:2]
    if language in LANGUAGES:
        return language
    if arrival.strict and arrival.language:
        say(arrival.errors, arrival.label("language"), Why.BAD_LANGUAGE)
    return None


def _external_id(arrival: Arrival) -> None:
    value = arrival.external_id
    if not value:
        arrival.external_id = None
        return
    label = arrival.label("external_id")
    if arrival.strict:
        faults = faults_in_text(value)
        if faults:
            say(arrival.errors, label, *faults)
    arrival.external_id = clean_text(value) or None
    if arrival.external_id and len(arrival.external_id) > EXTERNAL_ID_LIMIT:
        arrival.external_id = None
        where = arrival.errors if arrival.strict else arrival.warnings
        say(where, label, _too_long(EXTERNAL_ID_LIMIT))


def _too_long(limit: int) -> Fault:
    return Fault(Code.TOO_LONG, {"limit": limit})
