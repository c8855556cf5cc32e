"""What people type into a field, and what the verbs are given."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.models.contract import ContractStatus
from app.ui import fields


class Everything(Form):
    amount = fields.MoneyField()
    day = fields.DateField()
    at = fields.DateTimeField()
    number = fields.IntegerField()
    text = fields.TextField()
    status = fields.ChoiceField(enum=ContractStatus, blank=True)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1 234,50", "1234.50"), ("1\u00a0234,50 ₽", "1234.50"), ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"), ("1234", "1234"), ("1,234", "1234"), ("1,234,567", "1234567"),
        ("0,50", "0.50"), (",5", "0.5"), ("1234,5", "1234.5"), ("-5", "-5"), ("−5", "-5"),
        ("₽1,234.50", "1234.50"), ("1'234.50", "1234.50"),
    ],
)  # fmt: skip
def test_amounts_as_both_languages_write_them(typed: str, read: str) -> None:
    assert fields.read_money(typed) == Decimal(read)


@pytest.mark.parametrize(
    "typed",
    ["abc", "1.2.3", "1,2,3", "--5", "1e5", "NaN", "Infinity", "0x10", "1.234", "٣", "9" * 19,
     "91000000000000", "", ".", "1 2 3 ,,"],
)  # fmt: skip
def test_what_is_no_amount(typed: str) -> None:
    with pytest.raises(ValueError, match="^"):
        fields.read_money(typed)


@pytest.mark.parametrize("typed", ["2026-11-05", "05.11.2026", " 5.11.2026 "])
def test_days(typed: str) -> None:
    assert fields.read_day(typed) == date(2026, 11, 5)


@pytest.mark.parametrize(
    "typed", ["2026-13-01", "2026-02-30", "0001-01-01", "9999-12-31", "11/05/2026", "junk", ""]
)
def test_what_is_no_day(typed: str) -> None:
    with pytest.raises(ValueError, match="^"):
        fields.read_day(typed)
    with pytest.raises(ValueError, match="^"):
        fields.read_moment(f"{typed}T10:00")


def test_instants_are_read_by_the_companys_clock(reader: Any) -> None:
    with reader("en"):
        read = fields.read_moment("2026-11-05T00:30")
        assert read == datetime(2026, 11, 4, 21, 30, tzinfo=UTC)
        assert read.tzinfo is not None
        form = Everything(data={"at": read, "day": date(2026, 11, 5), "amount": Decimal(5)})
        assert 'type="datetime-local"' in form.at()
        assert 'value="2026-11-05T00:30"' in form.at()
        assert 'type="date"' in form.day()
        assert 'value="5.00"' in form.amount()
        for field in form:
            assert 'autocomplete="off"' in field()


def test_an_amount_stands_in_its_field_as_the_language_writes_it(reader: Any) -> None:
    with reader("ru"):
        assert 'value="1234,50"' in Everything(data={"amount": Decimal("1234.5")}).amount()
        typed = Everything(MultiDict({"amount": "1234.5"}))
        assert 'value="1234.5"' in typed.amount()


@pytest.mark.parametrize("typed", ["1", "-7", " 12 "])
def test_whole_numbers(typed: str) -> None:
    assert fields.read_integer(typed) == int(typed)


@pytest.mark.parametrize("typed", ["1.5", "x", "99999999999", "3000000000", "1_0", ""])
def test_what_is_no_whole_number(typed: str) -> None:
    with pytest.raises(ValueError, match="^"):
        fields.read_integer(typed)


@pytest.mark.parametrize("given", ["0", "-1", "x", "", None, "٣", "2147483648", "1" * 30, "1.0"])
def test_what_is_no_id(given: Any) -> None:
    assert fields.read_id(given) is None


def test_a_form_keeps_what_was_typed(reader: Any) -> None:
    with reader("en"):
        form = Everything(MultiDict({"amount": "junk", "day": "x", "at": "y", "number": "z",
                                     "text": "  words ", "status": "unheard of"}))  # fmt: skip
        assert not form.validate()
        assert set(form.errors) == {"amount", "day", "at", "number", "status"}
        assert 'value="junk"' in form.amount()
        assert 'aria-invalid="true"' in form.amount()
        assert form.text.data == "words"


def test_empty_means_none(reader: Any) -> None:
    with reader("en"):
        form = Everything(
            MultiDict(dict.fromkeys(("amount", "day", "at", "number", "status"), " "))  # fmt: skip
        )
        form.status.data = None
        assert form.validate(), form.errors
        assert [form[n].data for n in ("amount", "day", "at", "number")] == [None] * 4
