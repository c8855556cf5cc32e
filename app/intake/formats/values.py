"""Values as they arrive in JSON or a form, turned into what an arrival holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.intake.arrival import Arrival
from app.intake.remarks import Why, say
from app.models.clock import zone
from app.models.contacts import clean_text

LONGEST_NUMBER = 40  # digits; a longer one is no phone and no id
HIDDEN = "***"  # what stands where a secret stood
FIRST_YEAR, LAST_YEAR = 2000, 2100
_WHOLE_FLOAT = re.compile(r"^(\d+)\.0+$")  # an id that was kept as a float and has lost nothing
YES = frozenset({"1", "true", "yes", "on", "y", "да"})
NO = frozenset({"0", "false", "no", "off", "n", "нет", ""})


class NumberText(str):
    """A JSON number with a fraction or an exponent, as it was written: never through a float."""

    __slots__ = ()


class Sent(dict[str, Any]):
    """A JSON object that knows which of its names came twice; the last value counts."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.twice = sorted({name for name in names if names.count(name) > 1})


class SentForm(Sent):
    """The fields of a form, where a name that comes again is usual (boxes that were ticked, a
    second phone): `several` has all that such a field says, {name: [texts]}.
    """

    is_old = False  # whether some of it was not UTF-8

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.several = {
            name: list(dict.fromkeys(one for other, one in pairs if other == name and one.strip()))
            for name in self.twice
        }

    def whole(self) -> dict[str, Any]:
        """With each repeated field as the list of what it says, unless it was hidden."""
        lists = {name: texts for name, texts in self.several.items() if texts}
        return {name: self[name] if self[name] == HIDDEN else lists.get(name, self[name])
                for name in self}  # fmt: skip


def is_whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class StrictReader:
    """Takes texts as texts and tells every other type under its name."""

    def __init__(self, values: Mapping[str, Any], arrival: Arrival) -> None:
        self.values = values
        self.arrival = arrival
        for name in getattr(values, "twice", ()):
            self.refuse(name, Why.SENT_TWICE)

    def refuse(self, name: str, why: Why) -> None:
        say(self.arrival.errors, clean_text(name)[:100], why)

    def text(self, name: str, *, or_number: bool = False) -> str | None:
        """None when absent, null or of another type, which is refused."""
        value = self.values.get(name)
        if value is None:
            return None
        if or_number and is_whole_number(value):
            return number_text(value)
        if isinstance(value, str) and not isinstance(value, NumberText):
            return value
        self.refuse(name, Why.NOT_TEXT)
        return None

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        text = str(value).strip().lower()
        if isinstance(value, (str, int)) and text in YES | NO:
            return text in YES
        self.refuse(name, Why.NOT_YES_OR_NO)
        return False

    def time(self, name: str) -> datetime | None:
        text = self.text(name)
        if not text or not text.strip():
            return None
        at = read_time(text)
        if at is None:
            self.refuse(name, Why.BAD_TIME)
        return at

    def mapping(self, name: str) -> dict[str, Any]:
        value = self.values.get(name)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return dict(value)
        self.refuse(name, Why.NOT_AN_OBJECT)
        return {}


def number_text(value: int) -> str:
    """The digits; what is too long to be a number of anything stays recognisable as wrong."""
    if value.bit_length() > LONGEST_NUMBER * 4:
        return "9" * LONGEST_NUMBER
    return str(value)


def read_time(text: str) -> datetime | None:
    """ISO 8601; without a zone it is company time. None when there is no such time."""
    text = text.strip()
    if not text.isascii() or len(text) > 40:
        return None
    try:
        at = datetime.fromisoformat(text)
        if not FIRST_YEAR <= at.year <= LAST_YEAR:
            return None
        return (at if at.tzinfo else at.replace(tzinfo=zone())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_instant(value: Any) -> datetime | None:
    """A time as platforms write it: ISO 8601, or seconds (or their thousandths) since 1970."""
    text = plain_text(value)
    if not (text.isascii() and text.isdigit() and 9 <= len(text) <= 13):
        return read_time(text)
    seconds = int(text) // 1000 if len(text) > 11 else int(text)
    at = datetime.fromtimestamp(seconds, UTC)
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None


def id_text(value: Any) -> str | None:
    """A platform's id as text, never through a float; None for 0 and nothing, which mean none."""
    if is_whole_number(value):
        return str(value) if value else None
    text = clean_text(value) if isinstance(value, str) else ""
    if isinstance(value, NumberText):
        text = _WHOLE_FLOAT.sub(r"\1", text)
    return text if text.strip("0") else None


def answer_text(value: Any) -> str:
    """An answer as people read it; 0 and false are answers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return clean_text(value, multiline=True)
    if isinstance(value, (list, tuple)):
        return ", ".join(text for one in value if (text := answer_text(one)))
    if isinstance(value, Mapping):
        return ", ".join(text for one in value.values() if (text := answer_text(one)))
    return plain_text(value)


def mapping_in(values: Any, *names: str) -> Mapping[str, Any]:
    """The object under these names, one inside the other; {} when there is none."""
    for name in names:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values if isinstance(values, Mapping) else {}


def objects_in(values: Any, name: str) -> list[Mapping[str, Any]]:
    """The objects of the list under this name; [] when there is none."""
    listed = values.get(name) if isinstance(values, Mapping) else None
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def storable(value: Any, depth: int = 6) -> Any:
    """A JSON value that both databases keep: clean texts, numbers as text beyond 15 digits."""
    if isinstance(value, str):
        return clean_text(value, multiline=True)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**15 else number_text(value)
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {
            clean_text(str(name))[:100]: storable(one, depth - 1) for name, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [storable(one, depth - 1) for one in value]
    return clean_text(str(value))


def echoed(value: Any) -> Any:
    """A value of an accepted request as the answer repeats it."""
    return clean_text(value) if isinstance(value, str) else value


def short_texts(values: Mapping[str, Any], limit: int = 500) -> dict[str, str]:
    """Marks of an advertisement (utm_source, …) as short texts."""
    return {
        clean_text(str(name))[:100]: text
        for name, value in values.items()
        if (text := plain_text(value)[:limit])
    }


def plain_text(value: Any) -> str:
    """Any value as one line of text; a list is joined by commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_whole_number(value):
        return number_text(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(text for one in value if (text := plain_text(one)))
    if isinstance(value, Mapping):
        return ", ".join(text for one in value.values() if (text := plain_text(one)))
    return clean_text(str(value))
