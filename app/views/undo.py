"""The Undo button of a flashed message: takes one save back, within ten minutes, for its maker."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, redirect, request
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from app.errors import CrmError, Stale
from app.extensions import db
from app.models.note import Note
from app.models.undo import ChangedSince, UndoneAlready, UndoStep
from app.ui.access import may
from app.ui.addresses import inside
from app.ui.messages import message_of
from app.ui.notes import describe_notes
from app.views.base.links import address_of

MOST_LINES = 3  # of what changed meanwhile


class UndoView(BaseView):
    route_base = "/undo"
    default_view = "undo"

    @expose("/<int:pk>", methods=["POST"])
    @has_access
    def undo(self, pk: int) -> Response:
        session = db.session()
        step = session.get(UndoStep, pk)
        # Another's step is no secret, but nobody's business.
        if step is None or step.user_id != current_user.id or step.job_id is not None:
            abort(404)
        screen, permission = step.act.replace(" ", ".").partition(".")[0], step.permission
        if not may(permission, screen):
            abort(403)
        places, since = step.places, step.at
        try:
            taken = step.take_back()
            session.commit()
        except UndoneAlready as error:
            session.rollback()
            flash(message_of(error), "info")
            return redirect(way_back(places))
        except (CrmError, StaleDataError) as error:
            session.rollback()
            flash(_refusal(error if isinstance(error, CrmError) else Stale(), places, since),
                  "danger")  # fmt: skip
            return redirect(way_back(places))
        flash(told_of_undo(taken.rows, [error for _place, error in taken.refused]),
              "success" if taken.rows else "warning")  # fmt: skip
        return redirect(way_back(places))


def told_of_undo(rows: int, refused: list[CrmError]) -> str:
    if not refused:
        return gettext("Undone.")
    told = gettext("Undone for %(rows)s records, not for %(others)s:",
                   rows=rows, others=len(refused))  # fmt: skip
    reasons = dict.fromkeys(message_of(error) for error in refused)
    return " ".join([told, *list(reasons)[:MOST_LINES]])


def way_back(places: list[tuple[str, int]]) -> str:
    """The page that the button stood on; else the record's own."""
    came = request.referrer or ""
    page = inside(came)
    if came.startswith(request.host_url) and not page.startswith("/undo/"):
        return page
    own = address_of(*places[0]) if len(places) == 1 else None
    return own or str(current_app.extensions["appbuilder"].get_url_for_index)


def _refusal(error: CrmError, places: list[tuple[str, int]], since: Any) -> Any:
    """The rule's sentence, what changed meanwhile, and a link to what stands in the way."""
    words: Any = message_of(error)
    if isinstance(error, ChangedSince) and len(places) == 1:
        words = " ".join([words, *_changes(places[0], since)])
    address = address_of(*error.link) if error.link else None
    if address is None:
        return words
    return Markup('{} <a href="{}">{}</a>').format(words, address, gettext("Show"))


def _changes(place: tuple[str, int], since: Any) -> list[str]:
    """Who did what to the record after the step, as its story tells it."""
    column = {"lead": Note.lead_id, "client": Note.client_id}.get(place[0])
    if column is None:
        return []
    later = select(Note).where(column == place[1], Note.at > since, Note.contract_id.is_(None))
    notes = db.session.scalars(later.order_by(Note.at, Note.id).limit(MOST_LINES)).all()
    return [f"{line.author}: {line.sentence}" for line in describe_notes(db.session(), notes)]


__all__ = ["UndoView", "told_of_undo", "way_back"]
