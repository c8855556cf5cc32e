"""`NounView`: the screen of one noun. It reads, checks, calls one verb of the noun and commits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, ClassVar

from flask import abort, flash, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.views import ModelView
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.errors import CrmError, Stale
from app.models.base import Archive, PutAway, Searchable
from app.ui import fields, formatters, labels
from app.ui.access import may
from app.ui.formatters import label_of
from app.ui.messages import message_of
from app.ui.pickers import PickerField
from app.views.base.filters import Filters, NotPutAway, OnlyPutAway, SearchText
from app.views.base.forms import NounConverter, NounForm, as_text, shown_text
from app.views.base.guarded import Guarded
from app.views.base.links import address_of, link_to
from app.views.base.once import DoneBefore, WrongKey, begin_once
from app.views.base.opened import watching
from app.views.base.pickers import ViewPicker
from app.views.base.searching import read_filters, search_fields, search_form
from app.views.base.verbs import Verb, verb
from app.views.base.widgets import NounList, NounSearch, as_markup, new_form_key

log = logging.getLogger(__name__)

CONFLICT = 409


class RemoveForm(NounForm):
    reason = fields.ChoiceField(_l("Reason"), enum=Archive, default=Archive.MISTAKE.value)


class NounView(Guarded, ModelView):
    """See the package's docstring for a whole screen."""

    noun: str | None = None  # the table's name; "" for a second screen of the same noun
    enums: ClassVar[dict[str, type[StrEnum]]] = {}  # columns that hold states
    picker_filters: ClassVar[list[Any]] = []  # what is offered, beyond the base filter
    picker_needs: list[str] | None = None  # as `needs`, for `picker_label`
    search_shown: list[str] | None = None  # filters that stand open on the page; all by default
    related_page_size = 10
    remove_form: type[NounForm] = RemoveForm
    remove_label: Any = _l("Put away")

    list_template = "crm/list.html"
    show_template = "crm/show.html"
    add_template = edit_template = "crm/form.html"
    remove_template = "crm/remove.html"
    list_widget = NounList
    search_widget = NounSearch

    # -- set-up ----------------------------------------------------------------------------------

    def __init__(self, **kwargs: Any) -> None:
        model = (kwargs.get("datamodel") or self.datamodel).obj
        if self.noun is None:
            self.noun = model.__tablename__
        self.can_be_put_away = issubclass(model, PutAway)
        left_out = set(self.exclude_route_methods)
        if not (self.add_columns or self.add_fieldsets or self.add_form):
            left_out.add("add")
        if not (self.edit_columns or self.edit_fieldsets or self.edit_form):
            left_out.add("edit")
        if not (hasattr(model, "put_away") or type(self).remove is not NounView.remove):
            left_out.add("delete")
        if not self.can_be_put_away:
            left_out.add("restore")
        self.exclude_route_methods = left_out
        super().__init__(**kwargs)
        self.verbs = [v for v in map(_verb_of(self), dir(type(self))) if v is not None]

    def _init_properties(self) -> None:
        asked = self.search_columns
        own = list(self.base_filters or [])
        self.label_columns = dict(self.label_columns or {})
        self.show_columns = self.show_columns or self.list_columns
        # FAB would offer every column; here what is not named is not there.
        self.add_columns, self.edit_columns = self.add_columns or [], self.edit_columns or []
        super()._init_properties()
        self.search_columns = list(asked or [])
        self._filters = self.datamodel.get_filters(self.search_columns)
        self._every_row: Filters = self._base_filters
        if self.can_be_put_away:
            away = ["archived_at", NotPutAway, None]
            self._base_filters = self.datamodel.get_filters().add_filter_list([*own, away])

    def _gen_labels_columns(self, list_columns: Iterable[str]) -> None:
        for column in list_columns:
            self.label_columns.setdefault(column, labels.field_label(column))

    def _init_forms(self) -> None:
        if "add" not in self.exclude_route_methods and self.add_form is None:
            self.add_form = self._form_of(self.add_columns, self.add_form_extra_fields)
        if "edit" not in self.exclude_route_methods and self.edit_form is None:
            self.edit_form = self._form_of(self.edit_columns, self.edit_form_extra_fields)
        self._search_fields = search_fields(self.datamodel, self)

    def _form_of(self, columns: list[str], extra: dict[str, Any]) -> type[NounForm]:
        self._gen_labels_columns(columns)
        return NounConverter(self.datamodel, self.enums).create_form(
            self.label_columns, columns, self.description_columns, self.validators_columns, extra
        )

    # -- what a noun's screen may say otherwise --------------------------------------------------

    def make(self, values: dict[str, Any]) -> Any:
        """Makes the row from the add form's values; in the page's transaction, without commit."""
        row = self.datamodel.obj()
        self.session.add(row)
        with self.session.no_autoflush:
            row.change(**values)
        return row

    def change(self, row: Any, values: dict[str, Any]) -> None:
        row.change(**values)

    def remove(self, row: Any, reason: str) -> Any:
        """May return the sentence to tell."""
        row.put_away(reason)

    def defaults(self) -> dict[str, Any]:
        """What a new form shows, beside what the address asks for (`_flt_0_client=5`)."""
        return {}

    def picker_label(self, row: Any) -> str:
        return label_of(row)

    def context(self, row: Any) -> dict[str, Any]:
        """More for the show page's template."""
        return {}

    # -- reading ---------------------------------------------------------------------------------

    @property
    def session(self) -> Any:
        return self.datamodel.session

    def offers(self, method: str) -> bool:
        """Whether the screen has this page and the reader may open it."""
        permission = f"can_{self.get_method_permission(method)}"
        return permission in self.base_permissions and may(
            permission.removeprefix("can_"), self.class_permission_name
        )

    def may_restore(self) -> bool:
        return self.can_be_put_away and self.offers("restore")

    def row_or_404(self, pk: Any, *, away: bool | None = None) -> Any:
        """The row through the base filters. Rows put away are there for those who may restore."""
        away = self.may_restore() if away is None else away
        filters = self._every_row if away else self._base_filters
        shown = [name for name in self.show_columns if self.datamodel.is_relation(name)]
        rows = self.datamodel.get_many([pk], filters, shown, self.needs, whole=True)
        if not rows:
            abort(404)
        return rows[0]

    def picker(self) -> ViewPicker:
        return ViewPicker(self)

    # -- pages that read -------------------------------------------------------------------------

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        form = search_form(self._search_fields)
        read_filters(self, form)
        away = bool(request.args.get("put_away")) and self.may_restore()
        text = request.args.get("search", "") if issubclass(self.datamodel.obj, Searchable) else ""
        filters = self._filters
        if text.strip():
            filters.add_filter("search_text", SearchText, text)
        base = self._base_filters
        if away:
            base = self._every_row.copy().add_filter("archived_at", OnlyPutAway, None)
        name = type(self).__name__
        widgets = self._get_list_widget(
            filters=filters,
            order_column=request.args.get(f"_oc_{name}", ""),
            order_direction=request.args.get(f"_od_{name}", "asc"),
            page=fields.read_id(request.args.get(f"page_{name}", "")),
            page_size=fields.read_id(request.args.get(f"psize_{name}", "")),
            base_filters=base,
        )
        self.update_redirect()
        widgets["search"] = self.search_widget(
            view=self, form=form, filters=filters, search=text, put_away=away,
            searchable=issubclass(self.datamodel.obj, Searchable),
        )  # fmt: skip
        return self.render_template(
            self.list_template, title=self.list_title, widgets=widgets, view=self
        )

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        row = self.row_or_404(pk)
        self.update_redirect()
        return self.render_template(
            self.show_template,
            title=self.show_title,
            view=self,
            row=row,
            pk=row.id,
            sections=self.sections(row),
            related=self.related(row),
            buttons=self.buttons(row),
            new_form_key=new_form_key,
            **self.context(row),
        )

    def sections(self, row: Any) -> list[tuple[Any, list[tuple[Any, Any]]]]:
        """(title, [(label, value)]) of the show page."""
        fieldsets = self.show_fieldsets or [(None, {"fields": self.show_columns})]
        return [
            (title, [(self.label_columns.get(name) or labels.field_label(name),
                      self.cell(row, name)) for name in part["fields"]])
            for title, part in fieldsets
        ]  # fmt: skip

    def related(self, row: Any) -> list[tuple[Any, Any]]:
        """(view, list widget) of the related lists that the reader may see."""
        views = self.visible_related_views()
        return [(view, as_markup(self._related_list(row, view))) for view in views]

    def _related_list(self, row: Any, view: Any) -> Any:
        name = type(view).__name__
        return self._get_related_view_widget(
            row, view,
            request.args.get(f"_oc_{name}", ""), request.args.get(f"_od_{name}", "asc"),
            page=fields.read_id(request.args.get(f"page_{name}", "")),
            page_size=fields.read_id(request.args.get(f"psize_{name}", ""))
            or self.related_page_size,
        )  # fmt: skip

    def buttons(self, row: Any) -> list[Verb]:
        """The verbs that the reader may do to this row now."""
        away = bool(getattr(row, "is_put_away", False))
        return [
            one for one in self.verbs
            if one.away == away and self.offers(one.name) and (one.when is None or one.when(row))
        ]  # fmt: skip

    def cell(self, row: Any, column: str) -> Any:
        """One value as people read it: formatted, translated, related rows as links."""
        value = row
        for part in column.split("."):
            value = getattr(value, part, None)
            if callable(value):
                value = value(formatters.language()) if part == "name" else value()
            if value is None:
                break
        formatter = self.formatters_columns.get(column)
        if formatter is not None:
            return formatter(value)
        if column in self.enums:
            return labels.label(self.enums[column], value)
        if column == "language":
            return str(labels.LANGUAGE_NAMES.get(value, value or ""))
        if column == "archived_reason":
            return labels.label(Archive, value)
        if column == "phone":
            key = getattr(row, "phone_key", None)
            return formatters.phone(key or value, getattr(row, "phone_extension", None))
        if formatters.is_row(value):
            return link_to(value)
        if isinstance(value, (list, tuple)) and value and all(map(formatters.is_row, value)):
            return Markup(", ").join(link_to(one) for one in value)
        return formatters.text_of(value, getattr(row, "currency", None))

    def _values(self, rows: Any) -> Any:
        """The cells by column; the first one becomes the link to the row, so it holds no other."""
        values = []
        for row in rows:
            cells = {column: self.cell(row, column) for column in self.list_columns}
            first = cells[self.list_columns[0]]
            if isinstance(first, Markup):
                cells[self.list_columns[0]] = first.striptags()
            values.append(cells | {"_away": bool(getattr(row, "archived_at", None))})
        return values

    def _formatters(self) -> dict[str, Any]:
        return {}  # the values are formatted already

    # -- pages that change -----------------------------------------------------------------------

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        if request.method != "POST":
            form = self.add_form(formdata=None, data=self._asked_for() | self.defaults())
            return self._form_page(self.add_template, self.add_title, form)
        form = self.add_form()
        if not form.validate():
            return self._form_page(self.add_template, self.add_title, form, status=400)
        answer = self.perform(
            form, "add", lambda: self.make(form.values()), gettext("The record has been added.")
        )
        if isinstance(answer, int):
            return self._form_page(self.add_template, self.add_title, form, status=answer)
        return answer

    def _asked_for(self) -> dict[str, Any]:
        """Related rows that the address names, through their own base filters."""
        found = {}
        for name, unbound in vars(self.add_form).items():
            given = request.args.get(f"_flt_0_{name}") or request.args.get(name)
            kind = getattr(unbound, "field_class", None)
            if given and isinstance(kind, type) and issubclass(kind, PickerField):
                field = unbound.bind(form=None, name=name, _meta=self.add_form.Meta())
                if field.is_open:
                    found[name] = field.picker.get(given)
        return found

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        row = self.row_or_404(pk, away=False)
        if request.method != "POST":
            form = self._filled(row)
            form.remember(row)
            return self._form_page(self.edit_template, self.edit_title, form, row)
        form = self.edit_form(obj=row)
        answer = self.save_over(
            form, row, "edit", self._filled, lambda: self.change(row, form.values())
        )
        if isinstance(answer, int):
            row = self.row_or_404(pk, away=False)
            return self._form_page(self.edit_template, self.edit_title, form, row, status=answer)
        return answer

    def _filled(self, row: Any) -> NounForm:
        form: NounForm = self.edit_form(formdata=None, obj=row)
        self.prefill_form(form, row.id)
        return form

    @expose("/delete/<pk>", methods=["GET", "POST"])
    @has_access
    def delete(self, pk: str) -> Any:
        """Law 7: asks for the reason, then puts away (or what the noun's `remove` does)."""
        row = self.row_or_404(pk, away=False)
        form = self.remove_form(formdata=request.form if request.method == "POST" else None)
        status = 200
        if request.method == "POST":
            number = row.id

            def act() -> Any:
                return self.remove(row, form.reason.data)

            if form.validate():
                answer = self.perform(
                    form, f"delete {number}", act, gettext("The record has been put away."),
                    row_id=number, go_to=url_for(f"{self.endpoint}.list"),
                )  # fmt: skip
                if not isinstance(answer, int):
                    return answer
                status = answer
                row = self.row_or_404(pk, away=False)
            else:
                status = 400
        return self._form_page(self.remove_template, self.remove_label, form, row, status=status)

    @verb(_l("Bring back"), permission="restore", away=True, style="primary")
    def restore(self, row: Any) -> Any:
        row.bring_back()
        return gettext("The record has been brought back.")

    def verb_page(self, made: Verb, pk: int) -> Any:
        row = self.row_or_404(pk, away=made.away)
        title = made.label
        if made.form is None:
            form = NounForm()
            answer = self.perform(
                form, f"{made.name} {row.id}", lambda: made.act(self, row), row_id=row.id
            )
            return self._tell_faults(form, row) if isinstance(answer, int) else answer
        kind = getattr(self, made.form)(row) if isinstance(made.form, str) else made.form

        def filled(row: Any) -> NounForm:
            form: NounForm = kind(formdata=None, obj=row if made.versioned else None)
            prefill = getattr(self, f"prefill_{made.name}", None)
            if prefill is not None:
                prefill(form, row)
            return form

        if request.method != "POST":
            form = filled(row)
            if made.versioned:
                form.remember(row)
            return self._form_page(made.template, title, form, row, verb=made)
        form = kind(obj=row if made.versioned else None)
        act = f"{made.name} {row.id}"

        def do() -> Any:
            return made.act(self, row, form.values())

        if made.versioned:
            answer = self.save_over(form, row, act, filled, do)
        elif form.validate():
            answer = self.perform(form, act, do, row_id=row.id)
        else:
            answer = 400
        if not isinstance(answer, int):
            return answer
        row = self.row_or_404(pk, away=made.away)
        return self._form_page(made.template, title, form, row, status=answer, verb=made)

    # -- one transaction -------------------------------------------------------------------------

    def save_over(
        self, form: NounForm, row: Any, act: str, filled: Callable[[Any], NounForm],
        do: Callable[[], Any],
    ) -> Response | int:  # fmt: skip
        """Law 8: saves the form over the row unless somebody else did meanwhile."""
        number = row.id
        try:
            self._refuse_repeat(form, f"{act} {number}")
        except DoneBefore as done:
            return self._arrive(done.row_id, gettext("The record has been changed."))
        if form.is_stale(row):
            return self._show_conflict(form, number, filled)
        if not form.validate():
            return 400
        try:
            with watching(self.session, row):
                return self.perform(
                    form, f"{act} {number}", do, gettext("The record has been changed."),
                    row_id=number,
                )  # fmt: skip
        except (Stale, StaleDataError):
            return self._show_conflict(form, number, filled)

    def perform(
        self, form: NounForm, act: str, do: Callable[[], Any], message: str = "", *,
        row_id: int | None = None, go_to: str | None = None,
    ) -> Response | int:  # fmt: skip
        """The form's key, the verb and the commit; an answer, or the status of the refusal, whose
        messages are in the form by then. Stale passes through to `save_over`.
        """
        act = f"{type(self).__name__} {act}"
        try:
            key = begin_once(self.session, form.form_key.data, act)
            result = do()
            row, told = _told(result)
            if isinstance(row, Response):
                key.row_id = row_id
                self.session.commit()
                return row
            self.session.flush()
            number = row.id if row is not None and row_id is None else row_id
            key.row_id = number
            target = self._address(row, number)
            self.session.commit()
        except DoneBefore as done:
            self.session.rollback()
            return self._arrive(done.row_id, message, go_to)
        except (Stale, StaleDataError):
            self.session.rollback()
            raise
        except CrmError as error:
            self.session.rollback()
            form.take(error)
            if isinstance(error, WrongKey):
                form.renew_key()
            return error.status
        except IntegrityError as error:
            self.session.rollback()
            form.take_integrity(error)
            return CONFLICT
        log.info("%s: %s", act, number)
        flash(str(told or message or gettext("Saved.")), "success")
        return redirect(go_to or target)

    def _refuse_repeat(self, form: NounForm, act: str) -> None:
        from app.models.form_key import FormKey

        known = self.session.get(FormKey, form.form_key.data)
        if known is not None and known.act.partition(":")[2] == f"{type(self).__name__} {act}":
            raise DoneBefore(known.row_id)

    def _address(self, row: Any, number: int | None) -> str:
        if row is not None and not isinstance(row, self.datamodel.obj):
            return address_of(row.__tablename__, row.id) or url_for(f"{self.endpoint}.list")
        if number is not None and self.offers("show"):
            return url_for(f"{self.endpoint}.show", pk=number)
        return url_for(f"{self.endpoint}.{self.default_view}")

    def _arrive(self, number: int | None, message: str, go_to: str | None = None) -> Response:
        """For the second click: as if it had been the first."""
        flash(message or gettext("Saved."), "success")
        return redirect(go_to or self._address(None, number))

    # -- answers ---------------------------------------------------------------------------------

    def _form_page(
        self, template: str, title: Any, form: NounForm, row: Any = None, *, status: int = 200,
        **more: Any,
    ) -> Response:  # fmt: skip
        context = getattr(self, f"context_{more['verb'].name}", None) if "verb" in more else None
        if context is not None:
            more |= context(row, form)
        fieldsets = self.add_fieldsets if row is None else self.edit_fieldsets
        is_own = "verb" not in more and template != self.remove_template
        page = self.render_template(
            template, title=title, view=self, form=form, row=row,
            fieldsets=(fieldsets if is_own else None)
            or [(None, {"fields": [field.short_name for field in form.shown()]})],
            faults=[(text, address_of(*link) if link else None) for text, link in form.faults],
            **more,
        )  # fmt: skip
        return make_response(page, status)

    def _tell_faults(self, form: NounForm, row: Any) -> Response:
        """A button has no form to show the refusal in: it is told on the row's page."""
        for text, link in form.faults:
            address = address_of(*link) if link else None
            shown: Any = text
            if address:
                shown = Markup('{} <a class="alert-link" href="{}">{}</a>').format(
                    text, address, gettext("Show")
                )
            flash(shown, "danger")
        return redirect(url_for(f"{self.endpoint}.show", pk=row.id))

    def _show_conflict(self, form: NounForm, number: int, filled: Callable[[Any], NounForm]) -> int:
        """Keeps what was typed, takes over what only the other one changed, and lists both."""
        self.session.rollback()
        self.session.expire_all()
        row = self.row_or_404(number, away=False)
        current = filled(row)
        opened = form.values_at_opening()
        before = self._worded(form, opened)
        for field in form.shown():
            name = field.short_name
            theirs = current[name]
            yours, now = as_text(field), as_text(theirs)
            was = (opened or {}).get(name)
            if yours == now or now == was:
                continue
            untouched = was is not None and yours == was
            form.conflicts.append(
                {
                    "label": field.label.text,
                    "before": before.get(name, ""),
                    "now": shown_text(theirs),
                    "yours": None if untouched else shown_text(field),
                }
            )
            if untouched:
                field.data, field.raw_data = theirs.data, None
        form.lock_version.data = str(row.lock_version)
        current.remember(row)
        form.opened.data = current.opened.data
        form.faults.insert(0, (message_of(Stale()), None))
        return CONFLICT

    def _worded(self, form: NounForm, opened: dict[str, str] | None) -> dict[str, str]:
        if opened is None:
            return {}
        texts = MultiDict({name: str(text) for name, text in opened.items()})
        earlier = type(form)(formdata=texts, meta={"csrf": False})
        return {f.short_name: shown_text(f) for f in earlier.shown()}


def _verb_of(view: Any) -> Callable[[str], Verb | None]:
    def find(name: str) -> Verb | None:
        if name in view.exclude_route_methods:
            return None
        return getattr(getattr(type(view), name, None), "_verb", None)

    return find


def _told(result: Any) -> tuple[Any, Any]:
    """A verb's answer as (row or response, sentence)."""
    if isinstance(result, tuple):
        return result
    if result is None or isinstance(result, Response) or hasattr(result, "__mapper__"):
        return result, None
    return None, result


__all__ = ["NounForm", "NounView", "RemoveForm", "permission_name"]
