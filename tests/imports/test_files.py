"""Files as people and programs write them: encodings, delimiters, quotation marks, workbooks; and
what is refused, with a sentence that says why.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.imports import reports, texts, working
from app.imports.columns import guess_columns, header_row, sender_of
from app.imports.encodings import guess_encoding
from app.imports.guard import freed, guarded
from app.imports.planning import Prepared, prepare
from app.imports.remarks import FileRefused, RowWhy
from app.imports.tables import BOOK, Layout, Row, Table, look_at
from app.imports.values import Reading, bare_id, currency_of, says_comma, says_month_first
from app.imports.workbooks import NumberCell
from app.models import Lead
from app.models.import_file import ImportKind, ImportState, RowState

AT = datetime(2026, 11, 2, 14, 5, 33)  # noqa: DTZ001 -- a cell has no zone
RUSSIAN = "ФИО;Телефон;Комментарий\nЁлкина Анна;+79000000001;Хочу «пакет №2» — срочно\n"


def rows_of(content: bytes, layout: Layout | None = None) -> list[Row]:
    file = io.BytesIO(content)
    found = look_at(file, layout)
    if found.kind == BOOK and not found.sheet:
        found.sheet = found.sheets[0]
    return list(Table(file, found).rows())


def cells_of(content: bytes) -> list[list[str]]:
    return [row.cells for row in rows_of(content)]


def prepared(content: bytes, kind: str = "leads", **more: Any) -> Prepared:
    return prepare(io.BytesIO(content), ImportKind(kind), **more)


def book_of(*rows: list[Any], sheet: str = "Sheet1", then: Any = None) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet(sheet)
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(number, column, value, day)
            elif isinstance(value, (int, float)):
                page.write_number(number, column, value)
            elif value:
                page.write_string(number, column, value)
    if then is not None:
        then(book, page)
    book.close()
    return out.getvalue()


# -- encodings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251"],
)
def test_russian_is_read_in_every_common_encoding(encoding: str) -> None:
    rows = cells_of(RUSSIAN.encode(encoding))
    assert rows[0] == ["ФИО", "Телефон", "Комментарий"]
    assert rows[1][2] == "Хочу «пакет №2» — срочно"


@pytest.mark.parametrize("encoding", ["koi8-u", "cp866", "mac_cyrillic", "cp1251", "iso8859_5"])
@pytest.mark.parametrize(
    "text",
    [
        "Имя;Телефон\nАнна;+79000000001\n",
        "ФИО;Телефон;Город\nИВАНОВ ИВАН;8900;ТВЕРЬ\nПетрова Мария;8901;Москва\n",
        "имя,телефон\nщ,1\n",
    ],
)
def test_old_cyrillic_encodings_are_told_apart(encoding: str, text: str) -> None:
    assert cells_of(text.encode(encoding))[0] == cells_of(text.encode())[0]


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        ("Prénom;Téléphone\nFrançois;+33199000011\nZoë;2\n", ("cp1252", "iso8859_15")),
        ("Name;Straße\nMüller;Königstraße 5\nJörg;Überweg\n", ("cp1252", "utf-8")),
    ],
)
def test_western_letters_are_read(text: str, encodings: tuple[str, ...]) -> None:
    for encoding in encodings:
        assert cells_of(text.encode(encoding)) == cells_of(text.encode("utf-8"))


def test_one_bad_byte_makes_no_other_encoding() -> None:
    content = RUSSIAN.encode() + b"\xff;1;2\n"
    assert guess_encoding(io.BytesIO(content)) == "utf-8-sig"
    assert [row.fault for row in rows_of(content)] == [None, None, RowWhy.BAD_BYTE]


# -- text files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end(sign: str, end: str) -> None:
    text = end.join(sign.join(row) for row in (["a", "b", "c"], ["1", "2", "3"], ["4", "", "6"]))
    assert cells_of(text.encode()) == [["a", "b", "c"], ["1", "2", "3"], ["4", "", "6"]]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("sep=|\na|b\n1|2\n", "|"),
        ("ФИО;Сумма\nАнна;1,5\nИван;2,5\nОля;3,5\n", ";"),
        ('"a","b;c"\n"1","x;y;z"\n', ","),
        ("Report\nPeriod: 1, 2, 3\na;b;c\n1;2;3\n", ";"),
        ("only\none\n", ","),
    ],
)
def test_the_delimiter_is_recognised(text: str, sign: str) -> None:
    assert texts.guess_delimiter(io.BytesIO(text.encode()), "utf-8-sig") == sign


def test_a_quotation_mark_that_never_closes_swallows_no_row() -> None:
    rows = rows_of(b'a,b\n"open,1\nAnna,2\n"Ivan",3\nOlga,"x\ny"\nlast,5\n')
    assert [(row.number, row.fault) for row in rows if row.fault] == [(2, RowWhy.UNCLOSED_QUOTE)]
    assert [row.cells for row in rows[2:]] == [
        ["Anna", "2"], ["Ivan", "3"], ["Olga", "x\ny"], ["last", "5"],
    ]  # fmt: skip


def test_quotes_inside_a_cell_are_letters() -> None:
    rows = cells_of(b'a,b\n5" pipe,Ivan "Vanya" Test\n"say ""hi""",2\n')
    assert rows[1:] == [['5" pipe', 'Ivan "Vanya" Test'], ['say "hi"', "2"]]


def test_a_row_of_enormous_length_is_told_and_passed_by() -> None:
    rows = rows_of(b"a,b\n" + b"x" * 300_000 + b",1\n1,2\n")
    assert [(row.number, row.fault) for row in rows] == [
        (1, None), (2, RowWhy.TOO_LONG_ROW), (3, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 ...", "no table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no table"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), ".xls"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        (b"PK\x03\x04 broken", "damaged"),
        (bytes(range(256)) * 40, "no table"),
        (b"Name,Phone\n", "no rows"),
        (b"\n\n\n", "no rows"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(content: bytes, word: str) -> None:
    with pytest.raises(FileRefused) as refused:
        prepared(content)
    assert word in str(refused.value)


# -- workbooks -------------------------------------------------------------------------------------


def test_numbers_and_days_of_a_workbook_are_plain_texts() -> None:
    content = book_of(
        ["Phone", "Sum", "Day", "Long"],
        [79000000001, 0.1, date(2026, 11, 3), 1e15],
        [89000000002.0, 1234.5, AT, 0.30000000000000004],
    )
    rows = cells_of(content)
    assert rows[1] == ["79000000001", "0.1", "2026-11-03", "1000000000000000"]
    assert rows[2] == ["89000000002", "1234.5", "2026-11-02 14:05:33", "0.3"]
    assert isinstance(rows[1][0], NumberCell)


def test_days_counted_from_1904_are_the_same_days() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["Phone", "Date"])
    page.write_datetime(1, 1, date(2026, 11, 3), book.add_format({"num_format": "d.m.yyyy"}))
    page.write_number(2, 1, 46329 - 1462)
    page.write_string(1, 0, "x")
    book.close()
    ready = prepared(out.getvalue())
    reading = ready.plan.reading(ready.layout)
    table = Table(io.BytesIO(out.getvalue()), ready.layout)
    found = [reading.day(row.cells[1]) for row in table.rows()][1:]
    assert found == [date(2026, 11, 3), date(2026, 11, 3)]


def test_the_sheet_with_the_headers_is_chosen() -> None:
    def second(book: Any, _page: Any) -> None:
        page = book.add_worksheet("Leads")
        page.write_row(0, 0, ["Имя", "Телефон"])
        page.write_row(1, 0, ["Анна", "+79000000001"])

    ready = prepared(book_of(["How to fill this in"], ["1. Do it"], sheet="Help", then=second))
    assert (ready.layout.sheet, ready.layout.sheets) == ("Leads", ["Help", "Leads"])


def test_a_value_far_outside_is_refused_before_a_table_is_built() -> None:
    content = book_of(["Phone"], ["1"], then=lambda _b, page: page.write(1048575, 16383, "x"))
    with pytest.raises(FileRefused, match="XFD1048576"):
        prepared(content)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb'<c r="', rb'<x:c r="'),
        (rb'<c r="', rb'<c s="0"  r = "'),
        (rb'r="XFD1048576"', rb"r='XFD1048576'"),
    ],
)
def test_a_far_value_hides_behind_no_spelling(old: bytes, new: bytes) -> None:
    content = book_of(["Phone"], ["1"], then=lambda _b, page: page.write(1048575, 16383, 5))
    with pytest.raises(FileRefused, match="XFD1048576"):
        prepared(changed(content, "xl/worksheets/sheet1.xml", old, new))


def changed(content: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The workbook with some bytes of one part replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for entry in before.infolist():
            part = before.read(entry.filename)
            if entry.filename == name:
                assert old in part
                part = part.replace(old, new)
            after.writestr(entry.filename, part)
    return out.getvalue()


def test_nothing_is_carried_over_from_a_merged_cell_and_that_is_told(session: Session) -> None:
    def merge(_book: Any, page: Any) -> None:
        page.merge_range(1, 0, 2, 0, "Анна")

    content = book_of(["Имя", "Телефон"], ["", "+79000000001"], ["", "+79000000002"], then=merge)
    one = working.take_file(session, ImportKind.LEADS, "a.xlsx", io.BytesIO(content))
    one.begin(ImportState.CHECKING)
    working.check_part(session, one)
    assert (one.ready, one.warned) == (2, 1)
    row = reports.rows_of(session, one, RowState.WARNED, 5)[0]
    assert (row.number, list(row.remarks or {})) == (3, ["Имя"])


def test_nothing_is_carried_over_from_the_row_above(session: Session) -> None:
    content = b"first_name;last_name;email1;phone\nA;One;a1@example.com;\nB;Two;;+79000000002\n"
    one = working.take_file(session, ImportKind.LEADS, "a.csv", io.BytesIO(content))
    for state, part in (
        (ImportState.CHECKING, working.check_part), (ImportState.RUNNING, working.run_part),
    ):  # fmt: skip
        one.begin(state)
        part(session, one)
    leads = session.scalars(select(Lead).order_by(Lead.id)).all()
    assert [lead.email for lead in leads] == ["a1@example.com", ""]


def test_an_archive_that_unpacks_to_gigabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.imports.workbooks.MOST_BYTES", 5_000_000)
    plain = book_of(["Phone"], ["1"])
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(plain)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry.filename))
        new.writestr("xl/worksheets/sheet2.xml", b" " * 6_000_000)
    with pytest.raises(FileRefused, match="too large"):
        prepared(out.getvalue())
    # The same where the archive's own table of sizes lies.
    lying = bytearray(out.getvalue())
    size = (6_000_000).to_bytes(4, "little")
    while (at := lying.find(size)) >= 0:
        lying[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(FileRefused):
        prepared(bytes(lying))


@pytest.mark.parametrize("name", ["word/document.xml", "content.xml"])
def test_another_archive_is_no_workbook(name: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "<x/>")
    with pytest.raises(FileRefused, match="no Excel workbook"):
        prepared(out.getvalue())


def test_a_table_may_begin_anywhere_on_its_sheet() -> None:
    content = book_of([], [], ["", "", "Имя", "Телефон"], ["", "", "Анна", "+79000000001"])
    ready = prepared(content)
    assert (ready.plan.header_row, ready.plan.headers) == (3, ["Имя", "Телефон"])
    assert ready.plan.fields == ["name", "phone"]


# -- headers ---------------------------------------------------------------------------------------


def test_two_headers_of_one_name_are_two_columns() -> None:
    ready = prepared(b"Phone,Note,Note,\n+79000000001,a,b,c\n")
    assert ready.plan.headers == ["Phone", "Note", "Note (2)", "D"]


def test_a_file_without_headers_is_read_by_the_look_of_its_values() -> None:
    ready = prepared(
        "Анна;anna@example.com;+7 900 000-00-01\nИван;i@example.com;89000000002\n".encode()
    )
    assert (ready.plan.header_row, ready.plan.headers) == (0, ["A", "B", "C"])
    assert ready.plan.fields[1:] == ["email", "phone"]


def test_the_better_of_two_ids_is_the_id() -> None:
    columns = guess_columns(ImportKind.LEADS, ["requestid", "tranid", "Phone", "Телефон"], [])
    assert columns.fields == ["answer", "external_id", "phone", "phone"]


def test_headers_stand_below_titles() -> None:
    rows = [
        Row(1, ["Report"]),
        Row(2, ["Phone"]),
        Row(3, ["Имя", "Phone", "E-mail"]),
        Row(4, ["x", "1", "2"]),
    ]
    assert header_row(ImportKind.LEADS, rows) == 3


def test_services_are_known_by_their_headers() -> None:
    assert sender_of(["a", "b"]) is None
    known = sender_of(["Lead ID", "Submitted At", "Account Name", "Campaign Group Name"])
    assert known is not None
    assert (known.name, known.month_first, known.utc) == ("LinkedIn", True, True)


# -- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("02.11.2026 14:05:33", "2026-11-02T14:05:33"),
        ("2.11.26 9:05", "2026-11-02T09:05:00"),
        ("2026-11-02T14:05:33+03:00", "2026-11-02T11:05:33"),
        ("2026-11-02 14:05:33 UTC", "2026-11-02T14:05:33"),
        ("02/11/2026 2:05 PM", "2026-11-02T14:05:00"),
        ("12/11/2026 12:00 AM", "2026-11-12T00:00:00"),
        ("2 ноября 2026 г., 14:05", "2026-11-02T14:05:00"),
        ("Nov 2, 2026", "2026-11-02T00:00:00"),
        ("Monday, November 2nd, 2026", "2026-11-02T00:00:00"),
        ("1793628333", "2026-11-02T14:05:33"),
        ("1793628333000", "2026-11-02T14:05:33"),
    ],
)
def test_times_are_read(text: str, at: str) -> None:
    expected = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert Reading(clock=UTC).instant(text) == expected


@pytest.mark.parametrize(
    "text",
    ["32.12.2026", "31.11.2026 10:00", "13/13/2026", "2026-02-30", "02.11.1926", "25:00",
     "tomorrow", "02.11.2026 25:00", "29.02.2026", "00.01.2026", "13:00 PM", "2026-11-02 13:05 PM"],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_never_shifted(text: str) -> None:
    assert Reading(clock=UTC).instant(text) is None


def test_the_order_of_day_and_month_is_settled_for_the_file() -> None:
    assert says_month_first(["07/30/2023", "01/02/2023"]) is True
    assert says_month_first(["30/07/2023"]) is False
    assert says_month_first(["01/02/2023"]) is None
    assert says_month_first(["30/07/2023", "07/30/2023"]) is None
    assert Reading(clock=UTC).day("07/30/2023") is None
    assert Reading(month_first=True, clock=UTC).day("07/30/2023") == date(2023, 7, 30)


@pytest.mark.parametrize(
    ("text", "comma", "amount"),
    [
        ("1 234,50", True, "1234.50"),
        ("1\u202f234,50 ₽", True, "1234.50"),
        ("1,234.56", False, "1234.56"),
        ("1.234,56", False, "1234.56"),
        ("1'234.50", False, "1234.50"),
        ("1,234", False, "1234"),
        ("1,234", True, "1.234"),
        ("0,125", False, "0.125"),
        ("12,345,678", False, "12345678"),
        ("-15,00", True, "-15.00"),
        ("(12.00)", False, "-12.00"),
        ("$1,234.50", False, "1234.50"),
        ("2 500,00 руб.", True, "2500.00"),
    ],
)
def test_amounts_are_read(text: str, comma: bool, amount: str) -> None:
    assert Reading(comma=comma).amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["abc", "1e5", "12-5", "1,23,4", "1.2.3", "--", "NaN", "5 шт"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert Reading().amount(text) is None


def test_amounts_tell_their_decimal_sign() -> None:
    assert says_comma(["1 234,50", "0,1"]) is True
    assert says_comma(["1,234.50", "12.5"]) is False
    assert says_comma(["1,234"]) is None


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("l:1000000000000001", "1000000000000001"), ("p:+79000000101", "+79000000101"), ("p:", ""),
        ("7.9000001103E+10", "79000001103"), ("7,9E+10", "7,9E+10"), ("as:12", "12"),
        ("li-0001", "li-0001"), ("1000001:2000000001", "1000001:2000000001"),
    ],
)  # fmt: skip
def test_the_marks_of_senders_are_no_part_of_an_id(text: str, bare: str) -> None:
    assert bare_id(text) == bare


def test_currencies_are_named_by_headers() -> None:
    assert currency_of("Amount spent (USD)") == "USD"
    assert currency_of("Расход (руб.)") == "RUB"
    assert currency_of("Потрачено всего, ₽") == "RUB"
    assert currency_of("CHF") == "CHF"
    assert currency_of("Cost") == ""


# -- the guard -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+7900", "-1", "@cmd", "\t=1", "'=1", "''=1", "'", "'90s", "'123", "Anna", "", "＝1",
     "a=b", "'+7 900", "\r\n=1"],
)  # fmt: skip
def test_what_is_guarded_is_freed_to_what_it_was(text: str) -> None:
    assert freed(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
