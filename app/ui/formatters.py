"""How values read on the screen, in the reader's language and the company's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import phonenumbers
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_decimal, get_currency_precision
from flask_babel import get_locale, gettext
from sqlalchemy import inspect as about
from sqlalchemy.exc import NoInspectionAvailable

from app.models import Contract, Document, Note, Spend, Submission, clock

NO_BREAK = "\N{NO-BREAK SPACE}"
LOCALES = {"en": "en_GB", "ru": "ru"}
# Signs that mean one currency only; any other is shown by its code.
SIGNS = {"RUB": "₽", "EUR": "€", "GBP": "£", "USD": "$", "KZT": "₸", "UAH": "₴"}
# How large sums are cut short; below the smallest they are written out to the unit.
SHORT_FROM = 10_000
SHORT = {
    "en": ((10**9, "bn"), (10**6, "m"), (10**3, "k")),
    "ru": ((10**9, "млрд"), (10**6, "млн"), (10**3, "тыс.")),
}
WORDS_FOR = timedelta(days=7)  # a time farther away is a date
COUNT_LIMIT = 1000


class Count(int):
    """How many rows there are, counted up to a limit; `more` says that there are others."""

    more: bool

    def __new__(cls, value: int, more: bool = False) -> Count:
        self = super().__new__(cls, value)
        self.more = more
        return self

    @classmethod
    def upto(cls, found: int | None) -> Count:
        """Of rows that were counted up to the limit and one more."""
        value = found or 0
        return cls(min(value, COUNT_LIMIT), more=value > COUNT_LIMIT)

    def __str__(self) -> str:
        return number(int(self)) + ("+" if self.more else "")

    __repr__ = __str__


def language() -> str:
    """The reader's language: en or ru."""
    spoken = str(get_locale() or "en")[:2]
    return spoken if spoken in LOCALES else "en"


def locale() -> str:
    return LOCALES[language()]


def number(value: int | Decimal) -> str:
    return str(format_decimal(value, locale=locale()))


def money(value: Decimal | int | None, currency: str | None = "RUB", *, whole: bool = False) -> str:
    """`₽1,234.50` or `1 234,50 ₽`, rounded half up; '' for none. `whole` leaves out the hundredths:
    for a column in which they are all zero.
    """
    if value is None:
        return ""
    currency = currency or "RUB"
    places = 0 if whole else get_currency_precision(currency)
    amount = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    sign, minus, digits = SIGNS.get(currency), "-" if amount < 0 else "", f"{abs(amount):,f}"
    if language() == "ru":
        digits = digits.replace(",", NO_BREAK).replace(".", ",")
        return f"{minus}{digits}{NO_BREAK}{sign or currency}"
    return f"{minus}{sign}{digits}" if sign else f"{minus}{currency}{NO_BREAK}{digits}"


def money_short(value: Decimal | int | None, currency: str | None = "RUB") -> str:
    """`₽1.2m` or `1,2 млн ₽`, for a headline; the exact sum stands behind its link."""
    if value is None:
        return ""
    currency = currency or "RUB"
    amount, russian = Decimal(value), language() == "ru"
    size, minus = abs(amount), "-" if amount < 0 else ""
    unit = ""
    whole = size.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    digits = number(whole)
    if whole >= SHORT_FROM:
        # 999,500 is a million already: it would be written as 1,000 thousand.
        almost = Decimal("0.9995")
        scale, unit = next(one for one in SHORT[language()] if size >= one[0] * almost)
        digits = number(_in_units(size, scale))
    sign = SIGNS.get(currency)
    if russian:
        return f"{minus}{NO_BREAK.join(part for part in (digits, unit, sign or currency) if part)}"
    return f"{minus}{sign}{digits}{unit}" if sign else f"{minus}{currency}{NO_BREAK}{digits}{unit}"


def _in_units(size: Decimal, scale: int) -> Decimal:
    """Half up, to three digits at most: 1.2, 12, 123; a trailing .0 goes."""
    shown = (size / scale).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    if shown >= 10 or shown == shown.to_integral_value():
        return (size / scale).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return shown


def day(value: date | None) -> str:
    """`5 Nov 2026` or `05.11.2026`; an instant is shown as the company's day."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.company_day(value)
    pattern = "dd.MM.yyyy" if language() == "ru" else "d MMM yyyy"
    return str(format_date(value, pattern, locale=locale()))


def day_in_words(value: date) -> str:
    """`Thu 5 November 2026` or `чт, 5 ноября 2026 г.`; app/static/js/forms.js words it likewise."""
    pattern = "ccc, d MMMM y 'г'." if language() == "ru" else "ccc d MMMM y"
    return str(format_date(value, pattern, locale=locale()))


def moment(value: datetime | None) -> str:
    """The instant as the company's clock shows it, without seconds."""
    if value is None:
        return ""
    here = clock.local(value)
    joint = " " if language() == "ru" else ", "
    return day(here.date()) + joint + _time(here)


def ago(value: date | None) -> str:
    """How far it is from now, in words up to seven days: `25 minutes ago`, `today at 14:00`,
    `yesterday`, `in 3 days`; then the date. A day has no time. '' for none.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        distance = value - clock.utc_now()
        if abs(distance) < timedelta(minutes=1):
            return gettext("just now")
        if abs(distance) < timedelta(hours=1):
            return _away(distance, "minute")
        its_day, time = clock.company_day(value), _time(value)
    else:
        its_day, time = value, ""
    days = its_day - clock.today()
    if abs(days) > WORDS_FOR:
        return day(its_day)
    if abs(days.days) > 1:
        return _away(days, "day")
    return _near_day(days.days, time)


def _away(distance: timedelta, unit: Literal["day", "minute"]) -> str:
    """CLDR's words, which know the plurals of both languages; in one unit, never `1 week`."""
    whole = timedelta(minutes=int(distance.total_seconds() / 60))
    words = format_timedelta(
        whole, granularity=unit, threshold=60, add_direction=True, locale=locale()
    )
    return str(words)


def _near_day(days: int, time: str) -> str:
    if not time:
        return {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}[days]
    if days < 0:
        return gettext("yesterday at %(time)s", time=time)
    if days > 0:
        return gettext("tomorrow at %(time)s", time=time)
    return gettext("today at %(time)s", time=time)


def _time(value: datetime) -> str:
    return str(format_time(clock.local(value), "HH:mm", locale=locale()))


def percent(ratio: Decimal | None) -> str:
    """Half up; one decimal below 10 %: 0.0951 → 9.5% (9,5 % in Russian). '' for an undefined
    ratio (law 5).
    """
    if ratio is None:
        return ""
    blank = NO_BREAK if language() == "ru" else ""
    return f"{points(ratio)}{blank}%"


def points(ratio: Decimal) -> str:
    """The number of a percentage, without its sign: 0.0951 → 9.5."""
    value = Decimal(ratio) * 100
    fine = value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    shown = fine if abs(fine) < 10 and fine != 0 else value.quantize(Decimal(1), ROUND_HALF_UP)
    pattern = "#,##0.0" if shown is fine else "#,##0"
    return str(format_decimal(shown, pattern, locale=locale()))


def phone(value: str | None, extension: str | None = None, region: str | None = None) -> str:
    """A key such as +79923288341 as `+7 992 328-83-41`; what nobody can read stays as typed."""
    if not value:
        return ""
    try:
        read = phonenumbers.parse(value, region)
        form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        shown = str(phonenumbers.format_number(read, form))
        if not phonenumbers.is_possible_number(read):
            shown = value
    except phonenumbers.NumberParseException:
        shown = value
    return (
        gettext("%(phone)s ext. %(number)s", phone=shown, number=extension) if extension else shown
    )


def label_of(row: Any) -> str:
    """What a row is called in lists and pickers: Фамилия Имя Отчество or First Last for people."""
    if row is None:
        return ""
    if callable(getattr(row, "name", None)):
        return str(row.name(language())) or f"№ {row.id}"
    if isinstance(row, Contract):
        # Not its __repr__, which speaks to developers; nor are those below.
        return f"№ {row.number}" if row.number else gettext("draft, %(title)s", title=row.service)
    if isinstance(row, Note):
        return moment(row.at)
    if isinstance(row, Document):
        return gettext("version %(version)s", version=row.version)
    if isinstance(row, Submission):
        return f"№ {row.id}"
    if isinstance(row, Spend):
        return f"{row.campaign}, {day(row.day)}"
    if callable(getattr(row, "get_full_name", None)):
        return str(row.get_full_name())
    return str(row)


def yes_no(value: bool | None) -> str:
    if value is None:
        return ""
    return gettext("Yes") if value else gettext("No")


def is_row(value: Any) -> bool:
    try:
        return bool(about(value).mapper)
    except (NoInspectionAvailable, AttributeError):
        return False


def text_of(value: Any, currency: str | None = None) -> str:
    """Any value of a noun as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, Decimal):
        return money(value, currency)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, (list, tuple, set)):
        return ", ".join(text_of(item, currency) for item in value)
    if is_row(value):
        return label_of(value)
    return str(value)


def shown(value: Any) -> Any:
    """A value of Flask-AppBuilder's own columns; texts stay, and so do our pages' pieces.

    Its times are naive and the server's.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.astimezone(UTC)
    return text_of(value)
