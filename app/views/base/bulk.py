"""One act upon many rows of a list: those that are ticked, or all that match its filters.

    class LeadView(NounView):
        bulk_verbs = ["assign", "plan", "lose", "delete"]   # verbs of this screen; delete puts away

`POST /leadview/bulk` first shows what will happen to how many rows, with the verb's own form, then
acts. Each row goes through the verb in a savepoint of its own, so that the rules stay in the noun:
who may not be changed is skipped and named. Up to 200 rows are done at once; more become a job
(app/jobs), which a worker does part by part. Either can be undone if the verb can.

The address carries the list's own query, so "all that match" are those that the list shows, and no
row that arrived after the page was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from flask import abort, current_app, flash, g, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext, lazy_gettext, ngettext
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.errors import (
    N_,
    AlreadyConverted,
    CrmError,
    Invalid,
    LeadIsClosed,
    NotAllowedNow,
    NotFound,
    Stale,
)
from app.jobs.queue import JobRefused, Outcome
from app.models.actor import Actor, acting_as
from app.models.base import machine
from app.models.job import PART, Job, JobKind
from app.models.undo import UndoStep, recording
from app.ui.fields import read_id
from app.ui.formatters import label_of, number
from app.ui.messages import message_of
from app.views.base.filters import OnlyPutAway
from app.views.base.forms import NounForm
from app.views.base.once import DoneBefore, WrongKey, begin_once
from app.views.base.verbs import Verb

MOST_AT_ONCE = 200  # rows that one request changes
MOST_TICKED = 1000
MOST_IN_A_JOB = 50_000
NAMED = 5  # rows that the page before the act names
REASONS_TOLD = 3
NOT_KEPT = ("csrf_token", "rowid", "all", "act", "run", "last", "form_key")


@dataclass(frozen=True, slots=True)
class Chosen:
    """`every`: all that match, of which `last` is the newest; `away`: of those put away."""

    ids: list[int]
    every: bool
    last: int

    @property
    def is_long(self) -> bool:
        return len(self.ids) > MOST_AT_ONCE


class Bulk:
    """The half of `NounView` that acts upon many rows."""

    bulk_verbs: ClassVar[list[str]] = []
    bulk_forms: ClassVar[dict[str, Any]] = {}  # where many rows are asked about otherwise than one
    bulk_menu: ClassVar[tuple[str, ...]] = ()  # those of them that stand in a menu of the bar
    bulk_menu_label: Any = lazy_gettext("Status")
    bulk_template = "crm/bulk.html"

    datamodel: Any
    endpoint: Any
    session: Any
    verbs: Any
    offers: Callable[[str], bool]
    asked_rows: Callable[[], Any]
    refuse: Callable[[], None]
    render_template: Callable[..., str]
    remove_form: Any
    remove_label: Any
    remove: Callable[..., Any]
    _base_filters: Any
    _every_row: Any

    def bulk_acts(self, *, away: bool = False) -> list[Verb]:
        """What the reader may do to many rows of the list, or of the list of those put away."""
        known = [self.bulk_verb(name) for name in self.bulk_verbs]
        return [one for one in known if one and one.away == away and self.offers(one.name)]

    def bulk_form(self, made: Verb) -> Any:
        return self.bulk_forms.get(made.name) or made.form or NounForm

    def bulk_address(self) -> str:
        """Where the ticked rows of the present list are sent, with what the list is asked for."""
        return self._with_query("bulk")

    def why_not(self, row: Any) -> CrmError:
        """Why a verb that the row's page would not offer is not done."""
        if getattr(row, "is_converted", False):
            return AlreadyConverted()
        if getattr(row, "can_be_reopened", False):
            return LeadIsClosed()
        return NotAllowedNow(N_("This does not apply to the record as it is."))

    @expose("/bulk", methods=["POST"])
    @has_access
    @permission_name("list")
    def bulk(self) -> Any:
        made = self.bulk_verb(request.form.get("act", ""))
        if made is None:
            abort(404)
        if not self.offers(made.name):
            self.refuse()
        chosen = self._chosen(made)
        if not chosen.ids:
            flash(gettext("Tick the rows first."), "warning")
            return redirect(self._list_address())
        runs = bool(request.form.get("run"))
        form = self.bulk_form(made)(formdata=request.form if runs else None)
        status = 200
        if len(chosen.ids) > MOST_IN_A_JOB:
            most = number(MOST_IN_A_JOB)
            form.faults.append(
                (gettext("More than %(most)s records match. Narrow the filters.", most=most), None)
            )
            status = 400
        elif runs and form.validate():
            answer = self._run(made, chosen, form)
            if not isinstance(answer, int):
                return answer
            status = answer
        elif runs:
            status = 400
        return self._bulk_page(made, chosen, form, status)

    # -- the act ---------------------------------------------------------------------------------

    def act_on(self, made: Verb, ids: list[int], values: Mapping[str, Any]) -> Outcome:
        """The verb upon each row, each in a savepoint; who cannot be changed is skipped. Raises
        Invalid when the form's values are at fault, which concerns all rows.
        """
        outcome = Outcome()
        noun = self.datamodel.obj.__tablename__
        found = {row.id: row for row in self.datamodel.get_many(ids, self._rows_of(made))}
        for row_id in ids:
            row = found.get(row_id)
            label = label_of(row) if row is not None else f"№ {row_id}"
            try:
                if row is None:
                    raise NotFound()
                with self.session.begin_nested():
                    if made.when is not None and not made.when(row):
                        raise self.why_not(row)
                    if made.form is None:
                        made.act(self, row)
                    else:
                        made.act(self, row, dict(values))
                outcome.changed += 1
            except Invalid:
                raise
            except StaleDataError:
                outcome.skipped.append(skipped_of(noun, row_id, Stale(), label))
            except IntegrityError:
                error = NotAllowedNow(N_("Another record has the same values."))
                outcome.skipped.append(skipped_of(noun, row_id, error, label))
            except CrmError as error:
                outcome.skipped.append(skipped_of(noun, row_id, error, label))
        return outcome

    def run_part(self, job: Job, ids: list[int]) -> Outcome:
        """A part of a job; in the worker, as the job's owner."""
        made = self.bulk_verb(job.act.partition(".")[2])
        if made is None or not self.offers(made.name):
            raise JobRefused(N_("Your role does not allow this."))
        kind = self.bulk_form(made)
        form = kind(formdata=MultiDict(job.data["form"]), meta={"csrf": False})
        if not form.validate():
            raise JobRefused(N_("Correct the marked fields."))
        with recording(self.session) as record:
            try:
                outcome = self.act_on(made, ids, form.values())
            except Invalid as error:
                raise JobRefused(_faults_of(error)) from error
        if made.undoable:
            UndoStep.keep(
                self.session, record.rows(), user_id=job.user_id, act=job.act,
                permission=made.permission, job_id=job.id,
            )  # fmt: skip
        return outcome

    def _run(self, made: Verb, chosen: Chosen, form: NounForm) -> Response | int:
        act = f"{type(self).__name__} bulk {made.name}"
        try:
            key = begin_once(self.session, form.form_key.data, act)
            answer = (self._order if chosen.is_long else self._do_now)(made, chosen, form, key)
            self.session.commit()
        except DoneBefore as done:
            self.session.rollback()
            if done.row_id is not None:
                return redirect(url_for("JobView.show", pk=done.row_id))
            return redirect(self._list_address())
        except CrmError as error:
            self.session.rollback()
            form.take(error)
            if isinstance(error, WrongKey):
                form.renew_key()
            return error.status
        told, category, address = answer
        if told:
            flash(told, category)
        return redirect(address)

    def _do_now(self, made: Verb, chosen: Chosen, form: NounForm, _key: Any) -> Any:
        with recording(self.session) as record:
            outcome = self.act_on(made, chosen.ids, form.values())
        step = None
        if made.undoable:
            step = UndoStep.keep(
                self.session, record.rows(), user_id=current_user.id, permission=made.permission,
                act=f"{type(self).__name__}.{made.name}",
            )  # fmt: skip
        told = told_of(outcome.changed, outcome.skipped)
        category = "success" if outcome.changed else "warning"
        return told, f"undo:{step.id}" if step else category, self._list_address()

    def _order(self, made: Verb, chosen: Chosen, form: NounForm, key: Any) -> Any:
        self._try_values(made, chosen.ids[0], form)
        kept = {name: request.form.getlist(name) for name in request.form if name not in NOT_KEPT}
        job = Job.order(
            self.session, JobKind.BULK, act=f"{type(self).__name__}.{made.name}",
            permission=made.permission, user_id=current_user.id,
            data={"form": kept, "list": self._list_address()},
            parts=[chosen.ids[at : at + PART] for at in range(0, len(chosen.ids), PART)],
        )  # fmt: skip
        key.row_id = job.id
        return "", "", url_for("JobView.show", pk=job.id)

    def _try_values(self, made: Verb, first: int, form: NounForm) -> None:
        """Raises Invalid now, while the form is before the person, not in the worker."""
        trial = self.session.begin_nested()
        try:
            self.act_on(made, [first], form.values())
        finally:
            trial.rollback()

    # -- which verb, which rows --------------------------------------------------------------------

    def bulk_verb(self, name: str) -> Verb | None:
        """The verb of this name, if it may be done to many rows."""
        if name not in self.bulk_verbs:
            return None
        if name == "delete":
            return Verb(
                "delete", self.remove_label,
                lambda view, row, values: view.remove(row, values["reason"]),
                form=self.remove_form, permission="delete", undoable=True,
            )  # fmt: skip
        return next((one for one in self.verbs if one.name == name), None)

    def _rows_of(self, made: Verb) -> Any:
        if not made.away:
            return self._base_filters
        return self._every_row.copy().add_filter("archived_at", OnlyPutAway, None)

    def _chosen(self, made: Verb) -> Chosen:
        if not request.form.get("all"):
            given = dict.fromkeys(map(read_id, request.form.getlist("rowid")))
            if len(given) > MOST_TICKED:
                abort(400, gettext("Choose at most %(most)s rows.", most=MOST_TICKED))
            return Chosen(sorted(number for number in given if number), False, 0)
        asked = self.asked_rows()
        if asked.away != made.away:
            abort(400)
        joined = asked.filters.get_joined_filters(asked.base)
        pk = self.datamodel.obj.__mapper__.primary_key[0]
        query = self.datamodel.apply_filters(self.session.query(self.datamodel.obj), joined)
        last = read_id(request.form.get("last", ""))
        if last is not None:
            query = query.filter(pk <= last)
        found = query.order_by(None).with_entities(pk).distinct().limit(MOST_IN_A_JOB + 1)
        ids = sorted(row_id for (row_id,) in found)
        return Chosen(ids, True, last or (ids[-1] if ids else 0))

    # -- pages -----------------------------------------------------------------------------------

    def _list_address(self) -> str:
        return self._with_query("list")

    def _with_query(self, page: str) -> str:
        asked: dict[str, Any] = request.args.to_dict(flat=False)
        return url_for(f"{self.endpoint}.{page}", **asked)

    def _bulk_page(self, made: Verb, chosen: Chosen, form: NounForm, status: int) -> Response:
        named = self.datamodel.get_many(chosen.ids[:NAMED], self._rows_of(made))
        page = self.render_template(
            self.bulk_template, title=made.label, view=self, verb=made, form=form, chosen=chosen,
            named=[label_of(row) for row in named], back=self._list_address(),
            others=len(chosen.ids) - len(named), address=self.bulk_address(),
            faults=[(text, None) for text, _link in form.faults],
        )  # fmt: skip
        return make_response(page, status)


# -- jobs ----------------------------------------------------------------------------------------


@contextmanager
def as_owner(session: Any, job: Job, path: str = "/") -> Iterator[None]:
    """The verbs of screens ask who is at the screen: here it is the job's owner, with the rights
    that they have now.
    """
    user = session.get(User, job.user_id)
    if user is None or not user.active:
        raise JobRefused(N_("Whoever ordered this cannot log in any more."))
    actor = Actor("user", user.get_full_name(), user.id)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.test_request_context(path, method="POST"), acting_as(actor):
        g._login_user = g.user = user
        yield


# -- words ---------------------------------------------------------------------------------------


def told_of(changed: int, skipped: list[dict[str, Any]], more: int = 0) -> str:
    """`23 records changed, 2 skipped: …`, the most frequent reasons first."""
    told = ngettext("%(num)s record changed.", "%(num)s records changed.", changed)
    count = len(skipped) + more
    if not count:
        return str(told)
    words = ngettext("%(num)s was skipped:", "%(num)s were skipped:", count)
    reasons: dict[str, int] = {}
    for one in skipped:
        text = reason_of(one)
        reasons[text] = reasons.get(text, 0) + 1
    listed = sorted(reasons.items(), key=lambda pair: -pair[1])[:REASONS_TOLD]
    shown = " ".join(f"{text} ({number(times)})" for text, times in listed)
    return f"{told} {words} {shown}"


def reason_of(skipped: dict[str, Any]) -> str:
    """Why a row was skipped, in the reader's language."""
    params = {name: _revived(value) for name, value in skipped["params"].items()}
    return message_of(CrmError(skipped["message"], **params))


def skipped_of(noun: str, row_id: int, error: CrmError, label: str = "") -> dict[str, Any]:
    """A row that was skipped and why, as a job keeps it."""
    params = {name: machine(value) for name, value in error.params.items()}
    return {
        "noun": noun, "id": row_id, "label": label or f"№ {row_id}", "message": error.message,
        "params": params,
    }  # fmt: skip


def _revived(value: Any) -> Any:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value


def _faults_of(error: Invalid) -> str:
    return next((one.message for faults in error.faults.values() for one in faults), error.message)
