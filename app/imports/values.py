"""Days, times, amounts and ids as people, spreadsheets and ad services write them.

What is not certain is settled once for the whole file and shown before anything is stored: whether
the month stands first (`Reading.month_first`), which sign begins the decimals, whose clock the
times are of. A day that does not exist is never shifted to one that does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from app.imports.workbooks import NumberCell, from_serial
from app.models.clock import zone

FIRST_YEAR, LAST_YEAR = 2000, 2100
NOTHING = frozenset(
    {"", "-", "--", "---", "—", "–", "n/a", "na", "null", "none", "nan", "нет", "нет данных",
     "пусто", "не указан", "не указано", "не указана", "не закрыта", "(not set)", "not set",
     "undefined"}
)  # fmt: skip
_MONTHS = (
    ("jan", "янв"), ("feb", "фев"), ("mar", "мар"), ("apr", "апр"), ("may", "мая май"),
    ("jun", "июн"), ("jul", "июл"), ("aug", "авг"), ("sep", "сен"), ("oct", "окт"), ("nov", "ноя"),
    ("dec", "дек"),
)  # fmt: skip
MONTHS = {
    word: number for number, words in enumerate(_MONTHS, 1) for one in words for word in one.split()
}
_TIME = (
    r"(?:[T ,]+(?:в |at )?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"(?: ?\(?(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}:?(?:\d{2})?|[A-ZМСК]{3,4})\)?)?)?"
)
# Names of zones that mean one offset everywhere.
_ZONES = {
    "MSK": "+03", "МСК": "+03", "EET": "+02", "EEST": "+03", "CET": "+01", "CEST": "+02",
    "EST": "-05", "EDT": "-04", "PST": "-08", "PDT": "-07",
}  # fmt: skip
_SERIAL = re.compile(r"\d{5}(?:\.\d{1,12})?")
_ISO = re.compile(rf"(?P<year>\d{{4}})[-./](?P<month>\d{{1,2}})[-./](?P<day>\d{{1,2}}){_TIME}")
_DOTS = re.compile(rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}|\d{{2}}){_TIME}")
_SLASHES = re.compile(rf"(?P<a>\d{{1,2}})[/-](?P<b>\d{{1,2}})[/-](?P<year>\d{{4}}|\d{{2}}){_TIME}")
_WORDS = re.compile(
    rf"(?:\w{{2,12}},? )??(?P<day>\d{{1,2}})[ .-]+(?P<word>[^\W\d]{{3,9}})\.?,?[ -]+"
    rf"(?P<year>\d{{4}})(?: ?(?:г\.?|года|year))?{_TIME}"
)
_WORDS_FIRST = re.compile(
    rf"(?:\w{{2,12}},? )??(?P<word>[^\W\d]{{3,9}})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? "
    rf"(?P<year>\d{{4}}){_TIME}"
)
_COMPACT = re.compile(r"(?P<year>20\d{2})(?P<month>\d{2})(?P<day>\d{2})")
_UNIX = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_SLASHED = re.compile(r"\s*(\d{1,2})[/-](\d{1,2})[/-]\d{2,4}\b")

_MONEY_WORDS = re.compile(
    r"(?:руб(?:лей|ля|\.)?|р\.|rub|usd|eur|kzt|byn|uah|gbp|тг|тенге|[₽$€£₸₴])", re.IGNORECASE
)
_GROUPS = re.compile(r"[\s'’_\u00a0\u202f\u2009]")
_PREFIX = re.compile(r"\s*(?:l|ag|as|c|f|p|ad|z|leadgen):\s*(?=$|[\d+<(])", re.IGNORECASE)
_EXPONENT = re.compile(r"\s*(\d)[.,](\d{9,14})\s*[eе]\s*\+?(\d{1,2})\s*", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"^(\d+)\.0+$")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?\s*[eе]\s*\+?\d{1,3}", re.IGNORECASE)
MOST_DIGITS = 15  # of a number that a spreadsheet keeps whole
CURRENCIES = {
    "₽": "RUB", "руб": "RUB", "р": "RUB", "rub": "RUB", "rur": "RUB", "$": "USD", "usd": "USD",
    "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "₸": "KZT", "kzt": "KZT", "тенге": "KZT",
    "byn": "BYN", "бел руб": "BYN", "₴": "UAH", "uah": "UAH",
}  # fmt: skip


def is_nothing(text: str) -> bool:
    """Words and signs that stand for an empty cell."""
    return text.strip().casefold() in NOTHING


@dataclass(slots=True)
class Reading:
    """How the values of one file are read. `clock`: whose times those without a zone are."""

    month_first: bool = False
    comma: bool = False
    clock: tzinfo | None = None
    from_1904: bool = False

    def instant(self, text: str) -> datetime | None:
        """In UTC; None when there is no such moment. A bare day is its midnight."""
        found = self._read(text)
        if found is None:
            return None
        try:
            at = found if found.tzinfo else found.replace(tzinfo=self.clock or zone())
            return at.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def day(self, text: str) -> date | None:
        """A company day, as written: a bare date is never shifted."""
        found = self._read(text)
        return found.date() if found else None

    def _read(self, text: str) -> datetime | None:
        bare = " ".join(text.split())
        if isinstance(text, NumberCell) or _SERIAL.fullmatch(bare):
            try:
                number = Decimal(bare)
            except InvalidOperation:
                return None
            if number < 100_000:
                return from_serial(number, from_1904=self.from_1904)
        if _UNIX.fullmatch(bare):
            seconds = float(bare) / (1000 if len(bare.partition(".")[0]) == 13 else 1)
            at = datetime.fromtimestamp(seconds, UTC)
            return at if FIRST_YEAR <= at.year <= LAST_YEAR else None
        for pattern in (_ISO, _DOTS, _SLASHES, _WORDS, _WORDS_FIRST, _COMPACT):
            found = pattern.fullmatch(bare)
            if found:
                return self._made(found.groupdict())
        return None

    def _made(self, parts: dict[str, str | None]) -> datetime | None:
        if parts.get("a"):
            first, second = int(parts["a"] or 0), int(parts["b"] or 0)
            day, month = (second, first) if self.month_first else (first, second)
        elif parts.get("word"):
            word = (parts["word"] or "").casefold()[:3]
            day, month = int(parts["day"] or 0), MONTHS.get(word, 0)
        else:
            day, month = int(parts["day"] or 0), int(parts["month"] or 0)
        year = int(parts["year"] or 0)
        year += 2000 if year < 100 else 0
        hour = int(parts.get("hour") or 0)
        half = (parts.get("half") or "").lower()
        if half and not 1 <= hour <= 12:
            return None
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        try:
            made = datetime(  # noqa: DTZ001 -- the zone follows
                year, month, day, hour, int(parts.get("minute") or 0), int(parts.get("second") or 0)
            )
        except ValueError:
            return None
        if not FIRST_YEAR <= year <= LAST_YEAR:
            return None
        return _zoned(made, parts.get("zone") or "")

    def amount(self, text: str) -> Decimal | None:
        """None when it is no amount. "1,234" is what the file's other amounts say it is."""
        if isinstance(text, NumberCell):
            return _decimal(str(text))
        bare = _GROUPS.sub("", _MONEY_WORDS.sub("", text)).replace("−", "-")
        negative = bare.startswith("(") and bare.endswith(")")
        bare = bare.strip("()")
        found = _decimal(_with_point(bare, self.comma))
        return -found if found is not None and negative else found


def _zoned(made: datetime, text: str) -> datetime | None:
    if not text:
        return made
    offset = re.sub(r"^(?:UTC|GMT)(?=[+-])", "", text)
    if offset in ("Z", "UTC", "GMT"):
        return made.replace(tzinfo=UTC)
    digits = _ZONES.get(offset, offset).replace(":", "")
    offset = f"{digits[:3]}:{digits[3:] or '00'}"
    try:
        return datetime.fromisoformat(f"{made.isoformat()}{offset}")
    except ValueError:
        return None


def _with_point(bare: str, comma: bool) -> str:
    commas, points = bare.count(","), bare.count(".")
    if commas and points:  # the later one begins the decimals
        last = max(bare.rfind(","), bare.rfind("."))
        whole = re.fullmatch(r"-?\d{1,3}(?:[,.]\d{3})*", bare[:last])
        return (
            bare[:last].replace(",", "").replace(".", "") + "." + bare[last + 1 :] if whole else ""
        )
    sign = "," if commas else "."
    count = commas or points
    if not count:
        return bare
    groups = re.fullmatch(rf"-?\d{{1,3}}(?:\{sign}\d{{3}})+", bare)
    if count > 1:
        return bare.replace(sign, "") if groups else ""
    is_group = groups and (sign == ",") != comma and not bare.lstrip("-").startswith("0")
    return bare.replace(sign, "") if is_group else bare.replace(sign, ".")


def _decimal(text: str) -> Decimal | None:
    if not re.fullmatch(r"-?(?:\d+(?:\.\d*)?|\.\d+)", text):
        return None
    return Decimal(text)


def bare_id(text: str) -> str:
    """An id or a phone without the sender's mark ("l:", "p:") and as digits where a spreadsheet
    has written them with an exponent and lost none.
    """
    text = _PREFIX.sub("", text).strip()
    text = _WHOLE_FLOAT.sub(r"\1", text)
    exponent = _EXPONENT.fullmatch(text)
    if exponent and int(exponent[3]) >= len(exponent[2]):
        zeros = int(exponent[3]) - len(exponent[2])
        text = exponent[1] + exponent[2] + "0" * zeros if not zeros else text
    return text


def has_lost_digits(cell: str) -> bool:
    """Whether a spreadsheet has rounded an id, so that two of them may look like one."""
    text = bare_id(cell)
    is_long = isinstance(cell, NumberCell) and len(text.lstrip("-")) > MOST_DIGITS
    return is_long or _ROUNDED.fullmatch(text) is not None


def currency_of(text: str) -> str:
    """The ISO code that a header or a cell names: "Cost (USD)", "Расход (руб.)"; '' if none."""
    for word in re.findall(r"[₽$€£₸₴]|[^\W\d]+", text.casefold()):
        if word in CURRENCIES:
            return CURRENCIES[word]
        if len(word) == 3 and word.isascii() and text.strip().upper() == word.upper():
            return str(word.upper())
    return ""


def says_month_first(texts: Iterable[str]) -> bool | None:
    """What days written with slashes tell: True or False, None where none of them tells."""
    day = month = False
    for text in texts:
        found = _SLASHED.match(text)
        if found:
            day |= int(found[1]) > 12
            month |= int(found[2]) > 12
    return None if day == month else month


def says_comma(texts: Iterable[str]) -> bool | None:
    """Whether the amounts have a decimal comma; None where none of them tells."""
    comma = point = 0
    for text in texts:
        if isinstance(text, NumberCell):
            continue
        bare = _GROUPS.sub("", _MONEY_WORDS.sub("", text))
        if re.fullmatch(r"-?[\d.,]+", bare):
            last = max(bare.rfind(","), bare.rfind("."))
            if last >= 0 and (len(bare) - last - 1 != 3 or ("," in bare and "." in bare)):
                comma += bare[last] == ","
                point += bare[last] == "."
    return None if comma == point else comma > point
