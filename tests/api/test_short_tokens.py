"""A short token of TOKENS_API may stand inside a name or a phone: the person arrives whole."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Lead, Submission


def test_a_short_token_mutilates_nobody(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "TOKENS_API", ["test"])
    body = {"first_name": "Contest", "phone": "+79000000001", "email": "test@example.com"}
    answer = app.test_client().post(
        "/api/v1/leads", json=body | {"token": "test"}, headers={"Token": "test"}
    )
    assert answer.status_code == 201, answer.json
    with app.app_context():
        lead = db.session.scalars(select(Lead)).one()
        assert (lead.first_name, lead.email) == ("Contest", "test@example.com")
        stored = db.session.scalars(select(Submission.body)).one()
        assert b'"token": "test"' not in stored


def test_a_long_text_of_a_bad_further_address_is_kept_whole(app: Flask) -> None:
    from app.intake import Arrival, receive

    with app.app_context():
        session = db.session()
        receive(session, Arrival(door="submissions", phone="+79000000001", email="a@example.com"))
        text = "a" * 310 + "@nowhere"
        receive(session, Arrival(door="submissions", phone="+79000000001", email=text))
        session.commit()
        lead = session.scalars(select(Lead)).one()
        assert [point.typed for point in lead.contact_points] == [text]
