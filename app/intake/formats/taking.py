"""Puts named values where they belong in an arrival: the source's mapping first, then what the
format knows, then what people call such fields; the rest become answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.intake.arrival import Arrival, CampaignSent
from app.intake.formats.names import CLICK_IDS, MARKS, bare, contact_in, field_of, guess
from app.intake.formats.values import (
    HIDDEN,
    NO,
    YES,
    answer_text,
    plain_text,
    read_instant,
    short_texts,
    storable,
)
from app.intake.remarks import Remark, Why, say
from app.models.contacts import clean_text, split_fio
from app.models.source import ANSWER, IGNORE

MOST_FIELDS = 200
CLICK_ID_LIMIT = 255
NAME_LIMIT = 100  # of an answer's name
SEVERAL = frozenset({"phone", "email"})  # what a person may have more than one of
PLAIN = (
    "first_name", "last_name", "middle_name", "name", "phone", "email", "company_name",
    "job_title", "language",
)  # fmt: skip
_SECOND = re.compile(r"work|home|business|other|рабоч|домашн|дополнит|друг")  # not one's first
UNSAID: tuple[Any, ...] = (None, "", [], {}, HIDDEN)


class Taking:
    """`known`: what the format itself calls fields, by their bare names. `as_text`: answers are
    kept as the texts that people read (platforms), else as the values that were sent.
    """

    def __init__(
        self, arrival: Arrival, known: Mapping[str, str] | None = None, *, as_text: bool = True
    ) -> None:
        arrival.strict = False
        self.arrival = arrival
        self.known = known or {}
        self.as_text = as_text
        sent = arrival.sender.mapping if arrival.sender else None
        self.mapping = {bare(name): target for name, target in (sent or {}).items()}
        self.found: dict[str, list[Any]] = {}
        self.own: dict[str, int] = {}  # how many values of a field are not of work or home
        self.marks: dict[str, Any] = {}
        self.left: list[tuple[str, str, Any]] = []
        self.seen = 0

    def take(self, name: str, value: Any, question: str = "", *, sensitive: bool = False) -> None:
        """`question` is the name as people read it, by which the answer is kept if there is one;
        what is `sensitive` is kept only if it is mapped.
        """
        self.seen += 1
        if self.seen > MOST_FIELDS:
            say(self.arrival.warnings, "", Remark(Why.TOO_MANY, {"limit": MOST_FIELDS}))
            return
        field = self._mapped(name, question)
        if field is None and sensitive:
            return
        if field is None:
            field = self._recognised(name, question)
        title = clean_text(question or name)[:NAME_LIMIT]
        if field == IGNORE or value in UNSAID:
            return
        if field == "mark":
            self.marks[clean_text(name).lower()] = value
        elif field == "click_id":
            self.marks.setdefault("clickid", value)
        elif field in (None, ANSWER) or not plain_text(value):
            self.left.append((field or "", title, value))
        elif field in self.found and field not in SEVERAL:
            self.left.append((ANSWER, title, value))
        elif field in SEVERAL:
            self._one_more(str(field), name, value)
        else:
            self.found[str(field)] = [value]
            if field == "consent" and self.as_text:
                self.left.append((ANSWER, title, value))

    def _one_more(self, field: str, name: str, value: Any) -> None:
        """A person's own phone comes before that of work or home, in whatever order they stand."""
        values = self.found.setdefault(field, [])
        if _SECOND.match(bare(name)):
            values.append(value)
            return
        own = self.own.get(field, 0)
        values.insert(own, value)
        self.own[field] = own + 1

    def _mapped(self, name: str, question: str) -> str | None:
        if not self.mapping:
            return None
        return self.mapping.get(bare(name)) or self.mapping.get(bare(question))

    def _recognised(self, name: str, question: str) -> str | None:
        for text in (name, question):
            short = bare(text)
            if short.startswith("utm") or short in MARKS:
                return "mark"
            field = field_of(text, self.known)
            if field:
                return field
        return None

    def finish(self) -> None:
        """Fills the arrival from all that was taken."""
        self._guess()
        arrival, found = self.arrival, {name: _joined(all_) for name, all_ in self.found.items()}
        for field in PLAIN:
            setattr(arrival, field, found.get(field) or getattr(arrival, field))
        if found.get("fio") and not (arrival.first_name or arrival.last_name or arrival.name):
            arrival.last_name, arrival.first_name, arrival.middle_name = split_fio(found["fio"])
        self._one_name()
        arrival.external_id = arrival.external_id or found.get("external_id") or None
        arrival.form_id = arrival.form_id or found.get("form_id") or None
        if found.get("campaign") and arrival.campaign is None:
            arrival.campaign = CampaignSent(found["campaign"])
        arrival.submitted_at = arrival.submitted_at or self.time("submitted_at", found)
        arrival.is_test = arrival.is_test or found.get("is_test", "").strip().lower() in YES
        self._consent(found)
        self._marks()
        self._answers()

    def _one_name(self) -> None:
        """A half of the name beside the whole of it: the whole says more."""
        arrival = self.arrival
        half = arrival.first_name or arrival.last_name or ""
        is_half = bool(arrival.first_name) != bool(arrival.last_name)
        whole = clean_text(arrival.name or "").casefold().split()
        if is_half and len(whole) > 1 and set(clean_text(half).casefold().split()) <= set(whole):
            arrival.first_name = arrival.last_name = None
        elif arrival.first_name and not arrival.last_name and " " in arrival.first_name:
            # "Имя: Анна Пробная": a form with one field for the name.
            arrival.name, arrival.first_name = arrival.first_name, None

    def _guess(self) -> None:
        """Questions in many words first, then what can be nothing else than a contact."""
        for by_question in (True, False):
            for place, (field, title, value) in enumerate(self.left):
                text = value if isinstance(value, str) else plain_text(value)
                guessed = None
                if not field:
                    guessed = guess(title, text) if by_question else contact_in(text)
                if guessed is None or self._has(guessed):
                    continue
                self.found[guessed] = [value]
                self.left[place] = (IGNORE, title, value)

    def _has(self, field: str) -> bool:
        if field == "name":
            return any(one in self.found for one in ("name", "first_name", "last_name", "fio"))
        return field in self.found or bool(getattr(self.arrival, field))

    def time(self, field: str, found: Mapping[str, str]) -> datetime | None:
        text = plain_text(found.get(field))
        if not text:
            return None
        at = read_instant(text)
        if at is None:
            say(self.arrival.warnings, field, Why.BAD_TIME)
            self.arrival.answers.setdefault(field, text)
        return at

    def _consent(self, found: Mapping[str, str]) -> None:
        """A ticked box is consent at the moment of asking; any other text is its wording."""
        arrival, ticked = self.arrival, plain_text(found.get("consent"))
        arrival.consent_text = clean_text(found.get("consent_text", ""), multiline=True) or None
        arrival.consent_at = self.time("consent_at", found)
        if ticked.lower() in NO:
            return
        if ticked.lower() not in YES:
            arrival.consent_text = arrival.consent_text or ticked
        arrival.consent_at = arrival.consent_at or arrival.asked_at

    def _marks(self) -> None:
        arrival = self.arrival
        arrival.utm = {**arrival.utm, **short_texts(self.marks)}
        ids = [value for name, value in arrival.utm.items() if bare(name) in CLICK_IDS]
        first = next((one for one in ids if len(one) <= CLICK_ID_LIMIT), None)
        arrival.click_id = arrival.click_id or first
        if arrival.campaign is None and arrival.utm.get("utm_campaign"):
            arrival.campaign = CampaignSent(arrival.utm["utm_campaign"], is_hint=True)

    def _answers(self) -> None:
        for field, title, value in self.left:
            if field == IGNORE:
                continue
            kept = answer_text(value) if self.as_text else storable(value)
            if kept not in UNSAID:
                self.arrival.answers.setdefault(title, kept)


def take_all(
    pairs: Iterable[tuple[str, Any, str]], arrival: Arrival, known: Mapping[str, str] | None = None
) -> None:
    """(name, value, question) of a platform's form, taken in their order."""
    taking = Taking(arrival, known)
    for name, value, question in pairs:
        taking.take(name, value, question)
    taking.finish()


def _joined(values: list[Any]) -> str:
    """A text stays as it came: intake cleans it, and tells when there was something to clean."""
    texts = [one if isinstance(one, str) else plain_text(one) for one in values]
    return texts[0] if len(texts) == 1 else ", ".join(dict.fromkeys(texts))
