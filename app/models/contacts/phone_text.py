"""How phone numbers are written down: digits of all scripts, extensions, labels, separators."""

from __future__ import annotations

import re
import unicodedata

_SIGNS = {
    "⁺": "+", "﹢": "+", "−": "-", "ー": "-", "•": ".", "·": ".", "∙": ".",
    "⁄": "/", "∕": "/", "،": ",", "、": ",", "؛": ";", "‚": ",", "’": "'", "＃": "#",
}  # fmt: skip


def plain(text: str) -> str:
    """Digits of every script, full-width signs, dashes and blanks in ASCII; the length stays."""
    if text.isascii():
        return text
    return text.translate({ord(char): _plain(char) for char in set(text) if not char.isascii()})


def _plain(char: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    if "\uff01" <= char <= "\uff5e":
        return chr(ord(char) - 0xFEE0)
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if char.isspace():
        return " "
    return "-" if unicodedata.category(char) == "Pd" else char


_MARK = (
    r"(?:доб(?:ав\w*)?|вн(?:утр\w*)?|дод(?:ат\w*)?|тон\w*|ext(?:n|ension)?|durchwahl|poste|"
    r"anexo|ramal|interno?|int|内线|转|доп|x|х|\#)(?: ?(?:номер|number|no|№))?"
)
# "доб. 12, 13" is one extension: a short number after it that ends where a phone would go on.
_MORE = r"(?: ?[,/] ?[0-9]{1,6}(?= ?(?:[,;/)\n]|$)))"
EXTENSION = (
    rf"[ ,;.\-(\n]{{0,4}}{_MARK}[ .:=№\#]{{0,3}}(?P<extension>[0-9]{{1,11}}(?![0-9]){_MORE}?)\)?"
)
NUMBER = re.compile(
    rf"(?P<number>(?:\+ ?)?\(?\+? ?[0-9](?:[ ().~\-]{{0,4}}[0-9])*\)?)(?:{EXTENSION})?",
    re.IGNORECASE,
)
TIME = re.compile(r"(?<![0-9])[0-2]?[0-9]:[0-5][0-9](?![0-9])")
SHORT = re.compile(r"[0-9]{1,5}")
ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)? ?[eе] ?[+-]?[0-9]{1,3}(?![0-9])", re.IGNORECASE)
LABELS = re.compile(
    r"(?<!\w)(?:тел(?:ефон)?|моб(?:ильный)?|раб(?:очий)?|дом(?:ашний)?|сот(?:овый)?|т|м|р|д|"
    r"tel(?:ephone)?|phone|mob(?:ile)?|cell|work|home|ph|p|whats ?app|telegram|viber|"
    r"ватсап|вотсап|или|либо|и|або|та|or|and|und|oder)(?!\w)",
    re.IGNORECASE,
)
