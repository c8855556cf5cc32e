"""Public bug reports of other products about files, tried on ours by both ways of importing; each
by its number in tests/cases/bug_reports.md, with more values of its kind.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import ImportFile, ImportRow, Lead, Submission
from app.models.import_file import ImportPiece
from tests.api.test_contact_cases import FileOf
from tests.factories import make_lead
from tests.imports.pages import bring, check, finish, number_in, run
from tests.imports.test_cases import WAYS
from tests.site import logged_in
from tests.views.browsing import page
from tests.views.pages import keep, read

DOOR = "import"
BOTH = pytest.mark.parametrize("way", WAYS)


def brought(app: Flask, path: Path, content: str | bytes, way: str) -> None:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    WAYS[way](app, FileOf(path))


def people(app: Flask) -> list[tuple[str, str | None]]:
    return list(
        read(app, lambda s: [(one.first_name, one.email_key) for one in s.query(Lead)])
    )  # fmt: skip


@BOTH
@pytest.mark.parametrize("empty", ["", "-", "NULL", '""'])
def test_report_01_nothing_is_carried_over_from_the_row_above(
    app: Flask, tmp_path: Path, way: str, empty: str
) -> None:
    rows = [
        "first_name;last_name;email1;phone", "A;One;a1@example.com;", f"B;Two;{empty};+79990000002",
        "C;Three;c3@example.com;", f"D;Four;{empty};+79990000004",
    ]  # fmt: skip
    brought(app, tmp_path / "a.csv", "\n".join(rows), way)
    assert people(app) == [
        ("A", "a1@example.com"), ("B", None), ("C", "c3@example.com"), ("D", None),
    ]  # fmt: skip
    assert read(app, lambda s: s.query(Lead).filter_by(phone_key="+79990000002").count()) == 1


@BOTH
def test_report_01_a_row_without_any_contact_is_told_and_not_filled(
    app: Flask, tmp_path: Path, way: str
) -> None:
    rows = ["first_name;last_name;email1", "A;One;a1@example.com", "B;Two;",
            "C;Three;c3@example.com", "D;Four;"]  # fmt: skip
    brought(app, tmp_path / "a.csv", "\n".join(rows), way)
    assert people(app) == [("A", "a1@example.com"), ("C", "c3@example.com")]
    assert read(app, lambda s: [one.number for one in s.query(ImportRow)]) == [3, 5]


@pytest.mark.parametrize("day", ["07/30/2023", "7/30/2023", "02/13/2026 10:00"])
def test_report_13_a_month_that_does_not_exist_refuses_its_row(
    app: Flask, client_as: Any, day: str
) -> None:
    admin = client_as("Admin")
    text = f"Email,Created\na@example.com,{day}\nb@example.com,03/04/2023\n".encode()
    pk = number_in(bring(admin, "leads", "a.csv", text))
    assert check(admin, pk, month_first="").status_code == 302
    run(admin, pk)
    finish(app)
    days = read(app, lambda s: [one.submitted_at.date().isoformat() for one in s.query(Submission)])
    assert days == ["2023-04-02"]  # midnight of the third in Moscow
    (row,) = read(app, lambda s: [(one.number, one.remarks) for one in s.query(ImportRow)])
    assert row[0] == 2
    assert row[1]["Created"][0]["code"] == "bad_date"
    assert day in page(admin, f"/importview/show/{pk}")


@BOTH
@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf"])
def test_report_18_a_byte_order_mark_is_no_part_of_the_first_header(
    app: Flask, tmp_path: Path, way: str, mark: bytes
) -> None:
    brought(app, tmp_path / "a.csv", mark + b"email,name\na@example.com,Anna\n", way)
    assert people(app) == [("Anna", "a@example.com")]
    plan = read(app, lambda s: s.query(ImportFile).one().plan)
    assert plan["fields"] == ["email", "name"]
    assert [header.strip("\ufeff") for header in plan["headers"]] == ["email", "name"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "phone",
    ["+380 50 000 00 01", "+7 (900) 000-00-01", "8 900 000-00-01 доб. 5", "+1 202 555 0143"],
)
def test_report_19_an_exported_phone_comes_back_unchanged(
    app: Flask, client_as: Any, kind: str, phone: str
) -> None:
    keep(app, lambda s: make_lead(s, first_name="Anna", phone=phone, email="a@example.com").id)
    admin = client_as("Admin")
    content = admin.get(f"/leadview/export.{kind}").get_data()
    before = read(app, lambda s: [(one.phone, one.phone_key) for one in s.query(Lead)])
    pk = number_in(bring(admin, "leads", f"leads.{kind}", content))
    check(admin, pk)
    admin.post(f"/importview/{pk}/run")
    finish(app)
    assert read(app, lambda s: [(one.phone, one.phone_key) for one in s.query(Lead)]) == before
    assert read(app, lambda s: s.query(ImportFile).one().wrong) == 0


@pytest.mark.parametrize(
    "name", ["фото.csv", "договор № 5.csv", "../../x.csv", "..\\..\\x.csv", "лиды\u202evsc.csv"]
)
def test_report_23_a_files_name_is_kept_for_people_and_never_a_path(app: Flask, name: str) -> None:
    admin = logged_in(app, "admin")
    texts = [f"Email,Name\n{who}@example.com,A\n".encode() for who in "ab"]
    numbers = [number_in(bring(admin, "leads", name, text)) for text in texts]
    assert len(set(numbers)) == 2
    for pk, text in zip(numbers, texts, strict=True):
        shown = page(admin, f"/importview/{pk}/columns")
        assert name.replace("\\", "/").rpartition("/")[2].split("\u202e")[0] in shown
        query = select(ImportPiece.content).where(ImportPiece.import_id == pk)
        assert b"".join(read(app, lambda s, query=query: s.scalars(query).all())) == text
