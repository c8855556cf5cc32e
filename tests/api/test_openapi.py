"""The OpenAPI document: valid, complete, and true of what the doors really answer."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.api.openapi import METHODS, document
from app.intake.formats import lead, seed
from app.models.source import Scope
from tests.api.doors import Sending, make_campaigns
from tests.site import visitor

ADDRESS = "/api/v1/openapi.json"
STATISTICS = "/api/v1/campaigns/{campaign_id}/statistics"
CONVERSIONS = "/api/v1/conversions"
PERSON = {"first_name": "Anna", "phone": "+79991234567"}


def test_the_document_is_valid_openapi_3_1() -> None:
    errors = list(OpenAPIV31SpecValidator(document()).iter_errors())
    assert errors == []
    assert document()["openapi"].startswith("3.1")


def test_visitors_read_the_document_and_its_page(client: Any) -> None:
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.json) == (200, document())
    page = client.get("/api/docs")
    assert page.status_code == 200
    for path in document()["paths"]:
        assert path in page.get_data(as_text=True)


def test_the_page_marks_its_english_for_readers_of_russian(sqlite_app: Flask) -> None:
    client = visitor(sqlite_app)
    page = client.get("/api/docs", headers={"Accept-Language": "ru"}).get_data(as_text=True)
    assert '<div lang="en">' in page


def test_the_document_has_exactly_the_doors_that_exist(sqlite_app: Flask) -> None:
    doors = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in sqlite_app.url_map.iter_rules()
        if rule.endpoint.startswith(("api.", "health."))
        if rule.endpoint not in {"api.form", "api.form_sent"}  # pages for people
        for method in rule.methods or ()
    }
    told = {
        (path, method)
        for path, item in document()["paths"].items()
        for method in item
        if method in METHODS
    }
    assert told <= doors
    # Flask answers HEAD and OPTIONS by itself.
    assert {door for door in doors - told if door[1] not in {"head", "options"}} == set()


def test_each_field_of_the_strict_doors_is_told() -> None:
    shapes = document()["components"]["schemas"]
    assert set(shapes["Lead"]["properties"]) == {*lead.FIELDS, *lead.OTHERS}
    assert set(shapes["SeedLead"]["properties"]) == set(seed.FIELDS)


@pytest.mark.parametrize(("path", "method"), [
    (path, method) for path, item in document()["paths"].items() for method in item
    if method in METHODS
])  # fmt: skip
def test_each_example_fits_its_own_schema(path: str, method: str) -> None:
    operation = document()["paths"][path][method]
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in map(resolved, bodies):
        for content in body.get("content", {}).values():
            if "example" in content:
                fits(content["schema"], content["example"])


# -- real answers ----------------------------------------------------------------------------------


@cache
def _sending_paths() -> dict[str, tuple[str, Any]]:
    return {
        "seed": ("/clients/potential/api/", {"first_name": "Anna", "phone_number": "+79991234567"}),
        "leads": ("/api/v1/leads", PERSON),
        "batch": ("/api/v1/leads/batch", [PERSON, {"email": "x"}, 5]),
        "submissions": ("/api/v1/submissions", PERSON | {"comment": "Call after six"}),
    }


@pytest.mark.parametrize("door", ["seed", "leads", "batch", "submissions"])
def test_what_a_pushing_door_answers_is_what_the_document_says(app: Flask, door: str) -> None:
    path, body = _sending_paths()[door]
    sender, reader = Sending(app), Sending(app, Scope.READ_STATISTICS)
    key = {"Idempotency-Key": "one"}
    other: Any = {"email": "other@example.com"}
    if door == "batch":
        other = {"leads": [other]}
    answers = [
        (sender.post(path, body, headers=key), {200, 201}),
        (sender.post(path, body, headers=key), {200, 201}),
        (sender.post(path, other, headers=key), {422}),
        (sender.post(path, body, headers={"Idempotency-Key": "x" * 300}), {400}),
        (sender.post(path, data="{", content_type="application/json"), {400}),
        (sender.post(path, {}), {400}),
        (sender.post(path, data="a,b", content_type="text/csv"), {415}),
        (sender.post(path, {"email": "x" * 1_100_000}), {413}),
        (sender.post(path, body, headers={"Token": "wrong"}), {401}),
        (reader.post(path, body), {403}),
        (app.test_client().delete(path), {405}),
    ]
    for answer, statuses in answers:
        assert answer.status_code in statuses, answer.get_data(as_text=True)
        holds(path, "post", answer)


def test_what_the_statistics_answer_is_what_the_document_says(app: Flask) -> None:
    campaign_id = make_campaigns(app, 1)[0]
    reader = Sending(app, Scope.READ_STATISTICS)
    for number, query, token, status in (
        (campaign_id, "", reader.token, 200),
        (campaign_id, "?period=custom&from=2026-01-01&to=2026-01-31", reader.token, 200),
        (campaign_id, "?period=x", reader.token, 400),
        (campaign_id, "", "wrong", 401),
        (campaign_id, "", Sending(app).token, 403),
        (999, "", reader.token, 404),
        ("x", "", reader.token, 404),
    ):
        path = STATISTICS.replace("{campaign_id}", str(number)) + query
        answer = app.test_client().get(path, headers={"Token": token})
        assert answer.status_code == status
        holds(STATISTICS, "get", answer)


def test_what_the_conversions_answer_is_what_the_document_says(app: Flask) -> None:
    reader = Sending(app, Scope.READ_STATISTICS)
    for query, token, status in (
        ("", reader.token, 200),
        ("?platform=metrica&event=converted&goal=deal&period=custom&from=2026-01-01&to=2026-01-31",
         reader.token, 200),
        ("?platform=x", reader.token, 400),
        ("?goal=%3D1", reader.token, 400),
        ("", "wrong", 401),
        ("", Sending(app).token, 403),
    ):  # fmt: skip
        answer = app.test_client().get(CONVERSIONS + query, headers={"Token": token})
        assert answer.status_code == status
        holds(CONVERSIONS, "get", answer)


def test_what_a_webhook_of_the_generic_format_answers_is_what_the_document_says(app: Flask) -> None:
    sender, reader = Sending(app), Sending(app, Scope.READ_STATISTICS)
    key = {"Idempotency-Key": "one"}
    path = f"/in/{sender.token}"
    for answer, status in (
        (sender.post(path, PERSON, headers=key), 200),
        (sender.post(path, {"email": "other@example.com"}, headers=key), 422),
        (sender.post(path, {"email": "x"}), 400),
        (sender.post(path, data="a,b", content_type="text/csv"), 415),
        (sender.post(path, {"email": "x" * 70_000}), 413),
        (sender.post("/in/nobody", PERSON), 403),
        (sender.post(f"/in/{reader.token}", PERSON), 403),
        (app.test_client().delete(path), 405),
    ):
        assert answer.status_code == status
        holds("/in/{key}", "post", answer)
    for address, status in ((path, 405), (f"{path}?hub.mode=subscribe", 403)):
        answer = app.test_client().get(address)
        assert answer.status_code == status
        holds("/in/{key}", "get", answer)
    holds("/in/{key}", "options", app.test_client().options(path))


def test_what_the_health_doors_answer_is_what_the_document_says(client: Any) -> None:
    for path in ("/health/live", "/health/ready"):
        holds(path, "get", client.get(path))


# -- how answers are held against the document -----------------------------------------------------


def resolved(part: Any) -> Any:
    """What a reference at the top of it leads to."""
    while "$ref" in part:
        found: Any = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def fits(schema: Any, value: Any) -> None:
    whole = schema | {"components": document()["components"]}
    Draft202012Validator(whole).validate(value)


def holds(path: str, method: str, answer: Any) -> None:
    """Status, headers, type and body are as the document says."""
    told = document()["paths"][path][method]["responses"]
    assert str(answer.status_code) in told, (path, answer.status_code)
    response = resolved(told[str(answer.status_code)])
    for name, header in response.get("headers", {}).items():
        assert name in answer.headers or not header.get("required"), name
    if "content" in response:
        content = response["content"][answer.mimetype]
        fits(content["schema"], answer.json if answer.is_json else answer.get_data(as_text=True))
