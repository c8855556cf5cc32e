"""What a visitor filled into an own form: checked question by question, and put into words that can
be read again when the form has long been another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import force_locale, gettext

from app.api.form_stamps import Stamp
from app.intake.arrival import digest_of_body
from app.intake.formats.own_form import CONTACTS, WHERE
from app.models.contacts import Fault, clean_text, read_contact
from app.models.form_question import Question, QuestionKind
from app.models.own_form import OwnForm
from app.ui.form_page import CONSENT

TICKED = "✓"
LIMITS = {QuestionKind.MESSAGE.value: 5000, QuestionKind.TEXT.value: 500}
CONTACT_LIMIT = 500  # longer ones are no contact; intake knows each one's own limit


@dataclass(slots=True)
class Answers:
    """`typed` by the names of fields, as the form shows it again; `said` by question, in words."""

    typed: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)

    def content(
        self, form: OwnForm, language: str, stamp: Stamp | None, at: datetime
    ) -> dict[str, Any]:
        """The request in the words of app/intake/formats/own_form.py."""
        marks = dict(stamp.marks) if stamp is not None else {}
        where = {name: marks.pop(name) for name in WHERE if name in marks}
        values: dict[str, Any] = {
            name: self.typed[name] for name in CONTACTS if self.typed.get(name)
        }
        values |= {"language": language, "form_id": str(form.id)}
        if stamp is not None:
            values["external_id"] = f"{stamp.nonce}.{self._mark()}"
        values |= {"answers": self.said, "marks": marks, **where}
        if self.typed.get(CONSENT):
            values |= {
                "consent_text": form.text("consent", language),
                "consent_version": form.consent_version,
                "consent_at": at.isoformat(),
            }
        return values

    def _mark(self) -> str:
        """A stamp with the same answers is the same request; with others it is another."""
        typed = json.dumps(self.typed, sort_keys=True)
        return hashlib.sha256(typed.encode()).hexdigest()[:16]

    @staticmethod
    def as_body(values: Mapping[str, Any]) -> bytes:
        return json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")

    @staticmethod
    def digest(raw: bytes) -> str:
        return digest_of_body(raw)

    def judge_contacts(self, region: str, language: str) -> None:
        """Tells all that is wrong at once, by the rule of intake (leniently: one good contact)."""
        name, phone, email = (self.typed.get(name) for name in CONTACTS)
        _fields, errors, _warnings = read_contact(
            name=name, phone=phone, email=email, region=region
        )
        found = self.faults_of(errors, language)
        if "" in found and any(name in self.faults for name in CONTACTS):
            del found[""]  # which contact is missing is said at its field
        told = found | self.faults
        self.faults = {key: told[key] for key in (*self._keys, CONSENT, "") if key in told}

    @property
    def _keys(self) -> list[str]:
        return [one.key for one in self.asked]

    def faults_of(
        self, reasons: Mapping[str, Sequence[Fault]], language: str
    ) -> dict[str, list[str]]:
        """What intake refused, at the fields of the page; {} when no visitor could put it right
        (a source that needs a campaign).
        """
        keys = self._keys
        contacts = [key for key in keys if key in CONTACTS]
        if any(name not in (*CONTACTS, "", "last_name", "first_name") for name in reasons):
            return {}
        found: dict[str, list[str]] = {}
        with force_locale(language):
            for name, said in reasons.items():
                place = name if name in keys else next(
                    (key for key in contacts if key != "name"), ""
                )  # fmt: skip
                if name in ("first_name", "last_name"):
                    place = "name"
                found.setdefault(place, []).extend(
                    gettext(one.message) % dict(one.params) for one in said
                )
        return {key: found[key] for key in (*keys, "") if key in found}


def read_answers(form: OwnForm, language: str, sent: Mapping[str, Any]) -> Answers:
    """Of the questions that the form asks now; what it does not ask is not looked at."""
    answers = Answers(asked=form.asked)
    with force_locale(language):
        for one in answers.asked:
            _read(one, language, str(sent.get(one.key) or ""), answers)
        if sent.get(CONSENT):
            answers.typed[CONSENT] = "1"
        else:
            told = gettext("Tick this: without your consent we may not answer you.")
            answers.faults[CONSENT] = [told]
    return answers


def _read(one: Question, language: str, value: str, answers: Answers) -> None:
    multiline = one.kind == QuestionKind.MESSAGE
    text = clean_text(value, multiline=multiline)
    fault = _fault(one, language, text)
    if fault:
        answers.faults[one.key] = [fault]
    if not text:
        return
    answers.typed[one.key] = text
    if fault or one.key in CONTACTS:
        return
    label = one.label(language)
    if one.kind == QuestionKind.TICK:
        answers.typed[one.key], answers.said[label] = "1", TICKED
    elif one.kind == QuestionKind.CHOICE:
        answers.said[label] = one.options(language)[int(text) - 1]
    else:
        answers.said[label] = text


def _fault(one: Question, language: str, text: str) -> str:
    if not text:
        if not one.required:
            return ""
        if one.kind == QuestionKind.TICK:
            return str(gettext("Tick this to go on."))
        if one.kind == QuestionKind.CHOICE:
            return str(gettext("Choose one of the list."))
        return str(gettext("Fill in this field."))
    if one.kind == QuestionKind.CHOICE:
        most = len(one.options(language))
        is_one = text.isascii() and text.isdigit() and len(text) < 4 and 0 < int(text) <= most
        return "" if is_one else str(gettext("Choose one of the list."))
    limit = LIMITS.get(one.kind, CONTACT_LIMIT)
    if len(text) > limit:
        return str(gettext("Use at most %(limit)s characters.", limit=limit))
    return ""
