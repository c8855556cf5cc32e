"""Bodies as values: JSON and forms, read without trust."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from app.intake.formats.values import NumberText, Sent, SentForm
from app.intake.remarks import Why

MOST_FORM_FIELDS = 500
MOST_LEVELS = 50
OLD_ENCODING = "windows-1251"
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"


class Broken(Exception):
    """The body cannot be read; `status` is the HTTP answer that this deserves."""

    def __init__(self, why: Why, status: int = 400) -> None:
        super().__init__(why.value)
        self.why, self.status = why, status


def is_json(media_type: str) -> bool:
    return media_type == JSON_TYPE or media_type.endswith("+json")


def read_json(raw: bytes, *, lenient: bool = False, encoding: str = "utf-8-sig") -> Any:
    """Objects know which names came twice, fractions stay texts; NaN and Infinity are no JSON.
    Lenient: what is not UTF-8 becomes U+FFFD.
    """
    try:
        text = raw.decode(encoding, "replace" if lenient else "strict")
    except UnicodeError:
        raise Broken(Why.BAD_ENCODING) from None
    try:
        values = json.loads(
            text, object_pairs_hook=Sent, parse_float=NumberText, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        raise Broken(Why.BROKEN_JSON) from None
    if not _is_flat_enough(values, MOST_LEVELS):
        raise Broken(Why.BROKEN_JSON)
    return values


def read_old(read: Callable[..., Any], raw: bytes, said: str = "") -> Any:
    """What `read` (read_json, read_form) has refused because it is not UTF-8: in the encoding that
    was `said`, in UTF-16 by its zeros, else in UTF-8 that was damaged or in what old Russian
    programs write, whichever it looks like. Raises Broken.
    """
    wide = json.detect_encoding(raw) if read is read_json else "utf-8"
    if not wide.startswith("utf-8"):
        return read(raw, encoding=wide)
    if not said and is_damaged_utf8(unquote_to_bytes(raw)):
        return read(raw, lenient=True)
    return read(raw, encoding=said or OLD_ENCODING)


def is_damaged_utf8(raw: bytes) -> bool:
    """Whether most of what is beyond ASCII are whole characters: a text that was cut within one, or
    an emoji that a program has written as two halves. Words of old code pages make hardly any.
    """
    beyond = [char for char in raw.decode("utf-8", "surrogateescape") if char > "\x7f"]
    broken = sum("\udc80" <= char <= "\udcff" for char in beyond)
    return 2 * (len(beyond) - broken) > broken


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _is_flat_enough(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_flat_enough(one, levels - 1) for one in inside)


def read_form(raw: bytes, *, lenient: bool = False, encoding: str = "utf-8") -> SentForm:
    """Fields of a urlencoded form. Lenient: what is not UTF-8 becomes U+FFFD."""
    errors = "replace" if lenient or encoding != "utf-8" else "strict"
    try:
        return SentForm(
            parse_qsl(
                raw.decode(encoding, errors),
                keep_blank_values=True,
                encoding=encoding,
                errors=errors,
                max_num_fields=MOST_FORM_FIELDS,
            )
        )
    except UnicodeDecodeError:
        raise Broken(Why.BAD_ENCODING) from None
    except ValueError:
        raise Broken(Why.BROKEN_FORM) from None
