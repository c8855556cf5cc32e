"""GET /api/v1/conversions — conversions in a platform's upload format, for a scheduled upload."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from app.api import limits, tokens
from app.api.doors import TokenDoor
from app.api.tokens import LONGEST_TOKEN, TokenRefused
from app.database import read_in_blocks, write_apart
from app.extensions import db
from app.models.source import Scope
from app.statistics import Period
from app.statistics.conversions import Wanted, conversions
from app.statistics.uploads import file_name, lines


class Conversions(TokenDoor):
    """`platform`, `event`, `goal` and `period` (with `from` and `to` when custom) as on the page
    of conversions. Platforms that fetch with a user name and a password give the token as the
    password. Never with contacts, hashed or not.
    """

    def get(self) -> Response:
        session = db.session()
        token = _token()
        allowed = tokens.admit(session, token)
        limits.count(token, allowed.per_minute)
        allowed.must_allow(Scope.READ_STATISTICS)
        asked = request.args
        period = Period.named(asked.get("period"), asked.get("from"), asked.get("to"))
        wanted = Wanted.named(asked.get("platform"), asked.get("event"), period, asked.get("goal"))
        use = tokens.use_of(allowed)
        if use is not None:
            session.rollback()
            write_apart(db.engine, use)
        blocks = read_in_blocks(db.engine, lambda one: lines(wanted, conversions(one, wanted)))
        answer = Response(blocks, mimetype="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{file_name(wanted)}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _token() -> str:
    login = request.authorization
    if login is not None and login.type == "basic":
        given = (login.password or "").strip()
        if not given or len(given) > LONGEST_TOKEN:
            raise TokenRefused
        return given
    return tokens.presented()
