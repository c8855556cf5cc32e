"""Texts that a spreadsheet would take for a formula: guarded when written, freed when read.

One more apostrophe before what begins as a formula, however many stand there already; so freeing
takes exactly that one away, and a file that is exported and read again says the same.
"""

from __future__ import annotations

import re

# Full-width signs count: some spreadsheets read them as the plain ones.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
_GUARDED_NUMBER = re.compile(r"'+[\d(][\d ()\-]*$")  # how others keep a phone or an id a text


def guarded(text: str) -> str:
    if _FORMULA.match(text) or (text[:1] == "'" and _GUARDED_NUMBER.match(text)):
        return f"'{text}"
    return text


def freed(text: str) -> str:
    if text[:1] == "'" and (_GUARDED.match(text) or _GUARDED_NUMBER.match(text)):
        return text[1:]
    return text
