"""The token doors one by one, as the OpenAPI document tells of them."""

from __future__ import annotations

from typing import Any

from app.api.batch import MOST, LeadBatch
from app.api.openapi_answers import (
    FORM,
    IDEMPOTENCY_KEY,
    JSON,
    LENIENT_KEY,
    MULTIPART,
    PUSHED,
    READ,
    answers,
    shaped,
    too_large,
)
from app.api.openapi_conversions import conversions
from app.api.openapi_schemas import ID, Schema, ref
from app.api.parcels import LIMIT
from app.intake.formats.generic import Generic
from app.models.source import Scope
from app.statistics import Basis
from app.statistics.periods import PeriodName

LEAD = {
    "first_name": "Anna",
    "last_name": "Sample",
    "phone": "+79991234567",
    "email": "anna.sample@example.com",
    "external_id": "order-1001",
}
SEED_LEAD = {
    "first_name": "Anna",
    "last_name": "Sample",
    "middle_name": None,
    "phone_number": "+79991234567",
    "email": "anna.sample@example.com",
    "advertising_company": None,
}
FIGURES = {
    "campaign": {"id": 2, "title": "Autumn"},
    "period": {"name": "all", "from": None, "to": None},
    "basis": "cohort", "complete": False, "currency": "RUB",
    "spend": "1000.00", "spend_is_planned": False,
    "leads": 10, "qualified": 4, "converted": 2, "clients": 2, "contracts": 2,
    "revenue": "3000.00", "expected": "0.00", "profit": "2000.00",
    "roi": "2.0000", "roas": "3.0000", "cpl": "100.00", "cac": "500.00", "conversion": "0.2000",
    "payback": None, "reasons": {"payback": "not_yet"},
}  # fmt: skip


def paths() -> dict[str, Schema]:
    return {
        "/clients/potential/api/": {"post": _seed()},
        "/api/v1/leads": {"post": _lead()},
        "/api/v1/leads/batch": {"post": _leads()},
        "/api/v1/submissions": {"post": _submission()},
        "/api/v1/campaigns/{campaign_id}/statistics": {"get": _figures()},
        "/api/v1/conversions": {"get": conversions()},
        "/in/{key}": _inbound(),
        "/health/live": {"get": _live()},
        "/health/ready": {"get": _ready()},
    }


def _push(name: str, title: str, said: str, body: Schema, own: dict[str, Schema]) -> Schema:
    limit = LeadBatch.limit if name == "pushLeads" else LIMIT
    own = own | {"413": too_large(limit)}
    return {
        "operationId": name,
        "tags": ["Leads"],
        "summary": title,
        "description": f"{said} Scope: `{Scope.PUSH_LEADS.value}`.",
        "security": [{"token": []}, {"bearer": []}],
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": body},
        "responses": answers(own, *PUSHED),
    }


def _bodies(shape: str, form: str, example: Any) -> Schema:
    texts = {name: str(value) for name, value in example.items() if value is not None}
    return {
        JSON: {"schema": ref(shape), "example": example},
        FORM: {"schema": ref(form), "example": texts},
        MULTIPART: {"schema": ref(form), "example": texts},
    }


def _seed() -> Schema:
    accepted = shaped(
        "Kept; a person who asked before in the same campaign has the same id.",
        ref("AcceptedSeedLead"),
        example=SEED_LEAD | {"id": 17},
    )
    return _push(
        "pushSeedLead",
        "One lead, as the older product took it",
        "Path, header, fields and answer of the older product. New senders use /api/v1/leads.",
        _bodies("SeedLead", "SeedLeadForm", SEED_LEAD),
        {"201": accepted},
    )


def _lead() -> Schema:
    accepted = shaped(
        "Kept. A person who asked before in the same campaign has the same id.",
        ref("AcceptedLead"),
        example={"id": 17, "submission": 41, **LEAD, "warnings": {}},
    )
    return _push(
        "pushLead",
        "One lead",
        "Strict: any malformed field refuses the whole, and all faulty fields are named at once.",
        _bodies("Lead", "LeadForm", LEAD),
        {"201": accepted},
    )


def _leads() -> Schema:
    results = [
        {"status": 201, "id": 17, "submission": 41, "email": "anna@example.com", "warnings": {}},
        {"status": 400, "submission": 42, "errors": {"email": ["This is not an e-mail address."]}},
    ]
    example = {"leads": [{"email": "anna@example.com"}, {"email": "anna"}]}
    return _push(
        "pushLeads",
        f"Up to {MOST} leads",
        "Each is a submission with its own outcome, in the given order; the answer is 200. For the"
        " rate limit a batch counts as one request.",
        {JSON: {"schema": ref("Leads"), "example": example}},
        {"200": shaped("Worked.", ref("Results"), example={"results": results})},
    )


def _submission() -> Schema:
    accepted = shaped(
        "Kept; what was not understood is a warning.",
        ref("AcceptedSubmission"),
        example={"id": 17, "submission": 41, "warnings": {}},
    )
    return _push(
        "pushSubmission",
        "Any form or JSON object",
        "Lenient: one good contact makes the lead; what is not recognised is kept as an answer.",
        _bodies("AnyForm", "AnyForm", Generic.sample),
        {"201": accepted},
    )


def _figures() -> Schema:
    def query(name: str, schema: Schema, said: str = "") -> Schema:
        found = {"name": name, "in": "query", "schema": schema}
        return found | ({"description": said} if said else {})

    day = {"type": "string"}
    periods = [name.value for name in PeriodName]
    return {
        "operationId": "readStatistics",
        "tags": ["Statistics"],
        "summary": "What a campaign has earned",
        "description": "Money and ratios are decimal text (a ROI of 2.0000 is 200 %). An undefined"
        f" figure is null, and `reasons` says why. Scope: `{Scope.READ_STATISTICS.value}`.",
        "security": [{"token": []}, {"bearer": []}],
        "parameters": [
            {"name": "campaign_id", "in": "path", "required": True, "schema": ID},
            query("period", {"enum": [*periods, ""], "default": PeriodName.ALL.value}),
            query("from", day, "The first day of a custom period: 2026-01-31."),
            query("to", day, "The last day of a custom period; needed as the first is."),
            query(
                "basis",
                {"enum": [*(basis.value for basis in Basis), ""], "default": Basis.COHORT.value},
                "By which date contracts and revenue fall into the period: when their lead was"
                " received, or when they were signed.",
            ),
        ],
        "responses": answers(
            {"200": shaped("The figures.", ref("Statistics"), example=FIGURES)}, *READ
        ),
    }


def _inbound() -> Schema:
    ok: Schema = {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"const": "ok"}},
    }
    message = shaped(
        "The address, its key or the signature is wrong, told apart by nobody; or the token may"
        " not push.",
        {"anyOf": [
            {"type": "object", "required": ["message"],
             "properties": {"message": {"type": "string"}}},
            ref("TokenErrors"),
        ]},
    )  # fmt: skip
    return {
        "parameters": [
            {
                "name": "key",
                "in": "path",
                "required": True,
                "description": "A token, or the source's own address when the token stands in a"
                " header or the request is signed.",
                "schema": {"type": "string", "minLength": 1},
            }
        ],
        "post": {
            "operationId": "pushInbound",
            "tags": ["Webhooks"],
            "summary": "Webhooks and forms in their own words",
            "description": "As the source's format reads it. Described here is the generic format;"
            " each platform is answered as its own documentation asks (the source's page says how"
            " to set it up). Platforms that take a 4xx as a last word get 503 in place of 429."
            f" Scope: `{Scope.PUSH_LEADS.value}`.",
            "security": [{}, {"token": []}, {"bearer": []}],
            "parameters": [LENIENT_KEY],
            "requestBody": {
                "required": True,
                "content": _bodies("AnyForm", "AnyForm", Generic.sample),
            },
            "responses": answers(
                {
                    "200": shaped("Kept.", ok, example={"status": "ok"}),
                    "403": message,
                    "413": too_large(LIMIT),
                },
                *((status, name) for status, name in PUSHED if status not in {"401", "403"}),
            ),
        },
        "get": {
            "operationId": "tryInbound",
            "tags": ["Webhooks"],
            "summary": "By which Meta tries an address",
            "description": "With the right verify token the challenge comes back. Without a query"
            " there is nothing to get.",
            "security": [],
            "parameters": [
                {"name": name, "in": "query", "schema": {"type": "string"}}
                for name in ("hub.mode", "hub.verify_token", "hub.challenge")
            ],
            "responses": answers(
                {
                    "200": shaped("The challenge.", {"type": "string"}, kind="text/plain"),
                    "403": message,
                },
                ("405", "WrongMethod"), ("429", "TooMany"), ("503", "Later"),
            ),
        },
        "options": {
            "operationId": "askInbound",
            "tags": ["Webhooks"],
            "summary": "Whether a script of another page may post here: it may, without cookies",
            "security": [],
            "responses": answers(
                {"204": {"description": "It may."}}, ("429", "TooMany")
            ),
        },
    }  # fmt: skip


def _live() -> Schema:
    return _health(
        "isLive", "Whether the process lives",
        {"200": shaped("It does.", _said("live"), example={"status": "live"})},
    )  # fmt: skip


def _ready() -> Schema:
    waits = _said("not ready")
    waits["required"] = ["status", "reason"]
    waits["properties"]["reason"] = {"type": "string"}
    return _health(
        "isReady", "Whether it can do its work",
        {
            "200": shaped("It can.", _said("ready"), example={"status": "ready"}),
            "503": shaped("The database is away, old, or not set up.", waits),
        },
    )  # fmt: skip


def _health(name: str, title: str, own: dict[str, Schema]) -> Schema:
    return {
        "operationId": name,
        "tags": ["Health"],
        "summary": title,
        "security": [],
        "responses": own,
    }


def _said(status: str) -> Schema:
    return {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"const": status}},
    }
