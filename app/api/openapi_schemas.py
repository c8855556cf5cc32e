"""The shapes of what goes in and out at the token doors, made from the tables the doors go by.

A field that a format learns without a shape here stops the start, so that rule and document stay
together; tests/api/test_openapi.py holds real answers against these shapes.
"""

from __future__ import annotations

from typing import Any

from app.api.batch import MOST
from app.intake.formats import lead, seed
from app.models.source import Scope
from app.statistics import Basis
from app.statistics.answer import MEASURES
from app.statistics.metrics import Why
from app.statistics.periods import PeriodName

Schema = dict[str, Any]

ID: Schema = {"type": "integer", "minimum": 1}
MONEY: Schema = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$", "examples": ["1500.50"]}
FAULTS: Schema = {
    "type": "object",
    "description": "What is wrong, by field; `detail` is the request as a whole.",
    "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
}


def ref(name: str, kind: str = "schemas") -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def _text(said: str = "", *more: str) -> Schema:
    shape: Schema = {"type": ["string", *more, "null"]}
    return shape | ({"description": said} if said else {})


PHONE = _text("With its country code, or national in the company's region.", "integer")
EMAIL = _text("One address.")
TIME = _text("ISO 8601; without a zone it is the company's time.")
OBJECT: Schema = {"type": ["object", "null"]}

OF_LEAD: dict[str, Schema] = {
    "first_name": _text(),
    "last_name": _text(),
    "middle_name": _text(),
    "name": _text("The whole name, where it comes in one field."),
    "company_name": _text(),
    "job_title": _text(),
    "phone": PHONE,
    "email": EMAIL,
    "language": _text("en or ru."),
    "campaign": _text("Our number, or a platform's id as text.", "integer"),
    "external_id": _text(
        "The sender's own id of this lead: sent again it is the same request (law of repeats).",
        "integer",
    ),
    "submitted_at": TIME,
    "answers": OBJECT | {"description": "Questions and what was answered, kept as they are."},
    "utm": OBJECT | {"description": "Marks of the advertisement: utm_source and so on."},
    "click_id": _text(f"gclid and such; at most {lead.CLICK_ID_LIMIT} characters."),
    "consent_text": _text("What the person has agreed to."),
    "consent_at": TIME,
    "is_test": {
        "type": ["boolean", "string", "integer", "null"],
        "description": "true keeps it out of the queue and the figures.",
    },
}
OF_SEED: dict[str, Schema] = {
    "first_name": _text(),
    "last_name": _text(),
    "middle_name": _text(),
    "phone_number": PHONE,
    "email": EMAIL,
    "advertising_company": _text("The campaign's number.", "integer"),
}
ECHO: Schema = {"type": ["string", "integer", "null"]}
# An object or a list does not pass as one text of a form.
NOT_IN_FORMS = frozenset({"answers", "utm"})


def _reachable(phone: str) -> list[Schema]:
    return [
        {"required": [phone], "properties": {phone: {"type": ["string", "integer"]}}},
        {"required": ["email"], "properties": {"email": {"type": "string"}}},
    ]


def _form(properties: dict[str, Schema], phone: str) -> Schema:
    texts = {
        name: {key: said for key, said in shape.items() if key == "description"}
        | {"type": "string"}
        for name, shape in properties.items()
        if name not in NOT_IN_FORMS
    }
    return {
        "type": "object",
        "properties": texts,
        "anyOf": [{"required": [phone]}, {"required": ["email"]}],
    }


def schemas() -> dict[str, Schema]:
    of_lead = {name: OF_LEAD[name] for name in (*lead.FIELDS, *lead.OTHERS)}
    of_seed = {name: OF_SEED[name] for name in seed.FIELDS}
    echoed = dict.fromkeys(lead.FIELDS, ECHO)
    accepted = {"id": ID, "submission": ID, "warnings": ref("Warnings")}
    return {
        "Faults": FAULTS,
        "Warnings": FAULTS | {"description": "What was mended or not understood, by field."},
        "TokenErrors": {
            "type": "object",
            "required": ["token_errors"],
            "properties": {"token_errors": {"type": "string"}},
        },
        "Detail": {
            "type": "object",
            "required": ["detail"],
            "properties": {"detail": {"type": "array", "items": {"type": "string"}}},
        },
        "Lead": {
            "type": "object",
            "description": "A phone or an e-mail is needed; an unknown name is a warning.",
            "properties": of_lead,
            "anyOf": _reachable("phone"),
        },
        "LeadForm": _form(of_lead, "phone"),
        "AcceptedLead": {
            "type": "object",
            "description": "The lead's number, this submission's, and the fields as they came.",
            "required": list(accepted),
            "properties": {"id": ID, "submission": ID, **echoed, "warnings": ref("Warnings")},
        },
        "Leads": _batch(),
        "Results": _results(),
        "SeedLead": {
            "type": "object",
            "description": "A phone number or an e-mail is needed; other names are ignored.",
            "properties": of_seed,
            "anyOf": _reachable("phone_number"),
        },
        "SeedLeadForm": _form(of_seed, "phone_number"),
        "AcceptedSeedLead": {
            "type": "object",
            "required": [*seed.FIELDS, "id"],
            "properties": {
                **dict.fromkeys(seed.FIELDS, ECHO),
                "advertising_company": {"type": ["integer", "null"]},
                "id": ID,
            },
        },
        "AnyForm": {
            "type": "object",
            "description": "Any names that people would recognise, English or Russian; what is not"
            " recognised is kept as an answer.",
            "additionalProperties": True,
        },
        "AcceptedSubmission": {
            "type": "object",
            "required": list(accepted),
            "properties": accepted,
        },
        "Statistics": _statistics(),
    }


def _batch() -> Schema:
    items: Schema = {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST,
        "items": {
            "description": "Judged by itself: what is no lead is answered by 400 in its place.",
            "anyOf": [ref("Lead"), {}],
        },
    }
    inside = {"type": "object", "required": ["leads"], "properties": {"leads": items}}
    return {"oneOf": [items, inside]}


def _results() -> Schema:
    kept: Schema = {"status": {"const": 201}}
    refused: Schema = {
        "type": "object",
        "required": ["status", "submission", "errors"],
        "properties": {"status": {"const": 400}, "submission": ID, "errors": ref("Faults")},
    }
    later: Schema = {
        "type": "object",
        "required": ["status", "errors"],
        "properties": {"status": {"const": 503}, "errors": ref("Faults")},
    }
    accepted: Schema = {
        "allOf": [
            {"type": "object", "required": ["status"], "properties": kept},
            ref("AcceptedLead"),
        ]
    }
    return {
        "type": "object",
        "required": ["results"],
        "properties": {
            "results": {
                "type": "array",
                "description": "One for each lead, in the given order.",
                "items": {"oneOf": [accepted, refused, later]},
            }
        },
    }


def _statistics() -> Schema:
    number: Schema = {"type": "integer", "minimum": 0}
    day: Schema = {"type": ["string", "null"], "format": "date"}
    ratio: Schema = {
        "type": ["string", "null"],
        "description": "Decimal text; null when it is undefined, and `reasons` says why.",
    }
    properties: dict[str, Schema] = {
        "campaign": {
            "type": "object",
            "required": ["id", "title"],
            "properties": {"id": ID, "title": {"type": "string"}},
        },
        "period": {
            "type": "object",
            "required": ["name", "from", "to"],
            "properties": {"name": {"enum": _words(PeriodName)}, "from": day, "to": day},
        },
        "basis": {"enum": _words(Basis)},
        "complete": {"type": "boolean", "description": "false while the figures can still change."},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "spend": MONEY,
        "spend_is_planned": {"type": "boolean"},
        **dict.fromkeys(("leads", "qualified", "converted", "clients", "contracts"), number),
        **dict.fromkeys(("revenue", "expected", "profit"), MONEY),
        **dict.fromkeys(MEASURES, ratio),
        "payback": {
            "type": ["string", "null"],
            "pattern": "^[0-9]{4}-[0-9]{2}$",
            "description": "The month in which the revenue had paid the spend.",
        },
        "reasons": {
            "type": "object",
            "propertyNames": {"enum": list(MEASURES)},
            "additionalProperties": {"enum": _words(Why)},
        },
    }
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _words(words: Any) -> list[str]:
    return [word.value for word in words]


def scope_words() -> list[str]:
    return _words(Scope)
