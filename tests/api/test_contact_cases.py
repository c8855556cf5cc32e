"""The shared contacts of many scripts, through a form's own address and the strict door."""

from __future__ import annotations

import csv
import html
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import xlsxwriter
from flask import Flask

from app.models import Company, ImportRow, Lead
from tests.api.doors import LEADS, Sending
from tests.imports.test_cases import WAYS
from tests.intake.cases import Platform
from tests.shared_cases import Passes
from tests.site import logged_in
from tests.views.browsing import page, stored
from tests.views.pages import read

CASES = json.loads((Path(__file__).parents[1] / "cases/contacts.json").read_text())["contacts"]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_contact_arrives_by_a_form_and_is_found(
    app: Flask, passes: Passes, case: dict[str, Any]
) -> None:
    passes(f"contacts.json {case['id']}", "HTTP form")
    given, expect = case["input"], case["expect"]
    platform = Platform(app, "form", {}, phone_region=given["region"])
    sent = {name: given[name] for name in ("name", "phone", "email")}
    assert platform.post(urlencode(sent).encode(), FORM).status_code == 200
    (lead,), (kept,) = platform.leads(), platform.submissions()
    assert (lead["first_name"], lead["last_name"]) == (expect["first_name"], expect["last_name"])
    assert (lead["phone_key"], lead["phone_extension"]) == (expect["phone"], expect["phone_ext"])
    assert lead["email_key"] == expect["email"]
    assert set(kept["warnings"] or {}) - {""} == set(expect["warnings"])
    further = read(app, lambda s: s.get_one(Lead, lead["id"]).phone_keys()) - {lead["phone_key"]}
    assert further == set(expect.get("other_phones", []))
    operator = logged_in(app, "operator")
    for query in expect.get("find_by", []):
        text = page(operator, f"/leadview/list/?{urlencode({'search': query})}")
        assert f"/leadview/show/{lead['id']}" in text, query


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_strict_door_takes_it_or_names_the_faulty_fields(
    app: Flask, passes: Passes, case: dict[str, Any]
) -> None:
    passes(f"contacts.json {case['id']}", "HTTP strict")
    given, expect = case["input"], case["expect"]
    with stored(app) as session:
        Company.of(session).phone_region = given["region"]
    sent = {name: given[name] for name in ("name", "phone", "email")}
    answer = Sending(app).post(LEADS, sent)
    if expect["warnings"] or case["id"] == "o12":
        assert answer.status_code == 400
        assert set(expect["warnings"]) <= set(answer.json)
    else:
        assert answer.status_code == 201
        assert kept_of(app) == [expect_of(case)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("way", ["page", "command"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_contact_arrives_in_a_file(
    app: Flask, passes: Passes, tmp_path: Path, case: dict[str, Any], kind: str, way: str
) -> None:
    if case["id"] == "o12" and kind == "xlsx":
        return  # a workbook is XML, which can hold neither NUL nor BEL
    passes(f"contacts.json {case['id']}", f"import {kind} by {way}")
    given = case["input"]
    with stored(app) as session:
        Company.of(session).phone_region = given["region"]
    file = FileOf(tmp_path / f"contacts.{kind}")
    file.write([["Name", "Phone", "Email"], [given["name"], given["phone"], given["email"]]])
    WAYS[way](app, file)
    if case["id"] == "o12":  # refused, and the faulty column is named
        wrong = read(app, lambda s: [(one.state, one.remarks) for one in s.query(ImportRow)])
        assert [(state, list(remarks)) for state, remarks in wrong] == [("wrong", ["Name"])]
        assert kept_of(app) == []
        return
    assert kept_of(app) == [expect_of(case)]
    wanted = {name.capitalize() for name in case["expect"]["warnings"]}
    told = read(app, lambda s: [set(one.remarks) - {"*"} for one in s.query(ImportRow)])
    assert set().union(*told) == wanted


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "info@ПРИМЕР.example"}, {"email": "INFO@xn--e1afmkfd.example"}),
        ({"name": "Nguy\u1ec5n", "phone": "+84900000011"},
         {"name": "Nguye\u0302\u0303n", "phone": "090 000 0011"}),
    ],
    ids=["o13", "o05"],
)  # fmt: skip
def test_both_spellings_are_one_person(
    app: Flask, first: dict[str, str], second: dict[str, str]
) -> None:
    platform = Platform(app, "form", {}, phone_region="VN")
    for sent in (first, second):
        assert platform.post(urlencode(sent).encode(), FORM).status_code == 200
    (lead,) = platform.leads()
    assert lead["first_name"] == first.get("name", "")


def test_a_page_shows_an_apostrophe_as_it_is(app: Flask) -> None:
    case = next(one for one in CASES if one["id"] == "o07")
    platform = Platform(app, "form", {}, phone_region=case["input"]["region"])
    platform.post(json.dumps(case["input"]).encode())
    text = page(logged_in(app, "operator"), f"/leadview/show/{platform.leads()[0]['id']}")
    assert "O'Toole" in html.unescape(text)
    assert "O'Toole" not in text  # the page escapes it, once
    assert "&amp;#39;" not in text


def expect_of(case: dict[str, Any]) -> tuple[Any, ...]:
    expect = case["expect"]
    names = ("first_name", "last_name", "phone", "phone_ext", "email")
    return (*(expect[name] for name in names), tuple(expect.get("other_phones", ())))


def kept_of(app: Flask) -> list[tuple[Any, ...]]:
    def leads(session: Any) -> list[tuple[Any, ...]]:
        return [
            (one.first_name, one.last_name, one.phone_key, one.phone_extension, one.email_key,
             tuple(point.key for point in one.contact_points))
            for one in session.query(Lead)
        ]  # fmt: skip

    return list(read(app, leads))


@dataclass(frozen=True)
class FileOf:
    """A file of leads as both ways of importing take it."""

    path: Path
    kind: str = "leads"

    @property
    def name(self) -> str:
        return self.path.name

    def write(self, rows: list[list[str]]) -> None:
        if self.path.suffix == ".csv":
            with self.path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)
            return
        with xlsxwriter.Workbook(str(self.path)) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    sheet.write_string(number, place, cell)
