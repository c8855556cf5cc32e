"""/in/…: who may come in, what each sender reads, and that nothing that arrived is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import runpy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.intake import receive_many
from app.intake.formats.known import FORMATS
from app.models import Lead
from app.models.clock import utc_now
from app.models.source import SecretName, Source, SourceFormat, SourceSecret
from tests.api.test_races import at_once
from tests.factories import make_campaign
from tests.intake.cases import Platform

# That of an own form comes and goes with its form, and takes nothing at /in/.
SENT = [form for form in SourceFormat if form is not SourceFormat.OWN_FORM]

SECRET = "a secret of 24 letters!!"
PHONE = {"first_name": "Anna", "phone": "+79990000001"}


def google(key: str = SECRET, **changes: Any) -> bytes:
    columns = [{"column_id": "PHONE_NUMBER", "string_value": "+79990000001"}]
    values = {"lead_id": "L-1", "user_column_data": columns, "google_key": key} | changes
    return json.dumps(values).encode()


def signed(body: bytes, key: str = SECRET) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def change(app: Flask, platform: Platform, act: Callable[[Source], Any]) -> Any:
    with app.app_context():
        source = db.session.get_one(Source, platform.source_id)
        result = act(source)
        db.session.commit()
        return result


# -- who may come in -------------------------------------------------------------------------------


def test_a_wrong_key_is_answered_as_an_unknown_address_is(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    wrong = platform.post(google("wrong"))
    platform.key = "A" * 22
    unknown = platform.post(google())
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.get_data() == unknown.get_data()
    assert wrong.headers["Content-Type"] == unknown.headers["Content-Type"]
    assert platform.submissions() == []


@pytest.mark.parametrize("sent", [None, "", 0, True, ["x"], {"a": 1}, "\ud800", SECRET.upper()])
def test_no_odd_key_opens_the_door(app: Flask, sent: Any) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    assert platform.post(google(sent)).status_code == 403


def test_a_replaced_secret_fits_until_its_overlap_ends(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    new = change(
        app, platform, lambda one: one.keep_secret(SecretName.SIGNING, None, timedelta(hours=1))
    )
    assert [platform.post(google(key)).status_code for key in (SECRET, new)] == [200, 200]

    def expire(source: Source) -> None:
        source.secrets[0].expires_at = utc_now() - timedelta(seconds=1)

    change(app, platform, expire)
    assert [platform.post(google(key)).status_code for key in (SECRET, new)] == [403, 200]
    change(app, platform, lambda one: one.secrets[1].revoke())
    assert platform.post(google(new)).status_code == 403


def test_a_secret_replaced_without_overlap_fits_no_more(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    new = change(app, platform, lambda one: one.keep_secret(SecretName.SIGNING))
    assert [platform.post(google(key)).status_code for key in (SECRET, new)] == [403, 200]


def test_a_token_in_the_address_opens_until_it_is_revoked_or_over(app: Flask) -> None:
    platform = Platform(app, "form", {})
    body = urlencode(PHONE).encode()
    kind = "application/x-www-form-urlencoded"
    assert platform.post(body, kind).status_code == 200
    old = platform.key

    def replace(source: Source) -> str:
        return source.replace_token(source.tokens[0], timedelta(days=1))

    new = change(app, platform, replace)
    for platform.key in (old, new):
        assert platform.post(body, kind).status_code == 200
    change(app, platform, lambda one: one.tokens[0].revoke())
    platform.key = old
    assert platform.post(body, kind).status_code == 403
    platform.key = new
    assert platform.post(body, kind).status_code == 200
    change(app, platform, lambda one: one.put_away("other"))
    assert platform.post(body, kind).status_code == 403


def test_the_address_needs_a_token_of_this_very_source(app: Flask) -> None:
    platform, other = Platform(app, "yandex", {}), Platform(app, "yandex", {})
    token = platform.key
    platform.key = change(app, platform, lambda one: one.address)
    body = json.dumps(PHONE).encode()
    assert platform.post(body).status_code == 403
    assert platform.post(body, Token=other.key).status_code == 403
    assert platform.post(body, Token=token).status_code == 200
    assert platform.post(body, Authorization=f"Bearer {token}").status_code == 200


def test_a_token_that_may_only_read_pushes_nothing(app: Flask) -> None:
    platform = Platform(app, "form", {})
    platform.key = change(app, platform, lambda one: one.issue_token(("read_statistics",)))
    assert platform.post(b"phone=1", "application/x-www-form-urlencoded").status_code == 403


def test_a_signed_source_asks_for_the_signature_whatever_the_token(app: Flask) -> None:
    platform = Platform(app, "typeform", {"secret": SECRET})
    platform.key = change(app, platform, lambda one: one.issue_token())
    assert platform.post(b"{}").status_code == 403


def test_a_secret_of_another_format_before_hinders_nobody(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})

    def turn(source: Source) -> str:
        source.change(format="form")
        return source.issue_token()

    platform.key = change(app, platform, turn)
    assert platform.post(b"phone=%2B79990000001", "application/x-www-form-urlencoded").json


def test_secrets_are_sealed_and_stay_out_of_logs_and_bodies(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform = Platform(app, "google", {"google_key": SECRET})
    platform.post(google(lead_id=f"{SECRET}-1", note=SECRET))
    platform.post(google("wrong-key-of-somebody"))
    (kept,) = platform.submissions()
    assert SECRET.encode() not in kept["body"]
    assert SECRET not in str(kept["external_id"])
    assert SECRET not in caplog.text
    assert platform.key not in caplog.text
    with app.app_context():
        sealed = db.session.query(SourceSecret).one().sealed
        assert SECRET.encode() not in sealed


def test_the_servers_log_holds_no_token_of_an_address() -> None:
    settings = runpy.run_path(str(Path(__file__).parents[2] / "gunicorn.conf.py"))
    asked = {
        "REQUEST_METHOD": "POST", "PATH_INFO": f"/in/{SECRET}", "RAW_URI": f"/in/{SECRET}?a=1",
        "REMOTE_ADDR": "127.0.0.1", "HTTP_TOKEN": SECRET,
    }  # fmt: skip
    answer, took = SimpleNamespace(status="200 OK"), timedelta(milliseconds=7)
    said = settings["logger_class"].atoms(object(), answer, None, asked, took)
    assert SECRET not in str(said)
    assert said == {"h": "127.0.0.1", "m": "POST", "U": "/in/***", "s": "200", "M": 7}


def test_a_get_is_only_for_the_handshake(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    client = app.test_client()
    for key in (platform.key, "unknown", "A" * 22):
        assert client.get(f"/in/{key}").status_code == 405
        assert client.get(f"/in/{key}?hub.mode=subscribe").status_code == 403


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"hub.verify_token": "other"}, 403),
        ({"hub.mode": "unsubscribe"}, 403),
        ({"hub.challenge": "<b>"}, 403),
        ({"hub.challenge": "9" * 300}, 403),
        ({"hub.challenge": ""}, 403),
        ({"hub.challenge": "٣٣"}, 403),
    ],
)
def test_the_handshake_of_meta_repeats_digits_to_those_who_know_the_token(
    app: Flask, changes: dict[str, str], status: int
) -> None:
    platform = Platform(app, "meta", {"verify_token": SECRET})
    platform.key = change(app, platform, lambda one: one.address)
    asked = {"hub.mode": "subscribe", "hub.challenge": "77", "hub.verify_token": SECRET} | changes
    answer = app.test_client().get(f"/in/{platform.key}?{urlencode(asked)}")
    assert answer.status_code == status
    if status == 200:
        assert (answer.get_data(), answer.mimetype) == (b"77", "text/plain")


# -- signatures ------------------------------------------------------------------------------------


def tiktok(name: str = "Саша 👍") -> dict[str, Any]:
    changes = [{"field": "name", "value": name}, {"field": "phone_number", "value": "+79990000002"}]
    entry = {"id": 7400000000000002101, "page_id": 7300000000000000001, "changes": changes}
    return {"object": 1, "time": 1, "entry": [entry]}


@pytest.mark.parametrize("ascii_only", [True, False])
def test_tiktok_signs_the_body_in_ascii(app: Flask, ascii_only: bool) -> None:
    platform = Platform(app, "tiktok", {"client_secret": SECRET})
    in_ascii = json.dumps(tiktok()).encode()
    assert rb"\ud83d\udc4d" in in_ascii
    body = in_ascii if ascii_only else json.dumps(tiktok(), ensure_ascii=False).encode()
    good = {"X-Open-Signature": signed(in_ascii)}
    assert platform.post(body, **good).status_code == 200
    assert platform.post(body, **{"X-Open-Signature": "0" * 64}).status_code == 403
    (lead,), (kept,) = platform.leads(), platform.submissions()
    assert (lead["first_name"], lead["last_name"]) == ("Саша", "👍")
    assert (kept["external_id"], kept["form_id"]) == ("7400000000000002101", "7300000000000000001")


@pytest.mark.parametrize(("apart", "status"), [(-299, 200), (299, 200), (-301, 403), (301, 403)])
def test_a_stamp_of_tiktok_holds_for_five_minutes(
    app: Flask, monkeypatch: pytest.MonkeyPatch, apart: int, status: int
) -> None:
    now = datetime(2026, 11, 2, 11, tzinfo=UTC)
    monkeypatch.setattr("app.api.inbound.utc_now", lambda: now)
    platform = Platform(app, "tiktok", {"client_secret": SECRET})
    body = json.dumps(tiktok()).encode()
    stamp = str(int(now.timestamp()) + apart)
    header = f"t={stamp},s={signed(stamp.encode() + b'.' + body)}"
    assert platform.post(body, **{"Tiktok-Signature": header}).status_code == status


@pytest.mark.parametrize("header", ["", "t=", "t=x,s=y", "s=,t=", "t=9" * 50, "sha256=é"])
def test_no_odd_signature_is_an_error_of_ours(app: Flask, header: str) -> None:
    for form in ("tiktok", "meta", "typeform"):
        platform = Platform(app, form, {"secret": SECRET})
        for name in ("Tiktok-Signature", "X-Open-Signature", "X-Hub-Signature-256",
                     "Typeform-Signature"):  # fmt: skip
            sent = header.encode().decode("latin-1")
            assert platform.post(b"{}", **{name: sent}).status_code == 403


def test_meta_signs_the_raw_bytes(app: Flask) -> None:
    platform = Platform(app, "meta", {"app_secret": SECRET})
    value = {"leadgen_id": 1000000000000001, "form_id": 5, "created_time": 1793617533, "x": "é"}
    notice = {"field": "leadgen", "value": value}
    second = {"field": "leadgen", "value": value | {"leadgen_id": 2}}
    entries = [
        {"id": "1", "changes": [notice, {"field": "feed", "value": {}}]},
        {"id": "2", "changes": [second]},
    ]
    body = json.dumps({"object": "page", "entry": entries}, indent=1).encode()
    header = {"X-Hub-Signature-256": f"sha256={signed(body)}"}
    again = json.dumps(json.loads(body)).encode()
    assert platform.post(again, **header).status_code == 403
    answer = platform.post(body, **header)
    assert (answer.status_code, answer.get_data()) == (200, b"EVENT_RECEIVED")
    kept = platform.submissions()
    assert [one["external_id"] for one in kept] == ["1000000000000001", "2"]
    assert {one["outcome"] for one in kept} == {"pending"}
    assert json.loads(kept[1]["body"])["entry"][0]["id"] == "2"
    for other in ({"object": "user", "entry": entries}, {"object": "page"}, {}):
        body = json.dumps(other).encode()
        header = {"X-Hub-Signature-256": f"sha256={signed(body)}"}
        assert platform.post(body, **header).status_code == 200
    assert len(platform.submissions()) == 2


def test_typeform_signs_in_base64(app: Flask) -> None:
    platform = Platform(app, "typeform", {"secret": SECRET})
    body = json.dumps(FORMATS["typeform"].sample).encode()
    in_base64 = base64.b64encode(bytes.fromhex(signed(body))).decode()
    assert (
        platform.post(body, **{"Typeform-Signature": f"sha256={signed(body)}"}).status_code == 403
    )
    assert platform.post(body, **{"Typeform-Signature": f"sha256={in_base64}"}).status_code == 200
    (kept,) = platform.submissions()
    assert kept["answers"] == {"Budget": "100"}


# -- what is kept and answered ---------------------------------------------------------------------


def vk(**changes: Any) -> bytes:
    answers = [{"key": "phone_number", "question": "Телефон", "answer": "+79990000003"},
               {"key": "custom_0", "question": "Цвет", "answer": [{"key": "a", "value": "красный"},
                                                                {"value": "синий"}]},
               {"key": "custom_1", "question": "Город", "answer": {"value": "Тверь"}}]  # fmt: skip
    values = {"type": "lead_forms_new", "group_id": 5, "event_id": "e1", "secret": SECRET,
              "object": {"lead_id": 9, "form_id": 3, "answers": answers}}  # fmt: skip
    return json.dumps(values | changes).encode()


def test_answers_of_vk_are_texts_objects_or_lists(app: Flask) -> None:
    platform = Platform(app, "vk", {"secret": SECRET, "group_id": 5})
    answer = platform.post(vk())
    assert (answer.status_code, answer.get_data(), answer.mimetype) == (200, b"ok", "text/plain")
    (kept,) = platform.submissions()
    assert kept["answers"] == {"Цвет": "красный, синий", "Город": "Тверь"}


def test_a_lead_of_vk_is_known_by_its_number_or_its_event(app: Flask) -> None:
    platform = Platform(app, "vk", {"secret": SECRET})
    same_lead = vk(event_id="e2")
    same_event = vk(object=json.loads(vk())["object"] | {"lead_id": 10})
    other_group = vk(event_id="e3", group_id=6)
    for body in (vk(), same_lead, same_event):
        assert platform.post(body).get_data() == b"ok"
    assert [one["outcome"] for one in platform.submissions()] == ["accepted"] + ["repeated"] * 2
    assert platform.post(other_group).get_data() == b"ok"
    assert platform.submissions()[-1]["outcome"] == "accepted"


def test_another_community_of_vk_may_not_send(app: Flask) -> None:
    platform = Platform(app, "vk", {"secret": SECRET, "group_id": 5, "confirmation": "abc"})
    assert platform.post(vk(group_id=6)).status_code == 403
    asked = {"type": "confirmation", "group_id": 6}
    assert platform.post(json.dumps(asked).encode()).status_code == 403
    asked = {"type": "confirmation", "group_id": 5}
    assert platform.post(json.dumps(asked).encode()).get_data() == b"abc"
    assert platform.post(vk(type="message_new")).get_data() == b"ok"
    assert platform.submissions() == []


def test_a_lead_of_google_without_a_contact_is_kept_and_answered_as_accepted(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    answer = platform.post(google(user_column_data=[]))
    assert (answer.status_code, answer.json) == (200, {})
    assert [one["outcome"] for one in platform.submissions()] == ["rejected"]


@pytest.mark.parametrize(
    "columns",
    [None, 5, "x", {}, [None], [[]], [{"column_id": None}], [{"column_id": 5, "string_value": 7}],
     [{"column_id": "EMAIL", "string_value": ["a@example.com"]}],
     [{"string_value": "x"}]],
)  # fmt: skip
def test_no_odd_column_is_an_error_of_ours(app: Flask, columns: Any) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    assert platform.post(google(user_column_data=columns)).status_code == 200


def test_the_columns_of_google_in_other_variants(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    columns = [
        {"column_id": "GIVEN_NAME", "string_value": "Анна"},
        {"column_id": "FAMILY_NAME", "string_value": "Пробная"},
        {"column_id": "WORK_EMAIL", "string_value": "a@example.com"},
        {"column_id": "EMAIL", "string_value": "b@example.com"},
        {"column_id": "PHONE_NUMBER", "string_value": "8 999 000 00 01"},
        {"column_id": "WORK_PHONE", "string_value": "8 999 000 00 02"},
        {"column_id": "COMPANY_NAME", "string_value": "Ромашка"},
        {"column_id": "JOB_TITLE", "string_value": "Директор"},
        {"column_id": "GOVERNMENT_ISSUED_ID_CPF_BR", "string_value": "123-secret-id"},
    ]
    body = google(
        user_column_data=columns, campaign_id="0", lead_id=9007199254740993, gcl_id="G" * 300
    )
    assert platform.post(body).status_code == 200
    (lead,), (kept,) = platform.leads(), platform.submissions()
    assert (lead["first_name"], lead["last_name"]) == ("Анна", "Пробная")
    # A person's own contacts come before those of work.
    assert (lead["email_key"], lead["phone_key"]) == ("b@example.com", "+79990000001")
    assert (lead["company_name"], lead["job_title"]) == ("Ромашка", "Директор")
    assert (kept["external_id"], kept["campaign_sent"]) == ("9007199254740993", None)
    assert (kept["click_id"], kept["answers"]) == (None, None)
    assert b"123-secret-id" not in kept["body"]
    with app.app_context():
        made = db.session.get_one(Lead, lead["id"])
        assert made.phone_keys() == {"+79990000001", "+79990000002"}
        assert made.email_keys() == {"a@example.com", "b@example.com"}


def test_a_test_of_google_makes_no_lead_that_counts(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    assert platform.post(google(is_test=True)).json == {}
    assert [one["outcome"] for one in platform.submissions()] == ["test"]
    assert [lead["is_test"] for lead in platform.leads()] == [True]


@pytest.mark.parametrize("written", ["google", "Google Ads", "google_ads"])
def test_the_campaign_is_found_by_the_platforms_id(app: Flask, written: str) -> None:
    with app.app_context():
        campaign = make_campaign(db.session())
        campaign.add_external_id(written, "21000000001")
        other = make_campaign(db.session())
        other.add_external_id("vk", "21000000002")
        db.session.commit()
        number = campaign.id
    platform = Platform(app, "google", {"google_key": SECRET})
    platform.post(google(campaign_id=21000000001))
    platform.post(google(campaign_id=21000000002, lead_id="L-2"))
    assert [lead["campaign_id"] for lead in platform.leads()] == [number, None]


def test_an_advertisement_or_a_form_may_stand_for_the_campaign(app: Flask) -> None:
    with app.app_context():
        campaign = make_campaign(db.session())
        campaign.add_external_id("vk", "3")
        db.session.commit()
        number = campaign.id
    platform = Platform(app, "vk", {"secret": SECRET})
    platform.post(vk())
    assert [lead["campaign_id"] for lead in platform.leads()] == [number]


def test_national_phones_are_read_by_the_region_of_the_source(app: Flask) -> None:
    platform = Platform(app, "form", {}, phone_region="AM")
    platform.post(b"phone=091+000001", "application/x-www-form-urlencoded")
    assert [lead["phone_key"] for lead in platform.leads()] == ["+37491000001"]


def test_a_mapping_of_the_source_comes_before_what_we_would_guess(app: Flask) -> None:
    platform = Platform(app, "form", {})
    mapping = {"Поле 1": "fio", "field_2": "phone", "name": "company_name", "phone": "answer",
               "Secret": "ignore"}  # fmt: skip
    change(app, platform, lambda one: one.use_mapping(mapping))
    sent = {"поле-1": "Пробная Анна Ивановна", "Field 2": "89990000001", "name": "Ромашка",
            "phone": "не звонить", "secret": "x"}  # fmt: skip
    kind = "application/x-www-form-urlencoded"
    assert platform.post(urlencode(sent).encode(), kind).status_code == 200
    (lead,), (kept,) = platform.leads(), platform.submissions()
    assert (lead["last_name"], lead["first_name"]) == ("Пробная", "Анна")
    assert (lead["middle_name"], lead["company_name"]) == ("Ивановна", "Ромашка")
    assert kept["answers"] == {"phone": "не звонить"}


# -- forms -----------------------------------------------------------------------------------------


def test_a_form_leads_its_visitor_to_the_thanks(app: Flask) -> None:
    platform = Platform(app, "form", {}, thanks_url="https://example.com/thanks")
    kind = "application/x-www-form-urlencoded"
    answer = platform.post(urlencode(PHONE).encode(), kind, Accept="text/html,*/*;q=0.8")
    assert (answer.status_code, answer.location) == (303, "https://example.com/thanks")
    answer = platform.post(urlencode(PHONE).encode(), kind, Accept="application/json")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_visitor_without_a_page_of_thanks_reads_ours(app: Flask) -> None:
    platform = Platform(app, "form", {})
    kind = "application/x-www-form-urlencoded"
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = platform.post(urlencode(PHONE).encode(), kind, **browser)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "Thank you" in answer.get_data(as_text=True)
    answer = platform.post(b"phone=%3Cb%3E12", kind, **browser)
    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "<b>Phone</b>" in text
    assert "<b>12" not in text
    answer = platform.post(b"phone=12", kind, **browser, **{"Accept-Language": "ru"})
    assert "Телефон" in answer.get_data(as_text=True)


def test_a_faulty_form_names_its_fields_and_nobody_else(app: Flask) -> None:
    platform = Platform(app, "form", {})
    kind = "application/x-www-form-urlencoded"
    platform.post(urlencode(PHONE).encode(), kind)
    answer = platform.post(b"name=Anna&phone=12", kind, Origin="https://landing.example.com")
    assert (answer.status_code, set(answer.json)) == (400, {"phone"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Anna" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps(PHONE).encode()),
        ("text/plain", json.dumps(PHONE).encode()),
        ("application/x-www-form-urlencoded; charset=UTF-8", urlencode(PHONE).encode()),
        ("", urlencode(PHONE).encode()),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="phone"\r\n\r\n+79990000001\r\n--x--\r\n',
        ),
    ],
)
def test_a_form_comes_in_any_of_these_clothes(app: Flask, kind: str, body: bytes) -> None:
    platform = Platform(app, "form", {})
    assert platform.post(body, kind).status_code == 200
    assert [lead["phone_key"] for lead in platform.leads()] == ["+79990000001"]


def test_an_old_form_in_windows_1251_is_read(app: Flask) -> None:
    platform = Platform(app, "form", {})
    body = urlencode({"name": "Анна", "phone": "89990000001"}, encoding="windows-1251").encode()
    assert platform.post(body, "application/x-www-form-urlencoded").status_code == 200
    assert [lead["first_name"] for lead in platform.leads()] == ["Анна"]
    assert "" in platform.submissions()[0]["warnings"]


@pytest.mark.parametrize(
    ("sent", "column", "value"),
    [
        ({"your-name": "Анна"}, "first_name", "Анна"),
        ({"form_fields[name]": "Анна"}, "first_name", "Анна"),
        ({"client[first_name]": "Анна"}, "first_name", "Анна"),
        ({"Name_2": "Анна"}, "first_name", "Анна"),
        ({"Введите имя": "Анна"}, "first_name", "Анна"),
        ({"your-email": "b@example.com"}, "email_key", "b@example.com"),
        ({"user_email": "b@example.com"}, "email_key", "b@example.com"),
        ({"Phone_2": "8 999 000 00 09"}, "phone_key", "+79990000009"),
        ({"lead[phone]": "8 999 000 00 09"}, "phone_key", "+79990000009"),
        ({"formname": "Заявка"}, "first_name", ""),
        ({"company_name": "Ромашка"}, "first_name", ""),
        ({"договор": "+7 (999) 000-00-09"}, "phone_key", "+79990000009"),
    ],
)
def test_names_that_form_builders_make_are_understood(
    app: Flask, sent: dict[str, str], column: str, value: str
) -> None:
    platform = Platform(app, "form", {})
    contact = {} if column.endswith("_key") else {"email": "a@example.com"}
    kind = "application/x-www-form-urlencoded"
    assert platform.post(urlencode(contact | sent).encode(), kind).status_code == 200
    assert [lead[column] for lead in platform.leads()] == [value]


def test_a_script_of_another_page_may_post(app: Flask) -> None:
    platform = Platform(app, "form", {})
    answer = app.test_client().options(f"/in/{platform.key}")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_robot_in_the_trap_reads_success_and_makes_no_lead(app: Flask) -> None:
    platform = Platform(app, "form", {"honeypot_field": "url"})
    kind = "application/x-www-form-urlencoded"
    good = platform.post(urlencode(PHONE | {"url": " "}).encode(), kind)
    robot = platform.post(urlencode(PHONE | {"url": "x"}).encode(), kind)
    assert (robot.status_code, robot.get_data()) == (good.status_code, good.get_data())
    assert [one["outcome"] for one in platform.submissions()] == ["accepted", "rejected"]


@pytest.mark.parametrize("version", ["2.0", None])
def test_yandex_forms_come_plain_or_as_json_rpc(app: Flask, version: str | None) -> None:
    platform = Platform(app, "yandex", {})
    inside = PHONE | {"answer_id": 77, "comment": "x"}
    call = {"jsonrpc": version, "id": 5, "method": "lead", "params": inside}
    answer = platform.post(json.dumps(call if version else inside).encode())
    wanted = {"jsonrpc": "2.0", "id": 5, "result": "ok"} if version else {"status": "ok"}
    assert (answer.status_code, answer.json) == (200, wanted)
    (kept,) = platform.submissions()
    assert (kept["external_id"], kept["answers"]) == ("77", {"comment": "x"})


def test_tilda_in_other_variants(app: Flask) -> None:
    platform = Platform(app, "tilda", {})
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    sent = {"ИМЯ": "Тест Тильдов", "ваш телефон": "+7 (999) 000-00-01", "tranid": "1:2",
            "Как с вами связаться?": "вечером"}  # fmt: skip
    assert platform.post(urlencode(sent).encode(), kind).get_data() == b"ok"
    (lead,), (kept,) = platform.leads(), platform.submissions()
    assert (lead["first_name"], lead["last_name"]) == ("Тест", "Тильдов")
    assert kept["answers"] == {"Как с вами связаться?": "вечером"}
    assert platform.post(b"test=test&phone=1", kind).get_data() == b"ok"
    assert platform.submissions()[-1]["outcome"] == "rejected"


def test_questions_in_many_words_are_understood(app: Flask) -> None:
    platform = Platform(app, "typeform", {})
    asked = [("short_text", "Как к вам обращаться?", "Анна"),
             ("short_text", "По какому телефону вам позвонить?", "8 999 000 00 01"),
             ("short_text", "Куда написать (e-mail)?", "a@example.com"),
             ("yes_no", "Согласие", False)]  # fmt: skip
    fields = [
        {"id": str(at), "title": title, "type": kind} for at, (kind, title, _) in enumerate(asked)
    ]
    answers = [
        {"type": "boolean" if kind == "yes_no" else "text", "field": {"id": str(at)},
         ("boolean" if kind == "yes_no" else "text"): value}
        for at, (kind, _, value) in enumerate(asked)
    ]  # fmt: skip
    response = {"token": "t", "definition": {"fields": fields}, "answers": answers}
    body = {"event_type": "form_response", "form_response": response}
    assert platform.post(json.dumps(body).encode()).status_code == 200
    (lead,), (kept,) = platform.leads(), platform.submissions()
    assert (lead["first_name"], lead["phone_key"]) == ("Анна", "+79990000001")
    assert (lead["email_key"], kept["answers"]) == ("a@example.com", {"Согласие": "false"})
    assert kept["consent_at"] is None


# -- nothing is lost -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", SENT)
def test_every_sample_makes_a_lead(app: Flask, form: SourceFormat) -> None:
    platform = Platform(app, form, {})
    answer = platform.post(json.dumps(FORMATS[form].sample).encode())
    assert answer.status_code == 200
    (lead,) = platform.leads()
    assert (lead["first_name"], lead["phone_key"]) == ("Anna", "+79991234567")


@pytest.mark.parametrize("form", SENT)
@pytest.mark.parametrize("body", [b"", b"[]", b"[1]", b"5", b"null", b"{", b"\xff", b'"x"', b"{}"])
def test_no_odd_body_is_an_error_of_ours(app: Flask, form: SourceFormat, body: bytes) -> None:
    platform = Platform(app, form, {})
    assert platform.post(body).status_code in (200, 400)
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "image/png"):
        assert platform.post(body, kind).status_code in (200, 400, 415)
    assert platform.leads() == []


def test_what_is_too_large_is_kept_as_refused(app: Flask) -> None:
    platform = Platform(app, "tilda", {})
    body = b"Comment=" + b"x" * 70_000
    assert platform.post(body, "application/x-www-form-urlencoded").status_code == 413
    assert [one["outcome"] for one in platform.submissions()] == ["rejected"]


def test_when_we_fail_the_whole_request_is_kept_and_sent_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})

    def broken(*_args: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr("app.api.inbound.receive_many", broken)
    answer = platform.post(google())
    assert (answer.status_code, list(answer.json)) == (503, ["message"])
    assert answer.headers["Retry-After"]
    (kept,) = platform.submissions()
    assert (kept["outcome"], kept["door"]) == ("failed", "google")
    assert SECRET.encode() not in kept["body"]
    monkeypatch.undo()
    assert platform.post(google()).status_code == 200
    assert len(platform.leads()) == 1


@pytest.mark.parametrize("form", ["google", "vk"])
def test_a_second_try_still_knows_the_key_of_the_body(
    app: Flask, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    platform = Platform(app, form, {"secret": SECRET})
    tries: list[int] = []

    def once(*args: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("deadlock", {}, Exception())
        return receive_many(*args)

    monkeypatch.setattr("app.api.inbound.receive_many", once)
    assert platform.post(google() if form == "google" else vk()).status_code == 200
    assert [one["outcome"] for one in platform.submissions()] == ["accepted"]


@pytest.mark.parametrize("key", ["%00" * 22, "A" * 21 + "%00", "%ff" * 22, "é" * 22, "a" * 600])
def test_no_odd_address_is_an_error_of_ours(app: Flask, key: str) -> None:
    assert app.test_client().post(f"/in/{key}", data=b"{}").status_code in (403, 404)


def test_one_id_at_one_moment_is_one_request(app: Flask) -> None:
    platform = Platform(app, "google", {"google_key": SECRET})
    answers = at_once([lambda: platform.post(google()) for _ in range(6)])
    assert [answer.status_code for answer in answers] == [200] * 6
    outcomes = [one["outcome"] for one in platform.submissions()]
    assert sorted(outcomes) == ["accepted"] + ["repeated"] * 5


def test_one_notice_at_one_moment_waits_once(app: Flask) -> None:
    platform = Platform(app, "meta", {})
    sent = {"field": "leadgen", "value": {"leadgen_id": "7"}}
    body = json.dumps({"object": "page", "entry": [{"changes": [sent, sent]}]}).encode()
    answers = at_once([lambda: platform.post(body) for _ in range(3)])
    assert [answer.status_code for answer in answers] == [200] * 3
    outcomes = [one["outcome"] for one in platform.submissions()]
    assert sorted(outcomes) == ["pending"] + ["repeated"] * 5


def test_a_request_that_names_itself_is_answered_once(app: Flask) -> None:
    platform = Platform(app, "generic", {})
    body = json.dumps(PHONE).encode()
    key = {"Idempotency-Key": "k-1"}
    assert [platform.post(body, **key).status_code for _ in range(2)] == [200, 200]
    assert platform.post(b'{"phone": "+79990000009"}', **key).status_code == 422
    assert [one["outcome"] for one in platform.submissions()] == [
        "accepted", "repeated", "rejected",
    ]  # fmt: skip


def test_several_leads_of_one_request_are_several_submissions(app: Flask) -> None:
    platform = Platform(app, "tiktok", {})
    body = tiktok()
    second = body["entry"][0] | {"id": 5}
    second["changes"] = [{"field": "phone_number", "value": "+79990000005"}]
    body["entry"].append(second)
    assert platform.post(json.dumps(body).encode()).status_code == 200
    kept = platform.submissions()
    assert [one["external_id"] for one in kept] == ["7400000000000002101", "5"]
    assert b"7400000000000002101" not in kept[1]["body"]
    assert len(platform.leads()) == 2
