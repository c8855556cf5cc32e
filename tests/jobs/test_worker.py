"""A worker that is killed in the middle of a job: the next one goes on where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from app.documents.worker import Worker
from app.extensions import db
from app.laws import LAWS
from app.models import Job, Lead, Note, UndoStep
from app.models.job import PART, JobKind
from tests.factories import make_lead
from tests.views.pages import keep, read

ROOT = Path(__file__).resolve().parents[2]
ROWS = 6 * PART


def start(app: Any) -> subprocess.Popen[bytes]:
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.worker_process", url],
        cwd=ROOT, env=dict(os.environ), stderr=subprocess.DEVNULL,
    )  # fmt: skip


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def order(session: Any) -> int:
    user = session.scalars(select(User).where(User.username == "operator")).one()
    ids = [make_lead(session).id for _ in range(ROWS)]
    parts = [ids[at : at + PART] for at in range(0, ROWS, PART)]
    job = Job.order(
        session, JobKind.BULK, act="LeadView.lose", permission="work", user_id=user.id,
        data={"form": {"lost_reason": ["no_need"], "text": [""]}}, parts=parts,
    )  # fmt: skip
    return int(job.id)


@pytest.mark.slow
def test_a_killed_worker_leaves_no_row_twice_and_none_out(app: Any) -> None:
    number = keep(app, order)

    def done() -> int:
        found: int = read(app, lambda session: session.get_one(Job, number).done)
        return found

    for stage in (PART, 3 * PART):  # killed while it is at a later part
        worker = start(app)
        try:
            wait_until(lambda least=stage: done() >= least)  # type: ignore[misc]
        finally:
            worker.kill()
            worker.wait()
        assert done() < ROWS, "killed too late"
    worker = start(app)
    try:
        wait_until(lambda: done() == ROWS)
        wait_until(lambda: read(app, lambda s: s.get_one(Job, number).state) == "done")
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=120) == 0

    def look(session: Any) -> None:
        job = session.get_one(Job, number)
        assert (job.state, job.changed, job.skipped) == ("done", ROWS, 0)
        told = select(func.count(Note.id)).where(Note.kind == "lost").group_by(Note.lead_id)
        assert session.scalars(told).all() == [1] * ROWS
        assert set(session.scalars(select(Lead.status))) == {"lost"}
        assert sum(len(step.rows) for step in session.scalars(select(UndoStep))) == ROWS
        broken = [line for law in LAWS if (line := law.broken(session))]
        assert [line for line in broken if "note of their beginning" not in line] == []

    read(app, look)


def test_a_long_job_leaves_a_turn_to_each_document(
    sqlite_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.documents import worker

    turns: list[str] = []

    def render(_engine: Any) -> bool:
        turns.append("document")
        return True

    def part() -> bool:
        turns.append("part")
        if len(turns) >= 6:
            work.stop()
        return True

    monkeypatch.setattr(worker, "render_one", render)
    with sqlite_app.app_context():
        work = Worker(db.engine, beside=part)
        work.run()
    assert turns == ["document", "part"] * 3
