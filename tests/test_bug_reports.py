"""Public bug reports of other products, tried on ours through its doors; each by its number in
tests/cases/bug_reports.md, with more values of its kind.

1, 13, 18, 19 and 23 are about files too and stand in tests/imports/test_bug_reports.py; 8 and 9 in
tests/documents/test_bug_reports.py. Ours sends no mail: of 24 the name alone is tried.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.extensions import db
from app.models import Client, Company, Lead, Note, Source, Submission
from app.models.clock import travel, use_zone, zone
from tests.api.doors import LEADS, SEED, SUBMISSIONS, Sending, leads
from tests.api.test_races import at_once
from tests.factories import make_campaign, make_client, make_lead
from tests.intake.cases import Platform
from tests.views.browsing import form_of, page, send, stored
from tests.views.pages import keep, read
from tests.views.test_merging import opened

FORM = "application/x-www-form-urlencoded"


def test_report_01_nothing_is_carried_over_from_the_item_before(app: Flask) -> None:
    items = [
        {"first_name": "A", "email": "a1@example.com"},
        {"first_name": "B", "phone": "+79990000002"},
        {"first_name": "C", "email": "c3@example.com", "phone": None},
        {"first_name": "D", "phone": "+79990000004", "email": ""},
    ]
    Sending(app).post("/api/v1/leads/batch", items)
    found = read(app, lambda s: [(one.first_name, one.email_key) for one in s.query(Lead)])
    assert sorted(found) == [("A", "a1@example.com"), ("B", None), ("C", "c3@example.com"),
                             ("D", None)]  # fmt: skip


@pytest.mark.parametrize(
    ("region", "spellings", "key"),
    [
        ("RU", ("+79000000001", "89000000001", "9000000001", "7 900 000-00-01"), "+79000000001"),
        ("AM", ("+37491000001", "091 000001", "091-00-00-01"), "+37491000001"),
        ("DE", ("+49 30 23125008", "030 23125 008", "0049 30 23125008"), "+493023125008"),
    ],
)
def test_report_02_one_person_in_each_spelling_of_the_phone(
    app: Flask, region: str, spellings: tuple[str, ...], key: str
) -> None:
    with stored(app) as session:
        Company.of(session).phone_region = region
    sender = Sending(app)
    answers = [sender.post(SUBMISSIONS, {"phone": phone}) for phone in spellings]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert read(app, lambda s: s.scalars(select(Lead.phone_key)).all()) == [key]


@pytest.mark.parametrize(
    "address",
    ["victim+test\u037eattacker@example.com", "victim\u037e@example.com", "a\uff1bb@example.com",
     "a\uff0cb@example.com", "victim@example.com\u037ebad@example.org", "a\uff20b@example.com;"],
)  # fmt: skip
def test_report_03_no_sign_becomes_another_address_when_it_is_normalised(
    app: Flask, address: str
) -> None:
    sender = Sending(app)
    strict = sender.post(LEADS, {"email": address})
    lenient = sender.post(SUBMISSIONS, {"email": address, "phone": "+79990000001"})
    assert strict.status_code in (201, 400)
    assert lenient.status_code == 201
    for key in read(app, lambda s: s.scalars(select(Lead.email_key)).all()):
        assert not key or not set(key) & set(";,\u037e ")
        assert not key or "attacker@" not in key


@pytest.mark.parametrize("name", ["Timmy O'Toole", 'Anna "Ann" <b>', "A & B", "Ёлка Щёголева"])
def test_report_04_a_name_that_is_not_found_goes_into_the_new_form(
    app: Flask, client_as: Any, name: str
) -> None:
    operator = client_as("Operator")
    found = page(operator, f"/search?{urlencode({'q': name})}")
    link = re.search(r'href="(/leadview/add\?[^"]+)"', found)
    assert link
    form = form_of(operator, html.unescape(link[1]))
    names = (form["first_name"], form["last_name"], form["middle_name"])
    assert sorted(" ".join(names).split()) == sorted(name.split())
    assert "&amp;#39;" not in found


@pytest.mark.parametrize("door", [SEED, LEADS, SUBMISSIONS])
def test_report_05_letter_case_makes_no_second_person(app: Flask, door: str) -> None:
    sender = Sending(app)
    for address in ("hello@example.com", "HELLO@EXAMPLE.COM", " Hello@Example.com "):
        names = {"first_name": "A", "last_name": "B"}
        assert sender.post(door, names | {"email": address}).status_code == 201
    assert leads(app) == 1


def test_report_06_nothing_is_orphaned_by_a_merge(app: Flask, client_as: Any) -> None:
    """A follower is who is responsible; files are what they sent, kept as submissions."""

    def make(session: Any) -> list[int]:
        ids: list[int] = []
        for name, operator in (("A", "operator"), ("B", "manager")):
            lead = make_lead(session, last_name=name, phone=f"+7999000000{len(ids)}")
            user = session.query(User).filter_by(username=operator).one()
            lead.write_note(f"N{len(ids) + 1}")
            lead.assign_to(user)
            session.add(Submission(outcome="accepted", lead_id=lead.id, door="leads"))
            ids.append(int(lead.id))
        return ids

    one, two = keep(app, make)
    manager = client_as("Manager")
    address = f"/leadview/{one}/merge?with={two}"
    assert manager.post(address, data=opened(manager, address)).status_code == 302

    def told(session: Any) -> tuple[set[str], int, int]:
        lead = session.get_one(Lead, one)
        texts = {note.text for note in lead.notes} | {str(note.kind) for note in lead.notes}
        left = session.query(Note).filter_by(lead_id=two).count()
        return texts, session.query(Submission).filter_by(lead_id=one).count(), left

    texts, submissions, left = read(app, told)
    assert {"N1", "N2", "merged"} <= texts
    assert (submissions, left) == (2, 0)
    page_text = page(manager, f"/leadview/show/{one}")
    assert "Operator Test" in page_text
    assert "Manager Test" in page_text


def test_report_07_converting_twice_makes_one_client(app: Flask, client_as: Any) -> None:
    def make(session: Any) -> int:
        make_client(session, email="same@example.com")
        return int(make_lead(session, email="same@example.com", last_name="Twice").id)

    lead = keep(app, make)
    manager = client_as("Manager")
    form = form_of(manager, f"/leadview/{lead}/convert")
    count: Callable[[], int] = lambda: read(app, lambda s: s.query(Client).count())  # noqa: E731
    assert count() == 1
    for _ in range(2):
        manager.post(f"/leadview/{lead}/convert", data=form | {"into": "person"})
    assert count() == 2
    assert read(app, lambda s: s.get_one(Lead, lead).client_id) is not None


def test_report_10_one_save_tells_each_change_and_nothing_that_was_only_tidied(
    app: Flask, client_as: Any
) -> None:
    lead = keep(app, lambda s: make_lead(s, first_name="Old", company_name="Firm").id)
    send(client_as("Operator"), f"/leadview/edit/{lead}", first_name="New", job_title="Boss",
         company_name="  Firm ")  # fmt: skip
    query = select(Note).where(Note.lead_id == lead).order_by(Note.id.desc())
    changes, author = read(
        app, lambda s: (lambda n: (n.changes, n.author))(s.scalars(query).first())
    )
    assert author == "Operator Test"
    assert {(one["field"], one["old"], one["new"]) for one in changes} == {
        ("first_name", "Old", "New"), ("job_title", "", "Boss"),
    }  # fmt: skip


def test_report_11_without_spend_there_is_no_ratio_and_no_error(app: Flask, client_as: Any) -> None:
    campaign = keep(app, lambda s: make_campaign(s).id)
    for role in ("Marketer", "Admin"):
        client = client_as(role)
        assert "—" in page(client, f"/campaignview/show/{campaign}")
        assert client.get("/statistics/").status_code == 200


@pytest.mark.parametrize("there", ["America/Denver", "Asia/Kamchatka", "Europe/Moscow"])
def test_report_12_today_is_the_day_of_the_company(app: Flask, client_as: Any, there: str) -> None:
    before = zone()
    use_zone(there)
    try:
        now = datetime(2026, 1, 28, 3, tzinfo=UTC)
        here = now.astimezone(zone())
        late = here.replace(hour=23, minute=59).astimezone(UTC)
        with travel(now):
            tomorrow = late + timedelta(minutes=2)
            for name, at in (("Todayov", late), ("Laterov", tomorrow)):
                keep(app, lambda s, name=name, at=at: make_lead(s, last_name=name).plan_contact(at))
            text = page(client_as("Operator"), "/queueview/list/?group=today")
        assert "Todayov" in text
        assert "Laterov" not in text
    finally:
        use_zone(before.key)


@pytest.mark.parametrize("text", ["07/30/2023", "2023-02-30", "2023-13-01T00:00:00Z", "30.07"])
def test_report_13_a_day_that_does_not_exist_is_never_shifted(app: Flask, text: str) -> None:
    sender = Sending(app)
    answer = sender.post(LEADS, {"email": "a@example.com", "submitted_at": text})
    assert (answer.status_code, set(answer.json)) == (400, {"submitted_at"})
    answer = sender.post(SUBMISSIONS, {"email": "a@example.com", "submitted_at": text})
    assert list(answer.json["warnings"]) == ["submitted_at"]


@pytest.mark.parametrize("verb", ["show", "edit", "delete"])
def test_report_14_who_may_not_see_a_lead_reaches_it_by_no_address(
    app: Flask, client_as: Any, verb: str
) -> None:
    lead = keep(app, lambda s: make_lead(s, last_name="Hidden").id)
    marketer = client_as("Marketer")
    for method in ("GET", "POST"):
        answer = marketer.open(f"/leadview/{verb}/{lead}", method=method)
        assert answer.status_code in (403, 404, 405)
        assert b"Hidden" not in answer.data
    assert marketer.post("/leadview/action_post", data={"action": "convert", "rowid": [lead]})
    assert read(app, lambda s: s.get_one(Lead, lead).archived_at) is None


def test_report_15_the_start_page_names_nobody_to_who_may_not_see_leads(
    app: Flask, client_as: Any
) -> None:
    keep(app, lambda s: make_lead(s, last_name="Hiddenov", phone="+79990000077").id)
    marketer = client_as("Marketer")
    answer = marketer.get("/", follow_redirects=True)
    for text in (answer.get_data(as_text=True), page(marketer, "/search?q=Hiddenov")):
        assert "+7 999 000" not in text
        assert "/leadview/show/" not in text


@pytest.mark.parametrize("query", ["привет", "ИВАНОВ", "иван", "Привет Иванов", "иванов привет"])
def test_report_16_a_name_is_found_in_any_letter_case(
    app: Flask, client_as: Any, query: str
) -> None:
    lead = keep(app, lambda s: make_lead(s, first_name="Привет", last_name="Иванов").id)
    assert f"/leadview/show/{lead}" in page(client_as("Operator"), found_by(query))


@pytest.mark.parametrize(
    "query", ["8 900 000-00-01", "9000000001", "+7 (900) 000 00 01", "00-01", "79000000001"]
)
def test_report_17_a_phone_is_found_in_any_notation(app: Flask, client_as: Any, query: str) -> None:
    lead = keep(app, lambda s: make_lead(s, phone="+79000000001").id)
    text = page(client_as("Operator"), f"/leadview/list/?{urlencode({'search': query})}")
    assert f"/leadview/show/{lead}" in text


def found_by(query: str) -> str:
    return f"/search?{urlencode({'q': query})}"


def test_report_20_the_export_is_what_the_filter_leaves(app: Flask, client_as: Any) -> None:
    def fill(session: Any) -> None:
        for number in range(60):
            make_lead(session, last_name=f"{'Wanted' if number % 2 else 'Other'} {number}")

    keep(app, fill)
    text = client_as("Admin").get("/leadview/export.csv?search=wanted").get_data(as_text=True)
    assert len(text.strip().splitlines()) == 1 + 30
    assert "Other" not in text


@pytest.mark.parametrize("language", ["xx", "../../etc", "..%2f..%2fetc", "ru-XX", "%00", "ru"])
def test_report_21_no_language_breaks_the_session(
    app: Flask, client_as: Any, language: str
) -> None:
    operator = client_as("Operator")
    assert operator.get(f"/lang/{language}").status_code in (302, 404, 405)
    assert operator.get("/leadview/list/").status_code == 200


def test_report_22_one_form_posted_twice_at_one_moment_is_one_lead(app: Flask) -> None:
    platform = Platform(app, "form", {})
    body = urlencode({"name": "Anna", "phone": "+79990000001"}).encode()
    answers = at_once([lambda: platform.post(body, FORM) for _ in range(4)])
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(platform.leads()) == 1


@pytest.mark.parametrize("name", ["Anna\r\nBcc: evil@example.com", 'Test, Anna "A"', "A\u2028B"])
def test_report_24_a_name_stays_one_line(app: Flask, name: str) -> None:
    sender = Sending(app)
    assert sender.post(LEADS, {"name": name, "email": "a@example.com"}).status_code in (201, 400)
    platform = Platform(app, "form", {})
    body = json.dumps({"name": name, "email": "b@example.com"}).encode()
    assert platform.post(body).status_code == 200
    for lead in platform.leads():
        assert not set(lead["first_name"] + lead["last_name"]) & set("\r\n\u2028\u2029")


@pytest.mark.parametrize("act", ["revoke", "put_away"])
def test_report_25_a_token_that_was_ended_is_refused_from_the_first_call_on(
    app: Flask, act: str
) -> None:
    sender, other = Sending(app), Sending(app)
    body = {"email": "a@example.com"}
    assert sender.post(LEADS, body).status_code == 201
    with app.app_context():
        source = db.session.get_one(Source, sender.source_id)
        if act == "revoke":
            source.tokens[0].revoke()
        else:
            source.put_away("other")
        db.session.commit()
    assert sender.post(LEADS, body).status_code == 401
    inbound = app.test_client().post(f"/in/{sender.token}", json=body)
    assert inbound.status_code == 403
    assert other.post(LEADS, body).status_code == 201
