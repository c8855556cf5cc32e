"""The application on both databases, clean for each test, and somebody of each role to use it.

`app` runs a test twice (SQLite, PostgreSQL); `sqlite_app` and `postgres_app` once. No fixture holds
an application context while a client works: requests inside it would share the first one's user.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role, User
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app import create_app
from app.api import limits
from app.extensions import db
from app.listeners import bulk_allowed
from app.roles import ROLES
from app.setup import set_up
from tests.postgres import database

PASSWORD = "correct horse battery"
DRIVER = "postgresql+psycopg2:"
QUICK_HASH = "pbkdf2:sha256:1"
# What the set-up step makes once and no test changes.
KEPT = {"ab_permission", "ab_view_menu", "ab_permission_view"}
CSRF = "test-csrf-token"


# -- applications ----------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest) -> Flask:
    """Runs the test on both databases."""
    name = {"sqlite": "sqlite_app", "postgresql": "postgres_app"}[request.param]
    ready: Flask = request.getfixturevalue(name)
    return ready


@pytest.fixture
def sqlite_app(_sqlite_site: Site) -> Iterator[Flask]:
    yield _sqlite_site.app
    _sqlite_site.clean()


@pytest.fixture
def postgres_app(_postgres_site: Site) -> Iterator[Flask]:
    yield _postgres_site.app
    _postgres_site.clean()


@pytest.fixture(scope="session")
def _sqlite_site() -> Site:
    return Site(f"sqlite:///{os.environ['CRM_DATA']}/tests.sqlite3")


@pytest.fixture(scope="session")
def _postgres_site(postgres_server: str) -> Iterator[Site]:
    with database(postgres_server) as url:
        site = Site(url.replace("postgresql:", DRIVER))
        yield site
        with site.app.app_context():
            db.engine.dispose()


def settings_for(url: str) -> dict[str, Any]:
    """What tests set differently: the database, and a hash that takes no time."""
    on_sqlite = url.startswith("sqlite")
    options = {"connect_args": {"timeout": 10}} if on_sqlite else {"pool_size": 10}
    return {
        "TESTING": True,
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": options,
        "FAB_PASSWORD_HASH_METHOD": QUICK_HASH,
        "ADMIN_PASSWORD": PASSWORD,
    }


class Site:
    """An application that is set up, with a user of each role, and can be made as new again."""

    def __init__(self, url: str) -> None:
        self.app = create_app(settings_for(url))
        self.app.test_client_class = Browser
        set_up(self.app)
        with self.app.app_context():
            _make_people(db.session())
            self._new = {
                table: [dict(row) for row in db.session.execute(select(table)).mappings()]
                for table in db.metadata.sorted_tables
                if table.name not in KEPT
            }

    def clean(self) -> None:
        """Empties what the test may have filled and puts back what the set-up step had made."""
        self.app.extensions[limits.EXTENSION].forget()
        with self.app.app_context(), bulk_allowed(), db.engine.begin() as connection:
            for table in reversed(list(self._new)):
                connection.execute(delete(table))
            for table, rows in self._new.items():
                if rows:
                    connection.execute(insert(table), rows)


def _make_people(session: Session) -> None:
    """One user of each role: operator, marketer, manager and admin (who was there first)."""
    for role in session.scalars(select(Role).where(Role.name.in_(ROLES))):
        name = role.name.lower()
        if session.scalars(select(User).where(User.username == name)).first() is None:
            user = User(
                username=name,
                email=f"{name}@example.com",
                first_name=role.name,
                last_name="Test",
                active=True,
                password=generate_password_hash(PASSWORD, method=QUICK_HASH),
            )
            user.roles = [role]
            session.add(user)
    session.commit()


# -- people at their browsers ----------------------------------------------------------------------


class Browser(FlaskClient):
    """Sends the anti-forgery token with each request, as our pages do."""

    sends_token = True

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if self.sends_token and "CSRF_SIGNED" in self.application.extensions:
            headers = dict(kwargs.get("headers") or {})
            headers.setdefault("X-CSRFToken", self.application.extensions["CSRF_SIGNED"])
            kwargs["headers"] = headers
        return super().open(*args, **kwargs)


def visitor(app: Flask) -> Any:
    """A browser in which nobody is logged in."""
    client = app.test_client()
    signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")
    app.extensions["CSRF_SIGNED"] = signer.dumps(CSRF)
    with client.session_transaction() as kept:
        kept["csrf_token"] = CSRF
    return client


def logged_in(app: Flask, username: str) -> Any:
    """A browser in which this user is logged in, without the log-in form's slow hashing."""
    client = visitor(app)
    with app.app_context():
        user = db.session.scalars(select(User).where(User.username == username)).one()
        stamp = app.extensions["appbuilder"].sm.stamp_of(user)
        key = str(user.id)
    with client.session_transaction() as kept:
        kept |= {"_user_id": key, "_fresh": True, "stamp": stamp}
    return client


@pytest.fixture
def client(app: Flask) -> Any:
    """A visitor's browser."""
    return visitor(app)


@pytest.fixture
def client_as(app: Flask) -> Callable[[str], Any]:
    """`client_as("Manager")`: the browser of somebody with this role."""
    return lambda role: logged_in(app, role.lower())


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """For tests of verbs. Not together with a client: see the module's first lines."""
    with app.app_context():
        yield db.session()


@pytest.fixture
def raw_database(app: Flask) -> Iterator[Any]:
    """The driver's own connection, past every listener of ours."""
    with app.app_context(), closing(db.engine.raw_connection()) as connection:
        yield connection
