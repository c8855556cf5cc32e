"""Refuses what no form can hold: the NUL character, on which PostgreSQL's driver breaks off.

Our own forms clean it away; Flask-AppBuilder's, such as that of users, do not. No browser lets
anybody type it. The token doors read their bodies by themselves and tell the field, and the log-in
answers to it as to any wrong name.
"""

from __future__ import annotations

from flask import Flask, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.web import errors


def init(app: Flask) -> None:
    app.before_request(_refuse_nul)


def _refuse_nul() -> Response | None:
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return None
    if request.blueprint == "api" or request.endpoint == "LoginView.login":
        return None
    for name, values in request.form.lists():
        if "\0" in name or any("\0" in value for value in values):
            return errors.answer(
                400, gettext("%(field)s holds a character that no text has.", field=name[:100])
            )
    return None
