"""Reads what a request brought, once, with a limit; keeps it without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from app.intake.arrival import digest_of_body
from app.intake.bodies import (
    FORM_TYPE,
    JSON_TYPE,
    MULTIPART_TYPE,
    Broken,
    is_json,
    read_form,
    read_json,
    read_old,
)  # fmt: skip
from app.intake.formats.values import HIDDEN, SentForm
from app.intake.multipart import read_multipart
from app.intake.remarks import Remark, Why

KILOBYTE = 1024
# A shorter token (of TOKENS_API, which people choose) may stand in a name or a phone by chance.
UNMISTAKABLE = 16
LIMIT = 64 * KILOBYTE
LONGEST_NAME = 60  # of those that are remembered
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
    parcel.body = without_secrets(parcel.values, parcel.body, parcel.media_type, [token])
    return parcel


def _faulty(media_type: str, body: bytes, fault: Remark, status: int) -> Parcel:
    return Parcel(media_type[:100], body, digest_of_body(body), None, fault, status)


def _open(parcel: Parcel, request: Request, forms: bool, lenient: bool) -> None:
    kind = parcel.media_type
    if is_json(kind):
        parcel.values = _utf8_or_old(read_json, parcel, lenient)
    elif forms and kind == FORM_TYPE:
        parcel.values = _utf8_or_old(read_form, parcel, lenient)
    elif forms and kind == MULTIPART_TYPE:
        # The texts of the form; files are not taken here.
        form = read_multipart(parcel.body, request.mimetype_params)
        if form.is_old and not lenient:
            raise Broken(Why.BAD_ENCODING)
        parcel.values, parcel.remarks = form, (Remark(Why.BAD_ENCODING),) * form.is_old
        parcel.body, parcel.media_type = json.dumps(form.whole()).encode(), JSON_TYPE
    else:
        raise Broken(Why.BAD_MEDIA_TYPE, 415)


def _utf8_or_old(read: Callable[..., Any], parcel: Parcel, lenient: bool) -> Any:
    """Only lenient doors read what is not UTF-8, and say so."""
    try:
        return read(parcel.body)
    except Broken as broken:
        if not lenient or broken.why is not Why.BAD_ENCODING:
            raise
    values = read_old(read, parcel.body)
    parcel.remarks = (Remark(Why.BAD_ENCODING),)
    return values


def without_secrets(
    values: Any,
    body: bytes,
    media_type: str,
    texts: Sequence[str],
    names: frozenset[str] = SECRET_NAMES,
    *,
    anew: bool = False,
) -> bytes:
    """The body stays as it came, unless a field that names a secret stands in it (or `anew` is
    said): then the same values, in which secrets are hidden, are written anew.
    """
    texts = [one for one in texts if len(one) >= UNMISTAKABLE]
    if _hide(values, texts, names) or anew:
        is_form = media_type == FORM_TYPE and isinstance(values, dict)
        whole = values.whole() if isinstance(values, SentForm) else values
        body = urlencode(whole, doseq=True).encode() if is_form else json.dumps(whole).encode()
    for one in texts:
        body = body.replace(one.encode("utf-8", "surrogatepass"), HIDDEN.encode())
    return body


def _hide(value: Any, texts: Sequence[str], names: frozenset[str]) -> bool:
    """Hides secrets inside the value itself; whether there was one under a name."""
    found = False
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for name, one in pairs:
        if isinstance(value, dict) and _bare(name) in names:
            value[name], found = HIDDEN, True
        elif isinstance(one, str):
            for text in texts:
                if text in one:
                    value[name] = one = one.replace(text, HIDDEN)
        else:
            found = _hide(one, texts, names) or found
    return found


def _bare(name: Any) -> str:
    """Kept for names as senders choose them: they come again with each request."""
    text = str(name)
    return _letters(text) if len(text) <= LONGEST_NAME else _letters.__wrapped__(text)


@lru_cache(maxsize=1024)
def _letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def read_body(request: Request, limit: int = LIMIT) -> bytes | None:
    """The raw bytes, read once; None when there are too many."""
    request.max_content_length = limit
    try:
        return request.get_data(cache=True)
    except RequestEntityTooLarge:
        return None


def multipart_of(request: Request) -> SentForm | None:
    """The texts of a multipart form; None when it is none or cannot be read."""
    if request.mimetype != MULTIPART_TYPE:
        return None
    try:
        return read_multipart(request.get_data(cache=True), request.mimetype_params)
    except Broken:
        return None
