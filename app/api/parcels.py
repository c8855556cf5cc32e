"""Reads what a request brought, once, with a limit; keeps it without secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.intake.arrival import digest_of_body
from app.intake.bodies import (
    FORM_TYPE,
    JSON_TYPE,
    MOST_FORM_FIELDS,
    MULTIPART_TYPE,
    Broken,
    is_json,
    read_form,
    read_json,
)  # fmt: skip
from app.intake.formats.values import HIDDEN, Sent
from app.intake.remarks import Remark, Why

KILOBYTE = 1024
# A shorter token (of TOKENS_API, which people choose) may stand in a name or a phone by chance.
UNMISTAKABLE = 16
LIMIT = 64 * KILOBYTE
SECRET_NAMES = frozenset(
    {
        "token", "apikey", "apitoken", "accesstoken", "authorization", "secret", "clientsecret",
        "password", "googlekey",
    }
)  # fmt: skip


@dataclass(slots=True)
class Parcel:
    """`values` is the JSON value or the form's fields, None when `fault` says why not.

    `status` is the answer that the fault deserves; `body` is what is stored.
    """

    media_type: str
    body: bytes
    digest: str
    values: Any = None
    fault: Remark | None = None
    status: int = 200
    remarks: tuple[Remark, ...] = ()


def read_parcel(
    request: Request, token: str, *, limit: int = LIMIT, forms: bool = True, lenient: bool = False
) -> Parcel:
    """Never raises for what was sent: a faulty parcel is stored as a rejected submission too."""
    media_type = request.mimetype
    request.max_content_length = limit
    try:
        raw = request.get_data(cache=True)
    except RequestEntityTooLarge:
        return _faulty(media_type, b"", Remark(Why.TOO_LARGE, {"limit": limit // KILOBYTE}), 413)
    parcel = Parcel(media_type[:100], raw, digest_of_body(raw))
    try:
        _open(parcel, request, forms, lenient)
    except Broken as broken:
        parcel.fault, parcel.status = Remark(broken.why), broken.status
    _hide_secrets(parcel, token)
    return parcel


def _faulty(media_type: str, body: bytes, fault: Remark, status: int) -> Parcel:
    return Parcel(media_type[:100], body, digest_of_body(body), None, fault, status)


def _open(parcel: Parcel, request: Request, forms: bool, lenient: bool) -> None:
    kind = parcel.media_type
    if is_json(kind):
        parcel.values = read_json(parcel.body)
    elif forms and kind == FORM_TYPE:
        parcel.values = _form(parcel, lenient)
    elif forms and kind == MULTIPART_TYPE:
        # The texts of the form; files are not taken here.
        parcel.values = _multipart(request)
        parcel.body, parcel.media_type = json.dumps(parcel.values).encode(), JSON_TYPE
    else:
        raise Broken(Why.BAD_MEDIA_TYPE, 415)


def _form(parcel: Parcel, lenient: bool) -> Sent:
    try:
        return read_form(parcel.body)
    except Broken as broken:
        if not lenient or broken.why is not Why.BAD_ENCODING:
            raise
        parcel.remarks = (Remark(Why.BAD_ENCODING),)
        return read_form(parcel.body, lenient=True)


def _multipart(request: Request) -> Sent:
    request.max_form_parts = MOST_FORM_FIELDS
    try:
        return Sent(list(request.form.items(multi=True)))
    except (HTTPException, ValueError):
        raise Broken(Why.BROKEN_FORM) from None


def _hide_secrets(parcel: Parcel, token: str) -> None:
    """The body stays as it came, unless a field that names a secret stands in it: then the same
    values are written anew without it.
    """
    if _hide(parcel.values, token):
        if parcel.media_type == FORM_TYPE:
            parcel.body = urlencode(parcel.values).encode()
        else:
            parcel.body = json.dumps(parcel.values).encode()
    if len(token) >= UNMISTAKABLE:
        parcel.body = parcel.body.replace(token.encode("utf-8", "surrogatepass"), HIDDEN.encode())


def _hide(value: Any, token: str) -> bool:
    """Hides secrets inside the value itself; whether there was one under a name."""
    found = False
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for name, one in pairs:
        if isinstance(value, dict) and _is_secret(name):
            value[name], found = HIDDEN, True
        elif isinstance(one, str) and len(token) >= UNMISTAKABLE and token in one:
            value[name] = one.replace(token, HIDDEN)
        else:
            found = _hide(one, token) or found
    return found


def _is_secret(name: Any) -> bool:
    return "".join(c for c in str(name).casefold() if c.isalnum()) in SECRET_NAMES
