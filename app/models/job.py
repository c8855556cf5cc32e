"""A job: a long act that a worker does part by part while its owner goes on working.

The rows are the queue, as with documents. A part is done in one transaction with what it changed,
so a worker that is killed leaves a part either done or untouched, and the next one goes on there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from app.errors import N_, NotAllowedNow
from app.models.actor import current_actor
from app.models.base import TABLE_OPTIONS, Json, Model, UtcDateTime, one_of
from app.models.clock import utc_now
from app.models.undo import LASTS, UndoneAlready, UndoStep

PART = 100  # rows of one part: short enough that nobody waits for the lock of SQLite's one writer
KEPT_REASONS = 200


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    BULK = "bulk"
    UNDO = "undo"
    IMPORT = "import"


OVER = (JobState.DONE.value, JobState.FAILED.value, JobState.CANCELLED.value)


class Job(Model):
    """`act` is the screen and its verb (LeadView.assign), `data` what the runner of the kind needs.
    `done` counts the rows that parts have gone through, `changed` and `skipped` what came of them.
    `tries` counts the tries of the part under way, `beat_at` is the last sign of life.
    """

    __tablename__ = "job"
    __table_args__ = (
        one_of("kind", JobKind),
        one_of("state", JobState),
        UniqueConstraint("undo_of_id"),
        Index(None, "state", "id"),
        Index(None, "user_id", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    act: Mapped[str] = mapped_column(String(100))
    permission: Mapped[str] = mapped_column(String(100))
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    undo_of_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    state: Mapped[str] = mapped_column(String(20), default=JobState.WAITING.value)
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    total: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    skipped: Mapped[int] = mapped_column(Integer, default=0)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    failure: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @classmethod
    def order(
        cls, session: Session, kind: JobKind, *, act: str, permission: str, data: dict[str, Any],
        parts: Iterable[list[int]], user_id: int, undo_of_id: int | None = None, total: int = 0,
    ) -> Job:  # fmt: skip
        """Writes the job and its parts; a worker takes it up after the commit."""
        listed = list(parts)
        job = cls(
            kind=kind.value, act=act[:100], permission=permission, data=data, user_id=user_id,
            undo_of_id=undo_of_id, total=total or sum(map(len, listed)),
        )  # fmt: skip
        session.add(job)
        session.flush()
        session.add_all(JobPart(job_id=job.id, ids=ids) for ids in listed)
        session.flush()
        return job

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def can_be_undone(self) -> bool:
        return (
            self.kind == JobKind.BULK
            and self.is_over
            and self.changed > 0
            and self.finished_at is not None
            and self.finished_at + LASTS > utc_now()
        )

    def cancel(self) -> None:
        """What is done stays (and can be undone), what waits is left."""
        self._lock()
        if self.is_over:
            raise NotAllowedNow(N_("This has ended already."))
        self.end(JobState.CANCELLED)

    def order_undo(self) -> Job:
        """A job that takes back all that this one changed; once."""
        session = self._lock()
        if session.scalar(select(Job.id).where(Job.undo_of_id == self.id)) is not None:
            raise UndoneAlready()
        if not self.can_be_undone or current_actor().user_id != self.user_id:
            raise NotAllowedNow(N_("Only what was done in the last ten minutes can be undone."))
        steps = session.scalars(
            select(UndoStep.id).where(UndoStep.job_id == self.id).order_by(UndoStep.id.desc())
        ).all()
        return Job.order(
            session, JobKind.UNDO, act=self.act, permission=self.permission, data={},
            parts=([step] for step in steps), total=self.changed, user_id=self.user_id,
            undo_of_id=self.id,
        )  # fmt: skip

    def end(self, state: JobState, failure: str | None = None) -> None:
        self.state = state.value
        self.failure = failure
        self.finished_at = utc_now()
        session = self._session()
        session.execute(
            delete(JobPart)
            .where(JobPart.job_id == self.id)
            .execution_options(synchronize_session=False)
        )

    def count(self, changed: int, skipped: list[dict[str, Any]], passed: int = 0) -> None:
        """The outcome of a part; `passed` rows needed nothing."""
        self.done += changed + len(skipped) + passed
        self.changed += changed
        self.skipped += len(skipped)
        room = KEPT_REASONS - len(self.reasons)
        if skipped and room > 0:
            self.reasons = [*self.reasons, *skipped[:room]]

    def _lock(self) -> Session:
        session = self._session()
        session.flush()
        session.refresh(self, with_for_update=True)
        return session

    def _session(self) -> Session:
        session = object_session(self)
        if session is None:
            raise RuntimeError("the job is not in a session")
        return session


class JobPart(Model):
    """Rows that are done together; gone when they are done."""

    __tablename__ = "job_part"
    __table_args__ = (Index(None, "job_id", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    ids: Mapped[list[int]] = mapped_column(Json)
