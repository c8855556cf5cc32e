"""What people type into the search box finds what was stored, on both databases alike.

Both sides are folded by the same function and compared by LIKE; phones are compared by digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from app.models.contacts.phone_text import EXTENSION, plain
from app.models.contacts.phones import digits_of, national_digits
from app.models.contacts.text import clean_text

MOST_TERMS = 8
LONGEST_QUERY = 200

_UNSEEN = re.compile("[\u034f\u180b-\u180e\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef\u0307]")
# One letter each for what keyboards and languages spell in two ways: ё and е, ı and i, quotes.
_ALIKE = str.maketrans("ёı’‘ʼ`´‐‑‒–—−«»“”„", "еi'''''------\"\"\"\"\"")
_PUNYCODE = re.compile(r"xn--([a-z0-9-]+)")
_BETWEEN = r"[ +().~/\-#*]"  # what may stand between the digits of one number
_DIGITS_APART = re.compile(rf"[0-9](?:{_BETWEEN}*[0-9])+")
_DIGITS_ONLY = re.compile(rf"{_BETWEEN}*[0-9](?:{_BETWEEN}*[0-9])*{_BETWEEN}*")
# A whole number, its groups apart or not, else a word; a plus begins another number.
_PIECES = re.compile(r"(?<!\S)[+(]*[0-9](?:[ ().~/\-#*]*[0-9])*[)*#.]*(?!\S)|\S+")
_EXTENSION_AT_END = re.compile(rf"(?<=[0-9])(?:{EXTENSION})$", re.IGNORECASE)
_LABEL = re.compile(r"^(?:mailto:|(?:tel\w*|phone|тел\w*|моб\w*)[.: ]+(?=[+(0-9]))")
_EDGES = ",;:()<>\"'!?"


def folded(text: str) -> str:
    """Letter case, ё, compatibility forms and invisible joiners do not count."""
    text = clean_text(text)
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = " ".join(plain(_UNSEEN.sub("", text.translate(_ALIKE))).split())
    return _PUNYCODE.sub(_unicode_label, text) if "xn--" in text else text


def _unicode_label(match: re.Match[str]) -> str:
    try:
        return match[1].encode("ascii").decode("punycode")
    except UnicodeError:
        return match[0]


def search_text_of(*parts: str | None, phones: Iterable[str | None] = ()) -> str:
    """The text of a row's `search_text`: each part folded, and the digits of what has them.

    `phones` are E.164 keys, or texts as typed; a key adds its national form (8900… for +7900…),
    so that the beginning of a number finds it in every notation.
    """
    lines: dict[str, None] = {}
    for part in parts:
        line = folded(part or "")
        lines[line] = None
        for run in _DIGITS_APART.findall(line):
            lines[digits_of(run)] = lines[digits_of(run.replace("(0)", ""))] = None
    for phone in phones:
        lines[digits_of(folded(phone or ""))] = None
        if phone and phone.startswith("+") and phone[1:].isdecimal() and phone.isascii():
            lines[national_digits(phone)] = None
    texts = [line for line in lines if line]
    return "\n".join(line for line in texts if not _is_within(line, texts))


def _is_within(line: str, texts: list[str]) -> bool:
    """Digits that another line holds already need no line of their own."""
    return line.isdecimal() and any(line in other for other in texts if other != line)


def search_terms(query: str) -> list[str]:
    """The fragments that must all be in `search_text`; [] for an empty query.

    Words stay words; neighbouring pieces of digits are one number, without its extension and
    what people dial before it (00, 810, +7 or 8). Escape each with `like_escape`.
    """
    text = _EXTENSION_AT_END.sub("", folded(query[:LONGEST_QUERY]))
    text = _LABEL.sub("", text)
    pieces = (piece.strip(_EDGES) or piece for piece in _PIECES.findall(text))
    terms = (_number_term(p) if _DIGITS_ONLY.fullmatch(p) else p for p in pieces)
    return list(dict.fromkeys(terms))[:MOST_TERMS]


def _number_term(number: str) -> str:
    international = number.lstrip("(").startswith(("+", "00"))
    digits = digits_of(number.replace("(0)", "") if international else number)
    if len(digits) >= 13 and digits.startswith("810"):
        return digits[3:]
    if len(digits) >= 10 and digits.startswith("00"):
        return digits[2:]
    if len(digits) == 11 and digits.startswith(("7", "8")):
        return digits[1:]
    return digits


def like_escape(fragment: str) -> str:
    """For `LIKE … ESCAPE '\\'`: the fragment's own %, _ and \\ stand for themselves."""
    return re.sub(r"([\\%_])", r"\\\1", fragment)


def like_pattern(fragment: str) -> str:
    """The pattern that finds the fragment anywhere, for `LIKE … ESCAPE '\\'`."""
    return f"%{like_escape(fragment)}%"
