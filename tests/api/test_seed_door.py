"""POST /clients/potential/api/ as existing senders know it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import Lead
from tests.api.doors import (
    EXAMPLE,
    SEED,
    Sending,
    last_submission,
    leads,
    make_campaigns,
    only,
    submissions,
)


@pytest.fixture
def sender(app: Flask) -> Sending:
    return Sending(app)


@pytest.fixture
def example(app: Flask) -> dict[str, Any]:
    return EXAMPLE | {"advertising_company": make_campaigns(app)[1]}


def test_the_example_makes_a_lead_and_answers_its_six_fields_and_the_id(
    app: Flask, sender: Sending, example: dict[str, Any]
) -> None:
    answer = sender.post(SEED, example)
    assert answer.status_code == 201
    assert answer.json == example | {"id": only(app, Lead, "id")[0]}
    assert only(app, Lead, "first_name", "phone_key", "email_key", "campaign_id", "status") == [
        "Ivan", "+79910000001", "ivan.testov@example.com", example["advertising_company"], "new",
    ]  # fmt: skip


def test_the_middle_name_may_be_absent(
    app: Flask, sender: Sending, example: dict[str, Any]
) -> None:
    del example["middle_name"]
    answer = sender.post(SEED, example)
    assert (answer.status_code, answer.json["middle_name"]) == (201, None)


def test_posting_twice_makes_one_lead_and_the_same_answer(
    app: Flask, sender: Sending, example: dict[str, Any]
) -> None:
    first, second = sender.post(SEED, example), sender.post(SEED, example)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert (leads(app), submissions(app)) == (1, 2)


@pytest.mark.parametrize(
    "headers",
    [{"Token": "wrong"}, {"Token": ""}, {"Token": " "}, {}, {"Token": "x" * 5000},
     {"Authorization": "Bearer"}],
)  # fmt: skip
def test_without_a_valid_token_there_is_401_and_no_row(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().post(SEED, json=EXAMPLE, headers=headers)
    assert answer.status_code == 401
    assert answer.json == {"token_errors": "Token is invalid"}
    assert (leads(app), submissions(app)) == (0, 0)


def test_a_wrong_token_is_refused_before_the_body_is_looked_at(app: Flask) -> None:
    answer = app.test_client().post(
        SEED, data=b"x" * 200_000, content_type="text/plain", headers={"Token": "wrong"}
    )
    assert answer.status_code == 401


def test_a_bad_email_and_an_unknown_campaign_are_named_together(
    app: Flask, sender: Sending
) -> None:
    body = EXAMPLE | {"email": "a..b@example.com", "advertising_company": 999}
    answer = sender.post(SEED, body)
    assert answer.status_code == 400
    assert set(answer.json) == {"email", "advertising_company"}
    assert all(isinstance(text, str) for said in answer.json.values() for text in said)
    stored = last_submission(app)
    assert stored["outcome"] == "rejected"
    assert {field: said[0]["code"] for field, said in stored["reasons"].items()} == {
        "email": "bad_email",
        "advertising_company": "unknown_campaign",
    }
    assert leads(app) == 0


def test_a_form_is_taken_like_json(app: Flask, sender: Sending, example: dict[str, Any]) -> None:
    form = {name: str(value) for name, value in example.items() if value is not None}
    answer = sender.post(SEED, data=form)
    assert answer.status_code == 201
    assert answer.json["advertising_company"] == example["advertising_company"]


def test_a_campaign_may_be_sent_as_digits(
    app: Flask, sender: Sending, example: dict[str, Any]
) -> None:
    body = example | {"advertising_company": str(example["advertising_company"])}
    answer = sender.post(SEED, body)
    assert (answer.status_code, answer.json) == (201, example | {"id": answer.json["id"]})


def test_getting_the_list_of_everybody_is_no_longer_possible(app: Flask, sender: Sending) -> None:
    answer = app.test_client().get(SEED, headers={"Token": sender.token})
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_other_media_types_are_415_and_kept_as_rejected(app: Flask, sender: Sending) -> None:
    answer = sender.post(SEED, data=b"<lead/>", content_type="application/xml")
    assert answer.status_code == 415
    assert last_submission(app)["outcome"] == "rejected"
    assert last_submission(app)["body"] == b"<lead/>"


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1])
def test_a_body_has_at_most_64_kilobytes(app: Flask, sender: Sending, size: int) -> None:
    body = b'{"phone_number": "+79910000001"' + b" " * (size - 32) + b"}"
    answer = sender.post(SEED, data=body, content_type="application/json")
    assert len(body) == size
    assert answer.status_code == (201 if size <= 64 * 1024 else 413)
    assert last_submission(app)["outcome"] == ("accepted" if size <= 64 * 1024 else "rejected")


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"null", b"[]", b'"x"', b"1", b'{"a": NaN}', b'{"email": "\xff@example.com"}',
     b"[" * 60_000, b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", b'{"a":' * 12_000,
     b'{"phone_number": ' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_broken_json_is_400_and_kept_as_rejected(app: Flask, sender: Sending, body: bytes) -> None:
    answer = sender.post(SEED, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert isinstance(answer.json, dict)
    stored = last_submission(app)
    assert (stored["outcome"], stored["body"]) == ("rejected", body)
    assert leads(app) == 0


HUGE = 10**30
ODD = [True, 1.5, HUGE, -1, [], [1], {}, {"a": {"b": 1}}, "\x00", "a\x00b", "\ud800", "\u202eabc",
       "a\nb", "x" * 5000, "﷐", "\U000e0001"]  # fmt: skip


@pytest.mark.parametrize("field", list(EXAMPLE))
def test_no_odd_value_of_any_field_is_an_error_of_ours(
    app: Flask, sender: Sending, example: dict[str, Any], field: str
) -> None:
    for value in ODD:
        answer = sender.post(SEED, example | {field: value})
        assert answer.status_code in (201, 400), (value, answer.json)
        if answer.status_code == 400:
            assert list(answer.json) == [field], (value, answer.json)
        else:
            assert value in (1.5, "﷐", "\U000e0001"), value


@pytest.mark.parametrize("value", [True, 1.5, HUGE, [], {"a": 1}, "\x00", "\ud800", "\u202eabc"])
@pytest.mark.parametrize("field", list(EXAMPLE))
def test_a_malformed_field_is_refused_by_its_name(
    app: Flask, sender: Sending, example: dict[str, Any], field: str, value: Any
) -> None:
    answer = sender.post(SEED, example | {field: value})
    assert answer.status_code == 400
    assert list(answer.json) == [field]


def test_a_name_sent_twice_is_refused(app: Flask, sender: Sending) -> None:
    body = b'{"email": "a@example.com", "email": "b@example.com"}'
    answer = sender.post(SEED, data=body, content_type="application/json")
    assert (answer.status_code, list(answer.json)) == (400, ["email"])


def test_neither_phone_nor_email_is_refused_by_both_names(app: Flask, sender: Sending) -> None:
    answer = sender.post(SEED, {"first_name": "Ivan", "phone_number": None})
    assert (answer.status_code, set(answer.json)) == (400, {"phone_number", "email"})


def test_one_contact_is_enough(app: Flask, sender: Sending) -> None:
    assert sender.post(SEED, {"phone_number": 79910000001}).status_code == 201
    assert sender.post(SEED, {"phone_number": "", "email": "a@example.com"}).status_code == 201


def test_errors_are_told_in_russian_when_the_sender_reads_it(app: Flask, sender: Sending) -> None:
    body = {"phone_number": "12"}
    english = sender.post(SEED, body, headers={"Accept-Language": "de, en;q=0.5"})
    russian = sender.post(SEED, body, headers={"Accept-Language": "ru-RU, en;q=0.5"})
    assert set(english.json) == set(russian.json) == {"phone_number"}
    assert english.json["phone_number"][0].isascii()


def test_the_address_works_without_its_last_slash(app: Flask, sender: Sending) -> None:
    assert sender.post(SEED.rstrip("/"), {"email": "a@example.com"}).status_code == 201


def test_a_source_that_needs_a_campaign_refuses_who_names_none(app: Flask) -> None:
    sender = Sending(app, needs_campaign=True)
    answer = sender.post(SEED, {"email": "a@example.com"})
    assert (answer.status_code, list(answer.json)) == (400, ["advertising_company"])


def test_no_session_is_left_open(app: Flask, sender: Sending) -> None:
    sender.post(SEED, {"email": "a@example.com"})
    with app.app_context():
        assert not db.session.registry.has()
