"""Lines of a record's page that are edited where they stand: `/leadview/12/field/phone`.

    class ClientView(InPlace, NounView):
        in_place = {"name": ("last_name", "first_name"), "phone": ("phone",)}
        in_place_verbs = {"manager": "assign"}

Each line opens a small form with those fields of the edit form, and saves through the same
`change`. A line of `in_place_verbs` opens the verb's form and posts to the verb. The template puts
a line by `{{ place.line(view.line(row, "phone")) }}` of crm/inplace/macros.html; without JavaScript
its pencil leads to the edit page. Law 8 is kept by the line: a colleague who saved another field
meanwhile is no reason to refuse this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flask import abort, make_response, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.ui.labels import field_label
from app.views.base.forms import NounForm
from app.views.base.links import address_of


@dataclass(frozen=True, slots=True)
class Line:
    """`form_address` is empty where the reader may not edit; `edit_address` serves without
    JavaScript.
    """

    name: str
    label: Any
    value: Any
    form_address: str = ""
    edit_address: str = ""

    @property
    def id(self) -> str:
        return f"line-{self.name}"


class InPlace:
    """Goes before NounView."""

    in_place: ClassVar[dict[str, tuple[str, ...]]] = {}
    in_place_verbs: ClassVar[dict[str, str]] = {}
    in_place_parts = ""  # ids of what else shows the value, as `data-swap-also` takes them

    if TYPE_CHECKING:
        endpoint: str
        edit_form: Any
        label_columns: Any
        verbs: list[Any]
        cell: Callable[[Any, str], Any]
        offers: Callable[[str], bool]
        row_or_404: Callable[..., Any]
        render_template: Callable[..., str]
        save_over: Callable[..., Response | int]
        change: Callable[[Any, dict[str, Any]], None]

    def line(self, row: Any, name: str) -> Line:
        label = self.label_columns.get(name) or field_label(name)
        if not self.may_edit_in_place(row, name):
            return Line(name, label, self.line_value(row, name))
        verb = self.in_place_verbs.get(name)
        return Line(
            name, label, self.line_value(row, name),
            url_for(f"{self.endpoint}.field", pk=row.id, name=name),
            url_for(f"{self.endpoint}.{verb or 'edit'}", pk=row.id),
        )  # fmt: skip

    def line_value(self, row: Any, name: str) -> Any:
        """How the line reads; a view may say it otherwise."""
        return self.cell(row, name)

    def may_edit_in_place(self, row: Any, name: str) -> bool:
        if getattr(row, "is_put_away", False) or not self.offers("field"):
            return False
        if name in self.in_place_verbs:
            made = self._verb_at(name)
            return self.offers(made.name) and (made.when is None or made.when(row))
        return name in self.in_place and self.offers("edit")

    @expose("/<int:pk>/field/<name>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def field(self, pk: int, name: str) -> Any:
        row = self.row_or_404(pk, away=False)
        if not self.may_edit_in_place(row, name):
            abort(404)
        if request.args.get("leave"):
            line = self.line(row, name)
            return self.render_template("crm/inplace/line.html", view=self, row=row, line=line)
        if name in self.in_place_verbs:
            made = self._verb_at(name)
            if request.method == "POST":
                abort(405)
            kind = getattr(self, made.form)(row) if isinstance(made.form, str) else made.form
            form = kind(formdata=None, obj=row)
            if made.versioned:
                form.remember(row)
            action = url_for(f"{self.endpoint}.{made.name}", pk=row.id)
            return self._line_page(row, name, form, action)
        action = url_for(f"{self.endpoint}.field", pk=row.id, name=name)
        form = self._line_form(row, name)
        if request.method != "POST":
            form.remember(row)
            return self._line_page(row, name, form, action)
        form = self._form_at(name)(obj=row)
        self._look_at_the_line_only(form, row, name)
        answer = self.save_over(
            form, row, f"field {name}", lambda now: self._line_form(now, name),
            lambda: self.change(row, form.values()),
        )  # fmt: skip
        if isinstance(answer, int):
            row = self.row_or_404(pk, away=False)
            return self._line_page(row, name, form, action, answer)
        return answer

    def _look_at_the_line_only(self, form: NounForm, row: Any, name: str) -> None:
        """Counts the form as fresh when its own values are as it showed them, and as old when they
        are not: a repeat that fills an empty field raises no version.
        """
        opened = form.values_at_opening()
        if opened is not None and hasattr(row, "lock_version"):
            same = opened == self._line_form(row, name).texts()
            form.lock_version.raw_data = [str(row.lock_version) if same else ""]

    def _line_form(self, row: Any, name: str) -> NounForm:
        form: NounForm = self._form_at(name)(formdata=None, obj=row)
        return form

    def _form_at(self, name: str) -> type[NounForm]:
        made: dict[str, type[NounForm]] = self.__dict__.setdefault("_line_forms", {})
        if name not in made:
            own = {field: getattr(self.edit_form, field) for field in self.in_place[name]}
            made[name] = type("LineForm", (NounForm,), own)
        return made[name]

    def _verb_at(self, name: str) -> Any:
        return next(one for one in self.verbs if one.name == self.in_place_verbs[name])

    def _line_page(
        self, row: Any, name: str, form: NounForm, action: str, status: int = 200
    ) -> Response:
        for field in form.shown():  # the page may hold another form with such a field
            field.id = field.label.field_id = f"line-{name}-{field.short_name}"
        faults = [(text, address_of(*link) if link else None) for text, link in form.faults]
        page = self.render_template(
            "crm/inplace/form.html", view=self, row=row, line=self.line(row, name), form=form,
            action=action, faults=faults, parts=self.in_place_parts,
        )  # fmt: skip
        return make_response(page, status)


__all__ = ["InPlace", "Line"]
