"""What is kept for a time only goes, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents.worker import Worker
from app.extensions import db
from app.models.clock import utc_now
from app.models.form_key import FormKey
from app.models.login_failure import LoginFailure
from app.models.source import IdempotencyKey
from tests.factories import make_source


def test_the_worker_forgets_what_is_over(session: Session) -> None:
    old, young = utc_now() - timedelta(days=8), utc_now() - timedelta(hours=1)
    source = make_source(session)
    for key, at in (("old", old), ("young", young)):
        session.add_all(
            (
                FormKey(key=key, act="test", at=at),
                LoginFailure(username=key, address="::1", at=at),
                IdempotencyKey(
                    source_id=source.id, key=key, body_digest="", status=201, answer={},
                    created_at=at,
                ),
            )
        )  # fmt: skip
    session.commit()

    worker = Worker(db.engine)
    worker._tidy()
    assert session.scalars(select(FormKey.key)).all() == ["young"]
    assert session.scalars(select(IdempotencyKey.key)).all() == ["young"]
    assert session.scalars(select(LoginFailure.username)).all() == ["young"]
    session.add(FormKey(key="older", act="test", at=old))
    session.commit()
    worker._tidy()  # within the same hour
    assert len(session.scalars(select(FormKey.key)).all()) == 2
