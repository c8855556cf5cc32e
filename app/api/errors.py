"""How the token doors say no: the words of remarks and errors in the reader's language, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import force_locale, gettext
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.errors import N_, CrmError, Invalid
from app.intake.remarks import MESSAGES, Remark, Remarks, Why
from app.models.source import Scope

LANGUAGES = ("en", "ru")
WHOLE = "detail"  # the name of what is wrong with the request as a whole
RETRY_AFTER = 30  # seconds
# A database that is started again is back sooner; who waits longer brings the enquiry later.
RETRY_WHEN_AWAY = 5

Answer = tuple[Any, int, dict[str, str]]


def language() -> str:
    """English unless the sender asks for Russian."""
    return request.accept_languages.best_match(LANGUAGES, default="en") or "en"


def told(remarks: Mapping[str, list[Remark]]) -> dict[str, list[str]]:
    """{field: [sentences]}"""
    if not remarks:
        return {}
    with force_locale(language()):
        return {
            field or WHOLE: [gettext(one.message) % one.params for one in said]
            for field, said in remarks.items()
        }


def sentence(message: str, params: Mapping[str, Any] | None = None) -> str:
    with force_locale(language()):
        return str(gettext(message) % (params or {}))


def refused(remarks: Remarks, status: int = 400) -> Answer:
    return told(remarks), status, {}


def no_entry() -> Answer:
    """The same whether a token is missing, unknown, revoked or expired."""
    from app.api.tokens import INVALID

    return {"token_errors": sentence(INVALID)}, 401, {"WWW-Authenticate": "Token"}


def no_scope(scope: Scope) -> Answer:
    """Names the scope that the token would need."""
    lacks = N_("This token does not allow this: it lacks the scope %(scope)s.")
    return {"token_errors": sentence(lacks, {"scope": scope.value})}, 403, {}


def too_many(seconds: int, status: int = 429) -> Answer:
    """Nothing was read and nothing kept; the same request may come again."""
    often = N_("Too many requests. Send it again in %(seconds)s seconds.")
    told = [sentence(often, {"seconds": seconds})]
    return {WHOLE: told}, status, {"Retry-After": str(seconds)}


def kept_for_later() -> Answer:
    """Something failed on our side; the submission is kept, and may be sent again."""
    return {WHOLE: [sentence(MESSAGES[Why.FAILED])]}, 503, {"Retry-After": str(RETRY_AFTER)}


def out_of_order() -> Answer:
    """The database is away: nothing was kept, and the sender is asked to come again."""
    away = N_("The database does not answer just now. Try again in a minute.")
    return {WHOLE: [sentence(away)]}, 503, {"Retry-After": str(RETRY_WHEN_AWAY)}


def of_http_error(error: HTTPException) -> Answer:
    """What Flask-RESTful would tell in other words than the rest of our doors."""
    if isinstance(error, MethodNotAllowed):
        told = sentence(N_("This address does not take such requests."))
        return {WHOLE: [told]}, 405, {"Allow": ", ".join(error.valid_methods or ())}
    told = sentence(N_("The request could not be understood. Go back and try again."))
    return {WHOLE: [told]}, error.code or 400, {}


def of_crm_error(error: CrmError) -> Answer:
    if isinstance(error, Invalid):
        with force_locale(language()):
            fields = {
                field: [gettext(one.message) % one.params for one in errors]
                for field, errors in error.faults.items()
            }
        return fields, error.status, {}
    return {WHOLE: [sentence(error.message, error.params)]}, error.status, {}
