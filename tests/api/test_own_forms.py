"""Own forms at /f/…: shown without a session, taken once, sent back kindly, closed to robots."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.api import form_stamps, limits, own_forms
from app.extensions import db
from app.intake.again import accept_failed
from app.models import Lead, OwnForm, OwnFormDay, Submission
from app.models.form_question import STANDARD, Question
from tests.api.doors import last_submission, leads, only, submissions
from tests.factories import make_campaign, make_own_form
from tests.site import logged_in
from tests.views.browsing import _Forms, stored

VISITOR = {"name": "Анна Пробная", "phone": "+7 999 123-45-67", "consent": "1"}


@pytest.fixture(autouse=True)
def _quick_visitors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_stamps, "YOUNGEST", 0)
    app.extensions[limits.EXTENSION].forget()


def made(app: Flask, **changes: Any) -> str:
    questions = changes.pop("questions", None)
    with stored(app) as session:
        form = make_own_form(session, **changes)
        if questions is not None:
            form.ask(questions)
        return f"/f/{form.address}"


def change(app: Flask, **values: Any) -> None:
    with stored(app) as session:
        session.scalars(select(OwnForm)).one().change(**values)


def opened(client: Any, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 200
    return fields_of(answer.text)


def fields_of(text: str) -> dict[str, Any]:
    reader = _Forms()
    reader.feed(text)
    return reader.forms[0]


def fill(app: Flask, address: str, /, **changes: Any) -> Any:
    client = app.test_client()
    return client.post(address, data=opened(client, address) | VISITOR | changes)


# -- shown -----------------------------------------------------------------------------------------


def test_a_form_is_shown_in_the_language_of_the_address_or_the_browser(app: Flask) -> None:
    address, client = made(app), app.test_client()
    russian = {"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.5"}
    assert "Оставьте заявку" in client.get(address, headers=russian).text
    assert "Send us a request" in client.get(f"{address}?lang=en", headers=russian).text
    text = client.get(f"{address}?lang=ru").text
    assert '<html lang="ru">' in text
    assert "Телефон" in text
    assert "Отправить" in text


def test_an_empty_text_is_shown_in_the_other_language(app: Flask) -> None:
    address = made(app, heading_ru="", consent_ru="")
    text = app.test_client().get(f"{address}?lang=ru").text
    assert "Send us a request" in text
    assert "I agree to the processing" in text


def test_only_its_own_sites_may_frame_it_and_no_cookie_is_set(app: Flask) -> None:
    address = made(app, sites="https://shop.example\n*.example.org")
    answer = app.test_client().get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors https://shop.example https://*.example.org" in policy
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "form-action 'self';" in policy
    assert "X-Frame-Options" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_sites_nobody_may_frame_it(app: Flask) -> None:
    answer = app.test_client().get(made(app))
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_no_other_page_may_be_framed(app: Flask) -> None:
    made(app, sites="https://shop.example")
    for address in ("/login/", "/f/unknown", "/in/unknown"):
        answer = app.test_client().get(address)
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_form_that_is_off_says_so_and_one_that_is_away_is_not_there(app: Flask) -> None:
    address, client = made(app, sites="https://shop.example"), app.test_client()
    filled = opened(client, address) | VISITOR
    with stored(app) as session:
        session.scalars(select(OwnForm)).one().switch(False)
    answer = client.get(address)
    assert answer.status_code == 404
    assert "This form is closed" in answer.text
    assert "https://shop.example" in answer.headers["Content-Security-Policy"]
    assert client.post(address, data=filled).status_code == 404
    with stored(app) as session:
        session.scalars(select(OwnForm)).one().put_away("other")
    assert client.get(address).status_code == 404
    assert client.get(f"{address}/thanks").status_code == 404
    assert leads(app) == submissions(app) == 0


def test_views_are_counted_by_day(app: Flask) -> None:
    address, client = made(app), app.test_client()
    for _ in range(3):
        client.get(address)
    client.head(address)
    assert only(app, OwnFormDay, "views", "returned") == [3, 0]


# -- taken -----------------------------------------------------------------------------------------


def test_a_request_becomes_a_lead_with_consent_and_marks(app: Flask) -> None:
    with stored(app) as session:
        campaign = make_campaign(session)
        number = campaign.id
        form = make_own_form(session, title="Spring form", campaign=campaign)
        address = f"/f/{form.address}"
    marks = "utm_source=vk&utm_medium=cpc&gclid=abc-1&yclid=77&page=https://shop.example/a&x=1"
    answer = fill(app, f"{address}?lang=ru&{marks}", message="Две строки\r\nтекста")
    assert answer.status_code == 303
    assert answer.location == f"{address}/thanks?lang=ru"
    assert "Спасибо. Мы получили вашу заявку" in app.test_client().get(answer.location).text
    assert only(app, Lead, "first_name", "last_name", "phone_key", "language", "campaign_id") == [
        "Анна", "Пробная", "+79991234567", "ru", number,
    ]  # fmt: skip
    kept = last_submission(app)
    assert (kept["door"], kept["outcome"]) == ("own_form", "accepted")
    assert kept["answers"] == {"Что вас интересует?": "Две строки\nтекста"}
    assert kept["consent_text"].startswith("Я согласен на обработку")
    assert kept["consent_at"] == kept["received_at"]
    assert kept["click_id"] == "abc-1"
    assert kept["utm"] == {
        "utm_source": "vk", "utm_medium": "cpc", "gclid": "abc-1", "yclid": "77",
        "page": "https://shop.example/a",
    }  # fmt: skip


def test_the_page_around_it_is_known_by_the_browser_s_referrer(app: Flask) -> None:
    address, client = made(app), app.test_client()
    filled = fields_of(client.get(address, headers={"Referer": "https://shop.example/"}).text)
    assert client.post(address, data=filled | VISITOR).status_code == 303
    assert last_submission(app)["utm"] == {"page": "https://shop.example/"}


def test_own_questions_are_answered_in_the_words_that_were_shown(app: Flask) -> None:
    asked = [
        *STANDARD,
        Question("", "text", "Company", "Компания"),
        Question("", "choice", "Size", "Размер", True, ("Small", "Large"), ("Малый", "Большой")),
        Question("", "tick", "Call me", "Позвоните мне"),
        Question("", "tick", "Send news", "Присылайте новости"),
    ]
    address = made(app, questions=asked)
    answer = fill(app, f"{address}?lang=ru", q1="ООО Ромашка", q2="2", q3="1")
    assert answer.status_code == 303
    kept = last_submission(app)["answers"]
    assert kept == {"Компания": "ООО Ромашка", "Размер": "Большой", "Позвоните мне": "✓"}


@pytest.mark.parametrize("wrong", ["0", "3", "-1", "²", "1.0", "x", "99999999999"])
def test_only_what_is_offered_can_be_chosen(app: Flask, wrong: str) -> None:
    asked = [*STANDARD, Question("", "choice", "Size", "", False, ("Small", "Large"))]
    answer = fill(app, f"{made(app, questions=asked)}?lang=en", q1=wrong)
    assert answer.status_code == 400
    assert "Choose one of the list." in answer.text
    assert submissions(app) == 0


def test_a_second_click_and_a_reload_make_one_lead(app: Flask) -> None:
    address, client = made(app), app.test_client()
    filled = opened(client, address) | VISITOR
    answers = [client.post(address, data=filled) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303] * 3
    assert len({answer.location for answer in answers}) == 1
    assert leads(app) == 1
    assert last_submission(app)["outcome"] == "repeated"


def test_who_goes_back_and_corrects_the_phone_has_asked_again(app: Flask) -> None:
    address, client = made(app), app.test_client()
    filled = opened(client, address) | VISITOR | {"email": "anna@example.com"}
    client.post(address, data=filled)
    client.post(address, data=filled | {"message": "And call me after six"})
    assert leads(app) == 1
    assert last_submission(app)["outcome"] == "accepted"
    assert submissions(app) == 2


def test_a_known_phone_is_answered_as_a_new_one(app: Flask) -> None:
    address = made(app)
    first, again = (fill(app, address, name=name) for name in ("Anna", "Somebody Else"))
    assert (first.status_code, first.location) == (again.status_code, again.location)
    assert first.text == again.text
    assert leads(app) == 1


def test_the_visitor_is_led_only_where_the_marketer_said(app: Flask) -> None:
    address = made(app, thanks_url="https://shop.example/thanks")
    page = app.test_client().get(address)
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://shop.example;" in policy
    assert 'target="_top"' in page.text
    answer = fill(app, f"{address}?thanks_url=https://evil.example/", thanks_url="//evil.example")
    assert (answer.status_code, answer.location) == (303, "https://shop.example/thanks")


def test_colleagues_who_try_it_are_not_taken_for_its_author(app: Flask) -> None:
    address, client = made(app), logged_in(app, "marketer")
    client.sends_token = False
    assert client.post(address, data=opened(client, address) | VISITOR).status_code == 303
    assert last_submission(app)["created_by_id"] is None


# -- sent back -------------------------------------------------------------------------------------


def test_every_faulty_field_is_named_and_what_was_typed_is_there(app: Flask) -> None:
    answer = fill(app, f"{made(app)}?lang=en", name="", phone="12", message="<b>Hi</b>", consent="")
    assert answer.status_code == 400
    text = answer.text
    assert "<title>Error: Send us a request</title>" in text
    assert '<a href="#f-name">Name</a>: Fill in this field.' in text
    assert '<a href="#f-consent">Consent</a>: Tick this' in text
    assert 'aria-invalid="true" aria-describedby="f-name-fault"' in text
    assert 'id="f-name-fault"' in text
    assert '<a href="#f-phone">Phone</a>: No phone has this number.' in text
    assert "&lt;b&gt;Hi&lt;/b&gt;" in text
    assert submissions(app) == 0
    assert only(app, OwnFormDay, "views", "returned") == [1, 1]
    again = fill(app, f"{made(app)}?lang=en", phone="12")
    assert '<a href="#f-phone">Phone</a>: No phone has this number.' in again.text
    assert 'value="12"' in again.text


def test_nothing_is_kept_without_consent(app: Flask) -> None:
    assert fill(app, made(app), consent="").status_code == 400
    assert submissions(app) == leads(app) == 0


def test_one_good_contact_is_enough_unless_the_other_is_required(app: Flask) -> None:
    address = made(app)
    assert fill(app, address, email="anna@@example").status_code == 303
    assert last_submission(app)["warnings"]["email"][0]["code"] == "bad_email"
    assert fill(app, address, phone="", email="anna@example.com").status_code == 400


def test_a_form_without_any_contact_comes_back(app: Flask) -> None:
    asked = [Question("", "phone", "Phone"), Question("", "email", "E-mail")]
    answer = fill(app, f"{made(app, questions=asked)}?lang=en", phone="")
    assert answer.status_code == 400
    assert "Give a phone number or an e-mail address." in answer.text
    assert submissions(app) == 0


def test_whoever_is_too_quick_sends_the_same_form_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, client = f"{made(app)}?lang=en", app.test_client()
    monkeypatch.setattr(form_stamps, "YOUNGEST", 60)
    filled = opened(client, address) | VISITOR
    answer = client.post(address, data=filled)
    assert answer.status_code == 400
    assert "That was very quick." in answer.text
    again = fields_of(answer.text)
    assert again["phone"] == VISITOR["phone"]
    assert again["consent"] == "1"
    assert again["stamp"] == filled["stamp"]
    monkeypatch.setattr(form_stamps, "YOUNGEST", 0)
    assert client.post(address, data=again).status_code == 303
    assert leads(app) == 1


def test_a_form_that_was_open_too_long_comes_again_and_can_be_sent_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, client = f"{made(app)}?lang=en&utm_source=vk", app.test_client()
    filled = opened(client, address) | VISITOR
    monkeypatch.setattr(form_stamps, "YOUNGEST", 60)
    monkeypatch.setattr(form_stamps, "OLDEST", -1)
    answer = client.post(address, data=filled)
    assert answer.status_code == 400
    assert "The form was open for a long time." in answer.text
    monkeypatch.setattr(form_stamps, "OLDEST", 600)
    again = fields_of(answer.text)
    assert again["stamp"] != filled["stamp"]
    assert client.post(address, data=again).status_code == 303
    assert last_submission(app)["utm"]["utm_source"] == "vk"


@pytest.mark.parametrize("stamp", ["", "x", "eyJhIjoxfQ.AAAA", "\x00"])
def test_a_stamp_that_is_not_ours_is_none(app: Flask, stamp: str) -> None:
    answer = fill(app, made(app), stamp=stamp)
    assert answer.status_code == 400
    assert submissions(app) == 0


def test_the_stamp_of_another_form_is_none(app: Flask) -> None:
    client = app.test_client()
    stamp = opened(client, made(app))["stamp"]
    assert fill(app, made(app), stamp=stamp).status_code == 400


def test_words_of_consent_that_changed_are_read_and_ticked_anew(app: Flask) -> None:
    address, client = f"{made(app)}?lang=en", app.test_client()
    filled = opened(client, address) | VISITOR
    change(app, consent_en="I agree to everything new.")
    answer = client.post(address, data=filled)
    assert answer.status_code == 400
    assert "The words of the consent have changed meanwhile." in answer.text
    again = fields_of(answer.text)
    assert "consent" not in again
    assert client.post(address, data=again | {"consent": "1"}).status_code == 303
    assert last_submission(app)["consent_text"] == "I agree to everything new."
    assert b'"consent_version": 2' in last_submission(app)["body"]


# -- robots and floods -----------------------------------------------------------------------------


def test_a_robot_is_thanked_and_kept_as_rejected(app: Flask) -> None:
    address = made(app)
    robot = app.test_client().post(address, data=VISITOR | {"homepage": "http://spam.example"})
    person = fill(app, address)
    assert (robot.status_code, robot.location) == (person.status_code, person.location)
    assert leads(app) == 1
    with stored(app) as session:
        first = session.scalars(select(Submission).order_by(Submission.id)).first()
        assert first is not None
        reasons = first.reasons or {}
        assert (first.outcome, reasons["homepage"][0]["code"]) == ("rejected", "robot")


def test_the_trap_is_hidden_from_people_by_style_alone(app: Flask) -> None:
    text = app.test_client().get(made(app)).text
    trap = re.search(r'<div class="visitor-trap" aria-hidden="true">.*?</div>', text)
    assert trap
    assert 'tabindex="-1"' in trap[0]
    assert 'type="hidden"' not in trap[0]


def test_one_network_posts_so_often_a_minute_and_another_is_not_bothered(app: Flask) -> None:
    address, client = made(app), app.test_client()
    for _ in range(limits.VISITOR_POSTS // app.config["WEB_PROCESSES"]):
        assert client.post(address, data={"name": ""}).status_code == 400
    answer = client.post(address, data={"name": ""})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    other = {"REMOTE_ADDR": "10.9.8.7"}
    assert client.post(address, data={"name": ""}, environ_base=other).status_code == 400


def test_what_is_no_form_or_too_large_is_refused_and_kept_without_its_body(app: Flask) -> None:
    address, client = made(app), app.test_client()
    large = client.post(address, data={"message": "x" * 70_000})
    assert large.status_code == 413
    assert last_submission(app)["reasons"][""][0]["code"] == "too_large"
    other = client.post(address, json={"phone": "+79991234567"})
    assert other.status_code == 415
    many = client.post(address, data={f"f{number}": "" for number in range(600)})
    assert many.status_code == 400
    assert submissions(app) == 3
    assert leads(app) == 0


def test_hidden_characters_and_half_ones_break_nothing(app: Flask) -> None:
    address, client = made(app), app.test_client()
    filled = opened(client, address) | VISITOR
    body = "&".join(f"{name}={value}" for name, value in filled.items() if name != "name")
    raw = f"{body}&name=%00Anna%00%ED%A0%80%FF&message=%E2%80%AEevil".replace("+7", "%2B7")
    form = "application/x-www-form-urlencoded"
    assert client.post(address, data=raw.encode(), content_type=form).status_code == 303
    assert only(app, Lead, "first_name")[0].startswith("Anna")


# -- what fails ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [OperationalError("insert", {}, Exception("lost")), KeyError("a mistake of ours")]
)
def test_a_request_that_failed_by_our_fault_is_kept_and_can_be_accepted(
    app: Flask, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    address = made(app)

    def broken(*_: Any) -> Any:
        raise fault

    monkeypatch.setattr(own_forms, "receive", broken)
    assert fill(app, address, message="Hello").status_code == 303
    monkeypatch.undo()
    assert last_submission(app)["outcome"] == "failed"
    with stored(app) as session:
        submission = session.scalars(select(Submission)).one()
        receipt = accept_failed(session, submission)
        kept = session.get_one(Submission, receipt.submission_id)
        assert "Hello" in (kept.answers or {}).values()
        assert kept.consent_text
    assert leads(app) == 1


def test_what_is_no_request_yet_is_not_kept_when_we_fail(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = made(app)

    def broken(*_: Any) -> Any:
        raise OperationalError("insert", {}, Exception("lost"))

    monkeypatch.setattr(own_forms, "_again", broken)
    answer = fill(app, address, consent="")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert submissions(app) == 0


def test_a_source_that_needs_a_campaign_rejects_and_the_visitor_is_thanked(app: Flask) -> None:
    address = made(app)
    with stored(app) as session:
        session.scalars(select(OwnForm)).one().source.change(needs_campaign=True)
    assert fill(app, address).status_code == 303
    assert last_submission(app)["outcome"] == "rejected"
    assert leads(app) == 0


def test_the_log_holds_no_contact(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    fill(app, made(app))
    with app.app_context():
        number = db.session.scalars(select(Submission.id)).one()
    assert f"submission {number} accepted" in caplog.text
    assert "9991234567" not in caplog.text
