"""The turns of jobs: parts in order, each once, whatever ends in the middle of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotAllowedNow
from app.jobs import queue
from app.jobs.queue import MOST_TRIES, JobRefused, Outcome, take_turn
from app.models import Job, JobPart
from app.models.job import KEPT_REASONS, JobKind
from tests.factories import make_user
from tests.racing import race

RUNS = "bulk"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that failed is tried again without a pause."""
    monkeypatch.setattr(queue, "TRY_AGAIN_AFTER", timedelta(0))


def order(session: Session, parts: int = 3, rows: int = 2) -> Job:
    user = make_user(session, "Operator")
    listed = [[10 * part + row for row in range(rows)] for part in range(parts)]
    job = Job.order(
        session, JobKind.BULK, act="LeadView.take", permission="work", data={}, parts=listed,
        user_id=user.id,
    )  # fmt: skip
    session.commit()
    return job


def skipped(number: int) -> dict[str, Any]:
    return {"noun": "lead", "id": number, "label": "", "message": "No.", "params": {}}


def test_a_job_is_done_part_by_part(session: Session) -> None:
    job, seen = order(session), []

    def run(_job: Job, ids: list[int]) -> Outcome:
        seen.append(ids)
        return Outcome(changed=1, skipped=[skipped(ids[1])])

    assert take_turn(session, {RUNS: run})
    assert (job.state, job.done, job.total) == ("running", 2, 6)
    while take_turn(session, {RUNS: run}):
        pass
    assert seen == [[0, 1], [10, 11], [20, 21]]
    assert (job.state, job.done, job.changed, job.skipped) == ("done", 6, 3, 3)
    assert [one["id"] for one in job.reasons] == [1, 11, 21]
    assert session.scalars(select(JobPart)).all() == []


def test_two_jobs_take_turns(session: Session) -> None:
    first, second = order(session), order(session)
    seen: list[int] = []

    def run(job: Job, ids: list[int]) -> Outcome:
        seen.append(job.id)
        return Outcome(changed=len(ids))

    for _ in range(4):
        take_turn(session, {RUNS: run})
    assert seen == [first.id, second.id, first.id, second.id]


@pytest.mark.usefixtures("at_once")
def test_a_part_that_fails_is_taken_back_and_tried_again(session: Session) -> None:
    job, tries = order(session, parts=1), []

    def run(job: Job, ids: list[int]) -> Outcome:
        tries.append(ids)
        job.data = {"half": "done"}
        session.flush()
        if len(tries) == 1:
            raise ZeroDivisionError
        return Outcome(changed=len(ids))

    take_turn(session, {RUNS: run})
    assert (job.data, job.done, job.tries) == ({}, 0, 1)
    take_turn(session, {RUNS: run})
    assert (job.state, job.done, job.tries) == ("done", 2, 0)


@pytest.mark.usefixtures("at_once")
def test_a_part_that_always_fails_ends_its_job_after_five_tries(session: Session) -> None:
    job = order(session)

    def run(_job: Job, _ids: list[int]) -> Outcome:
        raise ZeroDivisionError

    for _ in range(MOST_TRIES):
        assert take_turn(session, {RUNS: run})
    assert (job.state, job.failure) == ("failed", "error: ZeroDivisionError")
    assert not take_turn(session, {RUNS: run})


@pytest.mark.usefixtures("at_once")
def test_a_part_that_ends_its_worker_each_time_ends_its_job(session: Session) -> None:
    job = order(session)

    def run(_job: Job, _ids: list[int]) -> Outcome:
        raise SystemExit  # as a kill would: nothing after it runs

    for _ in range(MOST_TRIES):
        with pytest.raises(SystemExit):
            take_turn(session, {RUNS: run})
        session.rollback()
    take_turn(session, {RUNS: run})
    assert (job.state, job.failure) == ("failed", "lost")


def test_a_job_whose_owner_may_not_go_on_says_why(session: Session) -> None:
    job = order(session)

    def run(_job: Job, _ids: list[int]) -> Outcome:
        raise JobRefused("Your role does not allow this.")

    take_turn(session, {RUNS: run})
    assert (job.state, job.failure) == ("failed", "Your role does not allow this.")


def test_a_cancelled_job_goes_no_further(session: Session) -> None:
    job = order(session)
    runners = {RUNS: lambda _job, ids: Outcome(changed=len(ids))}
    take_turn(session, runners)
    job.cancel()
    session.commit()
    assert not take_turn(session, runners)
    assert (job.state, job.changed) == ("cancelled", 2)
    with pytest.raises(NotAllowedNow):
        job.cancel()


def test_of_many_reasons_the_first_are_kept(session: Session) -> None:
    job = order(session, parts=3, rows=100)
    runners = {RUNS: lambda _job, ids: Outcome(skipped=[skipped(one) for one in ids])}
    while take_turn(session, runners):
        pass
    assert (job.skipped, len(job.reasons)) == (300, KEPT_REASONS)


def test_workers_at_once_do_no_part_twice(session: Session) -> None:
    job = order(session, parts=12)
    number = job.id
    session.commit()
    seen: list[int] = []

    def run(_job: Job, ids: list[int]) -> Outcome:
        seen.append(ids[0])
        return Outcome(changed=len(ids))

    def work(own: Session, _turn: int) -> None:
        for _ in range(40):
            take_turn(own, {RUNS: run})

    assert race(4, work) == [None] * 4
    job = session.get_one(Job, number, populate_existing=True)
    assert (job.state, job.changed) == ("done", 24)
    assert sorted(seen) == [10 * part for part in range(12)]
