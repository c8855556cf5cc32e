"""Other variants of what the shared webhook cases hold: each becomes the lead that was meant.

How a body is read does not depend on the database, so these run on one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from app.intake.formats.tiktok import in_ascii
from tests.intake.cases import Platform

FORM = "application/x-www-form-urlencoded"
KEY = "a-signing-key"
PHONE, OTHER = "+79000000001", "+79000000002"


def the_lead(platform: Platform, answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    (lead,) = platform.leads()
    return lead


def phones_of(platform: Platform) -> list[str]:
    from app.models import Lead
    from tests.views.pages import read

    return sorted(read(platform.app, lambda s: s.query(Lead).one().phone_keys()))


def posted(app: Flask, form: str, body: bytes, media_type: str = FORM) -> tuple[Platform, Any]:
    platform = Platform(app, form, {})
    return platform, platform.post(body, media_type)


# -- what people type ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Anna <anna@example.com>", "anna@example.com"), ("<anna@example.com>", "anna@example.com"),
        ("MAILTO:Anna@Example.com?subject=hi", "anna@example.com"),
        ("anna@example.com.", "anna@example.com"), ("anna@example.com,", "anna@example.com"),
        ("E-mail: anna@example.com", "anna@example.com"),
        ("anna@example.com (рабочая)", "anna@example.com"),
        ("Anna+X@пример.рф", "anna+x@пример.рф"), ("ANNA@EXAMPLE.COM\u200b", "anna@example.com"),
        ("a@example.com / b@example.com", "a@example.com"),
    ],
)  # fmt: skip
def test_what_stands_around_an_address_costs_no_lead(
    sqlite_app: Flask, typed: str, key: str
) -> None:
    platform, answer = posted(sqlite_app, "form", urlencode({"email": typed}).encode())
    assert the_lead(platform, answer)["email_key"] == key


@pytest.mark.parametrize(
    "typed",
    ["victim <x>@example.com", "a@b <c@example.com", "a@example.com <b@example.com>",
     "x;anna@example.com", "x\u037eanna@example.com", "anna @example.com", "anna@@example.com",
     "anna@localhost", "anna@[127.0.0.1]", "anna(at)example.com", "a..b@example.com"],
)  # fmt: skip
def test_no_address_is_made_of_what_is_none(sqlite_app: Flask, typed: str) -> None:
    sent = {"email": typed, "phone": PHONE}
    platform, answer = posted(sqlite_app, "form", urlencode(sent).encode())
    assert the_lead(platform, answer)["email_key"] is None
    assert platform.submissions()[0]["warnings"]["email"]


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("8 (900) 000-00-01 доб. 5", [PHONE]),
        ("+7 900 000 00 01; +7 900 000 00 02", [PHONE, OTHER]),
        ("89000000001 89000000002", [PHONE, OTHER]), (f"{PHONE}{OTHER}", [PHONE, OTHER]),
        ("007 900 0000001", [PHONE]), ("810 7 900 000 00 01", [PHONE]),
        ("＋７９００００００００１", [PHONE]), ("79000000001.0", [PHONE]),
        ("+8 900 000 00 01", [PHONE]),
        ("https://wa.me/79000000001", [PHONE]), ("+7\u2011900\u2011000\u201100\u201101", [PHONE]),
        ("8 900 0000001 или 8 900 0000002", [PHONE, OTHER]),
    ],
)  # fmt: skip
def test_a_phone_is_read_in_each_notation(sqlite_app: Flask, typed: str, keys: list[str]) -> None:
    platform, answer = posted(sqlite_app, "form", urlencode({"phone": typed}).encode())
    assert the_lead(platform, answer)["phone_key"] == keys[0]
    assert phones_of(platform) == keys


@pytest.mark.parametrize("typed", ["7.9E+10", "+7 (9OO) OOO-OO-O1", "1-800-FLOWERS", "112", "+7"])
def test_what_is_no_phone_waits_in_the_inbox(sqlite_app: Flask, typed: str) -> None:
    platform, answer = posted(sqlite_app, "form", urlencode({"phone": typed}).encode())
    assert answer.status_code == 400
    assert [one["outcome"] for one in platform.submissions()] == ["rejected"]


# -- names of fields -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"Тел.": "89000000001"}, {"Моб.": "89000000001"}, {"contact[0][phone]": "89000000001"},
        {"contact": "89000000001"}, {"Контакт": "8 (900) 000-00-01"}, {"Input": "89000000001"},
        {"Как с вами связаться?": "89000000001"}, {"Ватсап": "+7 900 000-00-01"},
        {"data": json.dumps({"phone": "89000000001"})},
        {"payload": json.dumps([{"name": "phone", "value": "89000000001"}])},
        {"phone": "", "tel": "89000000001"},
    ],
)  # fmt: skip
def test_a_phone_is_found_under_each_of_these_names(
    sqlite_app: Flask, fields: dict[str, str]
) -> None:
    platform, answer = posted(sqlite_app, "form", urlencode(fields).encode())
    assert the_lead(platform, answer)["phone_key"] == PHONE


@pytest.mark.parametrize(
    "fields",
    [
        {"Номер заказа": "89000000001"},
        {"ИНН": "7707083893"},
        {"Удобное время связи": "10:00-18:00"},
    ],
)
def test_no_other_number_becomes_a_phone(sqlite_app: Flask, fields: dict[str, str]) -> None:
    sent = fields | {"email": "a@example.com"}
    platform, answer = posted(sqlite_app, "form", urlencode(sent).encode())
    assert the_lead(platform, answer)["phone_key"] is None
    assert platform.submissions()[0]["answers"] == fields


def test_what_a_form_repeats_is_kept_whole(sqlite_app: Flask) -> None:
    body = "phone=89000000001&phone=89000000002&svc[]=a&svc[]=b&agree=0&agree=1&name=А&name=Б"
    platform, answer = posted(sqlite_app, "form", body.encode())
    lead = the_lead(platform, answer)
    (kept,) = platform.submissions()
    assert phones_of(platform) == [PHONE, OTHER]
    assert kept["answers"] == {"svc[]": ["a", "b"]}
    assert kept["consent_at"] is not None
    assert lead["first_name"] == "Б"  # the last one counts, and that is told
    assert "name" in kept["warnings"]


def test_a_secret_beside_a_repeated_field_costs_none_of_it(sqlite_app: Flask) -> None:
    body = b"phone=89000000001&svc=a&svc=b&token=first-secret&token=second-secret"
    platform, _ = posted(sqlite_app, "form", body)
    kept = platform.submissions()[0]["body"]
    assert b"svc=a&svc=b" in kept
    assert b"secret" not in kept


# -- bodies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("name=Анна&phone=89000000001".encode("cp1251"), FORM),
        ("name=Анна&phone=89000000001".encode("koi8-r"), f"{FORM}; charset=koi8-r"),
        ("name=Анна&phone=89000000001".encode("cp866"), f'{FORM}; charset="ibm866"'),
        (b"name=%C0%ED%ED%E0&phone=89000000001", FORM),
        ('{"name": "Анна", "phone": "89000000001"}'.encode("cp1251"), "application/json"),
        ('{"name": "Анна", "phone": "89000000001"}'.encode("utf-16"), "application/json"),
    ],
)
def test_an_old_encoding_is_read_and_told(sqlite_app: Flask, body: bytes, media_type: str) -> None:
    platform, answer = posted(sqlite_app, "form", body, media_type)
    assert the_lead(platform, answer)["first_name"] == "Анна"
    assert platform.submissions()[0]["warnings"][""][0]["code"] == "bad_encoding"


@pytest.mark.parametrize(
    "damaged", [b"%D0", b"%ED%A0%BD%ED%B8%80", b"\xff"], ids=["cut", "halves", "byte"]
)
def test_one_damaged_letter_costs_no_other(sqlite_app: Flask, damaged: bytes) -> None:
    body = "name=Анна Пробная&phone=89000000001&note=".encode() + damaged
    platform, answer = posted(sqlite_app, "form", body)
    lead = the_lead(platform, answer)
    assert (lead["first_name"], lead["last_name"]) == ("Анна", "Пробная")
    assert platform.submissions()[0]["warnings"][""][0]["code"] == "bad_encoding"


@pytest.mark.parametrize("name", ["СЕМЁН КОВАЛЁВ", "Я", "ООО «РОМАШКА»", "№ 5", "Ёж"])
def test_capitals_of_windows_1251_are_no_damaged_utf8(sqlite_app: Flask, name: str) -> None:
    body = f"company={name}&phone=89000000001".encode("cp1251")
    platform, answer = posted(sqlite_app, "form", body)
    assert the_lead(platform, answer)["company_name"] == name


@pytest.mark.parametrize("charset", ["x-unknown", "base64", "rot13", "utf-8", ""])
def test_no_charset_that_is_said_breaks_the_door(sqlite_app: Flask, charset: str) -> None:
    body = "name=Анна&phone=89000000001".encode("cp1251")
    platform, answer = posted(sqlite_app, "form", body, f"{FORM}; charset={charset}")
    assert the_lead(platform, answer)["first_name"] == "Анна"


def multipart(*parts: tuple[str, bytes]) -> bytes:
    written = b"".join(
        b"--XX\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + body + b"\r\n"
        for head, body in parts
    )
    return written + b"--XX--\r\n"


MULTIPART = "multipart/form-data; boundary=XX"


def test_a_multipart_form_in_windows_1251_keeps_its_letters(sqlite_app: Flask) -> None:
    body = multipart(('name="name"', "Анна".encode("cp1251")), ('name="phone"', PHONE.encode()))
    platform, answer = posted(sqlite_app, "form", body, MULTIPART)
    assert the_lead(platform, answer)["first_name"] == "Анна"
    assert b"\\ufffd" not in platform.submissions()[0]["body"]


def test_a_multipart_form_keeps_what_it_repeats_and_the_name_of_a_file(sqlite_app: Flask) -> None:
    body = multipart(
        ('name="phone"', PHONE.encode()), ('name="svc"', b"a"), ('name="svc"', b"b"),
        ('name="cv"; filename="ф.pdf"\r\nContent-Type: application/pdf', b"%PDF"),
    )  # fmt: skip
    platform, answer = posted(sqlite_app, "form", body, MULTIPART)
    the_lead(platform, answer)
    (kept,) = platform.submissions()
    assert kept["answers"] == {"svc": ["a", "b"], "cv": "ф.pdf"}
    assert json.loads(kept["body"])["svc"] == ["a", "b"]


@pytest.mark.parametrize("media_type", ["multipart/form-data", "multipart/form-data; boundary=YY"])
def test_a_multipart_form_that_cannot_be_read_is_kept_as_it_came(
    sqlite_app: Flask, media_type: str
) -> None:
    body = multipart(('name="phone"', PHONE.encode()))
    platform, answer = posted(sqlite_app, "form", body, media_type)
    assert answer.status_code == 415
    assert platform.submissions()[0]["body"] == body


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_another_method_is_refused(sqlite_app: Flask, method: str) -> None:
    platform = Platform(sqlite_app, "form", {})
    assert sqlite_app.test_client().open(f"/in/{platform.key}", method=method).status_code == 405


# -- platforms -------------------------------------------------------------------------------------


def google(app: Flask, columns: Any, **more: Any) -> Platform:
    platform = Platform(app, "google", {"google_key": KEY})
    body = {"google_key": KEY, "lead_id": "L1", "user_column_data": columns} | more
    assert platform.post(json.dumps(body).encode()).status_code == 200
    return platform


def column(name: str, value: Any) -> dict[str, Any]:
    return {"column_id": name, "string_value": value}


def test_the_whole_name_beside_its_half_loses_nothing(sqlite_app: Flask) -> None:
    columns = [
        column("FIRST_NAME", "Anna"), column("FULL_NAME", "Anna Maria B"),
        column("PHONE_NUMBER", PHONE),
    ]  # fmt: skip
    (lead,) = google(sqlite_app, columns).leads()
    assert (lead["first_name"], lead["last_name"]) == ("Anna", "Maria B")


def test_the_contacts_of_work_come_second_wherever_they_stand(sqlite_app: Flask) -> None:
    columns = [
        column("WORK_EMAIL", "w@example.com"), column("WORK_PHONE", "+74950000001"),
        column("EMAIL", "p@example.com"), column("PHONE_NUMBER", PHONE),
    ]  # fmt: skip
    platform = google(sqlite_app, columns)
    (lead,) = platform.leads()
    assert (lead["phone_key"], lead["email_key"]) == (PHONE, "p@example.com")
    assert phones_of(platform) == ["+74950000001", PHONE]


@pytest.mark.parametrize("campaign", [21000000001, "21000000001", 21000000001.0])
def test_an_id_is_the_same_however_it_is_written(sqlite_app: Flask, campaign: Any) -> None:
    platform = google(sqlite_app, [column("PHONE_NUMBER", PHONE)], campaign_id=campaign)
    assert platform.submissions()[0]["campaign_sent"] == "21000000001"


def test_names_of_protocol_buffers_are_understood(sqlite_app: Flask) -> None:
    listed = [{"columnId": "PHONE_NUMBER", "stringValue": PHONE},
              {"columnId": "GOVERNMENT_ISSUED_ID_CPF", "stringValue": "52998224725"}]  # fmt: skip
    platform = google(sqlite_app, None, userColumnData=listed)
    assert platform.leads()[0]["phone_key"] == PHONE
    assert b"52998224725" not in platform.submissions()[0]["body"]


def test_the_leads_of_a_form_as_the_graph_lists_them(sqlite_app: Flask) -> None:
    leads = [
        {"id": str(number), "field_data": [{"name": "email", "values": [f"{number}@example.com"]}]}
        for number in (1, 2)
    ]
    platform = Platform(sqlite_app, "meta", {})
    assert platform.post(json.dumps({"data": leads}).encode()).status_code == 200
    assert [one["external_id"] for one in platform.submissions()] == ["1", "2"]
    assert len(platform.leads()) == 2


@pytest.mark.parametrize(
    "changes",
    [
        [{"field": "leadgen", "value": json.dumps({"name": "Саша 🙂", "phone_number": PHONE})}],
        [{"field": "lead", "value": {"name": "Саша 🙂", "phone_number": PHONE}}],
        [{"field": "f", "value": [{"name": "phone_number", "values": [PHONE]},
                                  {"name": "name", "values": ["Саша 🙂"]}]}],
        [{"field": "phone_number", "value": {"value": PHONE}},
         {"field": "name", "value": {"first_name": "Саша", "last_name": "🙂"}}],
    ],
    ids=["text", "object", "list", "inside"],
)  # fmt: skip
def test_the_value_of_a_change_of_tiktok_in_each_shape(sqlite_app: Flask, changes: Any) -> None:
    platform = Platform(sqlite_app, "tiktok", {"app_secret": KEY})
    entry = {"id": 7400000000000000101, "changes": changes}
    body = json.dumps({"object": 1, "entry": [entry]}, ensure_ascii=False).encode()
    signature = hmac.new(KEY.encode(), in_ascii(body), hashlib.sha256).hexdigest().upper()
    lead = the_lead(platform, platform.post(body, **{"X-Open-Signature": signature}))
    assert (lead["first_name"], lead["last_name"]) == ("Саша", "🙂")
    assert lead["phone_key"] == PHONE
    assert platform.submissions()[0]["external_id"] == "7400000000000000101"


@pytest.mark.parametrize(
    "answers",
    [
        [{"key": "phone_number", "answer": "8 900 000 00 01"}],
        [{"key": "phone_number", "answer": {"key": "0", "value": PHONE}}],
        [{"key": "phone_number", "answer": [{"value": PHONE}]}],
        [{"key": "custom_0", "question": "Ваш телефон", "answer": PHONE}],
        {"phone_number": PHONE},
    ],
)
def test_the_answers_of_vk_in_each_shape(sqlite_app: Flask, answers: Any) -> None:
    platform = Platform(sqlite_app, "vk", {"secret": KEY})
    body = {"type": "lead_forms_new", "group_id": 7, "event_id": "e", "secret": KEY,
            "object": {"lead_id": 5, "answers": answers}}  # fmt: skip
    assert the_lead(platform, platform.post(json.dumps(body).encode()))["phone_key"] == PHONE


def test_what_a_visitor_answers_comes_before_what_the_page_knew(sqlite_app: Flask) -> None:
    platform = Platform(sqlite_app, "typeform", {"secret": KEY})
    response = {
        "token": "t", "hidden": {"phone": OTHER, "utm_source": "g"},
        "answers": [{"type": "phone_number", "phone_number": PHONE, "field": {"id": "1"}}],
    }  # fmt: skip
    body = json.dumps({"event_type": "form_response", "form_response": response}).encode()
    mac = base64.b64encode(hmac.new(KEY.encode(), body, hashlib.sha256).digest()).decode()
    answer = platform.post(body, **{"Typeform-Signature": f"sha256={mac}"})
    assert the_lead(platform, answer)["phone_key"] == PHONE
    assert phones_of(platform) == [PHONE, OTHER]


def test_marks_that_tilda_escapes_twice_are_read(sqlite_app: Flask) -> None:
    cookies = "a=1; TILDAUTM=utm_source%3Dya%7C%7C%7Cutm_term%3D%25D1%258B"
    sent = {"Phone": PHONE, "tranid": "1", "COOKIES": cookies}
    platform, answer = posted(sqlite_app, "tilda", urlencode(sent).encode())
    the_lead(platform, answer)
    assert platform.submissions()[0]["utm"] == {"utm_source": "ya", "utm_term": "ы"}
