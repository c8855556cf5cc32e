"""When something of ours breaks, what arrived is kept and the sender is told to come again."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app import create_app
from app.api import entries, tokens
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
from tests.site import settings_for

FAILED = select(Submission).where(Submission.outcome == "failed").order_by(Submission.id)
BODY = {"email": "a@example.com"}
NOT_KEPT = {"detail": ["The database does not answer just now. Try again in a minute."]}


@pytest.fixture
def sender(app: Flask) -> Sending:
    return Sending(app)


@pytest.mark.parametrize("door", [SEED, LEADS, SUBMISSIONS])
def test_an_unexpected_failure_keeps_the_submission_alone(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    def breaking(*_: Any) -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(rows, "write", breaking)
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
    write, calls = rows.write, []

    def breaking_once(*args: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise error("statement", {}, Exception("deadlock"))
        write(*args)

    monkeypatch.setattr(rows, "write", breaking_once)
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

    monkeypatch.setattr(rows, "write", going)
    answer = sender.post(LEADS, BODY)
    assert answer.status_code == 503
    assert answer.json == NOT_KEPT
    assert submissions(app) == 0


def test_no_item_of_a_batch_is_called_kept_that_is_not(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def going(*_args: Any, **_more: Any) -> None:
        tried.append(1)
        monkeypatch.setattr(tokens, "admit", away)
        away()

    monkeypatch.setattr(rows, "write", going)
    answer = sender.post(BATCH, [BODY, {"email": "b@example.com"}])
    assert answer.json == {"results": [{"status": 503, "errors": NOT_KEPT}] * 2}
    assert len(tried) == 1
    assert submissions(app) == 0


def test_a_platform_is_not_told_either_that_its_request_was_kept(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    def going(*_args: Any, **_more: Any) -> None:
        monkeypatch.setattr(entries, "find", away)
        away()

    monkeypatch.setattr(rows, "write", going)
    answer = sender.post(f"/in/{sender.token}", BODY)
    assert (answer.status_code, answer.json) == (503, NOT_KEPT)
    assert int(answer.headers["Retry-After"]) > 0
    assert submissions(app) == 0


def test_a_server_that_cannot_be_reached_is_an_answer_and_a_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The application starts without it: a web process that is killed meanwhile comes back."""
    with closing(socket.socket()) as nobody:  # bound, and never listened on
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg2://crm@127.0.0.1:{nobody.getsockname()[1]}/crm"
        app = create_app(settings_for(url) | {"PROPAGATE_EXCEPTIONS": False})
        app.testing = False
        client = app.test_client()
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503
        caplog.clear()
        for door in (SEED, LEADS, BATCH, SUBMISSIONS, "/in/aaaaaaaaaaaaaaaaaaaaaa"):
            answer = client.post(door, json=BODY, headers={"Token": "x" * 30})
            assert (answer.status_code, answer.json) == (503, NOT_KEPT)
            assert 0 < int(answer.headers["Retry-After"]) <= 10
        with client.session_transaction() as kept:
            kept["_user_id"] = "1"
        page = client.get("/leadview/list/")
        assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
    assert len(caplog.records) == 6
    assert [record.exc_info for record in caplog.records] == [None] * 6


def test_the_inbox_accepts_what_had_failed(
    app: Flask, sender: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rows, "write", away)
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
        patched.setattr(tokens, "admit", away)
        patched.setattr(Session, "rollback", away)
        answer = sender.post(LEADS, {"email": "a@example.com"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert sender.post(LEADS, {"email": "a@example.com"}).status_code == 201
