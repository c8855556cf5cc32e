"""The set-up step: everything once, nothing twice, and fast when there is nothing to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_appbuilder.security.sqla.models import PermissionView, Role, User
from sqlalchemy import func, select
from werkzeug.security import check_password_hash

from app import create_app
from app.extensions import db
from app.models import Channel, Company, NumberCounter, Source
from app.roles import PUBLIC, ROLES
from app.setup import set_up
from tests.postgres import database
from tests.site import DRIVER, settings_for


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'crm'}"
        return
    with database(request.getfixturevalue("postgres_server")) as address:
        yield address.replace("postgresql:", DRIVER)


@pytest.fixture
def fresh(url: str) -> Iterator:
    """`fresh(NAME=value)`: an application on that database, not set up yet."""
    made = []

    def making(**settings):
        app = create_app(settings_for(url) | {"ADMIN_PASSWORD": ""} | settings)
        made.append(app)
        return app

    yield making
    for app in made:
        with app.app_context():
            db.engine.dispose()


def counts(app) -> list[int]:
    with app.app_context():
        models = (User, Role, PermissionView, Company, NumberCounter, Channel, Source)
        return [db.session.scalar(select(func.count()).select_from(each)) or 0 for each in models]


def test_an_empty_database_becomes_ready(fresh):
    app = fresh(COMPANY_NAME="Ромашка", COMPANY_LANGUAGE="ru", COMPANY_CURRENCY="EUR")
    report = set_up(app)
    assert report.migrated
    with app.app_context():
        company = Company.of(db.session())
        assert (company.name, company.language, company.currency) == ("Ромашка", "ru", "EUR")
        assert {*ROLES, PUBLIC} <= set(db.session.scalars(select(Role.name)))
        assert NumberCounter.next(db.session()) == 1
        assert "TOKENS_API" in set(db.session.scalars(select(Source.name)))
        operator = db.session.scalars(select(Role).where(Role.name == "Operator")).one()
        assert "can list on LeadView" in {str(row) for row in operator.permissions}
        assert "can list on SpendView" not in {str(row) for row in operator.permissions}
    assert app.test_client().get("/health/ready").status_code == 200


def test_the_first_administrator_has_a_drawn_password_that_is_told_once(fresh):
    app = fresh(ADMIN_USERNAME="root")
    report = set_up(app)
    assert report.username == "root"
    assert len(report.password) >= 16
    with app.app_context():
        user = db.session.scalars(select(User)).one()
        assert check_password_hash(user.password, report.password)
        assert [role.name for role in user.roles] == ["Admin"]
    assert set_up(app).password == ""


def test_a_given_password_is_used_and_not_told(fresh):
    app = fresh(ADMIN_PASSWORD="a given password")
    assert set_up(app).password == ""
    with app.app_context():
        user = db.session.scalars(select(User)).one()
        assert check_password_hash(user.password, "a given password")


def test_a_second_run_changes_nothing(fresh):
    app = fresh()
    set_up(app)
    before = counts(app)
    report = set_up(app)
    assert (report.migrated, report.username) == (False, "")
    assert counts(app) == before


def test_what_people_changed_stays(fresh):
    app = fresh()
    set_up(app)
    with app.app_context():
        Company.of(db.session()).change(name="Renamed")
        db.session.delete(db.session.scalars(select(Channel)).first())
        db.session.commit()
    before = counts(app)
    set_up(app)
    assert counts(app) == before
    with app.app_context():
        assert Company.of(db.session()).name == "Renamed"


def test_permissions_of_screens_that_are_gone_disappear(fresh):
    app = fresh()
    set_up(app)
    before = counts(app)
    with app.app_context():
        app.extensions["appbuilder"].sm.add_permission_view_menu("can_list", "GoneView")
    set_up(app)
    assert counts(app) == before


@pytest.mark.slow
def test_two_processes_at_once_make_one_of_each(fresh, url, tmp_path):
    program = (
        "from app import create_app; from app.setup import set_up;"
        "print(set_up(create_app()).username)"
    )
    environment = os.environ | {"DATABASE_URL": url, "CRM_DATA": str(tmp_path)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", program], env=environment, text=True, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120)[0].strip() for process in both]
    assert sorted(told) == ["", "admin"]
    assert counts(fresh())[0] == 1
