"""Phone numbers: as typed, and the E.164 key that tells whether two are one number.

A key exists when `phonenumbers` calls the number valid, that is when its country hands out such
numbers. "Possible" (only the length fits) is not enough: fillers such as +7 000 000-00-00 would
make one person of many strangers. Great Britain's numbers for films are the one exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from app.models.contacts.phone_text import LABELS, NUMBER, ROUNDED, SHORT, TIME, plain
from app.models.contacts.text import clean_text

PHONE_LIMIT = 300  # of the text that is kept
MOST_DIGITS = 15  # E.164
FEWEST_DIGITS = 7  # what is shorter and no number is a time, a flat, an extension

_FOR_FILMS = re.compile(r"\+447700900\d{3}")
# 79000000001.0: a cell that was read as a float and lost nothing.
_FLOAT_CELL = re.compile(r"^(\W*\d{7,15})[.,]00?$")
_SEPARATOR_AT_END = re.compile(r"[\s,;/|]+(?:или|либо|и|або|та|or|and)?\s*$", re.IGNORECASE)
# There 8 was the trunk prefix before 0 became it, and people still dial it so.
_ONCE_TRUNK_8 = frozenset({"AM", "AZ", "GE", "KG", "MD", "TJ", "TM", "UA", "UZ"})


@dataclass(frozen=True, slots=True)
class Phone:
    """`key` is None when the text is no number; `remark` are the words that stood beside it."""

    typed: str
    key: str | None = None
    extension: str | None = None
    remark: str = ""


def read_phones(value: str, region: str) -> list[Phone]:
    """The numbers in a text, in order, each once; national ones are read by `region`.

    Nothing but blanks and labels ("тел.:") is []. A text without a number is one Phone without
    key, and so is each part of seven digits or more that is no number.
    """
    text = clean_text(value, multiline=True)
    if len(text) > PHONE_LIMIT:
        return [Phone(text)]
    if not LABELS.sub("", plain(text)).strip(" .:'\n"):
        return []
    if is_rounded(text):
        return [Phone(text)]
    text = _FLOAT_CELL.sub(r"\1", text)
    return _Reading(text, region.upper()).phones()


def is_rounded(text: str) -> bool:
    """Whether a spreadsheet has written the number with an exponent (7,9E+10)."""
    return ROUNDED.search(plain(text)) is not None


def country_of(key: str) -> str | None:
    """The region of an E.164 number ("KZ"), None where it belongs to none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(key, None))


@dataclass(slots=True)
class _Part:
    """A run of digits in the text with its extension, and the key once it is read."""

    start: int
    end: int
    number: str
    extension: str | None
    key: str | None = None


class _Reading:
    """One pass over one text: find runs, read them, join what belongs together, tell the rest."""

    def __init__(self, text: str, region: str) -> None:
        self.text = text
        # The same length as the text, so that places in one are places in both.
        self.plain = TIME.sub(lambda time: "t" * len(time[0]), plain(text))
        self.region = region
        self.parts = list(self._runs())

    def phones(self) -> list[Phone]:
        self._join_slashes()
        self._take_short_extensions()
        if not any(part.key for part in self.parts) and not self._join_all():
            return [Phone(self.text)]
        return self._told()

    def _runs(self) -> Iterator[_Part]:
        for match in NUMBER.finditer(self.plain):
            number, start = match["number"], match.start()
            # Several numbers with only blanks or a dash between them.
            while len(digits_of(number)) > MOST_DIGITS and (split := self._first_of(number)):
                key, at = split
                yield _Part(start, start + at, number[:at], None, key)
                number, start = number[at:], start + at
            key_of_rest = key_of(number, self.region)
            yield _Part(start, match.end(), number, match["extension"], key_of_rest)

    def _first_of(self, numbers: str) -> tuple[str, int] | None:
        for blank in re.finditer(r"[ -]+", numbers):
            key = key_of(numbers[: blank.start()], self.region)
            if key:
                return key, blank.end()
        return None

    def _between(self, left: _Part, right: _Part) -> str:
        return self.plain[left.end : right.start].strip()

    def _join_slashes(self) -> None:
        """030/1234567 is one number; a slash between two whole numbers parts them."""
        for left, right in zip(self.parts[:], self.parts[1:], strict=False):
            fewest = min(len(digits_of(left.number)), len(digits_of(right.number)))
            if self._between(left, right) != "/" or left.extension or fewest >= FEWEST_DIGITS:
                continue
            number = f"{left.number}-{right.number}"
            key = key_of(number, self.region)
            if key:
                right.start, right.number, right.key = left.start, number, key
                self.parts.remove(left)

    def _take_short_extensions(self) -> None:
        """A number, a comma and a few digits: the comma is the pause before the extension."""
        for left, right in zip(self.parts[:], self.parts[1:], strict=False):
            comma = self._between(left, right) in {",", ",,"}
            if left.key and comma and SHORT.fullmatch(right.number) and not left.extension:
                left.extension, left.end = digits_of(right.number), right.end
                self.parts.remove(right)

    def _join_all(self) -> bool:
        """8,900,000,00,01: commas as group signs."""
        if len(self.parts) < 2 or any(part.extension for part in self.parts[:-1]):
            return False
        pairs = zip(self.parts, self.parts[1:], strict=False)
        if any(self._between(left, right) not in {",", "/", ";"} for left, right in pairs):
            return False
        number = "-".join(part.number for part in self.parts)
        key = key_of(number, self.region)
        if key:
            first, last = self.parts[0], self.parts[-1]
            self.parts = [_Part(first.start, last.end, number, last.extension, key)]
        return key is not None

    def _told(self) -> list[Phone]:
        told = [p for p in self.parts if p.key or len(digits_of(p.number)) >= FEWEST_DIGITS]
        starts = [0, *(part.start for part in told[1:]), len(self.text)]
        phones: dict[str, Phone] = {}
        for part, start, end in zip(told, starts[:-1], starts[1:], strict=True):
            around = self.text[start : part.start] + " " + self.text[part.end : end]
            remark = LABELS.sub(" ", around)
            remark = " ".join(remark.split()) if re.search(r"\w", remark) else ""
            # Only one number: the text is kept whole. Several: each keeps what stands by it.
            typed = self.text[start:end].strip()
            if len(told) > 1:
                typed = _SEPARATOR_AT_END.sub("", typed).strip(" ,;/|\n").rstrip(" -")
            phone = Phone(typed, part.key, part.extension, remark)
            known = phones.setdefault(part.key or typed, phone)
            if known.extension is None and part.extension:
                phones[part.key or typed] = replace(known, extension=part.extension)
        return list(phones.values())


def key_of(number: str, region: str) -> str | None:
    """The E.164 key of one number, None when no reading of it is valid."""
    if not 4 <= len(digits_of(number)) <= MOST_DIGITS + 5:
        return None
    for spelling in _spellings(number, region):
        key = _valid_key(spelling, region)
        if key:
            return key
    return None


def _spellings(number: str, region: str) -> Iterator[str]:
    """How the digits may be meant, the likeliest first."""
    digits = digits_of(number)
    international = "+" in number
    dialled_8 = international and digits[0] == "8" and re.search(r"\+ ?\(?8[ ()-]", number)
    if dialled_8 and phonenumbers.country_code_for_region(region) == 7:
        yield digits  # "+8 (900) …" in Russia is the trunk 8 with a plus by habit
    yield f"+{digits}" if international else digits
    if "(0)" in number:  # "+34 (0)91 …" where 0 is no trunk prefix; Italy's 0 is read above
        yield ("+" if international else "") + digits_of(number.replace("(0)", "", 1))
    if international:
        if digits.startswith("8") and len(digits) == 11:
            yield digits
        return
    if digits.startswith("00"):
        yield f"+{digits[2:]}"
    elif len(digits) >= 11:
        yield f"+{digits}"  # ad services leave the plus out
    if digits.startswith("80") and region in _ONCE_TRUNK_8:
        yield digits[1:]


def _valid_key(spelling: str, region: str) -> str | None:
    try:
        # A plus says it all: the region changes nothing then.
        number = _parsed(spelling, None if spelling.startswith("+") else region)
    except NumberParseException:
        return None
    key = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if phonenumbers.is_valid_number(number) or _FOR_FILMS.fullmatch(key):
        return key
    return None


@lru_cache(maxsize=2048)
def _parsed(spelling: str, region: str | None) -> PhoneNumber:
    """Kept for a moment: a new lead's number is asked for its key and then for its digits."""
    return phonenumbers.parse(spelling, region)


def national_digits(key: str) -> str:
    """The digits as the number's own country dials them: 89000000001 for +79000000001."""
    try:
        number = _parsed(key, None)
    except NumberParseException:
        return ""
    return digits_of(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))


def digits_of(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
