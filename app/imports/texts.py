"""CSV and TSV: which sign parts the cells, and the records one by one with what is wrong in them.

A quotation mark that never closes must not swallow the rows after it: the row that opened it is
told as faulty, and reading goes on with the next line.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from typing import BinaryIO

from app.imports.remarks import RowWhy

DELIMITERS = (",", ";", "\t", "|")
MOST_LINES = 200  # of one record
LONGEST = 100_000  # characters of one record
LOOKED_AT = 64 * 1024
_SAID = re.compile(r'"?sep=(.)"?\s*')

csv.field_size_limit(1_000_000)

Row = tuple[int, list[str], RowWhy | None]


def open_text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """Bytes that are no letters become lone surrogates (U+FFFD in wide encodings)."""
    file.seek(0)
    wide = encoding.startswith(("utf-16", "utf-32")) or encoding in {
        "gb18030", "big5", "shift_jis", "euc_kr",
    }  # fmt: skip
    errors = "replace" if wide else "surrogateescape"
    return io.TextIOWrapper(file, encoding, errors=errors, newline="")


def guess_delimiter(file: BinaryIO, encoding: str) -> str:
    """The sign by which most records have the same number of cells, and many of them."""
    reader = open_text(file, encoding)
    sample = reader.read(LOOKED_AT)
    reader.detach()
    said = _SAID.match(sample)
    if said:
        return said[1]
    return max(DELIMITERS, key=lambda sign: _fits(sample, sign))


def _fits(sample: str, delimiter: str) -> float:
    lines = io.StringIO(sample, newline="")
    counts = []
    for _number, cells, _fault in records(lines, delimiter):
        if any(cell.strip() for cell in cells):
            counts.append(len(cells))
        if len(counts) == 60:
            break
    if not counts:
        return 0
    usual, times = Counter(counts).most_common(1)[0]
    if usual == 1:  # titles may outnumber the rows of a short report
        wider = [count for count in counts if count > 1]
        usual, times = Counter(wider).most_common(1)[0] if wider else (1, 0)
    return (usual - 1) * times / len(counts)


def records(lines: io.TextIOBase | io.StringIO, delimiter: str) -> Iterator[Row]:
    """(number, cells, fault) of each record, empty ones too; a record counts as one row however
    many line breaks its cells hold.
    """
    whole = _whole(delimiter)
    waiting: deque[str] = deque()
    number = 0

    def following() -> str:
        return waiting.popleft() if waiting else lines.readline(LONGEST + 1)

    while line := following():
        number += 1
        if len(line) > LONGEST and line[-1] not in "\r\n":
            while line and line[-1] not in "\r\n":
                line = following()
            yield number, [], RowWhy.TOO_LONG_ROW
            continue
        if '"' not in line:
            yield number, line.rstrip("\r\n").split(delimiter), None
            continue
        taken = [line]
        fault = None
        if not whole.fullmatch(line):
            taken, fault = _gather(line, following, delimiter, whole)
            if fault:
                waiting.extendleft(reversed(taken[1:]))
                taken = taken[:1]
        yield number, _cells("".join(taken), delimiter), fault


def _gather(line: str, following, delimiter: str, whole: re.Pattern[str]):  # type: ignore[no-untyped-def]
    """The lines of the record that begins here, and whether its quotation mark never closes."""
    taken, text = [line], line
    while _is_open(text, delimiter):
        more = following() if len(taken) < MOST_LINES and len(text) < LONGEST else ""
        if not more:
            return taken, RowWhy.UNCLOSED_QUOTE
        taken.append(more)
        text += more
    # Closed in the middle of a later cell: the mark belonged to no pair.
    if len(taken) > 1 and not whole.fullmatch(text):
        return taken, RowWhy.UNCLOSED_QUOTE
    return taken, None


def _whole(delimiter: str) -> re.Pattern[str]:
    sign = re.escape(delimiter)
    cell = rf'(?:"[^"]*+(?:""[^"]*+)*+"|[^"{sign}\r\n][^{sign}\r\n]*+|)'
    return re.compile(rf"{cell}(?:{sign}{cell})*+[\r\n]*")


_QUOTED = re.compile(r'"[^"]*+(?:""[^"]*+)*+"')


def _is_open(text: str, delimiter: str) -> bool:
    """Whether the record's last cell is still inside quotation marks."""
    at = 0
    while True:
        if text.startswith('"', at):
            quoted = _QUOTED.match(text, at)
            if quoted is None:
                return True
            at = quoted.end()
        at = text.find(delimiter, at) + 1
        if at == 0:
            return False


def _cells(text: str, delimiter: str) -> list[str]:
    if not text.strip("\r\n"):
        return []
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return text.rstrip("\r\n").split(delimiter)
