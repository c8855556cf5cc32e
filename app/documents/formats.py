"""How a contract prints amounts, dates, phones and scripts, in its own language."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import phonenumbers
from babel.dates import format_date
from babel.numbers import get_currency_precision

NO_BREAK = "\N{NO-BREAK SPACE}"
E164 = re.compile(r"\+[0-9]{7,15}")
LOCALES = {"en": "en_GB", "ru": "ru"}

# Signs that mean one currency only. Any other is printed as its code: "$" alone could be Canadian.
SIGNS = {"RUB": "₽", "EUR": "€", "GBP": "£", "USD": "$", "KZT": "₸", "UAH": "₴"}


def money_text(amount: str, currency: str, language: str) -> str:
    """`1 234 567,50 ₽` or `₽1,234,567.50`, with no-break spaces. Rounds half up."""
    places = get_currency_precision(currency)
    value = Decimal(amount).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    sign = SIGNS.get(currency)
    number = f"{abs(value):,f}"
    minus = "-" if value < 0 else ""
    if language == "ru":
        number = number.replace(",", NO_BREAK).replace(".", ",")
        return f"{minus}{number}{NO_BREAK}{sign or currency}"
    return f"{minus}{sign}{number}" if sign else f"{minus}{currency}{NO_BREAK}{number}"


def date_text(iso: str, language: str) -> str:
    """`5 ноября 2026 г.` or `5 November 2026`, kept on one line."""
    words = format_date(date.fromisoformat(iso), format="long", locale=LOCALES[language])
    return words.replace(" ", NO_BREAK)


def phone_text(phone: str) -> str:
    """A stored key such as +79923288341 as `+7 992 328-83-41`; what somebody typed stays."""
    if not E164.fullmatch(phone):
        return phone
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    international = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(number, international))


def pieces(text: str) -> list[str]:
    """Words and blanks one by one where a script runs from right to left, else the whole text.

    The WebKit of wkhtmltopdf measures a run of Arabic or Hebrew words as wide as one of them and
    prints the next text on top of it; words in elements of their own are measured well.
    """
    if any(unicodedata.bidirectional(sign) in ("R", "AL", "AN") for sign in text):
        return re.findall(r"\s+|\S+", text)
    return [text]
