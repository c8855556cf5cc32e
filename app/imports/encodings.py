"""Which encoding a text file has: its mark, else UTF-8 if it is that, else the likeliest old one.

UTF-8 is proved by the bytes. The Cyrillic code pages differ in where they keep the frequent
letters, and words of theirs hold no ASCII letter; all others are left to charset-normalizer.
"""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from charset_normalizer import from_bytes

from app.errors import N_
from app.imports.remarks import FileRefused

SAMPLE = 256 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CYRILLIC = ("cp1251", "koi8_u", "cp866", "mac_cyrillic", "iso8859_5")
WESTERN = ["cp1252", "cp1250", "cp1254", "cp1257", "iso8859_15", "iso8859_2", "mac_roman", "cp850"]
# What the page offers where the guess was wrong.
OFFERED = (
    "utf-8-sig", "utf-16", "cp1251", "koi8_u", "cp866", "mac_cyrillic", "cp1252", "cp1250",
    "cp1253", "cp1254", "cp1255", "cp1256", "gb18030", "big5", "shift_jis", "euc_kr",
)  # fmt: skip
# Of Russian, Ukrainian and Belarusian letters, in thousandths.
_FREQUENT = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёіїєґў",
        (110, 85, 80, 74, 67, 63, 55, 47, 45, 44, 35, 32, 30, 28, 26, 20, 19, 17, 17, 16, 16, 14,
         12, 10, 9, 7, 6, 5, 4, 3, 3, 3, 20, 6, 6, 1, 6),
        strict=True,
    )
)  # fmt: skip
_SIGNS = frozenset("«»№—–…„“”‘’₽€ \u202f")


def guess_encoding(file: BinaryIO) -> str:
    """Reads the file once, in blocks, and leaves it at its beginning."""
    file.seek(0)
    sample = file.read(SAMPLE)
    file.seek(0)
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name
    wide = _without_mark(sample)
    if wide:
        return wide
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", sample))
    if controls > len(sample) // 100 + 6:
        raise FileRefused(
            N_("This is no table of texts. Bring a CSV file or an Excel workbook (.xlsx).")
        )
    good, bad = _as_utf8(file)
    if not bad or good > 4 * bad:
        return "utf-8-sig"
    return _old(sample)


def _without_mark(sample: bytes) -> str | None:
    """UTF-16 whose mark was lost: every second byte is 0 or 4 (Latin, Cyrillic)."""
    pairs = min(len(sample) // 2, 4096)
    if pairs < 4 or 0 not in sample[: 2 * pairs]:
        return None
    for name, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = sample[first : 2 * pairs : 2]
        if sum(byte in (0, 4) for byte in high) > 0.95 * pairs and high.count(0) > 0.05 * pairs:
            return name
    return None


def _as_utf8(file: BinaryIO) -> tuple[int, int]:
    """How many characters beyond ASCII the file has as UTF-8, and how many bytes are none."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    while block := file.read(1 << 16):
        text = decoder.decode(block)
        if text.isascii():
            continue
        wrong = len(re.findall("[\udc80-\udcff]", text))
        bad += wrong
        good += len(re.findall("[^\x00-\x7f]", text)) - wrong
    file.seek(0)
    return good, bad


def _old(sample: bytes) -> str:
    high = [byte for byte in sample if byte > 127]
    mixed = len(re.findall(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]", sample))
    if mixed < 0.3 * len(high):
        best = max(CYRILLIC, key=lambda name: _cyrillic_score(sample, name))
        if _cyrillic_score(sample, best) > 0:
            return best
        found = from_bytes(sample).best()
        return found.encoding if found else "cp1252"
    if _is_western(sample):
        return "cp1252"
    found = from_bytes(sample, cp_isolation=WESTERN).best()
    return found.encoding if found else "cp1252"


def _is_western(sample: bytes) -> bool:
    """Whether nearly all beyond ASCII are letters and quotes of Windows' Western code page."""
    text = sample.decode("cp1252", "replace")
    beyond = [char for char in text if ord(char) > 127]
    good = sum((char.isalpha() and char not in "ªºƒµ") or char in _SIGNS for char in beyond)
    return good > 0.9 * len(beyond)


def _cyrillic_score(sample: bytes, name: str) -> float:
    """Frequent letters speak for an encoding; foreign signs and capitals inside words against."""
    text = sample.decode(name, "replace")
    beyond = [char for char in text if ord(char) > 127]
    score = 0.0
    for char in beyond:
        weight = _FREQUENT.get(char) or _FREQUENT.get(char.lower(), 0) * 0.6
        score += weight or (5 if char in _SIGNS else -60)
    score -= 40 * len(re.findall("[а-яё][А-ЯЁ]", text))
    return score / max(len(beyond), 1) - 10
