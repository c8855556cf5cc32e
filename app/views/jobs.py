"""One's long acts: how far each has come, what it skipped and why, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, current_app, flash, redirect, url_for
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, defer
from werkzeug.wrappers import Response

from app.errors import CrmError
from app.extensions import db
from app.jobs.queue import Outcome, Runner, take_turn
from app.models.job import Job, JobKind, JobState
from app.models.undo import UndoStep
from app.ui import labels
from app.ui.formatters import number
from app.ui.messages import message_of
from app.views.base.bulk import as_owner, reason_of, skipped_of
from app.views.base.links import address_of
from app.views.imports import run_import

LATEST = 20
PILLS = {
    JobState.WAITING: "info",
    JobState.RUNNING: "work",
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "grey",
}
IMPORTS = {
    "check": _("Check of a file"),
    "run": _("Import"),
    "undo": _("Undo of an import"),
}
FAILURES = {
    "lost": _("The worker ended in the middle of each try."),
}


class JobView(BaseView):
    """Everybody sees their own and no other's."""

    route_base = "/jobview"
    default_view = "list"

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        mine = select(Job).where(Job.user_id == current_user.id).order_by(Job.id.desc())
        jobs = db.session.scalars(mine.options(defer(Job.reasons)).limit(LATEST)).all()
        return self.render_template(
            "crm/jobs.html", title=_("My long acts"), jobs=jobs, title_of=title_of,
            states=labels.STATES[JobState], pills=PILLS, number=number,
        )  # fmt: skip

    @expose("/show/<int:pk>")
    @has_access
    @permission_name("list")
    def show(self, pk: int) -> Any:
        job = self._mine(pk)
        if job.kind == JobKind.IMPORT:  # it has a page of its own
            return redirect(url_for("ImportView.show", pk=job.data["import"]))
        return self.render_template("crm/job.html", **self._context(job))

    @expose("/<int:pk>/progress")
    @has_access
    @permission_name("list")
    def progress(self, pk: int) -> Any:
        """The part of the page that is asked for again and again until the job is over."""
        return self.render_template("crm/job_progress.html", **self._context(self._mine(pk)))

    @expose("/<int:pk>/cancel", methods=["POST"])
    @has_access
    @permission_name("list")
    def cancel(self, pk: int) -> Response:
        job = self._mine(pk)
        return self._do(job, job.cancel, gettext("Stopped. What was done so far has stayed."))

    @expose("/<int:pk>/undo", methods=["POST"])
    @has_access
    @permission_name("list")
    def undo(self, pk: int) -> Response:
        return self._do(self._mine(pk), None, "")

    def _do(self, job: Job, act: Callable[[], None] | None, told: str) -> Response:
        number = job.id
        session = db.session()
        try:
            if act is not None:
                act()
            else:
                number = job.order_undo().id
            session.commit()
        except CrmError as error:
            session.rollback()
            flash(message_of(error), "danger")
        else:
            if told:
                flash(told, "success")
        return redirect(url_for("JobView.show", pk=number))

    def _mine(self, pk: int) -> Job:
        job = db.session.get(Job, pk)
        if job is None or job.user_id != current_user.id:
            abort(404)
        return job

    def _context(self, job: Job) -> dict[str, Any]:
        undo = db.session.scalar(select(Job.id).where(Job.undo_of_id == job.id))
        return {
            "title": title_of(job),
            "job": job,
            "state": labels.label(JobState, job.state),
            "pill": PILLS[JobState(job.state)],
            "is_undo": job.kind == JobKind.UNDO,
            "failure": _failure(job),
            "reasons": [
                (one["label"], address_of(one["noun"], one["id"]), reason_of(one))
                for one in job.reasons
            ],
            "undo_id": undo,
            "may_undo": undo is None and job.can_be_undone,
            "list_address": job.data.get("list"),
            "number": number,
        }


def title_of(job: Job) -> str:
    """The verb's label, as the list's bar has it."""
    if job.kind == JobKind.IMPORT:
        label = str(IMPORTS[job.data["act"]])
        return f"{label}: {job.data['file']}"
    screen, _dot, name = job.act.partition(".")
    views = current_app.extensions["appbuilder"].baseviews
    view = next((one for one in views if type(one).__name__ == screen), None)
    made = view.bulk_verb(name) if view is not None else None
    label = str(made.label) if made is not None else name
    return gettext("Undo: %(what)s", what=label) if job.kind == JobKind.UNDO else label


def _failure(job: Job) -> str:
    if not job.failure:
        return ""
    known = FAILURES.get(job.failure)
    return str(known) if known is not None else gettext(job.failure)


# -- the worker's half ----------------------------------------------------------------------------


def init() -> None:
    """Gives the worker what it calls between documents: one part of one job."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def turn() -> bool:
        with app.app_context():  # of its own, so that nothing of the job before is remembered
            return take_turn(db.session(), RUNNERS)

    app.extensions["crm_turn"] = turn


def run_bulk(job: Job, ids: list[int]) -> Outcome:
    screen = job.act.partition(".")[0]
    views = current_app.extensions["appbuilder"].baseviews
    view: Any = next(one for one in views if type(one).__name__ == screen)
    with as_owner(db.session(), job, f"{view.route_base}/bulk"):
        outcome: Outcome = view.run_part(job, ids)
    return outcome


def run_undo(job: Job, ids: list[int]) -> Outcome:
    """`ids` are steps of the job that is undone."""
    session: Session = db.session()
    outcome = Outcome()
    with as_owner(session, job):
        for number in ids:
            step = session.get(UndoStep, number)
            if step is not None and step.undone_at is None:
                _take_back(step, outcome)
    return outcome


def _take_back(step: UndoStep, outcome: Outcome) -> None:
    try:
        taken = step.take_back(in_time=False)
    except CrmError as error:  # of its single row
        refused = [(step.places[0], error)]
    else:
        outcome.changed += taken.rows
        refused = taken.refused
    outcome.skipped += [skipped_of(noun, row_id, error) for (noun, row_id), error in refused]


RUNNERS: dict[str, Runner] = {
    JobKind.BULK.value: run_bulk,
    JobKind.UNDO.value: run_undo,
    JobKind.IMPORT.value: run_import,
}

__all__ = ["JobView", "init"]
