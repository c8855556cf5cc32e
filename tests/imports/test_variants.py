"""Other variants of what the shared files hold: each row becomes the record that was meant.

How a file is read does not depend on the database, so these run on one.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask

from app.imports.columns import guess_columns
from app.imports.values import Reading, has_lost_digits
from app.imports.workbooks import NumberCell
from app.models import ImportFile, ImportRow, Lead, Spend, Submission
from app.models.import_file import ImportKind
from tests.api.test_contact_cases import FileOf
from tests.factories import make_campaign
from tests.imports.test_cases import WAYS
from tests.views.pages import keep, read

PHONE, OTHER = "+79000000001", "+79000000002"


@pytest.fixture
def brought(sqlite_app: Flask, tmp_path: Path) -> Callable[..., dict[int, list[str]]]:
    """`brought("Name;Phone\\n…")` imports a file; {row: codes} of what it told."""

    def bring(
        content: str | bytes, name: str = "a.csv", kind: str = "leads"
    ) -> dict[int, list[str]]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        WAYS["command"](sqlite_app, FileOf(path, kind))
        return {
            number: sorted(one["code"] for said in remarks.values() for one in said)
            for number, remarks in read(
                sqlite_app, lambda s: [(one.number, one.remarks) for one in s.query(ImportRow)]
            )
        }

    return bring


def leads(app: Flask) -> list[Any]:
    return list(
        read(app, lambda s: [(one.first_name, one.phone_key) for one in s.query(Lead)])
    )  # fmt: skip


def book(build: Callable[[Any], None]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as made:
        build(made)
    return content.getvalue()


def write(sheet: Any, rows: list[list[Any]]) -> None:
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)


# -- nobody is lost --------------------------------------------------------------------------------


def test_ids_that_a_spreadsheet_has_rounded_make_no_two_people_one(
    sqlite_app: Flask, brought: Any
) -> None:
    rows: list[list[Any]] = [
        ["id", "Имя", "Телефон"],
        [7400000000000000101, "А", 79000000001],
        [7400000000000000102, "Б", 79000000002],
    ]
    told = brought(book(lambda made: write(made.add_worksheet(), rows)), "a.xlsx")
    assert leads(sqlite_app) == [("А", PHONE), ("Б", OTHER)]
    assert told == {2: ["lost_id"], 3: ["lost_id"]}


@pytest.mark.parametrize(
    ("cell", "lost"),
    [
        ("7.4E+18", True), ("7,4E+18", True), (NumberCell("7400000000000000000"), True),
        ("7400000000000000101", False), ("101.0", False), (NumberCell("101"), False), ("", False),
        ("E12", False), ("1:2", False),
    ],
)  # fmt: skip
def test_a_rounded_id_is_known(cell: str, lost: bool) -> None:
    assert has_lost_digits(cell) is lost


def test_an_id_read_as_a_float_is_the_same_id(sqlite_app: Flask, brought: Any) -> None:
    brought("id;Name;Phone\n101;A;89000000001\n")
    told = brought("id;Name;Phone\n101.0;A;89000000001\n", "b.csv")
    assert told == {2: ["sent_before"]}
    assert len(leads(sqlite_app)) == 1


def test_a_sheet_that_nobody_sees_is_not_taken_before_others(
    sqlite_app: Flask, brought: Any
) -> None:
    def build(made: Any) -> None:
        hidden = made.add_worksheet("Old")
        hidden.hide()
        write(hidden, [["Имя", "Телефон", "Email"], ["X", "89000000009", "x@example.com"]])
        seen = made.add_worksheet("Лиды")
        seen.activate()
        write(seen, [["Имя", "Телефон", "Email"], ["А", "89000000001", "a@example.com"]])

    brought(book(build), "a.xlsx")
    assert leads(sqlite_app) == [("А", PHONE)]


def test_two_people_of_one_address_are_told(sqlite_app: Flask, brought: Any) -> None:
    text = "Имя;Телефон;Email\nА;89000000001;a@example.com\nБ;89000000002;A@EXAMPLE.com\n"
    assert brought(text) == {3: ["shared_contact"]}
    assert leads(sqlite_app) == [("А", PHONE), ("Б", OTHER)]


# -- what is no row --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "total", ["Итого;2", "Всего лидов: 2;", "Total;2", '"Grand total: 2";', ";", "Имя;Телефон"]
)
def test_totals_and_repeated_headers_are_no_rows(
    sqlite_app: Flask, brought: Any, total: str
) -> None:
    assert brought(f"Имя;Телефон\nА;89000000001\n{total}\nБ;89000000002\n") == {}
    assert leads(sqlite_app) == [("А", PHONE), ("Б", OTHER)]
    assert read(sqlite_app, lambda s: s.query(ImportFile).one().ignored) == 1


@pytest.mark.parametrize("name", ["Total Energy", "Итого Иван", "Всеволод", "Сумма Анна"])
def test_whoever_is_called_like_a_total_is_a_lead(
    sqlite_app: Flask, brought: Any, name: str
) -> None:
    brought(f"Имя;Телефон\n{name};89000000001\n")
    assert [phone for _, phone in leads(sqlite_app)] == [PHONE]


def test_a_campaign_called_like_a_total_has_its_spend(sqlite_app: Flask, brought: Any) -> None:
    keep(sqlite_app, lambda s: [make_campaign(s, title=one).id for one in ("Total Brand", "A")])
    rows = ["Campaign,Day,Cost", "Total Brand,2026-11-01,100", "A,2026-11-01,5",
            "Total,2026-11-01,105", "Total,,105", "Итого по всем,,105", "Итого: 105,,"]  # fmt: skip
    assert brought("\n".join(rows), kind="spend") == {}
    spent = read(sqlite_app, lambda s: [(o.campaign.title, int(o.amount)) for o in s.query(Spend)])
    assert spent == [("Total Brand", 100), ("A", 5)]


# -- columns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        (["№", "Имя", "Телефон"], ["answer", "name", "phone"]),
        (["№ п/п", "ФИО", "Тел."], ["answer", "fio", "phone"]),
        (["Номер", "Телефон"], ["answer", "phone"]),
        (["Номер", "Имя"], ["phone", "name"]),
        (["№ телефона", "E-mail"], ["phone", "email"]),
        (["Vorname", "Nachname", "Telefonnummer", "E-Mail-Adresse", "Datum"],
         ["first_name", "last_name", "phone", "email", "submitted_at"]),
        (["Ім'я", "Прізвище", "По батькові", "Пошта"],
         ["first_name", "last_name", "middle_name", "email"]),
        (["Nombre", "Apellidos", "Teléfono", "Correo electrónico"],
         ["first_name", "last_name", "phone", "email"]),
    ],
)  # fmt: skip
def test_headers_mean_what_people_mean(headers: list[str], fields: list[str]) -> None:
    assert guess_columns(ImportKind.LEADS, headers, []).fields == fields


def test_a_day_and_its_time_of_day_may_stand_in_two_columns(
    sqlite_app: Flask, brought: Any
) -> None:
    brought("Телефон;Дата;Время\n89000000001;02.11.2026;14:05\n89000000002;02.11.2026;\n")
    times = read(sqlite_app, lambda s: [one.submitted_at for one in s.query(Submission)])
    assert [f"{at:%Y-%m-%d %H:%M}" for at in times] == ["2026-11-02 11:05", "2026-11-01 21:00"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-02 14:05:33 MSK", "11:05:33"), ("02.11.2026 14:05 (МСК)", "11:05:00"),
        ("2026-11-02 06:05:00 EST", "11:05:00"), ("2026-11-02 12:05 CET", "11:05:00"),
        ("46328.5", "09:00:00"), ("2026-11-02T14:05+03", "11:05:00"),
    ],
)  # fmt: skip
def test_zones_by_name_and_days_as_numbers_are_read(text: str, at: str) -> None:
    found = Reading().instant(text)
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M:%S}" == f"2026-11-02 {at}"


@pytest.mark.parametrize("text", ["2026-11-02 14:05 XYZ", "2026-11-02 14:05 MS", "99999.5"])
def test_no_zone_or_day_is_guessed(text: str) -> None:
    assert Reading().instant(text) is None


def test_what_stands_around_an_address_costs_no_row(sqlite_app: Flask, brought: Any) -> None:
    rows = ["Имя;Email", "А;Anna <a@example.com>", "Б;mailto:b@example.com", "В;c@example.com.",
            'Г;"d@example.com; e@example.com"']  # fmt: skip
    assert brought("\n".join(rows)) == {}
    keys = read(sqlite_app, lambda s: [one.email_key for one in s.query(Lead)])
    assert keys == [f"{name}@example.com" for name in "abcd"]


def test_a_dash_is_no_amount(sqlite_app: Flask, brought: Any) -> None:
    brought("Имя;Телефон;Сумма\nА;89000000001;—\nБ;89000000002;1 234,50 ₽\n")
    answers = read(sqlite_app, lambda s: [one.answers for one in s.query(Submission)])
    assert answers == [None, {"Сумма": "1234.50"}]


def test_a_file_of_faulty_rows_alone_tells_them(sqlite_app: Flask, brought: Any) -> None:
    assert brought("Name,Phone\nA\0,+79000000001\n") == {2: ["nul"]}
    assert leads(sqlite_app) == []


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1251", "koi8-r", "cp866",
     "mac_cyrillic", "iso8859-5"],
)  # fmt: skip
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_any_encoding_with_any_delimiter(
    sqlite_app: Flask, brought: Any, encoding: str, sign: str
) -> None:
    rows = [["Имя", "Телефон", "Город"], ["Алёна", "8 900 000-00-01", "Тверь"],
            ["Борис", "8 900 000-00-02", "Орёл"]]  # fmt: skip
    text = "\r\n".join(sign.join(row) for row in rows)
    assert brought(text.encode(encoding)) == {}
    assert leads(sqlite_app) == [("Алёна", PHONE), ("Борис", OTHER)]
