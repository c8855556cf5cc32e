"""One spelling for each text: what people cannot see is neither stored nor compared."""

from __future__ import annotations

import re
import unicodedata

from app.errors import CrmError
from app.models.contacts.faults import MESSAGES, Code, Fault

# Ranges are written as escapes because the characters themselves cannot be seen.
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls, except those that are blanks
    "\u00ad\u200b\ufeff"  # soft hyphen, zero-width space, BOM
    "\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufff9-\ufffb"  # direction, format, annotation
    "\ud800-\udfff" + _NONCHARACTERS + "]"
)
# Tag letters are part of a few flags (England, Scotland) and hidden text anywhere else.
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)|[\U000e0000-\U000e007f]")
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
# \s knows all Unicode blanks; the three others are letters and a sign that print as nothing.
_BLANKS = re.compile("[\\s\u3164\uffa0\u2800]+")
# Joiners belong between two characters, variation selectors after one.
_LOOSE_JOINERS = re.compile("(?:^|(?<=\\s))[\u200c\u200d\ufe00-\ufe0f]+|[\u200c\u200d]+(?=\\s|$)")
_MANY_LINES = re.compile("\n{3,}")

_FAULTY = {
    Code.NUL: re.compile("\x00"),
    Code.CONTROL: re.compile("[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"),
    Code.LINE_BREAK: _LINE_END,
    Code.BIDI: re.compile("[\u202a-\u202e\u2066-\u2069]"),
    Code.SURROGATE: re.compile("[\ud800-\udfff]"),
}


class TextTooLong(CrmError):
    """A text is refused whole rather than cut."""

    status = 400
    message = MESSAGES[Code.TOO_LONG]


def clean_text(value: str, *, limit: int | None = None, multiline: bool = False) -> str:
    """NFC, blanks collapsed, invisible characters gone; joiners inside words and emoji stay.

    One line unless `multiline`, which keeps line breaks as \\n and at most one empty line in a
    row. Raises TextTooLong above `limit` characters. Cleaning twice changes nothing.
    """
    if value.isascii() and value.isprintable():  # most of what arrives
        text = " ".join(value.split())
    else:
        text = _cleaned(value, multiline)
    if limit is not None and len(text) > limit:
        raise TextTooLong(limit=limit)
    return text


def _cleaned(value: str, multiline: bool) -> str:
    text = _TAGS.sub(r"\1", _INVISIBLE.sub("", value))
    # Normalised after the invisible is gone, for it may have kept a letter from its accent.
    text = unicodedata.normalize("NFC", text)
    if not multiline:
        return _one_line(text)
    lines = "\n".join(_one_line(line) for line in _LINE_END.split(text))
    return _MANY_LINES.sub("\n\n", lines).strip("\n")


def _one_line(text: str) -> str:
    spaced = _BLANKS.sub(" ", text)
    return " ".join(_LOOSE_JOINERS.sub("", spaced).split())


def faults_in_text(value: str, *, multiline: bool = False) -> list[Fault]:
    """What a strict door refuses in a text: NUL, controls, line breaks, overrides, surrogates.

    Blanks around the text, zero-width spaces, a BOM and plain direction marks come with copying
    and are cleaned silently.
    """
    if value.isascii() and value.isprintable():
        return []
    inner = value.strip(" \t\r\n")
    return [
        Fault(code)
        for code, pattern in _FAULTY.items()
        if pattern.search(inner) and not (multiline and code is Code.LINE_BREAK)
    ]
