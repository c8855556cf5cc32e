"""The search over everything: a dialog on every page, a page without JavaScript, and what each
person opened last.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, request
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext, ngettext
from flask_login import current_user
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from app.database import write_apart
from app.extensions import db
from app.models.recent import RecentlyOpened
from app.ui.commands import commands, commands_like, go_places
from app.ui.fields import read_id
from app.views.base.links import screen_of
from app.views.finding import LONGEST_QUERY, MOST, NOUNS, Question, find, opened

log = logging.getLogger(__name__)

SHOWN = 8  # records opened last
ASKED = 3 * SHOWN  # of which some may be put away by now
MOST_COMMANDS = 5


class SearchView(BaseView):
    """For everybody who is logged in: each group asks for itself what the reader may see."""

    route_base = "/search"
    default_view = "page"

    @expose("")
    def found(self) -> str:
        """What the dialog shows below its field."""
        return self.render_template("crm/search/found.html", **results(_asked()))

    @expose("/")
    def page(self) -> str:
        text = _asked()
        return self.render_template(
            "crm/search/page.html", title=gettext("Search"), **results(text)
        )


def results(text: str) -> dict[str, Any]:
    """What the templates show of a search, or of none."""
    if not text:
        pairs = RecentlyOpened.of(db.session(), current_user.id, list(NOUNS), ASKED)
        recent, offered = opened(db.session(), pairs, SHOWN), commands()
        return {
            "text": "", "recent": recent, "groups": [], "commands": offered, "new_lead": None,
            "said": "",
        }  # fmt: skip
    question = Question.read(db.session(), text)
    groups = find(db.session(), question)
    offered = commands_like(text)[:MOST_COMMANDS]
    return {
        "text": text,
        "recent": [],
        "groups": groups,
        "commands": offered,
        # A word that names a command is no person's name.
        "new_lead": None if groups or offered else _new_lead(question, text),
        "said": _said(sum(len(one.hits) for one in groups) + len(offered),
                      more=any(one.all_address for one in groups)),
    }  # fmt: skip


def _asked() -> str:
    return " ".join(request.args.get("q", "").replace("\x00", "").split())[:LONGEST_QUERY]


def _said(count: int, *, more: bool) -> str:
    """For the status line, which screen readers speak."""
    if not count:
        return gettext("Nothing found.")
    if more:
        told = ngettext(
            "%(num)s result is shown, there are more.",
            "%(num)s results are shown, there are more.",
            count,
        )
        return str(told)
    return str(ngettext("%(num)s result.", "%(num)s results.", count))


def _new_lead(question: Question, text: str) -> str | None:
    """What to offer who has found nobody, for those who may add leads."""
    view = screen_of("lead")
    if view is None or not view.offers("add"):
        return None
    kind = question.looks_like()
    if kind is None:
        return None
    if kind == "phone":
        return gettext("New lead with the phone %(text)s", text=text)
    if kind == "email":
        return gettext("New lead with the e-mail %(text)s", text=text)
    return gettext("New lead with the name “%(text)s”", text=text)


# -- opened last -----------------------------------------------------------------------------------


def init(app: Flask) -> None:
    app.after_request(_note_opened)
    app.jinja_env.globals.update(go_places=go_places)


def _note_opened(response: Response) -> Response:
    """A record's page was read: noted once the answer is on its way, since it is no part of it."""
    if request.method != "GET" or response.status_code != 200:
        return response
    screen, _, page = (request.endpoint or "").partition(".")
    if page != "show" or not current_user.is_authenticated:
        return response
    noun = next((one for one in NOUNS if _endpoint_of(one) == screen), None)
    row_id = read_id((request.view_args or {}).get("pk", ""))
    if noun is not None and row_id is not None:
        engine, user_id = db.engine, current_user.id
        response.call_on_close(lambda: _write(engine, user_id, noun, row_id))
    return response


def _endpoint_of(noun: str) -> str:
    view = screen_of(noun)
    return view.endpoint if view is not None else ""


def _write(engine: Engine, user_id: int, noun: str, row_id: int) -> None:
    try:
        write_apart(engine, RecentlyOpened.noting(engine.dialect.name, user_id, noun, row_id))
        write_apart(engine, RecentlyOpened.forgetting(user_id))
    except SQLAlchemyError as error:
        # The user may be gone by now, or another writer is busy for long: not worth a failure.
        log.warning("what was opened could not be noted: %s", type(error).__name__)


__all__ = ["MOST", "SearchView", "init"]
