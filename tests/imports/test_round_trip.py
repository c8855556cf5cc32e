"""What a list exports is brought back unchanged and makes nothing; no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.extensions import db
from app.imports import reports, working
from app.imports.columns import ANSWER, SKIP
from app.imports.planning import Plan
from app.models import Client, ImportFile, Lead, Note, Spend, Submission
from app.models.client import ClientKind
from app.models.import_file import ImportKind, ImportState, RowState
from app.models.lead import LostReason
from tests.factories import make_campaign, make_client, make_lead, make_spend
from tests.imports.pages import bring, check, number_in, run
from tests.views.browsing import stored

ClientAs = Callable[[str], Any]
EVIL = ['=HYPERLINK("http://evil.example.com")', "+cmd|calc", "-2+3", "@SUM(A1)", "'=1", "\t=1"]
ADDRESSES = {
    "leads": "/leadview/export.{}?cols=name,phone,email,campaign,received_at,company_name,status",
    "clients": "/clientview/export.{}",
    "spend": "/spendview/export.{}",
}


@pytest.fixture
def records(app: Flask) -> None:
    """Names that spreadsheets would reckon, phones of several countries, every kind of lead."""
    with stored(app) as session:
        campaign = make_campaign(session, title="=Осень; «проба», 1")
        for number, name in enumerate(EVIL):
            make_lead(session, first_name=name, last_name="", phone=f"+7900000010{number}",
                      campaign=campaign)  # fmt: skip
        make_lead(session, phone="+380 50 000 00 01", email="Olena@Example.com")
        make_lead(session, phone="", email="only@example.com", company_name="-Ромашка")
        make_lead(session, campaign=campaign).lose(LostReason.NO_NEED, "")
        make_client(session, first_name="=Анна", phone="+7 900 000-02-01, +7 900 000-02-02")
        make_client(session, kind=ClientKind.ORGANISATION.value, organisation_name="@Ромашка",
                    phone="", tax_id="7701234567")  # fmt: skip
        make_client(session, phone="", last_name="Безтелефонная")
        make_spend(session, campaign=campaign, amount=1234)
        make_spend(session, campaign=campaign, amount=1, origin="google:77")


def exported(client: Any, kind: str, form: str) -> bytes:
    with client.get(ADDRESSES[kind].format(form)) as answer:
        assert answer.status_code == 200
        content: bytes = answer.get_data()
    return content


def state_of(session: Session) -> list[int]:
    nouns: Any = (Lead, Client, Spend, Note, Submission)
    return [session.scalar(select(func.count(noun.id))) or 0 for noun in nouns]


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ["leads", "clients", "spend"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_export_brought_back_makes_nothing(
    app: Flask, client_as: ClientAs, kind: str, form: str, language: str
) -> None:
    client = client_as("Admin")
    client.get(f"/lang/{language}")
    content = exported(client, kind, form)
    with app.app_context():
        before = state_of(db.session())
    pk = number_in(bring(client, kind, f"export.{form}", content))
    answer = check(client, pk)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    run(client, pk)
    with app.app_context():
        one = db.session.get_one(ImportFile, pk)
        told = [reports.reason(row, str) for state in RowState
                for row in reports.rows_of(db.session(), one, state, 50)]  # fmt: skip
        assert (one.ready, one.wrong, one.joined) == (0, 0, 0), (one.plan, told)
        assert one.repeats > 0
        assert state_of(db.session()) == before


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_leads_are_the_same_in_another_database(app: Flask, client_as: ClientAs, form: str) -> None:
    """Exported here, erased, brought in again: names, contacts and times as they were."""
    client = client_as("Admin")
    content = exported(client, "leads", form)

    def leads(session: Session) -> list[Any]:
        rows = session.scalars(select(Lead).order_by(Lead.phone_key, Lead.email_key)).all()
        return [
            (row.name("en"), row.phone_key, row.email_key, row.company_name,
             row.received_at.replace(second=0, microsecond=0),
             row.campaign.title if row.campaign else None)
            for row in rows
        ]  # fmt: skip

    with app.app_context():
        session = db.session()
        before = leads(session)
        for note in session.scalars(select(Note).where(Note.lead_id.is_not(None))):
            session.delete(note)
        session.flush()
        for lead in session.scalars(select(Lead)):
            session.delete(lead)
        session.commit()
    pk = number_in(bring(client, "leads", f"export.{form}", content))
    check(client, pk)
    run(client, pk)
    with app.app_context():
        assert leads(db.session()) == before


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("kind", ["leads", "clients", "spend"])
def test_no_cell_is_a_formula(client_as: ClientAs, kind: str) -> None:
    client = client_as("Admin")
    text = exported(client, kind, "csv").decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    phones = [cell for cell in cells if cell.startswith("+") and cell[1:].isdigit()]
    assert [
        c for c in cells if c.startswith(("=", "-", "@", "\t", "\r", "+")) and c not in phones
    ] == []
    book = exported(client, kind, "xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0)
    assert len(list(sheet.iter_rows())) == text.count("\r\n")
    import zipfile

    xml = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml


def test_a_list_of_all_that_match_is_exported(app: Flask, client_as: ClientAs) -> None:
    with stored(app) as session:
        for number in range(30):
            lead = make_lead(session)
            if number < 5:
                lead.lose(LostReason.NO_NEED, "")
    client = client_as("Manager")
    with client.get("/leadview/export.xlsx?_flt_0_status=new&cols=name,phone") as answer:
        content = answer.get_data()
        assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(
        CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).iter_rows()
    )
    assert len(rows) == 26
    assert rows[0][:2] == ["Name", "Phone"]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("kind", "view", "known"),
    [
        ("leads", "LeadView", {"name", "phone", "email", "campaign", "received_at", "company_name",
                               "job_title", "language"}),
        ("clients", "ClientView", {"name", "kind", "phone", "email", "campaign", "address",
                                   "language", "tax_id", "legal_name"}),
        ("spend", "SpendView", {"day", "campaign", "amount", "origin"}),
    ],
)  # fmt: skip
def test_the_headers_of_our_own_exports_are_known(
    app: Flask, client_as: ClientAs, kind: str, view: str, known: set[str], language: str
) -> None:
    client = client_as("Admin")
    client.get(f"/lang/{language}")
    with client.get(f"/{view.lower()}/export.csv?cols={','.join(known)}") as answer:
        head = answer.get_data().decode("utf-8-sig")
    sign = ";" if language == "ru" else ","
    headers = next(csv.reader(io.StringIO(head), delimiter=sign))
    assert len(headers) == len(known)
    row = sign.join(["x"] * len(headers))
    with app.app_context():
        one = working.take_file(
            db.session(), ImportKind(kind), "a.csv", io.BytesIO(f"{head}{row}\r\n".encode())
        )
        assert one.state == ImportState.UPLOADED
        plan = Plan.of(one.plan)
        unknown = [
            header
            for header, name in zip(plan.headers, plan.fields, strict=True)
            if name in (ANSWER, SKIP)
        ]
        assert unknown == []
        db.session.rollback()
