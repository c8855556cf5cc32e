"""How amounts, days, times, phones and names read in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from app.models import (  # noqa: F401
    Client,
    Lead,
    base,
    batch,
    campaign,
    client,
    clock,
    contact_point,
    contract,
    document,
    lead,
)
from app.models.contract import ContractStatus
from app.ui import formatters, labels
from app.ui.formatters import Count

N = "\u00a0"


@pytest.mark.parametrize(
    ("value", "currency", "english", "russian"),
    [
        (Decimal("1234.5"), "RUB", "₽1,234.50", f"1{N}234,50{N}₽"),
        (Decimal("-1234567.895"), "EUR", "-€1,234,567.90", f"-1{N}234{N}567,90{N}€"),
        (0, "USD", "$0.00", f"0,00{N}$"),
        (Decimal("10"), "CHF", f"CHF{N}10.00", f"10,00{N}CHF"),
        (Decimal("10.5"), "JPY", f"JPY{N}11", f"11{N}JPY"),
        (None, "RUB", "", ""),
    ],
)
def test_money(reader: Any, value: Any, currency: str, english: str, russian: str) -> None:
    with reader("en"):
        assert formatters.money(value, currency) == english
    with reader("ru"):
        assert formatters.money(value, currency) == russian


@pytest.mark.parametrize(
    ("value", "currency", "english", "russian"),
    [
        (0, "RUB", "₽0", f"0{N}₽"),
        (Decimal("9999.49"), "RUB", "₽9,999", f"9{N}999{N}₽"),
        (Decimal("9999.50"), "RUB", "₽10k", f"10{N}тыс.{N}₽"),
        (Decimal("12500"), "EUR", "€13k", f"13{N}тыс.{N}€"),
        (Decimal("999499"), "RUB", "₽999k", f"999{N}тыс.{N}₽"),
        (Decimal("999500"), "RUB", "₽1m", f"1{N}млн{N}₽"),
        (Decimal("1250000"), "RUB", "₽1.3m", f"1,3{N}млн{N}₽"),
        (Decimal("-1234567.89"), "RUB", "-₽1.2m", f"-1,2{N}млн{N}₽"),
        (Decimal("9960000"), "CHF", f"CHF{N}10m", f"10{N}млн{N}CHF"),
        (Decimal("123456789012"), "RUB", "₽123bn", f"123{N}млрд{N}₽"),
        (None, "RUB", "", ""),
    ],
)
def test_money_is_cut_short_for_headlines(
    reader: Any, value: Any, currency: str, english: str, russian: str
) -> None:
    with reader("en"):
        assert formatters.money_short(value, currency) == english
    with reader("ru"):
        assert formatters.money_short(value, currency) == russian


NOW = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)  # 12:30 in Moscow


@pytest.mark.parametrize(
    ("value", "english"),
    [
        (NOW - timedelta(seconds=59), "just now"),
        (NOW - timedelta(seconds=60), "1 minute ago"),
        (NOW - timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (NOW + timedelta(minutes=25, seconds=1), "in 25 minutes"),
        (NOW - timedelta(hours=1), "today at 11:30"),
        (NOW - timedelta(hours=12, minutes=30), "today at 00:00"),
        (NOW - timedelta(hours=12, minutes=31), "yesterday at 23:59"),
        (NOW + timedelta(hours=11, minutes=30), "tomorrow at 00:00"),
        (NOW - timedelta(days=2), "2 days ago"),
        (NOW + timedelta(days=7), "in 7 days"),
        (NOW + timedelta(days=8), "18 Nov 2026"),
        (date(2026, 11, 10), "today"),
        (date(2026, 11, 9), "yesterday"),
        (date(2026, 11, 11), "tomorrow"),
        (date(2026, 11, 13), "in 3 days"),
        (date(2026, 11, 3), "7 days ago"),
        (date(2026, 11, 2), "2 Nov 2026"),
        (None, ""),
    ],
)
def test_how_long_ago_in_words_by_the_companys_day(reader: Any, value: Any, english: str) -> None:
    with reader("en"), clock.travel(NOW):
        assert formatters.ago(value) == english


def test_how_long_ago_knows_the_russian_plurals(reader: Any) -> None:
    with reader("ru"), clock.travel(NOW):
        minutes = [formatters.ago(NOW - timedelta(minutes=many)) for many in (1, 2, 5, 11, 21)]
        assert minutes == [
            "1 минуту назад", "2 минуты назад", "5 минут назад", "11 минут назад",
            "21 минуту назад",
        ]  # fmt: skip
        assert formatters.ago(NOW - timedelta(days=2)) == "2 дня назад"
        assert formatters.ago(NOW + timedelta(days=3)) == "через 3 дня"
        assert formatters.ago(date(2026, 11, 15)) == "через 5 дней"
        assert formatters.ago(date(2026, 11, 20)) == "20.11.2026"


def test_days_and_instants_in_the_companys_zone(reader: Any) -> None:
    late = datetime(2026, 11, 4, 21, 30, 59, tzinfo=UTC)
    with reader("en"):
        assert formatters.day(date(2026, 11, 5)) == "5 Nov 2026"
        assert formatters.day(late) == "5 Nov 2026"
        assert formatters.moment(late) == "5 Nov 2026, 00:30"
    with reader("ru"):
        assert formatters.day(date(2026, 11, 5)) == "05.11.2026"
        assert formatters.moment(late) == "05.11.2026 00:30"
    assert formatters.day(None) == formatters.moment(None) == ""


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        ("2", "200"), ("0.0951", "9.5"), ("0.0955", "9.6"), ("0.0996", "10"), ("0.09949", "9.9"),
        ("0.125", "13"), ("-0.05", "-5.0"), ("-0.125", "-13"), ("0", "0"), ("0.0004", "0"),
        ("12345.6", "1,234,560"),
    ],
)  # fmt: skip
def test_percent_is_rounded_half_up(reader: Any, ratio: str, shown: str) -> None:
    with reader("en"):
        assert formatters.percent(Decimal(ratio)) == f"{shown}%"
    with reader("ru"):
        russian = shown.replace(",", N).replace(".", ",")
        assert formatters.percent(Decimal(ratio)) == f"{russian}{N}%"
    assert formatters.percent(None) == ""


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("+79923288341", "+7 992 328-83-41"),
        ("+442079460123", "+44 20 7946 0123"),
        ("call the office", "call the office"),
        ("+7", "+7"),
        ("", ""),
        (None, ""),
    ],
)
def test_phones_are_international(reader: Any, given: str | None, shown: str) -> None:
    with reader("en"):
        assert formatters.phone(given) == shown
        assert formatters.phone("+79923288341", "12") == "+7 992 328-83-41 ext. 12"


def test_people_are_named_as_the_language_does(reader: Any) -> None:
    somebody = Lead(first_name="Иван", last_name="Петров", middle_name="Ильич", contact_points=[])
    with reader("ru"):
        assert formatters.label_of(somebody) == "Петров Иван Ильич"
    with reader("en"):
        assert formatters.label_of(somebody) == "Иван Петров"
        assert formatters.label_of(Client(kind="organisation", organisation_name="Ltd")) == "Ltd"
        assert formatters.label_of(None) == ""


def test_counts_say_when_there_are_more(reader: Any) -> None:
    with reader("en"):
        assert (str(Count(1000, more=True)), str(Count(12))) == ("1,000+", "12")
    with reader("ru"):
        assert str(Count(1000, more=True)) == f"1{N}000+"
    assert Count(5) + 1 == 6


def test_every_state_of_every_noun_has_a_label() -> None:
    def below(kind: type) -> set[type]:
        found: set[type] = set(kind.__subclasses__())
        return found | {one for other in found for one in below(other)}

    ours = {kind for kind in below(StrEnum) if kind.__module__.startswith("app.models")}
    silent = {"contacts.faults", "submission_codes"}
    ours = {kind for kind in ours if kind.__module__.removeprefix("app.models.") not in silent}
    missing = [
        f"{kind.__name__}.{state}"
        for kind in ours
        for state in kind  # type: ignore[attr-defined]
        if state.value not in labels.STATES.get(kind, {})
    ]
    assert missing == []
    assert base.Archive in ours


def test_labels(reader: Any) -> None:
    with reader("en"):
        assert labels.label(ContractStatus, "signed") == "Signed"
        assert labels.label(ContractStatus, "unheard of") == "unheard of"
        assert labels.label(ContractStatus, None) == ""
        assert str(labels.field_label("next_contact_at")) == "Next contact at"
        assert labels.field_label("some.odd_field") == "Some odd field"
    assert [value for value, _ in labels.choices(ContractStatus, blank=True)][:2] == ["", "draft"]
