"""Typeform: answers point to the questions of the form's definition; signed over the raw body."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from app.intake.arrival import Arrival
from app.intake.formats.format import Delivery, Format, Reply, Told, is_same, mac, message_reply
from app.intake.formats.taking import Taking
from app.intake.formats.values import id_text, mapping_in, objects_in, plain_text, read_instant
from app.models.source import SourceFormat

HEADER = "Typeform-Signature"
BY_TYPE = {"email": "email", "phone_number": "phone"}


class Typeform(Format):
    """`form_response.token` is the id of the answer, not a secret."""

    name = SourceFormat.TYPEFORM
    hidden = frozenset()
    sample = {
        "event_id": "SAMPLE",
        "event_type": "form_response",
        "form_response": {
            "form_id": "sample",
            "token": "sample1",
            "hidden": {"utm_source": "google", "utm_campaign": "spring"},
            "definition": {
                "fields": [
                    {"id": "f1", "title": "What is your name?", "type": "short_text"},
                    {"id": "f2", "title": "E-mail", "type": "email"},
                    {"id": "f3", "title": "Phone", "type": "phone_number"},
                    {"id": "f4", "title": "Budget", "type": "number"},
                ]
            },
            "answers": [
                {"type": "text", "text": "Anna Sample", "field": {"id": "f1"}},
                {"type": "email", "email": "anna.sample@example.com", "field": {"id": "f2"}},
                {"type": "phone_number", "phone_number": "+79991234567", "field": {"id": "f3"}},
                {"type": "number", "number": 100, "field": {"id": "f4"}},
            ],
        },
    }

    def is_signed(self, delivery: Delivery, keys: Sequence[str]) -> bool:
        algorithm, _, given = delivery.header(HEADER).partition("=")
        return algorithm == "sha256" and is_same(
            given, [base64.b64encode(mac(key, delivery.body)).decode() for key in keys]
        )

    def split(self, values: Any) -> list[Any]:
        is_answer = isinstance(values, Mapping) and values.get("event_type") == "form_response"
        return [values] if is_answer else []

    def read(self, values: Any, arrival: Arrival) -> None:
        sent = mapping_in(values, "form_response")
        arrival.external_id = id_text(sent.get("token"))
        arrival.form_id = id_text(sent.get("form_id"))
        arrival.submitted_at = read_instant(sent.get("submitted_at"))
        questions = _questions(objects_in(mapping_in(sent, "definition"), "fields"))
        taking = Taking(arrival)
        for answer in objects_in(sent, "answers"):
            field = mapping_in(answer, "field")
            kind = plain_text(answer.get("type"))
            asked = questions.get(plain_text(field.get("id"))) or {}
            title = plain_text(asked.get("title") or field.get("title") or field.get("ref"))
            name = plain_text(asked.get("subfield_key") or field.get("subfield_key") or title)
            taking.take(BY_TYPE.get(kind, name), _said(answer, kind), title)
        # What the page knew of its visitor comes after what the visitor says.
        for key, value in mapping_in(sent, "hidden").items():
            taking.take(str(key), value)
        taking.finish()

    def unreadable(self, told: Told, status: int) -> Reply:
        return message_reply(told, status)


def _questions(listed: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """By id, those inside groups too."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in listed:
        found[plain_text(one.get("id"))] = one
        found |= _questions(objects_in(mapping_in(one, "properties"), "fields"))
    return found


def _said(answer: Mapping[str, Any], kind: str) -> Any:
    """The value stands under the name of its type; a choice under its label."""
    value = answer.get(kind)
    if kind == "choice" and isinstance(value, Mapping):
        return value.get("label") or value.get("other")
    if kind == "choices" and isinstance(value, Mapping):
        labels = value.get("labels")
        return [*(labels if isinstance(labels, list) else []), value.get("other")]
    return value
