"""What the tests of the token doors share: a source with a token, and how they post."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app.extensions import db
from app.models import Lead, Submission
from app.models.source import Scope, Source
from tests.factories import make_campaign, make_source

SEED = "/clients/potential/api/"
LEADS = "/api/v1/leads"
BATCH = "/api/v1/leads/batch"
SUBMISSIONS = "/api/v1/submissions"

EXAMPLE = {
    "first_name": "Ivan",
    "last_name": "Testov",
    "middle_name": None,
    "phone_number": "+79910000001",
    "email": "ivan.testov@example.com",
    "advertising_company": 2,
}
LEAD = {"first_name": "Ivan", "phone": "+79910000001", "email": "ivan.testov@example.com"}


class Sending:
    """An ad service with a token: campaigns 1…3 are there, and it posts to a door."""

    def __init__(self, app: Flask, *scopes: str, **source: Any) -> None:
        self.app = app
        with app.app_context():
            session = db.session()
            made = make_source(session, **source)
            self.token = made.issue_token(tuple(scopes) or (Scope.PUSH_LEADS,))
            session.commit()
            self.source_id = made.id

    def post(self, door: str, body: Any = None, **more: Any) -> Any:
        headers = {"Token": self.token} | more.pop("headers", {})
        if body is not None:
            more.setdefault("json", body)
        return self.app.test_client().post(door, headers=headers, **more)

    def source(self) -> Source:
        found = db.session.get(Source, self.source_id)
        assert found is not None
        return found


def make_campaigns(app: Flask, number: int = 3) -> list[int]:
    with app.app_context():
        made = [make_campaign(db.session()) for _ in range(number)]
        db.session.commit()
        return [campaign.id for campaign in made]


def count(app: Flask, noun: Any, *where: Any) -> int:
    with app.app_context():
        query = select(func.count()).select_from(noun)
        return db.session.scalar(query.where(*where)) or 0


def only(app: Flask, noun: Any, *columns: str) -> list[Any]:
    """The asked columns of the only row."""
    with app.app_context():
        row = db.session.scalars(select(noun)).one()
        return [getattr(row, column) for column in columns]


def last_submission(app: Flask) -> dict[str, Any]:
    with app.app_context():
        row = db.session.scalars(select(Submission).order_by(Submission.id.desc())).first()
        assert row is not None
        columns = [column.key for column in Submission.__mapper__.column_attrs]
        return {name: getattr(row, name) for name in columns}


def leads(app: Flask) -> int:
    return count(app, Lead)


def submissions(app: Flask) -> int:
    return count(app, Submission)
