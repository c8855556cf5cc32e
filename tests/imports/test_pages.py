"""The pages of an import: what a person sees and presses, who may, and long files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.extensions import db
from app.jobs.queue import take_turn
from app.models import Campaign, ImportFile, ImportPiece, ImportRow, Job, Lead, Note, Spend
from app.models.clock import travel, utc_now
from app.models.passing import forget_old
from app.views import imports
from app.views.jobs import RUNNERS
from tests.factories import make_campaign, make_lead, make_service, make_spend
from tests.imports.pages import bring, check, columns_of, finish, number_in, run
from tests.views.browsing import page, stored

ClientAs = Callable[[str], Any]
LEADS = "Name,Phone,Email\nAnna Test,+79000000001,anna@example.com\nIvan,8900,\n,,\n"


def many(rows: int) -> bytes:
    lines = [f"Anna {number},+7900{number:07}" for number in range(rows)]
    return "\n".join(["Name,Phone", *lines]).encode()


def imported(client: Any, kind: str, text: str, **changes: Any) -> int:
    """All the steps; returns the import's number."""
    pk = number_in(bring(client, kind, "file.csv", text.encode()))
    answer = check(client, pk, **changes)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    run(client, pk)
    return pk


def count(app: Flask, noun: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(noun.id))) or 0


def test_nothing_is_stored_before_it_is_asked_for(app: Flask, client_as: ClientAs) -> None:
    client = client_as("Manager")
    pk = number_in(bring(client, "leads", "фото № 5.csv", LEADS.encode()))
    shown = page(client, f"/importview/{pk}/columns")
    assert "фото № 5.csv" in shown
    assert "anna@example.com" in shown
    assert check(client, pk).status_code == 302
    shown = page(client, f"/importview/show/{pk}")
    assert "1 row ready · 0 repeats · 1 wrong · 1 blank line" in shown
    assert "No phone has this number." in shown
    assert count(app, Lead) == 0
    run(client, pk)
    assert count(app, Lead) == 1
    assert "Imported" in page(client, f"/importview/show/{pk}")
    assert "фото № 5.csv" in page(client, "/importview/list/")


def test_a_file_may_be_dropped_instead(app: Flask, client_as: ClientAs) -> None:
    client = client_as("Manager")
    pk = number_in(bring(client, "leads", "file.csv", LEADS.encode()))
    assert client.post(f"/importview/{pk}/drop").location == "/importview/list/"
    assert count(app, ImportFile) == 0


def test_a_wrong_guess_is_put_right(app: Flask, client_as: ClientAs) -> None:
    client = client_as("Manager")
    text = "Wer;Kontakt;Wann\nAnna Test;+79000000001;02/03/2026\nIvan;+79000000002;05/06/2026\n"
    pk = number_in(bring(client, "leads", "file.csv", text.encode()))
    values = columns_of(client, pk)
    assert values["field"] == ["answer", "phone", "answer"]
    answer = check(client, pk, field=["name", "phone", "submitted_at"], act="look")
    assert answer.location.endswith(f"/importview/{pk}/columns")
    assert "read as 2 Mar 2026" in page(client, f"/importview/{pk}/columns")
    values = columns_of(client, pk) | {"month_first": "1", "act": "look"}
    client.post(f"/importview/{pk}/columns", data=values)
    assert "read as 3 Feb 2026" in page(client, f"/importview/{pk}/columns")
    check(client, pk)
    run(client, pk)
    with app.app_context():
        leads = db.session.scalars(select(Lead).order_by(Lead.id)).all()
        assert [(lead.first_name, lead.received_at.month) for lead in leads] == [
            ("Anna", 2), ("Ivan", 5),
        ]  # fmt: skip


def test_the_encoding_may_be_chosen(client_as: ClientAs) -> None:
    client = client_as("Manager")
    pk = number_in(bring(client, "leads", "a.csv", "Имя;Телефон\nАнна;+79000000001\n".encode()))
    values = columns_of(client, pk)
    client.post(f"/importview/{pk}/columns", data=values | {"encoding": "cp866"})
    assert "Анна" not in page(client, f"/importview/{pk}/columns")
    values = columns_of(client, pk)
    client.post(f"/importview/{pk}/columns", data=values | {"encoding": "utf-8-sig"})
    assert "Анна" in page(client, f"/importview/{pk}/columns")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (["name", "answer", "answer"], "Say which column is the phone or the e-mail."),
        (["name", "phone", "name"], "Two columns cannot be one field: Name, Email."),
    ],
)
def test_columns_that_cannot_be_are_told(client_as: ClientAs, fields: list[str], told: str) -> None:
    client = client_as("Manager")
    pk = number_in(bring(client, "leads", "file.csv", LEADS.encode()))
    answer = check(client, pk, field=fields)
    assert answer.status_code == 400
    assert told in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "This file is empty."), (b"%PDF-1.4", "This is no table of texts.")],
)
def test_a_file_that_is_no_table_is_refused(client_as: ClientAs, content: bytes, told: str) -> None:
    answer = bring(client_as("Manager"), "leads", "file.csv", content, status=400)
    assert told in answer.get_data(as_text=True)


def test_a_file_that_is_too_large_is_refused(app: Flask, client_as: ClientAs) -> None:
    app.config["IMPORT_MB"] = 0
    try:
        bring(client_as("Manager"), "leads", "file.csv", b"a,b", status=413)
    finally:
        app.config["IMPORT_MB"] = 50


def test_each_role_sees_the_imports_of_its_nouns(app: Flask, client_as: ClientAs) -> None:
    manager, marketer = client_as("Manager"), client_as("Marketer")
    pk = number_in(bring(manager, "leads", "file.csv", LEADS.encode()))
    assert marketer.get(f"/importview/show/{pk}").status_code == 403
    assert marketer.post(f"/importview/{pk}/run").status_code == 403
    assert "file.csv" not in page(marketer, "/importview/list/")
    assert "/importview/spend" in page(marketer, "/spendview/list/")
    assert "/importview/leads" in page(manager, "/leadview/list/")
    assert "/importview/" not in page(client_as("Operator"), "/leadview/list/")


def test_wrong_rows_come_back_with_reasons_and_can_be_brought_again(
    app: Flask, client_as: ClientAs
) -> None:
    client = client_as("Manager")
    text = 'Name,Phone,Note\nAnna,+79000000001,\nIvan,8900,"=1+1"\nOlga,+79000000003,a,b\n'
    pk = imported(client, "leads", text)
    with client.get(f"/importview/{pk}/wrong.csv") as answer:
        content = answer.get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0] == ["Row in the file", "Why not imported", "Name", "Phone", "Note"]
    assert [row[0] for row in rows[1:]] == ["3", "4"]
    assert rows[1][1].startswith("Phone: No phone has this number.")
    assert rows[1][2:] == ["Ivan", "8900", "'=1+1"]
    assert rows[2][2:] == ["Olga", "'+79000000003", "a", "b"]
    again = imported(client, "leads", content.replace("8900", "+79000000002"))
    with app.app_context():
        one = db.session.get_one(ImportFile, again)
        assert (one.made, one.wrong) == (1, 1)
        ivan = db.session.scalars(select(Lead).where(Lead.first_name == "Ivan")).one()
        assert ivan.submissions[0].answers == {"Note": "=1+1"}


def test_a_long_file_goes_on_in_the_background(
    app: Flask, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 100)
    client = client_as("Manager")
    pk = number_in(bring(client, "leads", "long.csv", many(1100)))
    check(client, pk)
    shown = page(client, f"/importview/show/{pk}")
    assert f"/importview/{pk}/progress" in shown
    with app.app_context():
        assert take_turn(db.session(), RUNNERS)
    answer = client.get(f"/importview/{pk}/progress")
    assert "500 of 1,101" in answer.get_data(as_text=True)
    assert "HX-Refresh" not in answer.headers
    finish(app)
    assert client.get(f"/importview/{pk}/progress").headers["HX-Refresh"] == "true"
    assert "1,100 rows ready" in page(client, f"/importview/show/{pk}")
    assert "Check of a file: long.csv" in page(client, "/jobview/list/")
    run(client, pk)
    finish(app)
    assert count(app, Lead) == 1100
    with app.app_context():
        note = db.session.scalars(select(Note).limit(1)).one()
        assert (note.author_kind, note.author) == ("user", "Manager Test")


def test_a_stopped_import_goes_on_where_it_was(
    app: Flask, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 100)
    client = client_as("Manager")
    pk = number_in(bring(client, "leads", "long.csv", many(1100)))
    check(client, pk)
    finish(app)
    run(client, pk)
    with app.app_context():
        assert take_turn(db.session(), RUNNERS)
    client.post(f"/importview/{pk}/cancel")
    finish(app)
    shown = page(client, f"/importview/show/{pk}")
    assert "Stopped" in shown
    assert "Go on" in shown
    assert "Undo all of it" in shown
    assert count(app, Lead) == 499
    run(client, pk)
    finish(app)
    assert count(app, Lead) == 1100
    client.post(f"/importview/{pk}/undo")
    finish(app)
    assert count(app, Lead) == 0
    assert "Undone" in page(client, f"/importview/show/{pk}")
    assert count(app, Job) == 4


def test_whoever_loses_the_right_meanwhile_imports_nothing(
    app: Flask, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_appbuilder.security.sqla.models import User

    monkeypatch.setattr(imports, "AT_ONCE", 1)
    client = client_as("Manager")
    pk = number_in(bring(client, "leads", "long.csv", many(10)))
    check(client, pk)
    finish(app)
    run(client, pk)
    with stored(app) as session:
        session.scalars(select(User).where(User.username == "manager")).one().roles = []
    finish(app)
    assert count(app, Lead) == 0


def test_two_clicks_import_once(app: Flask, client_as: ClientAs) -> None:
    client = client_as("Manager")
    pk = imported(client, "leads", LEADS)
    run(client, pk)
    assert "The import is not at this step any more." in page(client, f"/importview/show/{pk}")
    assert count(app, Lead) == 1


def test_a_person_with_an_open_lead_has_asked_again(app: Flask, client_as: ClientAs) -> None:
    with stored(app) as session:
        lead = make_lead(session, phone="+79000000001", campaign=make_campaign(session)).id
    client = client_as("Manager")
    with stored(app) as session:
        campaign = session.get_one(Lead, lead).campaign_id
    pk = number_in(bring(client, "leads", "a.csv", b"Name,Phone,Date\nA,+79000000001,2026-11-01\n"))
    check(client, pk, campaign=str(campaign))
    shown = page(client, f"/importview/show/{pk}")
    assert "0 rows ready · 1 repeat · 0 wrong" in shown
    assert "it has asked again" in shown
    run(client, pk)
    with app.app_context():
        assert db.session.get_one(Lead, lead).asked_again_at is not None


def test_unknown_campaigns_of_a_report_are_made_when_asked(app: Flask, client_as: ClientAs) -> None:
    text = "Day,Campaign,Campaign ID,Cost\n2026-11-01,Autumn,77,10\n2026-11-02,Autumn,77,20\n"
    client = client_as("Marketer")
    pk = number_in(bring(client, "spend", "cost.csv", text.encode()))
    check(client, pk)
    assert "2 wrong" in page(client, f"/importview/show/{pk}")
    with stored(app) as session:
        service = make_service(session).id
    check(client, pk, service=str(service))
    assert "2 rows ready" in page(client, f"/importview/show/{pk}")
    run(client, pk)
    with app.app_context():
        campaign = db.session.scalars(select(Campaign)).one()
        assert [one.external_id for one in campaign.external_ids] == ["77"]
        assert len(campaign.spends) == 2


def test_an_amount_that_stands_by_hand_already_is_not_counted_twice(
    app: Flask, client_as: ClientAs
) -> None:
    with stored(app) as session:
        make_spend(session, campaign=make_campaign(session, title="Autumn"), amount=10)
        day = session.scalars(select(Spend.day)).one()
    imported(client_as("Marketer"), "spend", f"Day,Campaign,Cost\n{day},Autumn,10.00\n")
    assert count(app, Spend) == 1


def test_a_file_with_known_headers_is_meant_as_before(app: Flask, client_as: ClientAs) -> None:
    client = client_as("Manager")
    text = "Wer;Kontakt\nAnna Test;+79000000001\n"
    imported(client, "leads", text, field=["name", "phone"])
    pk = number_in(bring(client, "leads", "next.csv", text.replace("Anna", "Olga").encode()))
    assert columns_of(client, pk)["field"] == ["name", "phone"]


def test_what_is_told_of_rows_is_kept_for_a_month(app: Flask, client_as: ClientAs) -> None:
    client = client_as("Manager")
    imported(client, "leads", LEADS)
    bring(client, "leads", "waits.csv", LEADS.encode())
    with app.app_context():
        session = db.session()
        assert forget_old(session) == 0
        with travel(utc_now() + timedelta(days=31)):
            assert forget_old(session) == 2
        session.commit()
    assert count(app, ImportPiece) == count(app, ImportRow) == 0
