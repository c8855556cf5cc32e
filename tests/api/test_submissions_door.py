"""POST /api/v1/submissions: whatever form people have, as long as somebody can be reached."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import Company, Lead
from tests.api.doors import SUBMISSIONS, Sending, last_submission, leads, make_campaigns, only

CASES = json.loads((Path(__file__).parents[1] / "cases/contacts.json").read_text())["contacts"]


@pytest.fixture
def sender(app: Flask) -> Sending:
    return Sending(app)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_contacts_of_many_scripts_arrive(
    app: Flask, sender: Sending, case: dict[str, Any]
) -> None:
    given, expect = case["input"], case["expect"]
    with app.app_context():
        Company.of(db.session()).phone_region = given["region"]
        db.session.commit()
    body = {name: given[name] for name in ("name", "phone", "email")}
    answer = sender.post(SUBMISSIONS, body)
    assert answer.status_code == 201, answer.json
    assert set(answer.json["warnings"]) - {"detail"} == set(expect["warnings"])
    with app.app_context():
        lead = db.session.get_one(Lead, answer.json["id"])
        assert (lead.first_name, lead.last_name) == (expect["first_name"], expect["last_name"])
        assert lead.phone_key == expect["phone"]
        assert lead.phone_extension == expect["phone_ext"]
        assert lead.email_key == expect["email"]
        assert lead.phone_keys() - {lead.phone_key} == set(expect.get("other_phones", []))
        if "phone" in expect["warnings"]:
            assert lead.phone  # the text of the bad one is kept
        if "email" in expect["warnings"]:
            assert lead.email


@pytest.mark.parametrize(
    ("names", "column", "value"),
    [
        (("name", "Имя", "ФИО ", "full-name", "Your Name"), "first_name", "Анна"),
        (("phone", "tel", "Телефон", "Phone_Number", "Ваш телефон"), "phone_key", "+79000002301"),
        (("email", "E-mail", "Почта", "mail", "Электронная почта"), "email_key", "a@example.com"),
        (("company", "Компания", "organization"), "company_name", "Ромашка"),
    ],
)
def test_names_of_fields_are_recognised_in_both_languages(
    app: Flask, sender: Sending, names: tuple[str, ...], column: str, value: str
) -> None:
    sent = {"phone_key": "8 (900) 000-23-01"}.get(column, value)
    for number, name in enumerate(names):
        answer = sender.post(SUBMISSIONS, {"contact": f"x{number}", name: sent, "mail_": "",
                                           "Mail": f"z{number}@example.com"}
                             if column != "email_key" else {name: sent})  # fmt: skip
        assert answer.status_code == 201
        with app.app_context():
            assert getattr(db.session.get_one(Lead, answer.json["id"]), column) == value


def test_a_russian_full_name_begins_with_the_last_name(app: Flask, sender: Sending) -> None:
    sender.post(SUBMISSIONS, {"ФИО": "Пробная Анна Ивановна", "Телефон": "89000002301"})
    assert only(app, Lead, "last_name", "first_name", "middle_name") == [
        "Пробная", "Анна", "Ивановна",
    ]  # fmt: skip


def test_a_form_of_a_landing_page_arrives_with_its_answers(app: Flask, sender: Sending) -> None:
    raw = (
        "name=%D0%90%D0%BD%D0%BD%D0%B0+%D0%9F%D1%80%D0%BE%D0%B1%D0%BD%D0%B0%D1%8F"
        "&phone=8+%28900%29+000-23-01&email=anna.f%40example.com"
        "&message=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82%2C+%D0%BC%D0%B8%D1%80+%26+co"
        "&utm_campaign=osen&gclid=G-1&consent=on&website="
    )
    answer = sender.post(
        SUBMISSIONS, data=raw, content_type="application/x-www-form-urlencoded; charset=UTF-8"
    )
    assert (answer.status_code, answer.json["warnings"]) == (201, {})
    assert only(app, Lead, "first_name", "last_name", "phone_key", "email_key") == [
        "Анна", "Пробная", "+79000002301", "anna.f@example.com",
    ]  # fmt: skip
    stored = last_submission(app)
    assert stored["answers"] == {"message": "Привет, мир & co"}
    assert stored["utm"] == {"utm_campaign": "osen", "gclid": "G-1"}
    assert stored["click_id"] == "G-1"
    assert stored["consent_at"] == stored["received_at"]
    assert stored["body"] == raw.encode()


def test_a_multipart_form_is_taken_without_its_files(app: Flask, sender: Sending) -> None:
    data = {"name": "Анна", "tel": "+79000002301", "file": (BytesIO(b"x"), "x.pdf")}
    answer = sender.post(SUBMISSIONS, data=data, content_type="multipart/form-data")
    assert answer.status_code == 201
    assert only(app, Lead, "first_name", "phone_key") == ["Анна", "+79000002301"]


def test_a_form_without_a_contact_is_refused_and_kept(app: Flask, sender: Sending) -> None:
    answer = sender.post(SUBMISSIONS, data={"name": "", "phone": "", "email": " "})
    assert (answer.status_code, set(answer.json)) == (400, {"phone", "email"})
    assert last_submission(app)["outcome"] == "rejected"
    assert leads(app) == 0


def test_an_unknown_campaign_is_a_warning_and_what_was_sent_is_kept(
    app: Flask, sender: Sending
) -> None:
    default = make_campaigns(app, 1)[0]
    with app.app_context():
        sender.source().default_campaign_id = default
        db.session.commit()
    answer = sender.post(SUBMISSIONS, {"email": "a@example.com", "campaign": "no such"})
    assert (answer.status_code, list(answer.json["warnings"])) == (201, ["campaign"])
    assert last_submission(app)["campaign_sent"] == "no such"
    assert only(app, Lead, "campaign_id") == [default]


def test_a_source_that_needs_a_campaign_refuses_an_unknown_one(app: Flask) -> None:
    answer = Sending(app, needs_campaign=True).post(
        SUBMISSIONS, {"email": "a@example.com", "campaign": "no such"}
    )
    assert (answer.status_code, list(answer.json)) == (400, ["campaign"])
    assert leads(app) == 0


def test_what_no_text_holds_is_cleaned_with_a_warning(app: Flask, sender: Sending) -> None:
    body = {"name": "Nul\x00Byte\u202e", "phone": "+79000002301", "note": "a\x00\ud800b"}
    answer = sender.post(SUBMISSIONS, body)
    assert (answer.status_code, list(answer.json["warnings"])) == (201, ["detail"])
    assert only(app, Lead, "first_name") == ["NulByte"]
    assert last_submission(app)["answers"] == {"note": "ab"}


@pytest.mark.parametrize(
    "value",
    [True, 1.5, 10**30, -1, [], [[["x"]]], {"a": {"b": ["c"]}}, "\x00", "\ud800", "\u202e", None,
     "x" * 20_000, ["a", None, 3]],
)  # fmt: skip
def test_no_odd_value_is_an_error_of_ours(app: Flask, sender: Sending, value: Any) -> None:
    for field in ("name", "first_name", "phone", "company", "job_title", "campaign", "lead_id",
                  "submitted_at", "consent", "is_test", "utm_source", "gclid", "language",
                  "anything", "\x00", "\ud800", "lead", "x" * 300):  # fmt: skip
        answer = sender.post(SUBMISSIONS, {"email": "a@example.com"} | {field: value})
        assert answer.status_code in (201, 400), (field, answer.json)


def test_letters_of_any_case_find_the_lead(app: Flask, sender: Sending) -> None:
    sender.post(SUBMISSIONS, {"name": "Привет Иванов", "phone": "+79000000001"})
    with app.app_context():
        for query in ("привет", "ИВАНОВ", "иван", "8 900 000-00-01", "9000000001",
                      "+7 (900) 000 00 01", "00-01"):  # fmt: skip
            assert len(found(query)) == 1, query


def found(query: str) -> list[Lead]:
    from app.models.contacts import like_pattern, search_terms

    wanted = [
        Lead.search_text.like(like_pattern(term), escape="\\") for term in search_terms(query)
    ]
    return list(db.session.query(Lead).filter(*wanted))
