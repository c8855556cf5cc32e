"""The document of the token doors: for programs as OpenAPI 3.1, for people as a page.

Visitors may read both: they say nothing that trying the doors would not, and hold no secret.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, json, render_template
from flask_babel import get_locale

from app.api.openapi_answers import shared
from app.api.openapi_paths import paths
from app.api.openapi_schemas import Schema, schemas, scope_words

VERSION = "1.0.0"
METHODS = ("get", "post", "options")

docs = Blueprint("docs", __name__)


@cache
def document() -> Schema:
    scopes = ", ".join(f"`{word}`" for word in scope_words())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Token doors",
            "version": VERSION,
            "summary": "How programs push leads and read figures.",
            "description": "A token is made on the page of a source and shown once. It has one or"
            f" both of the scopes {scopes}; revoking works from the next request on. Whatever is"
            " sent again makes no second lead: send the same Idempotency-Key or external_id."
            " Sentences are English, or Russian when Accept-Language asks for it.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in ("Leads", "Webhooks", "Statistics", "Health")],
        "paths": paths(),
        "components": {
            "schemas": schemas(),
            "responses": shared(),
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Token"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic"},
            },
        },
    }


@docs.get("/api/v1/openapi.json")
def openapi() -> Response:
    return Response(_as_text(), mimetype="application/json")


@cache
def _as_text() -> str:
    return json.dumps(document(), ensure_ascii=False, sort_keys=False)


@docs.get("/api/docs")
def page() -> str:
    appbuilder = current_app.extensions["appbuilder"]
    return render_template(
        "api/docs.html",
        appbuilder=appbuilder,
        base_template=appbuilder.base_template,
        document=document(),
        operations=list(_operations()),
        reads_english=str(get_locale() or "en") == "en",
    )


def _operations() -> Any:
    """(method, path, operation, its parameters, [(status, response)]) in the document's order."""
    known = document()["components"]["responses"]
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            responses = [
                (status, known[one["$ref"].rpartition("/")[2]] if "$ref" in one else one)
                for status, one in operation["responses"].items()
            ]
            parameters = item.get("parameters", []) + operation.get("parameters", [])
            yield method.upper(), path, operation, parameters, responses
