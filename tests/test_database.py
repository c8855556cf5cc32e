"""How transactions begin: a safe request writes nothing, reading makes nobody wait, and what reads
and then writes is never told that the database is locked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app import create_app
from app.database import is_away, write_apart, writing
from app.extensions import csrf, db
from app.models import Channel, Service
from app.models.actor import current_actor
from app.models.clock import utc_now
from app.setup import set_up
from tests.site import Browser, logged_in, settings_for

PATIENCE = 60  # seconds that the slow page waits at most with its transaction open


@pytest.fixture(scope="module")
def probed(tmp_path_factory) -> Iterator[Flask]:
    """A site on SQLite with doors that do what pages do, at the speed that the tests want."""
    folder = tmp_path_factory.mktemp("probed")
    app = create_app(settings_for(f"sqlite:///{folder / 'crm.sqlite3'}"))
    app.test_client_class = Browser
    set_up(app)
    app.before_request_funcs[None] = [
        each for each in app.before_request_funcs[None] if each.__name__ != "before_request"
    ]  # everybody may use the probes

    app.extensions |= {"probe_reads": threading.Event(), "probe_written": threading.Event()}

    @app.get("/probe/slow")
    def slow():
        before = db.session.scalars(select(Channel.title)).all()
        app.extensions["probe_reads"].set()
        written = app.extensions["probe_written"].wait(PATIENCE)
        same = db.session.scalars(select(Channel.title).execution_options(populate_existing=True))
        return {"changed": before != same.all(), "written_meanwhile": written}

    @app.route("/probe/write", methods=["GET", "POST"])
    @csrf.exempt
    def write():
        db.session.add(_channel())
        db.session.commit()
        return {"made": True}

    @app.post("/probe/read-then-write")
    @csrf.exempt
    def read_then_write():
        known = len(db.session.scalars(select(Channel.id)).all())
        time.sleep(0.01)
        db.session.add(_channel())
        db.session.commit()
        return {"known": known}

    @app.get("/probe/apart")
    def apart():
        db.session.scalars(select(Channel.id)).all()
        write_apart(db.engine, insert(Channel).values(**_values()))
        return {"made": True}

    @app.get("/probe/actor")
    def actor():
        return {"kind": current_actor().kind, "id": current_actor().id}

    yield app
    with app.app_context():
        db.engine.dispose()


def _values() -> dict:
    title = f"Channel {time.monotonic_ns()} {threading.get_ident()}"
    now = utc_now()
    return {"title": title, "created_at": now, "changed_at": now, "lock_version": 1}


def _channel() -> Channel:
    return Channel(title=_values()["title"])


def channels(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Channel.id)).all())


def at_once(*acts) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_safe_request_cannot_write(probed):
    before = channels(probed)
    answer = probed.test_client().get("/probe/write")
    assert answer.status_code == 503
    assert channels(probed) == before
    assert probed.test_client().post("/probe/write").status_code == 200
    assert channels(probed) == before + 1


def test_a_connection_that_only_read_can_write_the_next_time(probed):
    browser = probed.test_client()
    for _ in range(3):
        assert browser.get("/probe/write").status_code == 503
        assert browser.post("/probe/write").status_code == 200


def test_a_safe_request_records_apart(probed):
    before = channels(probed)
    assert probed.test_client().get("/probe/apart").status_code == 200
    assert channels(probed) == before + 1


def test_a_slow_page_does_not_delay_a_post_and_sees_one_moment(probed):
    answers: dict[str, object] = {}

    def read() -> None:
        answers["page"] = probed.test_client().get("/probe/slow").json

    def post() -> None:
        assert probed.extensions["probe_reads"].wait(PATIENCE)
        answers["status"] = probed.test_client().post("/probe/write").status_code
        probed.extensions["probe_written"].set()

    at_once(read, post)
    assert answers["status"] == 200
    assert answers["page"] == {"changed": False, "written_meanwhile": True}


def test_read_then_write_is_never_told_that_the_database_is_locked(probed):
    before = channels(probed)
    statuses: list[int] = []

    def act() -> None:
        browser = probed.test_client()
        statuses.extend(browser.post("/probe/read-then-write").status_code for _ in range(5))

    at_once(*[act] * 8)
    assert statuses == [200] * 40
    assert channels(probed) == before + 40


def test_the_user_acts_during_their_request_only(probed):
    browser = logged_in(probed, "admin")
    assert browser.get("/probe/actor").json["kind"] == "user"
    assert current_actor().kind == "system"
    assert probed.test_client().get("/probe/actor").json["kind"] == "system"


def test_commands_may_write_without_being_asked(probed):
    with probed.app_context():
        db.session.add(_channel())
        db.session.commit()
        with writing():
            db.session.add(_channel())
            db.session.commit()


def test_sqlite_is_set_up_as_it_must_be(sqlite_app):
    with sqlite_app.app_context(), db.engine.connect() as connection:
        for pragma, expected in (
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("busy_timeout", 10000),
        ):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == expected


def test_foreign_keys_are_kept_on_both_databases(app):
    with app.app_context():
        with pytest.raises(DBAPIError):
            db.session.execute(
                text("INSERT INTO ab_user_role (id, user_id, role_id) VALUES (9, 0, 0)")
            )
        db.session.rollback()


def test_a_savepoint_rolls_back_alone_on_both_databases(app):
    with app.app_context():
        db.session.add(Service(title="kept", price=1))
        db.session.flush()
        savepoint = db.session.begin_nested()
        db.session.add(Service(title="lost", price=1))
        db.session.flush()
        savepoint.rollback()
        db.session.commit()
        assert db.session.scalars(select(Service.title)).all() == ["kept"]


def test_a_second_writer_waits_instead_of_failing(sqlite_app):
    done = []

    def write(pause: float) -> None:
        with sqlite_app.app_context():
            db.session.add(Service(title=f"s{pause}", price=1))
            db.session.flush()
            time.sleep(pause)
            try:
                db.session.commit()
                done.append(pause)
            except OperationalError:
                db.session.rollback()

    at_once(*[lambda p=p: write(p) for p in (0.3, 0.2, 0.1)])
    assert sorted(done) == [0.1, 0.2, 0.3]


# -- a server that is away -------------------------------------------------------------------------


def test_a_statement_that_is_refused_is_no_server_that_is_away(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(DBAPIError) as failed:
            db.session.execute(text("SELECT nothing FROM nowhere"))
        db.session.rollback()
    assert not is_away(failed.value)


@pytest.mark.postgres
def test_a_server_that_goes_is_away(postgres_app: Flask) -> None:
    with postgres_app.app_context():
        engine = create_engine(db.engine.url)
        with engine.connect() as mine, engine.connect() as other:
            pid = mine.scalar(text("SELECT pg_backend_pid()"))
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            with pytest.raises(DBAPIError) as failed:
                mine.execute(text("SELECT 1"))
        engine.dispose()
    assert is_away(failed.value)
