"""What several doors answer alike: the statuses beside each door's own, and their headers."""

from __future__ import annotations

from typing import Any

from app.api.errors import RETRY_AFTER
from app.api.openapi_schemas import Schema, ref
from app.api.parcels import KILOBYTE
from app.intake.idempotency import KEY_LIMIT
from app.models.source import IDEMPOTENCY_KEPT

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": f"Names this request, 1 to {KEY_LIMIT} printable ASCII characters. The same key"
    f" with the same body within {IDEMPOTENCY_KEPT.days} days gets the stored answer; with another"
    " body 422. A refused request uses up no key.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LIMIT, "pattern": "^[ -~]+$"},
}
LENIENT_KEY: Schema = IDEMPOTENCY_KEY | {
    "description": f"{IDEMPOTENCY_KEY['description']} What is no such key is left out of account.",
    "schema": {"type": "string"},
}
RETRY: Schema = {
    "description": "Seconds after which the same request may come again.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
    "example": RETRY_AFTER,
}


def shaped(said: str, shape: Schema, *, example: Any = None, kind: str = JSON) -> Schema:
    content: Schema = {"schema": shape}
    if example is not None:
        content["example"] = example
    return {"description": said, "content": {kind: content}}


def shared() -> dict[str, Schema]:
    """components.responses; each is named as its status is meant."""
    again = {"headers": {"Retry-After": RETRY}}
    return {
        "NoToken": shaped(
            "No token, or one that is unknown, revoked or expired; decided before the body is"
            " read, and nothing is kept.",
            ref("TokenErrors"),
            example={"token_errors": "Token is invalid"},
        )
        | {"headers": {"WWW-Authenticate": {"required": True, "schema": {"const": "Token"}}}},
        "NoScope": shaped(
            "The token is valid and lacks the scope, which is named.",
            ref("TokenErrors"),
            example={
                "token_errors": "This token does not allow this: it lacks the scope push_leads."
            },
        ),
        "Refused": shaped(
            "All faulty fields at once. What was sent is kept as rejected, for people to correct.",
            ref("Faults"),
            example={"phone": ["No phone has this number."]},
        ),
        "NotFound": shaped("There is no such record.", ref("Detail")),
        "WrongMethod": shaped("This address takes other methods: see Allow.", ref("Detail"))
        | {"headers": {"Allow": {"schema": {"type": "string"}}}},
        "WrongType": shaped("Neither JSON nor a form that this door takes.", ref("Faults")),
        "KeyUsed": shaped("The Idempotency-Key came with another request.", ref("Faults")),
        "TooMany": shaped(
            "Too many requests with this token, or too many wrong tokens from this address."
            " Nothing was read and nothing kept.",
            ref("Detail"),
            example={"detail": ["Too many requests. Send it again in 2 seconds."]},
        )
        | again,
        "Later": shaped(
            "Something of ours failed. What was sent is kept where that was possible; sent again"
            " it makes no second lead.",
            ref("Faults"),
        )
        | again,
    }


def too_large(limit: int) -> Schema:
    return shaped(f"The body is larger than {limit // KILOBYTE} KiB.", ref("Faults"))


def answers(own: dict[str, Schema], *shared_ones: tuple[str, str]) -> dict[str, Schema]:
    """By status, in order."""
    found = own | {status: ref(name, "responses") for status, name in shared_ones}
    return dict(sorted(found.items()))


PUSHED = (
    ("400", "Refused"), ("401", "NoToken"), ("403", "NoScope"), ("405", "WrongMethod"),
    ("415", "WrongType"), ("422", "KeyUsed"), ("429", "TooMany"), ("503", "Later"),
)  # fmt: skip
READ = (
    ("400", "Refused"), ("401", "NoToken"), ("403", "NoScope"), ("404", "NotFound"),
    ("405", "WrongMethod"), ("429", "TooMany"), ("503", "Later"),
)  # fmt: skip
