"""The filters of a list as a form that works without JavaScript, and how the address is read."""

from __future__ import annotations

import re
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from app.ui import fields
from app.ui.labels import LANGUAGE_NAMES, field_label
from app.ui.pickers import PickerField, picker_of
from app.views.base import filters as all_filters
from app.views.base.filters import say_ignored

PREFIX = "_flt_"
NAME = re.compile(r"_flt_(\d)_([a-z][a-z0-9_.]*)")
MOST_VALUES = 5
YES_NO = [("", ""), ("1", _l("Yes")), ("0", _l("No"))]


def search_fields(datamodel: Any, view: Any) -> dict[str, Any]:
    """Unbound fields by `<index>_<column>`: what stands on the page for each search column."""
    made: dict[str, Any] = {}
    for column in view.search_columns:
        label = view.label_columns.get(column) or field_label(column)
        offered = [
            type(f) for f in view.datamodel.get_filters([column]).get_search_filters()[column]
        ]

        def at(kind: Any, listed: list[Any] = offered) -> int:
            return listed.index(kind)

        if datamodel.is_relation(column):
            noun = datamodel.get_related_model(column).__tablename__
            made[f"0_{column}"] = PickerField(label, noun=noun, every=True, eager=False)
        elif column in view.enums:
            made[f"{at(all_filters.Equal)}_{column}"] = fields.ChoiceField(
                label, enum=view.enums[column], blank=True
            )
        elif column == "language":
            made[f"{at(all_filters.Equal)}_{column}"] = fields.ChoiceField(
                label, choices=[("", ""), *LANGUAGE_NAMES.items()]
            )
        elif datamodel.is_boolean(column):
            made[f"0_{column}"] = fields.ChoiceField(label, choices=YES_NO)
        elif datamodel.is_datetime(column) or datamodel.is_date(column):
            made[f"0_{column}"] = fields.DateField(_l("%(field)s from", field=label))
            made[f"1_{column}"] = fields.DateField(_l("%(field)s to", field=label))
        elif datamodel.is_numeric(column) or datamodel.is_integer(column):
            kind = fields.MoneyField if datamodel.is_numeric(column) else fields.IntegerField
            made[f"0_{column}"] = kind(_l("%(field)s from", field=label))
            made[f"1_{column}"] = kind(_l("%(field)s to", field=label))
        else:
            made[f"0_{column}"] = fields.TextField(label)
    return made


def search_form(unbound: dict[str, Any]) -> BaseForm:
    """The filters' form filled from the address."""
    form = BaseForm(list(unbound.items()), prefix=PREFIX)
    form.process(MultiDict(request.args.items(multi=True)))
    return form


def read_filters(view: Any, form: BaseForm) -> None:
    """Sets the request's filters; one that cannot be read is left out, and the page says so."""
    active = view._filters
    active.clear_filters()
    for name in dict.fromkeys(key for key in request.args if NAME.fullmatch(key)):
        found = NAME.fullmatch(name)
        if found is None:
            continue
        index, column = int(found[1]), found[2]
        possible = active.possible(column, index)
        if possible is None:
            continue
        if view.datamodel.is_relation(column):
            _add_relation(view, form, active, index, column, name)
            continue
        for text in request.args.getlist(name)[:MOST_VALUES]:
            if text.strip():
                try:
                    active._add_filter(possible, possible.read(text))
                except (ValueError, OverflowError):
                    say_ignored(column)


def _add_relation(
    view: Any, form: BaseForm, active: Any, index: int, column: str, name: str
) -> None:
    field = form._fields.get(f"{index}_{column}")
    if field is not None:
        row, failed = field.data, bool(field.process_errors)
    else:
        picker = picker_of(view.datamodel.get_related_model(column).__tablename__)
        given = request.args.get(name, "")
        row = picker.get(given, every=True) if picker is not None and picker.may() else None
        failed = bool(given.strip()) and row is None
    if failed:
        say_ignored(column)
    elif row is not None:
        active._add_filter(active.possible(column, index), row.id)
