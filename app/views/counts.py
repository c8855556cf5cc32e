"""The numbers beside the menu's entries: asked for after a page has loaded, and every minute.

Each is what somebody has to do, counted up to a limit along an index, and only where the reader may
do it. The answer replaces the menu's places out of band, so that no page waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, render_template
from flask_babel import ngettext
from flask_login import current_user, login_required
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.models.document import Document, DocumentState
from app.models.submission import Outcome, Submission
from app.ui.access import may, stands_in_menu
from app.ui.formatters import COUNT_LIMIT, Count
from app.views.queue import TO_CALL, Queue

counts = Blueprint("counts", __name__)


def init(app: Flask) -> None:
    app.register_blueprint(counts)


@counts.get("/counts")
@login_required
def show() -> Response:
    """Leads to call now, submissions that failed, contracts without a finished document."""
    found: dict[str, tuple[Count, str]] = {}
    if stands_in_menu("QueueView"):
        queue = Queue(current_user.id).counts(TO_CALL)
        number = _sum(queue.values())
        found["queue"] = (number, ngettext("%(num)s lead to call", "%(num)s leads to call", number))
    if may("accept", "SubmissionView") and stands_in_menu("SubmissionView"):
        failed = _count(select(Submission.id).where(Submission.outcome == Outcome.FAILED.value))
        words = ngettext("%(num)s submission failed", "%(num)s submissions failed", failed)
        found["inbox"] = (failed, words)
    if stands_in_menu("ContractView"):
        unready = (DocumentState.WAITING.value, DocumentState.FAILED.value)
        missing = _count(select(Document.id).where(Document.state.in_(unready)))
        words = ngettext(
            "%(num)s document is not ready", "%(num)s documents are not ready", missing
        )
        found["contracts"] = (missing, words)
    return Response(render_template("crm/queue/menu_counts.html", found=found))


def _count(rows: Select[Any]) -> Count:
    first = rows.limit(COUNT_LIMIT + 1).subquery()
    number = db.session.scalar(select(func.count()).select_from(first)) or 0
    return Count(min(number, COUNT_LIMIT), more=number > COUNT_LIMIT)


def _sum(numbers: Iterable[Count]) -> Count:
    listed = list(numbers)
    total = sum(listed)
    return Count(min(total, COUNT_LIMIT), more=any(n.more for n in listed) or total > COUNT_LIMIT)
