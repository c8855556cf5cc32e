"""Who may post: tokens of sources and of the environment, and what becomes of revoked ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Lead, Source, SourceToken, Submission
from app.models.clock import utc_now
from app.models.source import ENVIRONMENT, Scope
from tests.api.doors import BATCH, LEADS, SEED, SUBMISSIONS, Sending, count, leads, submissions

BODY = {"email": "a@example.com"}
DOORS = {SEED: BODY, LEADS: BODY, BATCH: [BODY], SUBMISSIONS: BODY}


@pytest.fixture
def sender(app: Flask) -> Sending:
    return Sending(app)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer  {}", "Token {}"])
def test_every_door_takes_both_headers(app: Flask, sender: Sending, door: str, scheme: str) -> None:
    headers = {"Authorization": scheme.format(sender.token)}
    answer = app.test_client().post(door, json=DOORS[door], headers=headers)
    assert answer.status_code in (200, 201)
    assert sender.post(door, DOORS[door]).status_code in (200, 201)


@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses_a_stranger_without_a_trace(app: Flask, door: str) -> None:
    answer = app.test_client().post(door, json=DOORS[door], headers={"Token": "wrong"})
    assert (answer.status_code, answer.json) == (401, {"token_errors": "Token is invalid"})
    assert (leads(app), submissions(app)) == (0, 0)


def test_a_revoked_token_is_refused_at_once_and_others_go_on_working(
    app: Flask, sender: Sending
) -> None:
    with app.app_context():
        other = sender.source().issue_token()
        db.session.commit()
    assert sender.post(SEED, BODY).status_code == 201
    with app.app_context():
        sender.source().tokens[0].revoke()
        db.session.commit()
    assert sender.post(SEED, BODY).status_code == 401
    answer = app.test_client().post(SEED, json=BODY, headers={"Token": other})
    assert answer.status_code == 201


def test_a_source_that_is_put_away_is_refused_at_once(app: Flask, sender: Sending) -> None:
    with app.app_context():
        sender.source().archived_at = utc_now()  # its tokens as they were
        db.session.commit()
    assert sender.post(SEED, BODY).status_code == 401


def test_an_expired_token_is_refused(app: Flask, sender: Sending) -> None:
    with app.app_context():
        sender.source().tokens[0].expires_at = utc_now() - timedelta(seconds=1)
        db.session.commit()
    assert sender.post(SEED, BODY).status_code == 401


@pytest.mark.parametrize("setting", [[], [""], [" ", ""]])
def test_a_blank_setting_of_tokens_admits_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch, setting: list[str]
) -> None:
    monkeypatch.setitem(app.config, "TOKENS_API", setting)
    for token in ("", " ", "test_token"):
        answer = app.test_client().post(SEED, json=BODY, headers={"Token": token})
        assert answer.status_code == 401


def test_tokens_of_the_environment_belong_to_one_source(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "TOKENS_API", ["first-token", "second-token"])
    for token in ("first-token", "second-token"):
        answer = app.test_client().post(SEED, json=BODY, headers={"Token": token})
        assert answer.status_code == 201
    with app.app_context():
        sources = select(Source.name).join(Submission, Submission.source_id == Source.id)
        assert set(db.session.scalars(sources)) == {ENVIRONMENT}


def test_the_last_use_is_written_once_a_minute(app: Flask, sender: Sending) -> None:
    def used() -> Any:
        with app.app_context():
            return db.session.scalars(select(SourceToken.last_used_at)).one()

    sender.post(SEED, BODY)
    first = used()
    assert utc_now() - first < timedelta(minutes=1)
    sender.post(SEED, BODY)
    assert used() == first
    with app.app_context():
        sender.source().tokens[0].last_used_at = utc_now() - timedelta(minutes=2)
        db.session.commit()
    sender.post(SEED, BODY)
    assert used() > first


def test_a_token_without_the_scope_may_not_push_but_loses_nothing(app: Flask) -> None:
    reader = Sending(app, Scope.READ_STATISTICS)
    answer = reader.post(SEED, BODY)
    assert (answer.status_code, leads(app)) == (403, 0)
    assert count(app, Submission, Submission.outcome == "rejected") == 1


def test_the_lead_says_which_source_brought_it(app: Flask, sender: Sending) -> None:
    sender.post(SEED, BODY)
    with app.app_context():
        lead = db.session.scalars(select(Lead)).one()
        (note,) = lead.notes
        assert (note.kind, note.author_kind, note.author) == (
            "created", "source", sender.source().name,
        )  # fmt: skip
        assert lead.submissions[0].source_id == sender.source_id


def test_tokens_and_secrets_do_not_stay_in_stored_bodies(app: Flask, sender: Sending) -> None:
    body = {"email": "a@example.com", "note": f"my token is {sender.token}", "google_key": "s3cr3t"}
    sender.post(SUBMISSIONS, body)
    sender.post(SUBMISSIONS, data={"email": "a@example.com", "api_key": "s3cr3t"})
    sender.post(BATCH, [{"email": "a@example.com", "password": "s3cr3t"}])
    with app.app_context():
        for stored in db.session.scalars(select(Submission)):
            assert b"s3cr3t" not in stored.body
            assert sender.token.encode() not in stored.body
            assert b"a%40example.com" in stored.body or b"a@example.com" in stored.body
            assert "s3cr3t" not in str(stored.answers)
            assert sender.token not in str(stored.answers)


@pytest.mark.parametrize("door", DOORS)
def test_a_wrong_scope_is_named(app: Flask, door: str) -> None:
    answer = Sending(app, Scope.READ_STATISTICS).post(door, DOORS[door])
    assert answer.status_code == 403
    assert answer.json == {
        "token_errors": "This token does not allow this: it lacks the scope push_leads."
    }


def test_a_wrong_scope_is_named_to_webhooks_too(app: Flask) -> None:
    reader = Sending(app, Scope.READ_STATISTICS)
    with app.app_context():
        address = reader.source().address
    in_address = app.test_client().post(f"/in/{reader.token}", json=BODY)
    for answer in (in_address, reader.post(f"/in/{address}", BODY)):
        assert answer.status_code == 403
        assert "push_leads" in str(answer.json)
    stranger = Sending(app, Scope.READ_STATISTICS)
    assert "message" in stranger.post(f"/in/{address}", BODY).json


def test_a_token_of_both_scopes_pushes_and_reads(app: Flask) -> None:
    both = Sending(app, Scope.PUSH_LEADS, Scope.READ_STATISTICS)
    assert both.post(LEADS, BODY).status_code == 201
    address = "/api/v1/campaigns/999/statistics"
    assert app.test_client().get(address, headers={"Token": both.token}).status_code == 404


def test_a_revoked_token_reads_nothing_from_the_next_request_on(app: Flask) -> None:
    reader = Sending(app, Scope.READ_STATISTICS)
    address, headers = "/api/v1/campaigns/999/statistics", {"Token": reader.token}
    assert app.test_client().get(address, headers=headers).status_code == 404
    with app.app_context():
        reader.source().tokens[0].revoke()
        db.session.commit()
    assert app.test_client().get(address, headers=headers).status_code == 401


def test_a_token_of_the_environment_reads_no_statistics(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "TOKENS_API", ["first-token"])
    address = "/api/v1/campaigns/1/statistics"
    answer = app.test_client().get(address, headers={"Token": "first-token"})
    assert answer.status_code == 403
    assert "read_statistics" in str(answer.json)
