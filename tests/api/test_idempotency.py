"""The header Idempotency-Key: the same request delivered again gets the stored answer."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.extensions import db
from app.models import IdempotencyKey, Lead, Note, Submission
from app.models.clock import utc_now
from tests.api.doors import (
    BATCH,
    LEADS,
    SUBMISSIONS,
    Sending,
    count,
    last_submission,
    leads,
)  # fmt: skip

BODY = {"email": "a@example.com"}
KEY = {"Idempotency-Key": "order-1"}


@pytest.fixture
def sender(app: Flask) -> Sending:
    return Sending(app)


def test_the_same_key_gets_the_same_answer_and_changes_nothing(app: Flask, sender: Sending) -> None:
    first, again = (sender.post(LEADS, BODY, headers=KEY) for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert (leads(app), count(app, Note)) == (1, 1)
    stored = last_submission(app)
    assert (stored["outcome"], stored["first_id"], stored["lead_id"]) == (
        "repeated", first.json["submission"], first.json["id"],
    )  # fmt: skip


def test_a_whole_batch_may_be_delivered_again(app: Flask, sender: Sending) -> None:
    items = [BODY, {"phone": "12"}]
    first, again = (sender.post(BATCH, items, headers=KEY) for _ in range(2))
    assert first.json == again.json
    assert leads(app) == 1


def test_another_body_under_the_same_key_is_422(app: Flask, sender: Sending) -> None:
    sender.post(LEADS, BODY, headers=KEY)
    answer = sender.post(LEADS, {"email": "b@example.com"}, headers=KEY)
    assert (answer.status_code, list(answer.json)) == (422, ["Idempotency-Key"])
    assert last_submission(app)["outcome"] == "rejected"
    assert sender.post(SUBMISSIONS, BODY, headers=KEY).status_code == 422
    assert leads(app) == 1


def test_a_refusal_uses_up_no_key(app: Flask, sender: Sending) -> None:
    assert sender.post(LEADS, {"email": "bad"}, headers=KEY).status_code == 400
    assert sender.post(LEADS, BODY, headers=KEY).status_code == 201


def test_keys_of_two_sources_do_not_meet(app: Flask, sender: Sending) -> None:
    sender.post(LEADS, BODY, headers=KEY)
    answer = Sending(app).post(LEADS, {"email": "b@example.com"}, headers=KEY)
    assert answer.status_code == 201


def test_two_tokens_of_one_source_are_one_source(app: Flask, sender: Sending) -> None:
    with app.app_context():
        second = sender.source().issue_token()
        db.session.commit()
    first = sender.post(LEADS, BODY, headers=KEY)
    again = sender.post(LEADS, BODY, headers=KEY | {"Token": second})
    assert again.json == first.json
    assert count(app, Note) == 1


def test_a_key_is_free_again_after_seven_days(app: Flask, sender: Sending) -> None:
    sender.post(LEADS, BODY, headers=KEY)
    with app.app_context():
        db.session.execute(update(IdempotencyKey).values(created_at=utc_now() - timedelta(days=7)))
        db.session.commit()
    assert sender.post(LEADS, {"email": "b@example.com"}, headers=KEY).status_code == 201
    assert count(app, IdempotencyKey) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\tb"])
def test_a_malformed_key_is_refused(app: Flask, sender: Sending, key: str) -> None:
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    assert sender.post(LEADS, BODY, headers=headers).status_code == 400
    assert leads(app) == 0


def test_the_same_key_at_the_same_moment_has_one_effect(app: Flask, sender: Sending) -> None:
    answers: list[Any] = []
    barrier = Barrier(8)

    def post() -> None:
        barrier.wait()
        answers.append(sender.post(LEADS, BODY, headers=KEY))

    threads = [Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.text for answer in answers}) == 1
    with app.app_context():
        found = list(db.session.scalars(select(Submission.outcome)))
        assert sorted(found) == ["accepted"] + ["repeated"] * 7
        assert len(list(db.session.scalars(select(Lead)))) == 1
        assert [note.kind for note in db.session.scalars(select(Note))] == ["created"]
