"""The turns of jobs: one part of one job a turn, so that no job keeps documents or people waiting.

Who works on a job holds its row's lock until the part is committed. When a worker is killed the
database lets the lock go and takes the part's changes back, so another one goes on at once, and no
row is changed twice. The sign of life and the count of tries are committed before the part; a part
that was begun and has not ended is tried again after some seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.database import writing
from app.models.clock import utc_now
from app.models.job import OVER, Job, JobPart, JobState

MOST_TRIES = 5
TRY_AGAIN_AFTER = timedelta(seconds=5)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Outcome:
    """`skipped` rows in machine form: {noun, id, label, message, params}; `passed` rows needed
    nothing.
    """

    changed: int = 0
    passed: int = 0
    skipped: list[dict[str, Any]] = field(default_factory=list)


class JobRefused(Exception):  # noqa: N818 -- it says why a job ends, no error of ours
    """The whole job cannot go on: its owner may not do this any more."""


Runner = Callable[[Job, list[int]], Outcome]


def take_turn(session: Session, runners: dict[str, Runner]) -> bool:
    """Does the next part of the job that waits longest; False when nothing waits.

    A runner changes rows in the given session and neither commits nor rolls back.
    """
    with writing():
        job_id = _begin(session)
        if job_id is None:
            return False
        try:
            return _do_part(session, job_id, runners)
        except Exception as error:  # a faulty act must cost its job, not the whole worker
            session.rollback()
            log.exception("job %s failed", job_id)
            _failed(session, job_id, error)
            return True


def _begin(session: Session) -> int | None:
    """Counts the try before it is made; a try that ends the worker is counted all the same."""
    is_free = or_(Job.tries == 0, Job.beat_at <= utc_now() - TRY_AGAIN_AFTER)
    job = session.scalar(_next().where(is_free).limit(1))
    if job is None:
        session.rollback()
        return None
    job_id: int = job.id
    if job.tries >= MOST_TRIES:
        job.end(JobState.FAILED, "lost")
    else:
        job.state = JobState.RUNNING.value
        job.tries += 1
        job.beat_at = utc_now()
    session.commit()
    return job_id


def _do_part(session: Session, job_id: int, runners: dict[str, Runner]) -> bool:
    job = session.scalar(_next().where(Job.id == job_id))
    if job is None:  # another worker was quicker, or it has been cancelled
        session.rollback()
        return True
    part = session.scalar(
        select(JobPart).where(JobPart.job_id == job.id).order_by(JobPart.id).limit(1)
    )
    if part is not None:
        part_id = part.id
        try:
            outcome = runners[job.kind](job, part.ids)
        except JobRefused as refused:
            session.rollback()
            job = session.get_one(Job, job_id, with_for_update=True)
            job.end(JobState.FAILED, str(refused))
            session.commit()
            return True
        job.count(outcome.changed, outcome.skipped, outcome.passed)
        gone = delete(JobPart).where(JobPart.id == part_id)
        session.execute(gone.execution_options(synchronize_session=False))
        job.tries = 0
        job.beat_at = utc_now()
    more = session.scalar(select(JobPart.id).where(JobPart.job_id == job.id).limit(1))
    if more is None:
        job.end(JobState.DONE)
        log.info("job %s (%s) is done: %s changed, %s skipped", job.id, job.act, job.changed,
                 job.skipped)  # fmt: skip
    session.commit()
    return True


def _failed(session: Session, job_id: int, error: Exception) -> None:
    """The part is tried again, five times in all."""
    job = session.get(Job, job_id, with_for_update=True)
    if job is not None and job.tries >= MOST_TRIES and not job.is_over:
        job.end(JobState.FAILED, f"error: {type(error).__name__}")
    session.commit()


def _next() -> Any:
    return (
        select(Job)
        .where(Job.state.not_in(OVER))
        .order_by(Job.beat_at.is_not(None), Job.beat_at, Job.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
