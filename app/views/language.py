"""Which language a person chose: kept for the session, and for their next log-ins."""

from __future__ import annotations

from flask import session
from flask_babel import refresh
from flask_login import current_user

from app.database import write_apart
from app.extensions import db
from app.models.user_settings import UserSettings
from app.ui.preferences import settings_of

CHOSEN_BEFORE = "chose_language"  # in the session: somebody chose on the log-in page


def speak_as_kept(language: str | None) -> None:
    """From now on in this session; without a language the browser's counts again."""
    if language:
        session["locale"] = language
    else:
        session.pop("locale", None)
    refresh()


def keep_language(language: str) -> None:
    """`/lang/ru` is a link and therefore a safe request: it notes the choice apart. What a visitor
    chose is kept when they log in.
    """
    if current_user.is_authenticated:
        statement = UserSettings.choosing(
            db.engine.dialect.name, current_user.id, language=language
        )
        write_apart(db.engine, statement)
    else:
        session[CHOSEN_BEFORE] = True


def greet(user_id: int) -> None:
    """At the log-in: what was chosen on its page just now, else what the person chose before."""
    if session.pop(CHOSEN_BEFORE, False) and session.get("locale"):
        UserSettings.choose(db.session(), user_id, language=session["locale"])
        db.session.commit()
        return
    kept = settings_of(user_id).language
    if kept is not None:
        speak_as_kept(kept)
