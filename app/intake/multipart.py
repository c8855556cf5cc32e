"""Multipart forms, read from their bytes: what is not UTF-8 must not become question marks."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from app.intake.bodies import MOST_FORM_FIELDS, OLD_ENCODING, Broken, is_damaged_utf8
from app.intake.formats.values import SentForm
from app.intake.remarks import Why


def read_multipart(raw: bytes, params: Mapping[str, str]) -> SentForm:
    """The texts of the form; of a file only its name, for files are not taken here. Raises Broken
    when there is no field in it, so that its bytes are kept as they came.
    """
    try:
        fields = list(_fields(raw, params["boundary"].encode()))
    except (KeyError, ValueError, UnicodeError, RequestEntityTooLarge):
        raise Broken(Why.BROKEN_FORM) from None
    if not fields:
        raise Broken(Why.BROKEN_FORM)
    pairs, is_old = [], False
    for name, content in fields:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            encoding = "utf-8" if is_damaged_utf8(content) else OLD_ENCODING
            text, is_old = content.decode(encoding, "replace"), True
        pairs.append((name, text))
    form = SentForm(pairs)
    form.is_old = is_old
    return form


def _fields(raw: bytes, boundary: bytes) -> list[tuple[str, bytes]]:
    decoder = MultipartDecoder(boundary, max_parts=MOST_FORM_FIELDS)
    decoder.receive_data(raw)
    decoder.receive_data(None)
    found: list[tuple[str, bytes]] = []
    is_file = False
    while not isinstance(event := decoder.next_event(), (Epilogue, NeedData)):
        if isinstance(event, Field):
            found.append((event.name, b""))
            is_file = False
        elif isinstance(event, File):
            found.append((event.name, event.filename.encode("utf-8", "replace")))
            is_file = True
        elif isinstance(event, Data) and found and not is_file:
            name, content = found[-1]
            found[-1] = (name, content + event.data)
    return found
