"""Form fields that read what people type: amounts with a comma, company days and times, texts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from wtforms import BooleanField, SelectField, StringField
from wtforms.fields import Field, SelectChoice
from wtforms.validators import ValidationError

from app.models import clock
from app.models.base import LARGEST_INTEGER, MAX_MONEY
from app.ui import labels, widgets
from app.ui.formatters import day_in_words, language

_BLANKS = re.compile("[\\s\u00a0\u202f']")
_SIGNS = re.compile("[₽€£$₸₴]|руб\\.?|RUB|EUR|USD|GBP")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_RUSSIAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")


# -- reading: pure functions, used by forms and by filters alike ----------------------------------


def read_money(text: str) -> Decimal:
    """`1 234,50`, `1,234.50`, `1.234,50` and `1234.5` are one amount; raises ValueError."""
    bare = _BLANKS.sub("", _SIGNS.sub("", text)).replace("−", "-")
    comma, dot = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and dot >= 0:
        thousands = "," if comma < dot else "."
        bare = bare.replace(thousands, "").replace(",", ".")
    elif comma >= 0:
        groups = bare.lstrip("-").split(",")
        # 1,234 is a thousand and more: money has two decimals.
        grouped = groups[0] not in ("", "0") and all(len(group) == 3 for group in groups[1:])
        bare = bare.replace(",", "" if grouped else ".")
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,2})?|-?\.[0-9]{1,2}", bare):
        raise ValueError(text)
    try:
        amount = Decimal(bare)
    except InvalidOperation:
        raise ValueError(text) from None
    if abs(amount) > MAX_MONEY:
        raise ValueError(text)
    return amount


def read_day(text: str) -> date:
    """2026-11-05 or 05.11.2026; raises ValueError."""
    text = text.strip()
    if found := _DAY.fullmatch(text):
        year, month, day_ = map(int, found.groups())
    elif found := _RUSSIAN_DAY.fullmatch(text):
        day_, month, year = map(int, found.groups())
    else:
        raise ValueError(text)
    if not 1900 <= year <= 2200:
        raise ValueError(text)
    return date(year, month, day_)


def read_moment(text: str) -> datetime:
    """A company day and time as an aware UTC instant; raises ValueError. No time means midnight."""
    day_text, _, clock_text = text.strip().replace("T", " ").partition(" ")
    day_ = read_day(day_text)
    hour = minute = second = 0
    if clock_text.strip():
        found = _CLOCK.fullmatch(clock_text.strip())
        if not found:
            raise ValueError(text)
        hour, minute, second = (int(part or 0) for part in found.groups())
    here = datetime(day_.year, day_.month, day_.day, hour, minute, second, tzinfo=clock.zone())
    return here.astimezone(UTC)


def read_integer(text: str) -> int:
    text = text.strip()
    if not re.fullmatch(r"-?[0-9]{1,10}", text) or abs(int(text)) > LARGEST_INTEGER:
        raise ValueError(text)
    return int(text)


def read_id(text: Any) -> int | None:
    """A row's id, None for anything else; never an error."""
    text = str(text).strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    number = int(text)
    return number if 0 < number <= LARGEST_INTEGER else None


# -- fields ---------------------------------------------------------------------------------------


class Typed(Field):
    """A field that keeps what was typed, so that the form comes back with it; empty is None."""

    widget: Any = widgets.TextInput()

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def write(self, value: Any) -> str:
        return str(value)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.show(self.data)

    def show(self, value: Any) -> str:
        """As the reader's language writes it; `write` is the same in each."""
        return self.write(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.data = None
        if valuelist[0].strip():
            try:
                self.data = self.read(valuelist[0])
            except (ValueError, OverflowError):
                raise ValueError(self.complaint()) from None

    def complaint(self) -> str:
        raise NotImplementedError


class MoneyField(Typed):
    """A Decimal in the company's currency."""

    widget = widgets.NumberInput()

    def read(self, text: str) -> Decimal:
        return read_money(text)

    def write(self, value: Decimal) -> str:
        return f"{value:.2f}"

    def show(self, value: Decimal) -> str:
        return self.write(value).replace(".", "," if language() == "ru" else ".")

    def complaint(self) -> str:
        return gettext("Write an amount such as 1500.50.")


class DateField(Typed):
    """A company day."""

    widget = widgets.DateInput()

    def read(self, text: str) -> date:
        return read_day(text)

    def write(self, value: date) -> str:
        return value.isoformat()

    def said(self) -> str:
        """The day in words: the browser shows it in the order of its own language."""
        return day_in_words(self.data) if isinstance(self.data, date) else ""

    def complaint(self) -> str:
        return gettext("Write a day such as 2026-11-05.")


class DateTimeField(Typed):
    """An aware UTC instant, typed and shown as the company's clock has it."""

    widget = widgets.DateTimeInput()

    def read(self, text: str) -> datetime:
        return read_moment(text)

    def write(self, value: datetime) -> str:
        return clock.local(value).strftime("%Y-%m-%dT%H:%M")

    def said(self) -> str:
        if not isinstance(self.data, datetime):
            return ""
        here = clock.local(self.data)
        return f"{day_in_words(here.date())}, {here:%H:%M}"

    def complaint(self) -> str:
        return gettext("Write a day and a time such as 2026-11-05 14:30.")


class IntegerField(Typed):
    widget = widgets.NumberInput()

    def read(self, text: str) -> int:
        return read_integer(text)

    def complaint(self) -> str:
        return gettext("Write a whole number.")


class TextField(StringField):
    """Text without blanks around it; the noun's own verb cleans it further."""

    widget = widgets.TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = valuelist[0].strip()


class TextAreaField(TextField):
    widget = widgets.TextArea()


class ChoiceField(SelectField):
    """One of an enum's states with their labels; `blank` admits none, which is None."""

    widget = widgets.Select()

    def __init__(
        self, label: Any = None, validators: Any = None, *, enum: Any = None, blank: bool = False,
        choices: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(label, validators, coerce=_text_or_none, validate_choice=False, **kwargs)
        self.offer(labels.choices(enum, blank=blank) if enum is not None else choices or [])

    def offer(self, pairs: Any) -> None:
        """Sets what can be chosen: (value, label) pairs."""
        self.choices = [SelectChoice(str(value), text) for value, text, *_ in pairs]

    def pre_validate(self, form: Any) -> None:
        if self.data not in {_text_or_none(value) for value, *_ in self.choices}:
            raise ValidationError(gettext("Choose one of the list."))


def _text_or_none(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


__all__ = [
    "BooleanField",
    "ChoiceField",
    "DateField",
    "DateTimeField",
    "IntegerField",
    "MoneyField",
    "TextAreaField",
    "TextField",
    "read_day",
    "read_id",
    "read_integer",
    "read_moment",
    "read_money",
]
