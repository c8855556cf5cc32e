"""Any form or JSON object whose field names people would recognise, English or Russian; lenient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.intake.arrival import Arrival
from app.intake.bodies import Broken, read_json
from app.intake.formats.format import Format
from app.intake.formats.names import bare, field_of
from app.intake.formats.taking import NAME_LIMIT, SEVERAL, Taking
from app.intake.remarks import Why, say
from app.models.contacts import clean_text
from app.models.source import SourceFormat

# Envelopes whose inside is looked at as if it stood outside.
ENVELOPES = frozenset(
    {"lead", "contact", "data", "fields", "form", "person", "client", "utm", "answers", "params",
     "fielddata", "usercolumndata", "customfields", "payload", "json"}
)  # fmt: skip
# How lists of pairs name what was asked and what was said: [{"name": "email", "value": "a@b.c"}].
ASKED = ("name", "key", "field", "column_id", "question", "title", "label")
SAID = ("value", "values", "string_value", "answer")


def read(values: Mapping[str, Any], arrival: Arrival) -> None:
    """Lenient: one good contact makes the lead, and what is not recognised becomes an answer."""
    taking = Taking(arrival, as_text=False)
    for name, value in _flat(told_once(values, arrival)):
        taking.take(name, value)
    taking.finish()


def told_once(values: Mapping[str, Any], arrival: Arrival) -> Mapping[str, Any]:
    """What came twice under one name: all of it, where a person may have several (phones, e-mails,
    ticked boxes); else the last, as browsers mean it, and that is told.
    """
    several = getattr(values, "several", {})
    found = dict(values)
    for name in getattr(values, "twice", ()):
        texts = several.get(name, ())
        if texts and field_of(name) in (None, *SEVERAL):
            found[name] = texts if len(texts) > 1 else texts[0]
        elif len(texts) != 1:
            say(arrival.warnings, clean_text(name)[:NAME_LIMIT], Why.SENT_TWICE)
    return found


def _flat(values: Mapping[str, Any], depth: int = 2) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        inside = depth and bare(str(name)) in ENVELOPES
        value = unpacked(value) if inside else value
        pairs = pairs_of(value) if inside else None
        if inside and isinstance(value, Mapping):
            yield from _flat(value, depth - 1)
        elif pairs is not None:
            yield from pairs
        else:
            yield str(name), value


def unpacked(value: Any) -> Any:
    """A JSON object or list that was put into a text: a field that holds a whole form."""
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return value
    try:
        return read_json(value.encode("utf-8", "surrogatepass"))
    except Broken:
        return value


def pairs_of(listed: Any) -> list[tuple[str, Any]] | None:
    """A list of questions with their answers; None for any other value."""
    if not isinstance(listed, list) or not listed:
        return None
    pairs = []
    for one in listed:
        if not isinstance(one, Mapping):
            return None
        asked = next((one[name] for name in ASKED if isinstance(one.get(name), str)), None)
        said = next((one[name] for name in SAID if name in one), None)
        if asked is None:
            return None
        pairs.append((asked, said))
    return pairs


class Generic(Format):
    """A source's own JSON or form under its address, answered as our other doors answer."""

    name = SourceFormat.GENERIC
    tells_faults = True
    sample = {
        "name": "Anna Sample",
        "phone": "+79991234567",
        "email": "anna.sample@example.com",
        "comment": "Call after six",
        "utm_campaign": "spring",
    }

    def read(self, values: Mapping[str, Any], arrival: Arrival) -> None:
        read(values, arrival)


class Files(Generic):
    """The source of imported files: a row that is worked once more is read by its headers."""

    name = SourceFormat.FILE
