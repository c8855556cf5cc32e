"""How little the doors do: few statements, no session, and one token look-up for one request."""

from __future__ import annotations

import pytest
from flask import Flask

from app.extensions import db
from app.models import Lead, Note, Submission
from app.models import ready as asked
from tests.api.doors import (
    BATCH,
    LEAD,
    LEADS,
    SEED,
    SUBMISSIONS,
    Sending,
    count,
    leads,
    make_campaigns,
)  # fmt: skip
from tests.site import logged_in

MOST = 4  # whose token, which campaign, who is it already, and the rows


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that the driver got, as they come."""
    found: list[str] = []
    send = asked.send

    def noted(connection: object, statement: str, values: object, **more: object) -> object:
        found.append(statement)
        return send(connection, statement, values, **more)  # type: ignore[arg-type]

    for module in ("app.models.ready", "app.models.matching", "app.intake.rows"):
        monkeypatch.setattr(f"{module}.send", noted)
    return found


@pytest.mark.postgres
@pytest.mark.parametrize("door", ["leads", "seed", "in"])
def test_a_new_lead_takes_four_statements(postgres_app: Flask, sent: list[str], door: str) -> None:
    sender = Sending(postgres_app)
    (campaign,) = make_campaigns(postgres_app, 1)
    seed = {"first_name": "Ivan", "last_name": "T", "middle_name": "", "email": "a@example.com",
            "phone_number": "+79910000009", "advertising_company": campaign}  # fmt: skip
    address, body = {
        "leads": (LEADS, LEAD | {"campaign": campaign}),
        "seed": (SEED, seed),
        "in": (f"/in/{sender.token}", LEAD | {"campaign": campaign}),
    }[door]
    sent.clear()
    assert sender.post(address, body).status_code in (200, 201)
    assert len(sent) <= MOST
    assert [count(postgres_app, noun) for noun in (Lead, Submission, Note)] == [1, 1, 1]


@pytest.mark.postgres
def test_a_batch_takes_one_statement_more(postgres_app: Flask, sent: list[str]) -> None:
    sender = Sending(postgres_app)
    body = [{"phone": f"+7991000{n:04d}", "email": f"a{n}@example.com"} for n in range(100)]
    sent.clear()
    answer = sender.post(BATCH, body)
    assert {one["status"] for one in answer.json["results"]} == {201}
    assert len(sent) <= MOST + 1
    assert leads(postgres_app) == 100


def test_a_token_door_neither_reads_nor_sets_a_session(app: Flask) -> None:
    sender = Sending(app)
    browser = logged_in(app, "admin")
    answer = browser.post(LEADS, json=LEAD, headers={"Token": sender.token})
    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    with app.app_context():
        note = db.session.query(Note).one()
        assert (note.author_kind, note.author_user_id) == ("source", None)


@pytest.mark.postgres
def test_what_the_driver_refuses_is_told_as_sqlalchemy_tells_it(postgres_app: Flask) -> None:
    from sqlalchemy.exc import DBAPIError, OperationalError

    with postgres_app.app_context():
        connection = db.session.connection()
        with pytest.raises(DBAPIError) as refused:
            asked.send(connection, "SELECT 1 / %(zero)s", {"zero": 0})
        assert not refused.value.connection_invalidated
        db.session.rollback()
        connection = db.session.connection()
        with pytest.raises(OperationalError) as lost:
            asked.send(connection, "SELECT pg_terminate_backend(pg_backend_pid())", {})
        assert lost.value.connection_invalidated
        db.session.rollback()
        assert asked.send(db.session.connection(), "SELECT 1", {}) == [(1,)]


@pytest.mark.parametrize("door", ["leads", "submissions", "batch", "in"])
def test_no_character_that_json_can_write_breaks_the_writing(app: Flask, door: str) -> None:
    """The rows go to PostgreSQL as JSON, whose texts may hold neither NUL nor half a character."""
    sender = Sending(app)
    odd = "a\\u0000b\\ud800c\\udfff\\u0007"
    body = (
        f'{{"phone": "+79910000007", "first_name": "{odd}", "company_name": "{odd}",'
        f' "answers": {{"{odd}": ["{odd}", {{"{odd}": "{odd}"}}]}}, "utm": {{"{odd}": "{odd}"}},'
        f' "campaign": "{odd}", "{odd}": "{odd}", "click_id": "{odd}", "external_id": "{odd}"}}'
    )
    address = {"leads": LEADS, "submissions": SUBMISSIONS, "batch": BATCH}
    answer = sender.post(
        address.get(door, f"/in/{sender.token}"),
        data=f"[{body}]" if door == "batch" else body,
        content_type="application/json",
    )
    assert answer.status_code < 500
    assert '"status": 503' not in answer.text
    assert count(app, Submission, Submission.outcome != "failed") == 1
