"""What the person at the screen has chosen for the interface; visitors have the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g, has_request_context, session
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.models.user_settings import UserSettings


@dataclass(frozen=True, slots=True)
class Preferences:
    theme: str = "auto"
    row_height: str = "compact"
    single_keys: bool = True
    rail: str = "wide"
    call_by: str = "tel"
    language: str | None = None


def my_settings() -> Preferences:
    """One query in a request at most; for templates and views."""
    if not has_request_context() or "_user_id" not in session:
        return Preferences()
    if "my_settings" not in g:
        g.my_settings = _read()
    known: Preferences = g.my_settings
    return known


def settings_of(user_id: int) -> Preferences:
    """Read from the database."""
    columns = UserSettings.__table__.c
    wanted = select(
        columns.theme, columns.row_height, columns.single_keys, columns.rail, columns.call_by,
        columns.language,
    )  # fmt: skip
    sessions = current_app.appbuilder.session  # type: ignore[attr-defined]
    found = sessions.execute(wanted.where(columns.user_id == user_id)).first()
    return Preferences(*found) if found is not None else Preferences()


def _read() -> Preferences:
    try:
        return settings_of(current_user.id) if current_user.is_authenticated else Preferences()
    except SQLAlchemyError:
        return Preferences()  # the page that tells of a broken database must still be drawn
