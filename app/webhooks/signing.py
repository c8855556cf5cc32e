"""The signature of a delivery, by the public specification Standard Webhooks (v1, HMAC-SHA256).

A receiver computes the same over `webhook-id.webhook-timestamp.body` with the raw body and compares
it with each signature of `webhook-signature`; docs/webhooks.md shows it in Python.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

from app.models.webhook import SECRET_PREFIX


def headers_of(event_id: str, at: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """`at` is the moment of the try in Unix seconds; one signature for each secret."""
    signed = [f"v1,{signature(event_id, at, body, secret)}" for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signed),
    }


def signature(event_id: str, at: int, body: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = f"{event_id}.{at}.".encode() + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
