"""Merging two leads or two clients: the page where one chooses what stays, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from app.errors import CrmError, Stale
from app.models.lead import OPEN, Lead, LeadStatus
from app.models.merge import (
    Merge,
    Row,
    choices_of,
    merge,
    merges_into,
    refuse_merge,
    survivor_of,
)  # fmt: skip
from app.models.undo import UndoStep
from app.ui import labels
from app.ui.fields import read_id
from app.ui.formatters import label_of, moment
from app.views.base import NounForm, Verb, verb
from app.views.base.links import address_of

STAGES = (*OPEN, LeadStatus.CONVERTED.value)


@dataclass(frozen=True, slots=True)
class Choice:
    """A field of the two records: what each says, and which of them is chosen."""

    name: str
    label: Any
    values: tuple[Any, Any]
    chosen: int

    @property
    def is_open(self) -> bool:
        return bool(self.values[0] != self.values[1])


class Merging:
    """The part of a screen that makes one record of two."""

    datamodel: Any
    endpoint: Any
    session: Any
    row_or_404: Any
    offers: Any
    perform: Any
    render_template: Any
    cell: Any
    label_columns: Any
    noun: Any

    # -- where the address of a merged record leads ----------------------------------------------

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        try:
            return super().show(pk)  # type: ignore[misc]
        except NotFound:  # who may not see what is put away
            self.lead_on(read_id(pk))
            raise

    def lead_on(self, row_id: int | None) -> None:
        """Ends the request at the survivor if the record was merged into one."""
        into = survivor_of(self.session, self.datamodel.obj, row_id) if row_id else None
        if into is not None:
            abort(redirect(url_for(f"{self.endpoint}.show", pk=into)))

    # -- the page --------------------------------------------------------------------------------

    @expose("/<int:pk>/merge", methods=["GET", "POST"])
    @has_access
    @permission_name("merge")
    def merge(self, pk: int) -> Any:
        """`?with=12` names the other one."""
        other_id = read_id(request.values.get("with", ""))
        if other_id is None or other_id == pk:
            abort(404)
        row, other = (self.row_or_404(one, away=True) for one in (pk, other_id))
        form, status = NounForm(formdata=request.form if request.method == "POST" else None), 200
        if request.method == "POST":
            answer = self._merge(form, row, other)
            if not isinstance(answer, int):
                return answer
            status = answer
            self.session.rollback()
            row, other = (self.row_or_404(one, away=True) for one in (pk, other_id))
        else:
            try:
                stays = suggested(row, other)
                refuse_merge(stays, other if stays is row else row)
            except CrmError as error:
                form.take(error)
        return self._merge_page(form, row, other, status)

    def _merge(self, form: NounForm, row: Row, other: Row) -> Response | int:
        rows = {row.id: row, other.id: other}
        stays = read_id(request.form.get("survivor", ""))
        if stays not in rows:
            form.faults.append((gettext("Choose which of the two stays."), None))
            return 400
        loser = next(one for number, one in rows.items() if number != stays)
        survivor = rows[stays]
        choices = {
            name: number
            for name in choices_of(survivor)
            if (number := read_id(request.form.get(f"choice_{name}", ""))) in rows
        }
        versions = {number: read_id(request.form.get(f"version_{number}", "")) for number in rows}
        kept: list[int] = []

        def act() -> Response:
            done = merge(survivor, loser, choices, versions=versions)  # type: ignore[arg-type]
            step = UndoStep.keep(
                self.session, [undo_row(done)], user_id=current_user.id, permission="merge",
                act=f"{type(self).__name__} merge",
            )  # fmt: skip
            kept.extend([step.id] if step else [])
            return redirect(url_for(f"{self.endpoint}.show", pk=stays))

        name = f"merge {min(rows)} {max(rows)}"
        try:
            answer: Response | int = self.perform(form, name, act, row_id=stays)
        except (Stale, StaleDataError):
            self.session.rollback()
            told = gettext("Somebody changed one of the two meanwhile. Look again and choose.")
            form.faults.append((told, None))
            form.renew_key()
            return 409
        if not isinstance(answer, int) and kept:
            flash(gettext("The two are one record now."), f"undo:{kept[0]}")
        return answer

    def _merge_page(self, form: NounForm, row: Row, other: Row, status: int) -> tuple[str, int]:
        rows = (row, other)
        stays = read_id(request.form.get("survivor", "")) or suggested(row, other).id
        listed = [self._choice(name, rows, stays) for name in choices_of(row)]
        page = self.render_template(
            "crm/merge.html", title=gettext("Merge"), view=self, form=form, rows=rows, stays=stays,
            choices=[one for one in listed if any(one.values)],
            faults=[(text, address_of(*link) if link else None) for text, link in form.faults],
        )  # fmt: skip
        return page, status

    def _choice(self, name: str, rows: tuple[Row, Row], stays: int) -> Choice:
        values = tuple(self.merge_value(row, name) for row in rows)
        asked = read_id(request.form.get(f"choice_{name}", ""))
        chosen = asked or _best(name, rows, values, stays)
        label = self.label_columns.get(name) or labels.field_label(name)
        return Choice(name, label, (values[0], values[1]), chosen)

    def merge_value(self, row: Row, name: str) -> Any:
        """Without links: a click on the word chooses it."""
        if name == "name":
            return label_of(row)
        if name == "next_contact_at":
            return moment(row.next_contact_at) if isinstance(row, Lead) else ""
        value = self.cell(row, name)
        return value.striptags() if isinstance(value, Markup) and "<a " in value else value

    # -- the way back ----------------------------------------------------------------------------

    def merges(self, row: Row) -> list[Merge]:
        if row.merged_into_id is not None:
            self.lead_on(row.id)
        return merges_into(self.session, row) if self.offers("merge") else []

    @verb(_("Undo the merge"), permission="merge")
    def unmerge(self, row: Row) -> Any:
        done = self.session.get(Merge, read_id(request.form.get("merge", "")) or 0)
        if done is None or (done.noun, done.survivor_id) != (self.noun, row.id):
            abort(404)
        done.undo()
        return row, gettext("The merge has been undone: there are two records again.")

    # -- from a list -----------------------------------------------------------------------------

    def bulk_verb(self, name: str) -> Verb | None:
        if name == "merge":
            return Verb("merge", _("Merge"), self.merge, permission="merge")
        found: Verb | None = super().bulk_verb(name)  # type: ignore[misc]
        return found

    @expose("/bulk", methods=["POST"])
    @has_access
    @permission_name("list")
    def bulk(self) -> Any:
        """Two ticked rows go to the page where one chooses; every other act is the list's own."""
        if request.form.get("act") != "merge":
            return super().bulk()  # type: ignore[misc]
        ticked = sorted({one for one in map(read_id, request.form.getlist("rowid")) if one})
        if len(ticked) != 2 or request.form.get("all"):
            flash(gettext("Tick exactly two rows to merge them."), "warning")
            return redirect(self._list_address())  # type: ignore[attr-defined]
        query: dict[str, Any] = {"pk": ticked[0], "with": ticked[1]}
        return redirect(url_for(f"{self.endpoint}.merge", **query))


def undo_row(done: Merge) -> dict[str, Any]:
    """How a step of undo names a merge."""
    return {
        "noun": Merge.__tablename__, "id": done.id, "version": 0, "before": {}, "notes": [],
    }  # fmt: skip


def suggested(row: Row, other: Row) -> Row:
    """What has gone further stays; of two alike the older one."""
    first, second = sorted((row, other), key=lambda one: one.id)
    if isinstance(first, Lead) and isinstance(second, Lead):
        return second if _stage(second) > _stage(first) else first
    return first


def _stage(lead: Lead) -> int:
    return STAGES.index(lead.status) if lead.status in STAGES else -1


def _best(name: str, rows: tuple[Row, Row], values: tuple[Any, ...], stays: int) -> int:
    """The survivor's value, or the other's where the survivor has none."""
    mine = 0 if rows[0].id == stays else 1
    if name == "status" and isinstance(rows[0], Lead) and isinstance(rows[1], Lead):
        return suggested(*rows).id
    return rows[mine if values[mine] else 1 - mine].id
