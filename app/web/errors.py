"""Turns what went wrong into an answer: a page for people, JSON under the API's addresses."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, current_app, jsonify, request
from flask_babel import get_locale, gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from app.database import log_failure
from app.errors import N_, CrmError, Stale
from app.extensions import db
from app.ui.addresses import inside
from app.web.assets import TOKEN_DOORS

log = logging.getLogger(__name__)

# What each page says: what happened, and what the reader can do.
SENTENCES = {
    400: N_("The request could not be understood. Go back and try again."),
    403: N_("Your role does not allow this. Ask an administrator if you need it."),
    404: N_("There is no such page. It may have been moved or put away."),
    405: N_("This address does not take such requests."),
    409: N_("This cannot be done in the record's present state."),
    413: N_("What you sent is too large."),
    415: N_("This kind of content is not taken here."),
    429: N_("Too many tries. Wait a little before the next one."),
    500: N_("Something went wrong on our side. It has been written to the log."),
    503: N_("The database does not answer just now. Try again in a minute."),
}
TITLES = {
    400: N_("Bad request"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("Not allowed here"),
    409: N_("Not possible"),
    413: N_("Too large"),
    415: N_("Wrong kind of content"),
    429: N_("Too many tries"),
    500: N_("Something went wrong"),
    503: N_("Out of order for a moment"),
}
EXPIRED_FORM = N_("This form has expired. Go back, reload the page and send it again.")
TRY_AGAIN_AFTER = 10  # seconds
PASSING = {429, 500, 503}  # the same request may well succeed later


def init(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CrmError, _rule_said_no)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(SQLAlchemyError, _database_error)


def answer(status: int, sentence: str | None = None) -> Response:
    """The error page (or JSON) of a status; it needs neither the database nor a routed address."""
    if sentence is None:
        sentence = gettext(SENTENCES.get(status, SENTENCES[400 if status < 500 else 500]))
    if request.path.startswith(TOKEN_DOORS):
        response: Response = jsonify({"detail": [sentence]})
    else:
        title = gettext(TITLES[status]) if status in TITLES else HTTPStatus(status).phrase
        # Without the context processors: one of them would ask the database who is logged in.
        template = current_app.jinja_env.get_template("errors/error.html")
        language = str(get_locale() or "en")
        page = template.render(
            status=status, title=title, sentence=sentence, language=language, ways=_ways_on(status)
        )
        response = Response(page, mimetype="text/html")
    response.status_code = status
    return response


def _ways_on(status: int) -> list[tuple[str, str]]:
    """What to press now, as (words, address), the likeliest first."""
    ways = [(gettext("Start page"), "/")]
    before = inside(request.referrer or "")
    if status in PASSING and request.method == "GET":
        ways.insert(0, (gettext("Try again"), request.full_path.rstrip("?")))
    elif before != "/":
        ways.insert(0, (gettext("Back to the page before"), before))
    return ways


def _http_error(error: HTTPException) -> Response:
    given = error.get_response()
    if error.code is None or error.code < 400:
        return given  # a redirect
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        db.session.rollback()
    expired = isinstance(error, CSRFError)
    response = answer(error.code, gettext(EXPIRED_FORM) if expired else None)
    for name, value in given.headers:
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _rule_said_no(error: CrmError) -> Response:
    db.session.rollback()
    return answer(error.status, gettext(error.message) % error.params)


def _stale(_error: StaleDataError) -> Response:
    return _rule_said_no(Stale())


def _database_error(error: SQLAlchemyError) -> Response:
    log_failure(log, f"the database refused or did not answer: {type(error).__name__}", error)
    db.session.rollback()
    response = answer(503)
    response.headers["Retry-After"] = str(TRY_AGAIN_AFTER)
    return response
