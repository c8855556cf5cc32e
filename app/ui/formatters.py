"""How values read on the screen, in the reader's language and the company's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import phonenumbers
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, get_currency_precision
from flask_babel import get_locale, gettext
from sqlalchemy import inspect as about
from sqlalchemy.exc import NoInspectionAvailable

from app.models import Contract, Document, Note, Spend, Submission, clock

NO_BREAK = "\N{NO-BREAK SPACE}"
LOCALES = {"en": "en_GB", "ru": "ru"}
# Signs that mean one currency only; any other is shown by its code.
SIGNS = {"RUB": "₽", "EUR": "€", "GBP": "£", "USD": "$", "KZT": "₸", "UAH": "₴"}
COUNT_LIMIT = 1000


class Count(int):
    """How many rows there are, counted up to a limit; `more` says that there are others."""

    more: bool

    def __new__(cls, value: int, more: bool = False) -> Count:
        self = super().__new__(cls, value)
        self.more = more
        return self

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


def money(value: Decimal | int | None, currency: str | None = "RUB") -> str:
    """`₽1,234.50` or `1 234,50 ₽`, rounded half up; '' for none."""
    if value is None:
        return ""
    currency = currency or "RUB"
    places = get_currency_precision(currency)
    amount = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    sign, minus, digits = SIGNS.get(currency), "-" if amount < 0 else "", f"{abs(amount):,f}"
    if language() == "ru":
        digits = digits.replace(",", NO_BREAK).replace(".", ",")
        return f"{minus}{digits}{NO_BREAK}{sign or currency}"
    return f"{minus}{sign}{digits}" if sign else f"{minus}{currency}{NO_BREAK}{digits}"


def day(value: date | None) -> str:
    """`5 Nov 2026` or `05.11.2026`; an instant is shown as the company's day."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.company_day(value)
    pattern = "dd.MM.yyyy" if language() == "ru" else "d MMM yyyy"
    return str(format_date(value, pattern, locale=locale()))


def moment(value: datetime | None) -> str:
    """The instant as the company's clock shows it, without seconds."""
    if value is None:
        return ""
    here = clock.local(value)
    joint = " " if language() == "ru" else ", "
    return day(here.date()) + joint + str(format_time(here, "HH:mm", locale=locale()))


def percent(ratio: Decimal | None) -> str:
    """Half up; one decimal below 10 %: 0.0951 → 9.5% (9,5 % in Russian). '' for an undefined
    ratio (law 5).
    """
    if ratio is None:
        return ""
    value = Decimal(ratio) * 100
    fine = value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    shown = fine if abs(fine) < 10 and fine != 0 else value.quantize(Decimal(1), ROUND_HALF_UP)
    pattern = "#,##0.0" if shown is fine else "#,##0"
    blank = NO_BREAK if language() == "ru" else ""
    return f"{format_decimal(shown, pattern, locale=locale())}{blank}%"


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
