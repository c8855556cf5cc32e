"""The door of the conversions, as the OpenAPI document tells of it."""

from __future__ import annotations

from typing import Any

from app.api.openapi_answers import READ, answers, shaped
from app.api.openapi_schemas import Schema
from app.models.source import Scope
from app.statistics.conversions import NAME_LIMIT, ConversionEvent, Platform
from app.statistics.periods import PeriodName

EXAMPLE = (
    "Parameters:TimeZone=Europe/Moscow,,,,\r\n"
    "Google Click ID,Conversion Name,Conversion Time,Conversion Value,Conversion Currency\r\n"
    "Cj0KCQiA-sample,Contract signed,2026-11-02 14:05:33+0300,1500.50,RUB\r\n"
)


def conversions() -> Schema:
    return {
        "operationId": "readConversions",
        "tags": ["Statistics"],
        "summary": "Conversions as a file that an ad platform takes",
        "description": "For a scheduled upload: who was qualified, became a client or signed in"
        " the period and came by a click that is known. A platform that fetches with a user name"
        " and a password gives the token as the password. No names, contacts or hashes of them."
        f" Scope: `{Scope.READ_STATISTICS.value}`.",
        "security": [{"token": []}, {"bearer": []}, {"password": []}],
        "parameters": [
            _query("platform", _one_of(Platform, Platform.GOOGLE), "Whose file it is."),
            _query("event", _one_of(ConversionEvent, ConversionEvent.SIGNED), "What happened."),
            _query(
                "goal",
                {"type": "string", "maxLength": NAME_LIMIT},
                "What the conversion is called at the platform; begins with a letter or a digit.",
            ),
            _query("period", _one_of(PeriodName, PeriodName.ALL), "When it happened."),
            _query("from", {"type": "string"}, "The first day of a custom period: 2026-01-31."),
            _query("to", {"type": "string"}, "The last day of a custom period."),
        ],
        "responses": answers(
            {
                "200": shaped(
                    "The file, UTF-8.", {"type": "string"}, example=EXAMPLE, kind="text/csv"
                )
            },
            *((status, name) for status, name in READ if status != "404"),
        ),
    }


def _one_of(words: Any, default: str) -> Schema:
    return {"enum": [*(word.value for word in words), ""], "default": str(default)}


def _query(name: str, schema: Schema, said: str) -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": said}
