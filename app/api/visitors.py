"""What somebody reads whose browser posted a form of another page straight to our door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, request
from flask_babel import force_locale, gettext

from app.api.errors import WHOLE, language
from app.intake.formats.format import Reply
from app.ui.labels import FIELDS


def wants_page() -> bool:
    """A browser that opens the answer as a page; scripts ask for JSON or for anything."""
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def page_of(reply: Reply) -> Response:
    """Thanks, or the faulty fields by name: nothing else, and nothing of other people."""
    template = current_app.jinja_env.get_template("inbound/answer.html")
    faults = reply.body if reply.status >= 400 and isinstance(reply.body, Mapping) else {}
    with force_locale(language()):
        text = template.render(
            language=language(),
            title=gettext("The form was not sent") if faults else gettext("Thank you"),
            sentence=gettext("We have received your request."),
            back=gettext("Go back to the form and correct it."),
            faults=[("" if name == WHOLE else _title(name), said) for name, said in faults.items()],
        )
    return Response(text, reply.status, mimetype="text/html", headers=dict(reply.headers))


def _title(name: str) -> Any:
    return FIELDS.get(name, name)
