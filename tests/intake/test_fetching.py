"""Fetching the answers of Meta's leads: what is sent, what fails, and that nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.intake.fetching import PAUSES, NotFetched, asking, fetch_due
from app.models import Lead, Submission
from app.models.clock import utc_now
from app.models.source import SecretName
from tests.factories import make_source
from tests.intake.cases import FOLDER

ANSWER = json.loads((FOLDER / "meta_graph_lead.json").read_text())
NOTICE = (FOLDER / "meta_leadgen.json").read_bytes()
TOKEN = "an access token of Meta"


@pytest.fixture
def waiting(app: Flask) -> Iterator[int]:
    """A pending submission of a source with an access token."""
    with app.app_context():
        session = db.session()
        source = make_source(session, format="meta")
        source.keep_secret(SecretName.ACCESS_TOKEN, TOKEN)
        row = Submission(
            source=source, door="meta", outcome="pending", external_id=ANSWER["id"], body=NOTICE,
            media_type="application/json", fetch_at=utc_now(),
        )  # fmt: skip
        session.add(row)
        session.commit()
        yield row.id


def row_of(number: int) -> Submission:
    return db.session.get_one(Submission, number, populate_existing=True)


def secret_of(number: int) -> Any:
    source = row_of(number).source
    assert source is not None
    return source.secrets[0]


def due_again(number: int) -> None:
    row_of(number).fetch_at = utc_now()
    db.session.commit()


def test_the_answers_become_the_lead_that_waited(waiting: int) -> None:
    asked: list[tuple[str, str]] = []

    def ask(lead: str, token: str) -> Any:
        asked.append((lead, token))
        return ANSWER

    assert fetch_due(db.session(), ask)
    assert asked == [(ANSWER["id"], TOKEN)]
    lead = db.session.scalars(select(Lead)).one()
    assert (lead.first_name, lead.phone_key) == ("Алёна", "+79000002010")
    row = row_of(waiting)
    assert (row.outcome, row.lead_id, row.fetch_at) == ("repeated", lead.id, None)
    accepted = db.session.get_one(Submission, row.first_id)
    assert (accepted.outcome, accepted.external_id) == ("accepted", ANSWER["id"])
    assert accepted.answers == {"какая_услуга": "ведение, отчёт"}
    assert json.loads(accepted.body) == ANSWER
    assert not fetch_due(db.session(), ask)


def test_a_failure_waits_longer_each_time_and_then_for_a_person(waiting: int) -> None:
    def ask(_lead: str, _token: str) -> Any:
        raise NotFetched("HTTP 400")

    for pause in PAUSES:
        assert fetch_due(db.session(), ask)
        row = row_of(waiting)
        assert row.fetch_at is not None
        assert row.fetch_at - utc_now() > timedelta(seconds=pause - 2)
        assert row.reasons == {"": [{"code": "not_fetched", "params": {"reason": "HTTP 400"}}]}
        assert not fetch_due(db.session(), ask)
        due_again(waiting)
    assert fetch_due(db.session(), ask)
    row = row_of(waiting)
    assert (row.outcome, row.fetch_at, row.fetches) == ("pending", None, len(PAUSES) + 1)
    due_again(waiting)
    assert fetch_due(db.session(), lambda *_: ANSWER)
    assert row_of(waiting).outcome == "repeated"


@pytest.mark.parametrize("answer", [None, [], {"error": {"code": 100}}, "x"])
def test_an_odd_answer_is_a_failure_and_no_lead(waiting: int, answer: Any) -> None:
    assert fetch_due(db.session(), lambda *_: answer)
    assert row_of(waiting).outcome == "pending"


def test_answers_that_reach_nobody_are_kept_for_a_person(waiting: int) -> None:
    empty = ANSWER | {"field_data": [{"name": "full_name", "values": ["Анна"]}]}
    assert fetch_due(db.session(), lambda *_: empty)
    row = row_of(waiting)
    assert (row.outcome, set(row.reasons or {})) == ("rejected", {"phone", "email"})
    assert json.loads(row.body) == empty


def test_without_a_token_or_with_one_that_is_over_nothing_is_asked(waiting: int) -> None:
    def ask(*_args: str) -> Any:
        raise AssertionError

    secret_of(waiting).expires_at = utc_now() - timedelta(seconds=1)
    db.session.commit()
    fetch_due(db.session(), ask)
    secret_of(waiting).revoke()
    db.session.commit()
    due_again(waiting)
    assert not fetch_due(db.session(), ask)
    assert row_of(waiting).outcome == "pending"


def test_the_network_is_asked_with_the_token_in_a_header() -> None:
    seen: list[Any] = []

    class Graph(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["Authorization"]))
            body = b'{"id": "7", "field_data": []}'
            self.send_response(200 if self.path.startswith("/v23.0/7?") else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Graph)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        ask = asking(f"http://127.0.0.1:{server.server_port}/v23.0/")
        assert ask("7", TOKEN)["id"] == "7"
        assert (seen[0][1], TOKEN in seen[0][0]) == (f"Bearer {TOKEN}", False)
        with pytest.raises(NotFetched, match="HTTP 404"):
            ask("8", TOKEN)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    with pytest.raises(NotFetched):
        ask("7", TOKEN)


def test_it_is_off_by_default(app: Flask) -> None:
    assert app.config["META_FETCH"] is False
