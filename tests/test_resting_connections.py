"""A connection whose server has gone while it rested is replaced before anybody works it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from app import database
from app.extensions import db


@pytest.mark.postgres
def test_a_connection_that_died_at_rest_is_replaced(
    postgres_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ASKED_AFTER", 0.0)
    with postgres_app.app_context():
        with db.engine.connect() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as one, db.engine.connect() as other:
            pids = {each.scalar(text("SELECT pg_backend_pid()")): each for each in (one, other)}
            killer = next(each for its, each in pids.items() if its != pid)
            victim = next(its for its in pids if its != killer.scalar(
                text("SELECT pg_backend_pid()")))  # fmt: skip
            pids[victim].close()
            assert killer.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": victim})
        with db.engine.connect() as one, db.engine.connect() as other:
            assert [one.scalar(text("SELECT 1")), other.scalar(text("SELECT 1"))] == [1, 1]
