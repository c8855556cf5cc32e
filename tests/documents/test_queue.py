"""Law 3: each version of a signed contract gets its PDF exactly once, whatever dies when."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.documents import queue
from app.documents.render import RendererMissing, RenderRefused
from app.documents.worker import Worker
from app.extensions import db
from app.models import Document
from app.models.clock import utc_now
from app.models.document import MAX_ATTEMPTS
from app.models.lease import machine as this_machine
from tests.factories import make_client, make_service, make_signed_contract

PDF = b"%PDF-1.4 made up %%EOF"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(session: Session) -> Engine:
    return db.engine


@pytest.fixture
def order(session: Session) -> Callable[[int], list[int]]:
    """`order(3)` signs three contracts and gives the ids of their waiting documents."""

    def ordered(number: int) -> list[int]:
        client, service = make_client(session), make_service(session)
        for _ in range(number):
            make_signed_contract(session, client=client, service=service)
        session.commit()
        ids = list(session.scalars(select(Document.id).order_by(Document.id)))
        session.rollback()  # on SQLite our reading would keep the workers out
        return ids

    return ordered


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces wkhtmltopdf; collects the marks of what was rendered."""
    marks: list[str] = []

    def render(_html: str, *, mark: str, at: Any) -> bytes:
        marks.append(mark)
        return PDF

    monkeypatch.setattr(queue, "render_pdf", render)
    return marks


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def render(*_: Any, **__: Any) -> bytes:
        raise error

    monkeypatch.setattr(queue, "render_pdf", render)


def state_of(session: Session, document_id: int) -> Any:
    session.rollback()
    columns = (
        Document.state, Document.attempts, Document.reason, Document.lease_token,
        Document.next_try_at, Document.content,
    )  # fmt: skip
    found = session.execute(select(*columns).where(Document.id == document_id)).one()
    session.rollback()
    return found


def let_time_pass(session: Session, document_id: int, how_long: timedelta) -> None:
    """Moves the document's own times back, since the server's clock cannot be moved."""
    document = session.get_one(Document, document_id, populate_existing=True)
    document.next_try_at -= how_long
    if document.leased_until is not None:
        document.leased_until -= how_long
    session.commit()


# -- claiming and keeping --------------------------------------------------------------------------


def test_a_waiting_document_becomes_a_checked_pdf(
    session: Session, engine: Engine, order: Callable[[int], list[int]]
) -> None:
    """With the real renderer."""
    (document_id,) = order(1)
    assert queue.render_one(engine)
    session.rollback()
    document = session.get_one(Document, document_id)
    content = document.content or b""
    assert content.startswith(b"%PDF-")
    assert (document.state, document.size) == ("ready", len(content))
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert document.ready_at is not None
    assert (document.lease_token, document.leased_until, document.reason) == (None, None, None)
    session.rollback()
    assert not queue.render_one(engine)


def test_a_claimed_document_is_nobody_elses(
    engine: Engine, order: Callable[[int], list[int]]
) -> None:
    first, second = order(2)
    works = [queue.claim(engine) for _ in range(3)]
    assert [work.id if work else None for work in works] == [first, second, None]


def test_who_comes_after_the_lease_writes_nothing(
    session: Session, engine: Engine, order: Callable[[int], list[int]]
) -> None:
    (document_id,) = order(1)
    late = queue.claim(engine)
    assert late is not None
    let_time_pass(session, document_id, queue.LEASE + timedelta(seconds=1))
    quick = queue.claim(engine)
    assert quick is not None

    assert not queue.keep(engine, late, PDF + b"late")
    assert not queue.give_back(engine, late, "late")
    assert queue.keep(engine, quick, PDF)
    assert not queue.keep(engine, late, PDF + b"late")

    assert state_of(session, document_id).content == PDF


def test_two_workers_never_render_the_same_version(
    engine: Engine, order: Callable[[int], list[int]], rendered: list[str]
) -> None:
    order(30)
    threads = [threading.Thread(target=queue.render_waiting, args=(engine,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(rendered) == Counter(f"C{number}-v1" for number in range(1, 31))


def test_no_transaction_is_open_while_it_renders(
    session: Session,
    engine: Engine,
    order: Callable[[int], list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (document_id,) = order(1)

    def render(_html: str, **_: Any) -> bytes:
        with Session(engine) as other, other.begin():  # would wait for the writer otherwise
            other.execute(update(Document).values(reason="seen"))
        return PDF

    monkeypatch.setattr(queue, "render_pdf", render)
    assert queue.render_one(engine)
    assert state_of(session, document_id).state == "ready"


def test_at_most_the_limit_is_rendered(
    engine: Engine, order: Callable[[int], list[int]], rendered: list[str]
) -> None:
    order(5)
    assert queue.render_waiting(engine, 3, at_once=2) == 3
    assert len(rendered) == 3


# -- failures --------------------------------------------------------------------------------------


def test_five_failures_with_growing_pauses_and_then_it_has_failed(
    session: Session,
    engine: Engine,
    order: Callable[[int], list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (document_id,) = order(1)
    failing(monkeypatch, RenderRefused("truncated"))
    pauses = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        before = utc_now()
        assert queue.render_one(engine)
        now = state_of(session, document_id)
        assert (now.attempts, now.reason) == (attempt, "refused: truncated")
        assert now.state == ("failed" if attempt == MAX_ATTEMPTS else "waiting")
        assert not queue.render_one(engine)  # not before its time
        pauses.append(round((now.next_try_at - before).total_seconds()))
        let_time_pass(session, document_id, timedelta(minutes=11))
    assert pauses[:4] == [5, 30, 120, 600]
    assert not queue.render_one(engine)


def test_the_retry_button_gives_it_fresh_tries(
    session: Session,
    engine: Engine,
    order: Callable[[int], list[int]],
    rendered: list[str],
) -> None:
    (document_id,) = order(1)
    session.execute(update(Document).values(state="failed", attempts=5, reason="refused: exit"))
    session.commit()
    assert not queue.render_one(engine)
    session.get_one(Document, document_id, populate_existing=True).retry()
    session.commit()
    assert queue.render_one(engine)
    assert state_of(session, document_id).state == "ready"


def test_a_faulty_template_costs_its_document_and_not_the_queue(
    session: Session,
    engine: Engine,
    order: Callable[[int], list[int]],
    rendered: list[str],
) -> None:
    bad, good = order(2)
    document = session.get_one(Document, bad)
    document.terms = {**document.terms, "template": "no such"}
    session.commit()
    assert queue.render_waiting(engine) == 2
    assert "unknown_template" in state_of(session, bad).reason
    assert state_of(session, good).state == "ready"


def test_without_the_renderer_everything_waits_with_the_reason_and_heals(
    session: Session,
    engine: Engine,
    order: Callable[[int], list[int]],
    monkeypatch: pytest.MonkeyPatch,
    rendered: list[str],
) -> None:
    ids = order(3)
    with monkeypatch.context() as gone:
        failing(gone, RendererMissing())
        assert queue.render_waiting(engine) == 0
    for document_id in ids:
        now = state_of(session, document_id)
        assert (now.state, now.attempts, now.lease_token) == ("waiting", 0, None)
        assert now.reason == "missing: wkhtmltopdf is not installed or cannot be started"
        let_time_pass(session, document_id, queue.LOOK_FOR_RENDERER_EVERY)
    assert queue.render_waiting(engine) == 3
    assert {state_of(session, document_id).reason for document_id in ids} == {None}


def test_a_document_that_kills_its_worker_each_time_has_failed(
    session: Session, engine: Engine, order: Callable[[int], list[int]]
) -> None:
    (document_id,) = order(1)
    for _ in range(MAX_ATTEMPTS):
        assert queue.claim(engine) is not None  # and the worker is gone
        let_time_pass(session, document_id, queue.LEASE + timedelta(seconds=1))
    assert not queue.render_one(engine)
    now = state_of(session, document_id)
    assert (now.state, now.reason) == ("failed", queue.WORKER_LOST)


def test_leases_of_the_living_are_left_alone(
    session: Session, engine: Engine, order: Callable[[int], list[int]]
) -> None:
    mine, dead, elsewhere = order(3)
    for _ in range(3):
        queue.claim(engine)
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    machine = this_machine()
    for document_id, token in ((dead, f"{machine}.{child.pid}.1.aa"), (elsewhere, "other.1.1.aa")):
        session.execute(
            update(Document).where(Document.id == document_id).values(lease_token=token)
        )
    session.commit()
    assert queue.free_leases_of_the_dead(engine) == 1
    assert state_of(session, dead).lease_token is None
    assert state_of(session, mine).lease_token is not None
    assert state_of(session, elsewhere).lease_token is not None


def test_a_database_that_goes_while_it_renders_costs_no_try_and_no_minute(
    session: Session,
    engine: Engine,
    order: Callable[[int], list[int]],
    rendered: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (document_id,) = order(1)
    keep = queue.keep

    def going(*_: Any) -> bool:
        monkeypatch.setattr(queue, "keep", keep)
        raise OperationalError("statement", {}, Exception("gone"))

    monkeypatch.setattr(queue, "keep", going)
    monkeypatch.setattr("app.documents.worker.LOOKS_EVERY", 0.1)
    worker = Worker(engine)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        wait_until(lambda: state_of(session, document_id).state == "ready", 15)
    finally:
        worker.stop()
        thread.join()
    assert state_of(session, document_id).attempts == 1
    assert len(rendered) == 2


# -- a real worker ---------------------------------------------------------------------------------


class WorkerProcess:
    def __init__(self, url: str, path: str | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.documents.worker_process", url],
            cwd=ROOT,
            env=os.environ | ({"PATH": path} if path is not None else {}),
            stderr=subprocess.PIPE,
        )

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        _, self.log = self.process.communicate(timeout=120)
        return self.process.returncode


@pytest.fixture
def start(engine: Engine) -> Iterator[Callable[..., WorkerProcess]]:
    url = engine.url.render_as_string(hide_password=False)
    started: list[WorkerProcess] = []

    def begin(path: str | None = None) -> WorkerProcess:
        started.append(WorkerProcess(url, path))
        return started[-1]

    yield begin
    for worker in started:
        if worker.process.poll() is None:
            worker.end(signal.SIGKILL)


@pytest.fixture
def slow_path(tmp_path: Path) -> tuple[str, Path]:
    """A PATH whose wkhtmltopdf writes a line when it starts and takes three seconds more."""
    real = shutil.which("wkhtmltopdf")
    assert real, "wkhtmltopdf is needed: bin/install test"
    tmp_path.chmod(0o777)
    begun = tmp_path / "begun"
    wrapper = tmp_path / "wkhtmltopdf"
    wrapper.write_text(f'#!/bin/sh\necho x >>{begun}\nsleep 3\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}", begun


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.1)


@pytest.mark.slow
def test_a_killed_worker_is_healed_at_the_next_start(
    session: Session,
    order: Callable[[int], list[int]],
    start: Callable[..., WorkerProcess],
    slow_path: tuple[str, Path],
) -> None:
    (document_id,) = order(1)
    path, begun = slow_path
    worker = start(path)
    wait_until(begun.exists)
    assert worker.end(signal.SIGKILL) == -signal.SIGKILL
    assert state_of(session, document_id).state == "waiting"
    assert state_of(session, document_id).lease_token is not None

    again = start()
    wait_until(lambda: state_of(session, document_id).state == "ready")
    assert state_of(session, document_id).attempts == 2
    assert again.end(signal.SIGTERM) == 0
    assert again.log.count(b"is ready: ") == 1
    assert begun.read_text() == "x\n"


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_finishes_its_document(
    session: Session,
    order: Callable[[int], list[int]],
    start: Callable[..., WorkerProcess],
    slow_path: tuple[str, Path],
) -> None:
    first, second = order(2)
    path, begun = slow_path
    worker = start(path)
    wait_until(begun.exists)
    assert worker.end(signal.SIGTERM) == 0
    assert state_of(session, first).state == "ready"
    assert state_of(session, second).state == "waiting"


@pytest.mark.slow
def test_a_worker_without_renderer_says_so_and_heals_by_itself(
    session: Session,
    order: Callable[[int], list[int]],
    start: Callable[..., WorkerProcess],
    tmp_path: Path,
) -> None:
    (document_id,) = order(1)
    start(str(tmp_path))
    wait_until(lambda: state_of(session, document_id).reason is not None)
    now = state_of(session, document_id)
    assert (now.state, now.attempts) == ("waiting", 0)
    assert now.reason.startswith("missing: ")
    real = shutil.which("wkhtmltopdf")
    assert real
    (tmp_path / "wkhtmltopdf").symlink_to(real)
    wait_until(lambda: state_of(session, document_id).state == "ready")
    assert state_of(session, document_id).reason is None


@pytest.mark.slow
@pytest.mark.postgres
def test_a_worker_outlives_its_connections(
    postgres_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart of the server ends every connection; the worker comes back by itself."""
    with postgres_app.app_context():
        session, engine = db.session(), create_engine(db.engine.url)
        worker = Worker(engine)
        tries: list[bool] = []
        render = queue.render_one

        def watched(engine: Engine) -> bool:
            found = render(engine)
            tries.append(found)
            return found

        monkeypatch.setattr("app.documents.worker.render_one", watched)
        monkeypatch.setattr("app.documents.worker.LOOKS_EVERY", 0.1)
        monkeypatch.setattr(queue, "render_pdf", lambda *_, **__: PDF)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            wait_until(lambda: bool(tries))
            db.engine.dispose()  # idle ones of earlier tests are not to be met again
            others = text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert session.scalar(others)
            session.rollback()
            make_signed_contract(session)
            session.commit()
            wait_until(lambda: any(tries))
        finally:
            worker.stop()
            thread.join(20)
            engine.dispose()
        assert not thread.is_alive()
