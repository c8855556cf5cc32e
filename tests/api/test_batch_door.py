"""POST /api/v1/leads/batch: up to 100 leads, each with an outcome of its own."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.intake import many, reading
from app.models import Submission
from tests.api.doors import BATCH, Sending, last_submission, leads, submissions


@pytest.fixture
def sender(app: Flask) -> Sending:
    return Sending(app)


def outcomes(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Submission.outcome).order_by(Submission.id)))


def test_each_item_has_its_own_outcome_in_the_given_order(app: Flask, sender: Sending) -> None:
    items = [
        {"phone": "+79910000001", "first_name": "A"},
        {"phone": "12", "email": "no"},
        {"phone": "8 991 000 00 01", "first_name": "B"},
        "no object",
        {"email": "c@example.com", "external_id": "1"},
        {"email": "c@example.com", "external_id": "1"},
    ]
    answer = sender.post(BATCH, items)
    assert answer.status_code == 200
    results = answer.json["results"]
    assert [one["status"] for one in results] == [201, 400, 201, 400, 201, 201]
    assert results[0]["id"] == results[2]["id"]
    assert results[4]["id"] == results[5]["id"]
    assert set(results[1]["errors"]) == {"phone", "email"}
    assert leads(app) == 2
    assert sorted(outcomes(app)) == sorted(
        ["accepted", "rejected", "accepted", "rejected", "accepted", "repeated"]
    )


def test_the_list_may_stand_under_a_name(app: Flask, sender: Sending) -> None:
    answer = sender.post(BATCH, {"leads": [{"email": "a@example.com"}]})
    assert (answer.status_code, len(answer.json["results"])) == (200, 1)


@pytest.mark.parametrize("number", [100, 101])
def test_there_are_at_most_a_hundred(app: Flask, sender: Sending, number: int) -> None:
    answer = sender.post(BATCH, [{"email": f"a{n}@example.com"} for n in range(number)])
    assert answer.status_code == (200 if number == 100 else 400)
    assert leads(app) == (100 if number == 100 else 0)
    assert submissions(app) == (100 if number == 100 else 1)


@pytest.mark.parametrize("body", [[], {}, {"leads": 1}, "x", None, {"leads": []}])
def test_what_is_no_list_is_refused_and_kept(app: Flask, sender: Sending, body: Any) -> None:
    import json

    answer = sender.post(BATCH, data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert last_submission(app)["outcome"] == "rejected"


def test_one_item_that_breaks_us_takes_no_other_with_it(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = reading.read_person

    def breaking(arrival: Any, region: str) -> Any:
        if arrival.first_name == "Break":
            raise RuntimeError("unexpected")
        return read(arrival, region)

    monkeypatch.setattr(many, "read_person", breaking)
    items = [{"email": f"{name}@example.com", "first_name": name} for name in ("A", "Break", "C")]
    answer = sender.post(BATCH, items)
    assert answer.status_code == 200
    assert [one["status"] for one in answer.json["results"]] == [201, 503, 201]
    assert outcomes(app) == ["accepted", "failed", "accepted"]
    assert leads(app) == 2
