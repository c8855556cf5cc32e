"""Imports: a file is brought, its columns are matched, its rows are checked, and only then stored;
long ones in the background. The same acts as `flask fab import` (app/imports).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from flask import abort, flash, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import undefer
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from app.errors import N_, CrmError, Invalid
from app.extensions import db
from app.imports import ordering, reports, undoing, working
from app.imports.columns import ANSWER, FIELDS, SKIP
from app.imports.encodings import OFFERED
from app.imports.planning import Plan
from app.imports.tables import BOOK, Layout
from app.imports.texts import DELIMITERS
from app.intake.remarks import Remark
from app.jobs.queue import JobRefused, Outcome
from app.models import Campaign, ImportFile, Service, Source
from app.models.import_file import ImportKind, ImportState, RowState
from app.models.job import Job, JobKind
from app.ui.access import may
from app.ui.fields import read_id
from app.ui.formatters import language, moment, number, text_of
from app.ui.labels import field_label, label
from app.ui.messages import message_of
from app.ui.pickers import PickerField
from app.views.base import NounForm
from app.views.base.bulk import as_owner
from app.views.base.csv_pages import file_answer

log = logging.getLogger(__name__)

LATEST = 50
AT_ONCE = 1000  # rows that a request works by itself; more become a job
NAMED = 50
SCREENS = {
    ImportKind.LEADS: "LeadView",
    ImportKind.CLIENTS: "ClientView",
    ImportKind.SPEND: "SpendView",
}
TITLES = {
    ImportKind.LEADS: _("Import of leads"),
    ImportKind.CLIENTS: _("Import of clients"),
    ImportKind.SPEND: _("Import of spend"),
}
PILLS = {
    ImportState.UPLOADED: "info",
    ImportState.CHECKING: "work",
    ImportState.CHECKED: "info",
    ImportState.RUNNING: "work",
    ImportState.DONE: "good",
    ImportState.UNDOING: "work",
    ImportState.UNDONE: "grey",
}
# Fields of files that no column of ours is called.
WORDS = {
    "fio": _("Full name: last, first, middle"),
    "name": _("Full name: first, last"),
    "campaign_id": _("Campaign's id"),
    "external_id": _("The sender's id of the request"),
    "submitted_at": _("When they asked"),
    "click_id": _("Click id"),
    "utm": _("Mark of the advertisement (UTM)"),
    "is_test": _("Test"),
    "platform_id": _("Id on the platform"),
    "from_day": _("First day"),
    "to_day": _("Last day"),
    ANSWER: _("Keep with the lead as an answer"),
    SKIP: _("Leave out"),
}
ENCODINGS = {
    "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1251": "Windows-1251", "koi8_u": "KOI8",
    "cp866": "CP866 (DOS)", "mac_cyrillic": "Mac Cyrillic", "cp1252": "Windows-1252",
    "cp1250": "Windows-1250", "cp1253": "Windows-1253", "cp1254": "Windows-1254",
    "cp1255": "Windows-1255", "cp1256": "Windows-1256", "gb18030": "GB18030", "big5": "Big5",
    "shift_jis": "Shift JIS", "euc_kr": "EUC-KR",
}  # fmt: skip
SIGNS = {",": ",", ";": ";", "\t": _("tab"), "|": "|"}


class SettingsForm(NounForm):
    """What holds for all rows, chosen among very many."""

    campaign = PickerField(_("Campaign of rows that name none"), noun="campaign")
    source = PickerField(_("Source whose ids the file has"), noun="source")
    service = PickerField(_("Make unknown campaigns, for the service"), noun="service")


@dataclass(frozen=True, slots=True)
class Act:
    """What a turn of a job does."""

    state: ImportState
    part: Any


ACTS = {
    "check": Act(ImportState.CHECKING, working.check_part),
    "run": Act(ImportState.RUNNING, working.run_part),
    "undo": Act(ImportState.UNDOING, undoing.undo_part),
}


class ImportView(BaseView):
    """Whoever may import a noun sees the imports of that noun."""

    route_base = "/importview"
    default_view = "list"

    # -- pages -----------------------------------------------------------------------------------

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        kinds = [kind for kind in ImportKind if may(kind.value, "ImportView")]
        latest = (
            select(ImportFile)
            .where(ImportFile.kind.in_([kind.value for kind in kinds]))
            .order_by(ImportFile.id.desc())
            .limit(LATEST)
        )
        return self.render_template(
            "crm/imports.html", title=_("Imports"), files=db.session.scalars(latest).all(),
            kinds=[(kind, label(ImportKind, kind)) for kind in kinds],
            pills=PILLS, state_of=lambda one: label(ImportState, one.state),
            kind_of=lambda one: label(ImportKind, one.kind),
            number=number,
        )  # fmt: skip

    @expose("/leads", methods=["GET", "POST"])
    @has_access
    def leads(self) -> Any:
        return self._upload(ImportKind.LEADS)

    @expose("/clients", methods=["GET", "POST"])
    @has_access
    def clients(self) -> Any:
        return self._upload(ImportKind.CLIENTS)

    @expose("/spend", methods=["GET", "POST"])
    @has_access
    def spend(self) -> Any:
        return self._upload(ImportKind.SPEND)

    @expose("/<int:pk>/columns", methods=["GET", "POST"])
    @has_access
    @permission_name("list")
    def columns(self, pk: int) -> Any:
        """What the columns mean; a changed sheet, encoding or headers are read anew."""
        one = self._one(pk)
        if not one.can_be_mapped:
            return redirect(url_for("ImportView.show", pk=pk))
        if request.method != "POST":
            return self._columns_page(one, SettingsForm(formdata=None, data=self._chosen(one)))
        form = SettingsForm()
        session = db.session()
        try:
            anew = ordering.read_otherwise(
                session, one, sheet=request.form.get("sheet"),
                encoding=request.form.get("encoding"), delimiter=request.form.get("delimiter"),
                header=_whole(request.form.get("header")),
            )  # fmt: skip
            if not form.validate():
                return self._columns_page(one, form, 400)
            ordering.settle(
                session, one, None if anew else request.form.getlist("field"),
                **self._said(one, form, anew=anew),
            )  # fmt: skip
        except CrmError as error:
            session.rollback()
            return self._columns_page(self._one(pk), form, error.status, error)
        session.commit()
        if anew or request.form.get("act") == "look":
            return redirect(url_for("ImportView.columns", pk=pk))
        return self._begin(one, "check")

    @expose("/show/<int:pk>")
    @has_access
    @permission_name("list")
    def show(self, pk: int) -> Any:
        one = self._one(pk)
        if one.state == ImportState.UPLOADED:
            return redirect(url_for("ImportView.columns", pk=pk))
        return self.render_template("crm/import.html", **self._context(one))

    @expose("/<int:pk>/progress")
    @has_access
    @permission_name("list")
    def progress(self, pk: int) -> Any:
        """The part of the page that asks for itself again; at the end the page is shown anew."""
        one = self._one(pk)
        answer = make_response(
            self.render_template("crm/import_progress.html", **self._context(one))
        )
        if not one.is_under_way:
            answer.headers["HX-Refresh"] = "true"
        return answer

    @expose("/<int:pk>/wrong.csv")
    @has_access
    @permission_name("list")
    def wrong(self, pk: int) -> Response:
        """Wrong rows with their reasons, to be put right and brought again."""
        one = self._one(pk)
        russian = language() == "ru"
        lines = reports.wrong_rows(
            db.session, one, _sentence, words=reports.WORDS["ru" if russian else "en"],
            delimiter=";" if russian else ",", comma=russian,
        )  # fmt: skip
        return file_answer(lines, "text/csv; charset=utf-8", f"wrong-rows-{one.id}.csv")

    # -- acts ------------------------------------------------------------------------------------

    @expose("/<int:pk>/run", methods=["POST"])
    @has_access
    @permission_name("list")
    def run(self, pk: int) -> Response:
        return self._begin(self._one(pk), "run")

    @expose("/<int:pk>/undo", methods=["POST"])
    @has_access
    @permission_name("list")
    def undo(self, pk: int) -> Response:
        return self._begin(self._one(pk), "undo")

    @expose("/<int:pk>/cancel", methods=["POST"])
    @has_access
    @permission_name("list")
    def cancel(self, pk: int) -> Response:
        """What has been done stays and can be undone; the rest can be gone on with."""
        one = self._one(pk)
        return self._try(one, one.job.cancel if one.job is not None else None)

    @expose("/<int:pk>/drop", methods=["POST"])
    @has_access
    @permission_name("list")
    def drop(self, pk: int) -> Response:
        """The file goes before anything was imported."""
        one = self._one(pk)
        answer = self._try(one, one.drop)
        if db.session.get(ImportFile, pk) is None:
            flash(gettext("The file has been dropped. Nothing was imported."), "success")
            return redirect(url_for("ImportView.list"))
        return answer

    # -- how they are made -----------------------------------------------------------------------

    def _upload(self, kind: ImportKind) -> Any:
        if request.method != "POST":
            return self._upload_page(kind)
        file = request.files.get("file")
        if file is None or not file.filename:
            return self._upload_page(kind, gettext("Choose a file."))
        session = db.session()
        session.commit()  # nobody waits for the lock while the file is looked through
        try:
            one = working.take_file(session, kind, _name_of(file), cast("BinaryIO", file.stream))
        except CrmError as error:
            session.rollback()
            return self._upload_page(kind, message_of(error))
        session.commit()
        log.info("user %s brings the import %s of %s", current_user.id, one.id, kind.value)
        return redirect(url_for("ImportView.columns", pk=one.id))

    def _upload_page(self, kind: ImportKind, fault: str = "") -> Response:
        page = self.render_template(
            "crm/import_upload.html", title=TITLES[kind], kind=kind.value, fault=fault,
            most=request.max_content_length // (1024 * 1024) if request.max_content_length else 0,
            back=url_for(f"{SCREENS[kind]}.list"),
        )  # fmt: skip
        return make_response(page, 400 if fault else 200)

    def _columns_page(
        self, one: ImportFile, form: SettingsForm, status: int = 200, error: CrmError | None = None
    ) -> Response:
        kind, plan = ImportKind(one.kind), Plan.of(one.plan)
        layout = Layout(**one.layout)
        form.campaign.hidden = kind == ImportKind.SPEND
        form.source.hidden = kind != ImportKind.LEADS
        form.service.hidden = kind != ImportKind.SPEND
        faults = []
        if isinstance(error, Invalid):
            faults = [message_of(one) for said in error.faults.values() for one in said]
        elif error is not None:
            faults = [message_of(error)]
        fields = request.form.getlist("field")
        if len(fields) != len(plan.fields):
            fields = plan.fields
        page = self.render_template(
            "crm/import_columns.html", title=TITLES[kind], file=one, plan=plan, layout=layout,
            is_book=layout.kind == BOOK, form=form, faults=[(text, None) for text in faults],
            columns=self._columns(one, plan, layout, fields), choices=_choices(kind),
            encodings=[(code, ENCODINGS[code]) for code in OFFERED]
            + ([] if layout.encoding in OFFERED else [(layout.encoding, layout.encoding)]),
            delimiters=[(sign, SIGNS[sign]) for sign in DELIMITERS]
            + ([] if layout.delimiter in DELIMITERS else [(layout.delimiter, layout.delimiter)]),
            has_times="submitted_at" in plan.fields, has_amounts="amount" in plan.fields,
            settings=[field for field in (form.campaign, form.source, form.service)
                      if not field.hidden and field.is_open],
            number=number,
        )  # fmt: skip
        return make_response(page, status)

    def _columns(self, one: ImportFile, plan: Plan, layout: Layout, fields: Any) -> Any:
        """(header, field, samples, how the first one is read)"""
        reading = plan.reading(layout)
        found = []
        for place, (header, name) in enumerate(zip(plan.headers, fields, strict=True)):
            samples = [row[place] for row in one.head if place < len(row) and row[place].strip()]
            read = ""
            if samples and name == "submitted_at":
                at = reading.instant(samples[0])
                read = moment(at) if at else gettext("no such time")
            elif samples and name in ("day", "from_day", "to_day"):
                day = reading.day(samples[0])
                read = text_of(day) if day else gettext("no such day")
            elif samples and name == "amount":
                amount = reading.amount(samples[0])
                read = text_of(amount) if amount is not None else gettext("no amount")
            found.append((header, name, samples[:3], read))
        return found

    def _chosen(self, one: ImportFile) -> dict[str, Any]:
        plan, session = Plan.of(one.plan), db.session()
        return {
            "campaign": session.get(Campaign, plan.campaign_id) if plan.campaign_id else None,
            "source": session.get(Source, plan.source_id) if plan.source_id else None,
            "service": session.get(Service, plan.service_id) if plan.service_id else None,
        }

    def _said(self, one: ImportFile, form: SettingsForm, *, anew: bool) -> dict[str, Any]:
        kind = ImportKind(one.kind)
        said: dict[str, Any] = {}
        for name, there in (
            ("campaign", kind != ImportKind.SPEND),
            ("source", kind == ImportKind.LEADS),
            ("service", kind == ImportKind.SPEND),
        ):
            field = form[name]
            if there and field.is_open:
                said[f"{name}_id"] = field.data.id if field.data is not None else None
        if not anew:
            for name in ("month_first", "comma", "utc"):
                if name in request.form:
                    said[name] = request.form[name] == "1"
        return said

    def _begin(self, one: ImportFile, name: str) -> Response:
        """Small files are worked at once, others by the worker."""
        session, pk = db.session(), one.id
        act = ACTS[name]
        try:
            one.lock()
            one.begin(act.state)
            rows = one.rows if name != "undo" else one.made + one.joined
            one.job_id = None if rows <= AT_ONCE else self._order(one, name, rows).id
            session.commit()
            log.info("user %s: %s of import %s", current_user.id, name, pk)
            while one.job_id is None and one.state == act.state:
                act.part(session, one)
                session.commit()
        except CrmError as error:
            session.rollback()
            flash(message_of(error), "danger")
        return redirect(url_for("ImportView.show", pk=pk))

    def _order(self, one: ImportFile, name: str, rows: int) -> Job:
        parts = rows // (undoing.PART if name == "undo" else working.PART) + 2
        return Job.order(
            db.session(), JobKind.IMPORT, act=f"ImportView.{name}", permission=one.kind,
            data={"import": one.id, "act": name, "file": one.file_name}, total=rows,
            parts=([part] for part in range(parts)), user_id=current_user.id,
        )  # fmt: skip

    def _try(self, one: ImportFile, act: Any) -> Response:
        session, pk = db.session(), one.id
        try:
            if act is not None:
                act()
            session.commit()
        except CrmError as error:
            session.rollback()
            flash(message_of(error), "danger")
        return redirect(url_for("ImportView.show", pk=pk))

    def _one(self, pk: int) -> ImportFile:
        one = db.session.get(ImportFile, pk, options=[undefer("*")])
        if one is None:
            abort(404)
        if not may(one.kind, "ImportView"):
            abort(403)
        return one

    def _context(self, one: ImportFile) -> dict[str, Any]:
        kind = ImportKind(one.kind)
        session = db.session()
        state, pill = label(ImportState, one.state), PILLS[ImportState(one.state)]
        if one.was_stopped:
            state, pill = gettext("Stopped"), "grey"

        def listed(state: RowState) -> Any:
            rows = reports.rows_of(session, one, state, NAMED)
            return [(row, reports.told(row, _sentence)) for row in rows]

        screen = SCREENS[kind]
        return {
            "title": one.file_name or TITLES[kind],
            "file": one,
            "kind_title": TITLES[kind],
            "label": state,
            "pill": pill,
            "summary": _summary(one),
            "wrong": listed(RowState.WRONG),
            "repeats": listed(RowState.REPEAT),
            "warned": [*listed(RowState.CHANGED), *listed(RowState.WARNED)],
            "kept": [
                (url_for(f"{screen}.show", pk=row.noun_id), row.noun_id)
                for row in reports.rows_of(session, one, RowState.KEPT, NAMED)
            ],
            "row_address": lambda row: (
                url_for(f"{screen}.show", pk=row.noun_id) if row.noun_id else ""
            ),
            "list_address": url_for(f"{screen}.list"),
            "failure": gettext(one.failure) if one.failure else "",
            "is_spend": kind == ImportKind.SPEND,
            "named": NAMED,
            "number": number,
        }


def _summary(one: ImportFile) -> str:
    """`1,180 ready · 14 repeats · 6 wrong`"""
    parts = [
        ngettext("%(count)s row ready", "%(count)s rows ready", one.ready, count=number(one.ready)),
        ngettext("%(count)s repeat", "%(count)s repeats", one.repeats, count=number(one.repeats)),
        ngettext("%(count)s wrong", "%(count)s wrong", one.wrong, count=number(one.wrong)),
    ]
    if one.ignored:
        left_out = ngettext(
            "%(count)s blank line, title or total left out",
            "%(count)s blank lines, titles and totals left out",
            one.ignored,
            count=number(one.ignored),
        )
        parts.append(left_out)
    return " · ".join(parts)


def _sentence(remark: Remark) -> str:
    text = gettext(remark.message)
    return text % dict(remark.params) if remark.params else text


def _choices(kind: ImportKind) -> Any:
    names = [*FIELDS[kind], *(["utm", ANSWER] if kind == ImportKind.LEADS else [])]
    found = [(name, WORDS.get(name) or field_label(name)) for name in names if name != SKIP]
    return [*found, (SKIP, WORDS[SKIP])]


def _name_of(file: FileStorage) -> str:
    """The name for people: without a path, without what cannot be seen."""
    name = (file.filename or "").replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in name if char.isprintable()).strip()[:300]


def _whole(text: str | None) -> int | None:
    if text is None or not text.strip():
        return None
    return 0 if text.strip() == "0" else read_id(text) or -1


# -- the worker's half ----------------------------------------------------------------------------


def run_import(job: Job, _parts: Any) -> Outcome:
    """The next part of an import; the parts of the job only count."""
    session = db.session()
    one = session.get(ImportFile, job.data["import"])
    if one is None or one.job_id != job.id:
        raise JobRefused(N_("The import is not at this step any more."))
    act = ACTS[job.data["act"]]
    with as_owner(session, job):
        if not may(one.kind, "ImportView"):
            raise JobRefused(N_("Your role does not allow this."))
        if one.state != act.state:
            return Outcome()
        before = one.made + one.joined
        try:
            rows = act.part(session, one)
        except CrmError as error:
            raise JobRefused(str(error)) from error
        changed = one.made + one.joined - before
        return Outcome(changed=changed, passed=max(rows - changed, 0))
