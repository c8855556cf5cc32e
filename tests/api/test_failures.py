"""When something of ours breaks, what arrived is kept and the sender is told to come again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.api import tokens
from app.errors import Invalid, NotAllowedNow
from app.extensions import db
from app.intake import accept_failed, rows
from app.models import Lead, Submission
from tests.api.doors import (
    BATCH,
    LEADS,
    SEED,
    SUBMISSIONS,
    Sending,
    last_submission,
    leads,
    submissions,
)

FAILED = select(Submission).where(Submission.outcome == "failed").order_by(Submission.id)
BODY = {"email": "a@example.com"}


@pytest.fixture
def sender(app: Flask) -> Sending:
    return Sending(app)


@pytest.mark.parametrize("door", [SEED, LEADS, SUBMISSIONS])
def test_an_unexpected_failure_keeps_the_submission_alone(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    def breaking(*_: Any) -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(rows, "insert_notes", breaking)
    answer = sender.post(door, BODY)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "unexpected" not in answer.text
    assert (leads(app), submissions(app)) == (0, 1)
    stored = last_submission(app)
    assert (stored["outcome"], stored["source_id"]) == ("failed", sender.source_id)
    assert b"a@example.com" in stored["body"]


@pytest.mark.parametrize("error", [IntegrityError, OperationalError])
def test_a_collision_is_met_by_doing_it_again(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    insert, calls = rows.insert_notes, []

    def breaking_once(*args: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise error("statement", {}, Exception("deadlock"))
        insert(*args)

    monkeypatch.setattr(rows, "insert_notes", breaking_once)
    assert sender.post(LEADS, BODY).status_code == 201
    assert (leads(app), submissions(app)) == (1, 1)


def away(*_args: Any, **_more: Any) -> None:
    raise OperationalError("statement", {}, Exception("away"))


def test_without_a_database_the_sender_is_asked_to_come_again(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "admit", away)
    answer = sender.post(LEADS, BODY)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_database_that_goes_away_meanwhile_is_no_error_of_the_sender_either(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    def going(*_args: Any, **_more: Any) -> None:
        monkeypatch.setattr(tokens, "admit", away)
        away()

    monkeypatch.setattr(rows, "insert_notes", going)
    assert sender.post(LEADS, BODY).status_code == 503


def test_the_inbox_accepts_what_had_failed(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rows, "insert_notes", away)
        for door in (SEED, LEADS, SUBMISSIONS):
            assert sender.post(door, BODY).status_code == 503
        assert sender.post(SUBMISSIONS, data=BODY).status_code == 503
        assert sender.post(
            SUBMISSIONS, data=BODY, content_type="multipart/form-data"
        ).status_code == 503  # fmt: skip
        answer = sender.post(BATCH, [BODY, {"email": "bad"}])
        assert [one["status"] for one in answer.json["results"]] == [503, 503]
    with app.app_context():
        session = db.session()
        failed = list(session.scalars(FAILED))
        *failed, bad = failed
        assert len(failed) == 6
        with pytest.raises(Invalid):
            accept_failed(session, bad)
        assert bad.outcome == "failed"
        receipts = [accept_failed(session, one) for one in failed]
        session.commit()
        assert len({one.lead_id for one in receipts}) == 1
        assert {one.outcome for one in failed} == {"repeated"}
        lead = session.scalars(select(Lead)).one()
        assert lead.received_at == failed[0].received_at
        with pytest.raises(NotAllowedNow):
            accept_failed(session, failed[0])


def test_a_rollback_that_fails_is_no_fault_of_the_sender(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sending(app)

    def away(*_: object) -> None:
        raise OperationalError("ROLLBACK", {}, Exception("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(Session, "rollback", away)
        answer = sender.post(LEADS, {"email": "a@example.com"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert sender.post(LEADS, {"email": "a@example.com"}).status_code == 201
