"""Checks that several nouns share: a text of a length, a value that must be there, an amount."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from app.errors import N_, Invalid
from app.models.base import MAX_MONEY, Noun, rounded
from app.models.contacts import clean_text


def checked_text(field: str, value: Any, *, limit: int, multiline: bool = False) -> str:
    """The text cleaned as people mean it; raises Invalid when it is longer than `limit`."""
    text = clean_text(value or "", multiline=multiline)
    if len(text) > limit:
        raise Invalid.of(field, N_("Use at most %(limit)s characters."), limit=limit)
    return text


def required(field: str, value: Any) -> None:
    if value is None or value == "":
        raise Invalid.of(field, N_("Fill in this field."))


def refuse_twin(row: Noun, field: str, value: Any, message: str) -> None:
    """Raises Invalid with the message when another row of the noun has this value of the field."""
    noun = type(row)
    with row.session.no_autoflush:
        twin = row.session.query(noun).filter_by(**{field: value}).first()
    if twin is not None and twin is not row:
        raise Invalid.of(field, message)


def checked_amount(field: str, value: Any, *, negative: bool = False) -> Decimal:
    """An amount in the company's currency rounded half up to hundredths; raises Invalid."""
    required(field, value)
    try:
        amount = rounded(Decimal(value))
    except (InvalidOperation, TypeError, ValueError):
        raise Invalid.of(field, N_("Write an amount such as 1500.50.")) from None
    if not amount.is_finite() or abs(amount) > MAX_MONEY:
        raise Invalid.of(field, N_("The amount is too large."))
    if amount < 0 and not negative:
        raise Invalid.of(field, N_("The amount cannot be below zero."))
    return amount
