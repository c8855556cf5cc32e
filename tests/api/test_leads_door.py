"""POST /api/v1/leads: a lead in our own words, strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import Campaign, CampaignExternalId, Company, Lead
from app.models.clock import today
from tests.api.doors import (
    LEAD,
    LEADS,
    Sending,
    count,
    last_submission,
    leads,
    make_campaigns,
    only,
)  # fmt: skip

CASES = json.loads((Path(__file__).parents[1] / "cases/contacts.json").read_text())["contacts"]
OR_REFUSED = [case for case in CASES if "or_refused" in case["expect"]]


@pytest.fixture
def sender(app: Flask) -> Sending:
    return Sending(app)


def test_a_lead_is_answered_with_the_fields_of_this_request(app: Flask, sender: Sending) -> None:
    answer = sender.post(LEADS, LEAD | {"company_name": "  Ромашка  "})
    assert answer.status_code == 201
    assert answer.json == {
        "id": only(app, Lead, "id")[0],
        "submission": last_submission(app)["id"],
        **LEAD,
        "company_name": "Ромашка",
        "warnings": {},
    }


def test_an_answer_never_shows_what_another_source_sent(app: Flask, sender: Sending) -> None:
    sender.post(LEADS, LEAD | {"last_name": "Secret", "company_name": "Hidden"})
    answer = Sending(app).post(LEADS, {"phone": LEAD["phone"], "first_name": "Someone"})
    assert answer.status_code == 201
    assert "Secret" not in answer.text
    assert "Hidden" not in answer.text
    assert LEAD["email"] not in answer.text
    assert leads(app) == 1


def test_all_faulty_fields_are_told_at_once(app: Flask, sender: Sending) -> None:
    body = {
        "first_name": ["x"], "phone": "12", "email": "no", "campaign": 999, "language": "xx",
        "company_name": "x" * 201, "submitted_at": "2026-02-30", "is_test": "perhaps",
        "answers": [1], "utm": 5, "external_id": "x" * 256, "click_id": "\x00",
        "consent_text": 1,
    }  # fmt: skip
    answer = sender.post(LEADS, body)
    assert answer.status_code == 400
    assert set(answer.json) == set(body)
    assert leads(app) == 0


def test_an_unknown_name_is_a_warning(app: Flask, sender: Sending) -> None:
    answer = sender.post(LEADS, LEAD | {"colour": "red"})
    assert (answer.status_code, list(answer.json["warnings"])) == (201, ["colour"])


def test_everything_that_is_told_of_the_advertisement_is_kept(app: Flask, sender: Sending) -> None:
    body = LEAD | {
        "submitted_at": "2026-01-02T03:04:05+03:00", "answers": {"size": 3, "why": "так"},
        "utm": {"utm_source": "x"}, "click_id": "abc", "consent_text": "I agree",
        "consent_at": "2026-01-02T03:04:05Z", "external_id": 12345678901234567890,
    }  # fmt: skip
    assert sender.post(LEADS, body).status_code == 201
    stored = last_submission(app)
    assert stored["submitted_at"].isoformat() == "2026-01-02T00:04:05+00:00"
    assert stored["answers"] == {"size": 3, "why": "так"}
    assert (stored["utm"], stored["click_id"]) == ({"utm_source": "x"}, "abc")
    assert stored["external_id"] == "12345678901234567890"
    assert stored["consent_text"] == "I agree"
    assert only(app, Lead, "received_at") == [stored["submitted_at"]]


def test_the_same_external_id_is_the_same_request(app: Flask, sender: Sending) -> None:
    first = sender.post(LEADS, LEAD | {"external_id": "A-1"})
    again = sender.post(LEADS, LEAD | {"external_id": "A-1"})
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    stored = last_submission(app)
    assert (stored["outcome"], stored["first_id"]) == ("repeated", first.json["submission"])
    with app.app_context():
        lead = db.session.get(Lead, first.json["id"])
        assert lead is not None
        assert lead.asked_again_at is None
        assert [note.kind for note in lead.notes] == ["created"]
    other = Sending(app).post(LEADS, {"email": "b@example.com", "external_id": "A-1"})
    assert other.json["id"] != first.json["id"]


def test_a_test_lead_is_flagged_and_meets_nobody(app: Flask, sender: Sending) -> None:
    first = sender.post(LEADS, LEAD)
    answer = sender.post(LEADS, LEAD | {"is_test": True})
    assert answer.json["id"] != first.json["id"]
    assert last_submission(app)["outcome"] == "test"
    assert count(app, Lead, Lead.is_test.is_(True)) == 1


class TestCampaigns:
    def test_a_platform_s_id_is_found(self, app: Flask, sender: Sending) -> None:
        campaign_id = make_campaigns(app, 1)[0]
        with app.app_context():
            db.session.add(
                CampaignExternalId(
                    campaign_id=campaign_id, platform="google", external_id="9007199254740993"
                )
            )
            db.session.commit()
        answer = sender.post(LEADS, LEAD | {"campaign": 9007199254740993})
        assert answer.status_code == 201
        assert only(app, Lead, "campaign_id") == [campaign_id]

    @pytest.mark.parametrize("value", ["9" * 12, "-1", "0", "x", 2**31, 10**40, "1 OR 1=1", "１"])
    def test_an_unknown_one_is_refused(self, app: Flask, sender: Sending, value: Any) -> None:
        answer = sender.post(LEADS, LEAD | {"campaign": value})
        assert (answer.status_code, list(answer.json)) == (400, ["campaign"])

    def test_one_put_away_or_ended_takes_leads_with_a_warning(
        self, app: Flask, sender: Sending
    ) -> None:
        away, ended, _ = make_campaigns(app)
        with app.app_context():
            db.session.get_one(Campaign, away).put_away("other")
            db.session.get_one(Campaign, ended).ends_on = today().replace(year=2020, day=1)
            db.session.commit()
        for campaign_id in (away, ended):
            answer = sender.post(LEADS, LEAD | {"campaign": campaign_id})
            assert (answer.status_code, list(answer.json["warnings"])) == (201, ["campaign"])

    def test_the_source_s_default_serves_who_names_none(self, app: Flask) -> None:
        default = make_campaigns(app, 1)[0]
        sender = Sending(app)
        with app.app_context():
            sender.source().default_campaign_id = default
            db.session.commit()
        assert sender.post(LEADS, LEAD).status_code == 201
        assert only(app, Lead, "campaign_id") == [default]


@pytest.mark.parametrize("case", OR_REFUSED, ids=lambda case: case["id"])
def test_a_doubtful_contact_is_stored_whole_or_refused_by_name(
    app: Flask, sender: Sending, case: dict[str, Any]
) -> None:
    with app.app_context():
        Company.of(db.session()).phone_region = case["input"]["region"]
        db.session.commit()
    body = {name: case["input"][name] for name in ("name", "phone", "email")}
    answer = sender.post(LEADS, body)
    if answer.status_code == 400:
        assert set(answer.json) <= set(body)
    else:
        assert (answer.status_code, only(app, Lead, "first_name")) == (
            201, [case["expect"]["first_name"]],
        )  # fmt: skip


@pytest.mark.parametrize("phone", ["+79000000001", "89000000001", "8 (900) 000-00-01"])
def test_a_phone_is_one_number_in_every_notation(app: Flask, sender: Sending, phone: str) -> None:
    sender.post(LEADS, {"phone": "+7 900 000 00 01"})
    sender.post(LEADS, {"phone": phone})
    assert (leads(app), only(app, Lead, "phone_key")) == (1, ["+79000000001"])


def test_the_region_is_the_company_s_setting(app: Flask, sender: Sending) -> None:
    with app.app_context():
        Company.of(db.session()).phone_region = "US"
        db.session.commit()
    sender.post(LEADS, {"phone": "(202) 555-0143"})
    assert only(app, Lead, "phone_key") == ["+12025550143"]


def test_an_address_is_one_in_capitals_too(app: Flask, sender: Sending) -> None:
    sender.post(LEADS, {"email": "hello@example.com"})
    sender.post(LEADS, {"email": "HELLO@EXAMPLE.COM"})
    assert (leads(app), only(app, Lead, "email_key")) == (1, ["hello@example.com"])


@pytest.mark.parametrize("mark", ["\u037e", "\u1fef", "\u212a"])
def test_an_address_never_gains_a_sign_by_normalising(
    app: Flask, sender: Sending, mark: str
) -> None:
    body = {"email": f"victim+test{mark}attacker@example.com", "phone": "+79000000001"}
    assert sender.post(LEADS, body).status_code == 400
    assert leads(app) == 0
