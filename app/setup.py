"""Makes a database ready for work: migrated, with roles, an administrator and the company's row.

`set_up` may run at every start: it changes nothing that is there, and then takes no time.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_appbuilder import AppBuilder
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    User,
    ViewMenu,
)
from flask_babel import force_locale, gettext
from flask_migrate import upgrade
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.database import writing
from app.errors import N_
from app.extensions import MIGRATIONS, db
from app.models import Channel, Company, NumberCounter, Source
from app.models.actor import Actor, acting_as
from app.models.company import ONLY_ROW
from app.models.source import ENVIRONMENT
from app.roles import ADMIN, PUBLIC, ROLES

ONE_AT_A_TIME = 0x43524E  # the advisory lock of whoever sets up
COUNTERS = ("contract",)
CHANNELS = (N_("Search ads"), N_("Social networks"), N_("Messengers"), N_("E-mail"), N_("Referral"))


@dataclass
class SetUpReport:
    """What was done; `password` is that of a first administrator whose password was drawn."""

    migrated: bool = False
    username: str = ""
    password: str = ""


def newest_revision(app: Flask) -> str | None:
    """The revision that this code expects; read from the files once per application."""
    if "newest_revision" not in app.extensions:
        app.extensions["newest_revision"] = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    newest: str | None = app.extensions["newest_revision"]
    return newest


def set_up(app: Flask) -> SetUpReport:
    """Migrates and makes what is missing, each once; safe to repeat."""
    report = SetUpReport()
    with app.app_context(), writing(), acting_as(Actor("command", "setup")):
        report.migrated = _migrate(app)
        session = db.session()
        _one_at_a_time(session)
        ensure_roles(session, app.extensions["appbuilder"])
        _ensure_administrator(session, app, report)
        _ensure_company(session, app)
        _ensure_counters(session)
        _ensure_channels(session)
        _ensure_environment_source(session)
        session.commit()
    return report


def _migrate(app: Flask) -> bool:
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present == newest_revision(app):
        return False
    upgrade(directory=str(MIGRATIONS))
    return True


def _one_at_a_time(session: Session) -> None:
    """Two that start at once would both make the first administrator; SQLite has one writer."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))


def ensure_roles(session: Session, appbuilder: AppBuilder) -> None:
    """The roles, and a row for each permission that a screen offers; obsolete ones disappear."""
    roles = {role.name: role for role in session.scalars(select(Role))}
    for name in (*ROLES, PUBLIC):
        if name not in roles:
            roles[name] = Role(name=name)
            session.add(roles[name])
    offered = _offered(appbuilder)
    rows = {
        (row.view_menu.name, row.permission.name): row
        for row in session.scalars(select(PermissionView))
    }
    for pair in rows.keys() - offered:
        session.delete(rows.pop(pair))
    screens = {row.name: row for row in session.scalars(select(ViewMenu))}
    acts = {row.name: row for row in session.scalars(select(Permission))}
    for screen, act in sorted(offered - rows.keys()):
        screens.setdefault(screen, ViewMenu(name=screen))
        acts.setdefault(act, Permission(name=act))
        row = PermissionView(view_menu=screens[screen], permission=acts[act])
        session.add(row)
        rows[screen, act] = row
    for name in ROLES:
        # The code decides for these four; their rows are what an administrator sees and copies.
        granted = {
            pair
            for pair in offered
            if appbuilder.sm._has_access_builtin_roles(roles[name], pair[1], pair[0])
        }
        held = {(row.view_menu.name, row.permission.name) for row in roles[name].permissions}
        if held != granted:
            roles[name].permissions = [rows[pair] for pair in sorted(granted)]
    session.flush()


def _offered(appbuilder: AppBuilder) -> set[tuple[str, str]]:
    screens = {
        (view.class_permission_name, permission)
        for view in appbuilder.baseviews
        for permission in view.base_permissions or ()
    }
    return screens | {(name, "menu_access") for name in appbuilder.menu.get_flat_name_list()}


def _ensure_administrator(session: Session, app: Flask, report: SetUpReport) -> None:
    """The first one, from ADMIN_USERNAME, ADMIN_EMAIL and ADMIN_PASSWORD (drawn when empty)."""
    if session.scalars(select(User.id).limit(1)).first() is not None:
        return
    given = app.config["ADMIN_PASSWORD"]
    password = given or secrets.token_urlsafe(15)
    user = User(
        username=app.config["ADMIN_USERNAME"],
        email=app.config["ADMIN_EMAIL"],
        first_name="Administrator",
        last_name="CRM",
        active=True,
        password=generate_password_hash(password),
    )
    user.roles = [session.scalars(select(Role).where(Role.name == ADMIN)).one()]
    session.add(user)
    report.username, report.password = user.username, "" if given else password


def _ensure_company(session: Session, app: Flask) -> None:
    if session.get(Company, ONLY_ROW) is None:
        session.add(
            Company(
                id=ONLY_ROW,
                name=app.config["COMPANY_NAME"],
                language=app.config["COMPANY_LANGUAGE"],
                currency=app.config["COMPANY_CURRENCY"],
                phone_region=app.config["COMPANY_REGION"],
            )
        )


def _ensure_counters(session: Session) -> None:
    for name in COUNTERS:
        if session.get(NumberCounter, name) is None:
            session.add(NumberCounter(name=name, value=0))


def _ensure_channels(session: Session) -> None:
    """A few to begin with, in the company's language; not again once somebody has removed them."""
    if session.scalars(select(Channel.id).limit(1)).first() is None:
        with force_locale(Company.of(session).language):
            session.add_all(Channel(title=gettext(title)) for title in CHANNELS)


def _ensure_environment_source(session: Session) -> None:
    """Owns what arrives with a token of the setting TOKENS_API."""
    known = select(Source.id).where(Source.name == ENVIRONMENT)
    if session.scalars(known).first() is None:
        session.add(Source(name=ENVIRONMENT))
