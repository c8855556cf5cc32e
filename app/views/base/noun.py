"""`NounView`: the screen of one noun. It reads, checks, calls one verb of the noun and commits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from flask import abort, flash, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.views import ModelView
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.models.base import Archive, PutAway, Searchable
from app.ui import fields, labels
from app.ui.access import may
from app.ui.formatters import label_of
from app.ui.pickers import PickerField
from app.views.base.bulk import Bulk
from app.views.base.cells import shown_value
from app.views.base.filters import Filters, NotPutAway, OnlyPutAway, SearchText
from app.views.base.forms import NounConverter, NounForm
from app.views.base.guarded import Guarded
from app.views.base.links import address_of
from app.views.base.listing import Listing
from app.views.base.pickers import ViewPicker
from app.views.base.saving import Saving
from app.views.base.searching import read_filters, search_fields, search_form
from app.views.base.verbs import Verb, verb
from app.views.base.widgets import NounList, NounSearch, as_markup, new_form_key

log = logging.getLogger(__name__)

CONFLICT = 409

Listed = list[Any]  # inside the class, `list` is a page


class Asked(NamedTuple):
    """The rows that a list's address asks for: its filters' form, and filters upon base filters."""

    form: Any
    away: bool
    text: str
    filters: Any
    base: Any


class RemoveForm(NounForm):
    reason = fields.ChoiceField(_l("Reason"), enum=Archive, default=Archive.MISTAKE.value)


class NounView(Bulk, Listing, Saving, Guarded, ModelView):
    """See the package's docstring for a whole screen."""

    add_columns: Any
    edit_columns: Any
    add_form: Any
    edit_form: Any
    show_columns: Any
    search_columns: Any
    label_columns: Any
    _base_filters: Any

    noun: str | None = None  # the table's name; "" for a second screen of the same noun
    enums: ClassVar[dict[str, type[StrEnum]]] = {}  # columns that hold states
    picker_filters: ClassVar[list[Any]] = []  # what is offered, beyond the base filter
    picker_needs: list[str] | None = None  # as `needs`, for `picker_label`
    search_shown: list[str] | None = None  # filters that stand open on the page; all by default
    related_page_size = 10
    remove_form: type[NounForm] = RemoveForm
    remove_label: Any = lazy_pgettext("act", "Put away")

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
        if not self.bulk_verbs:
            left_out.add("bulk")
        if not self.exportable:
            left_out |= {"export", "export_workbook"}
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
        self.link_column = self.link_column or self.list_columns[0]
        self._gen_labels_columns(self.more_columns)
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
        state = self.list_state()
        if not request.args and state.first is not None:
            return redirect(state.first.address)
        form, away, text, filters, base = self.asked_rows()
        tidier = self.tidy_address(form)
        if tidier is not None:
            return redirect(tidier)
        name = type(self).__name__
        self.choose_columns()
        widgets = self._get_list_widget(
            filters=filters,
            order_column=request.args.get(f"_oc_{name}", ""),
            order_direction=request.args.get(f"_od_{name}", "asc"),
            page=fields.read_id(request.args.get(f"page_{name}", "")),
            page_size=fields.read_id(request.args.get(f"psize_{name}", "")),
            base_filters=base,
            state=state,
            put_away=away,
        )
        self.update_redirect()
        widgets["search"] = self.search_widget(
            view=self, form=form, filters=filters, search=text, put_away=away,
            searchable=issubclass(self.datamodel.obj, Searchable),
            state=state,
        )  # fmt: skip
        return self.render_template(
            self.list_template, title=self.list_title, widgets=widgets, view=self, form=form,
            state=state,
            **{key: widgets["list"].template_args[key] for key in ("count", "page_size")},
        )  # fmt: skip

    def asked_rows(self) -> Asked:
        """Which rows the address asks for, on the list and for an act upon all of them."""
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
        return Asked(form, away, text, filters, base)

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

    def sections(self, row: Any) -> Listed:
        """(title, [(label, value)]) of the show page."""
        fieldsets = self.show_fieldsets or [(None, {"fields": self.show_columns})]
        return [
            (title, [(self.label_columns.get(name) or labels.field_label(name),
                      self.cell(row, name)) for name in part["fields"]])
            for title, part in fieldsets
        ]  # fmt: skip

    def related(self, row: Any) -> Listed:
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

    def buttons(self, row: Any) -> Listed:
        """The verbs that the reader may do to this row now."""
        away = bool(getattr(row, "is_put_away", False))
        return [
            one for one in self.verbs
            if one.away == away and self.offers(one.name) and (one.when is None or one.when(row))
        ]  # fmt: skip

    def cell(self, row: Any, column: str) -> Any:
        """One value as people read it: formatted, translated, related rows as links."""
        return shown_value(self, row, column)

    def _values(self, rows: Any) -> Any:
        """The cells by column; the one that becomes the link to the row holds no other."""
        values = []
        for row in rows:
            cells = {column: self.cell(row, column) for column in self.columns_now()}
            named = cells.get(self.link_column)
            if isinstance(named, Markup):
                cells[self.link_column] = named.striptags()
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
                    row_id=number, go_to=url_for(f"{self.endpoint}.list"), undo="delete",
                )  # fmt: skip
                if not isinstance(answer, int):
                    return answer
                status = answer
                row = self.row_or_404(pk, away=False)
            else:
                status = 400
        return self._form_page(self.remove_template, self.remove_label, form, row, status=status)

    @verb(_l("Bring back"), permission="restore", away=True, style="primary", undoable=True)
    def restore(self, row: Any) -> Any:
        row.bring_back()
        return gettext("The record has been brought back.")

    def verb_page(self, made: Verb, pk: int) -> Any:
        row = self.row_or_404(pk, away=made.away)
        title = made.label
        undo = made.permission if made.undoable else ""
        if made.form is None:
            form = NounForm()
            answer = self.perform(
                form, f"{made.name} {row.id}", lambda: made.act(self, row), row_id=row.id, undo=undo
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
            answer = self.save_over(form, row, act, filled, do, undo)
        elif form.validate():
            answer = self.perform(form, act, do, row_id=row.id, undo=undo)
        else:
            answer = 400
        if not isinstance(answer, int):
            return answer
        row = self.row_or_404(pk, away=made.away)
        return self._form_page(made.template, title, form, row, status=answer, verb=made)

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


def _verb_of(view: Any) -> Callable[[str], Verb | None]:
    def find(name: str) -> Verb | None:
        if name in view.exclude_route_methods:
            return None
        return getattr(getattr(type(view), name, None), "_verb", None)

    return find


__all__ = ["NounForm", "NounView", "RemoveForm", "permission_name"]
