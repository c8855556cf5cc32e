"""The filters of a list as a form that works without JavaScript, and how the address is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_appbuilder.security.sqla.models import User
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from app.ui import fields
from app.ui.labels import LANGUAGE_NAMES, STATES, field_label
from app.ui.pickers import PickerField, picker_of
from app.views.base import filters as all_filters
from app.views.base.filters import Meets, say_ignored

PREFIX = "_flt_"
NAME = re.compile(r"_flt_(\d)_([a-z][a-z0-9_.]*)")
MOST_VALUES = 5
ME = "me"  # `_flt_0_assignee=me`: whoever reads the list
YES_NO = {"1": _l("Yes"), "0": _l("No")}


@dataclass(frozen=True)
class Narrowing:
    """A filter in words of its own, `?due=now`: each choice is a label and a condition. `column`
    names the filter beside which it stands.
    """

    label: Any
    choices: dict[str, tuple[Any, Callable[[], Any]]]
    column: str = ""


class FilterPicker(PickerField):
    """Remembers that “me” was asked for, so that the address goes on saying so."""

    is_me = False

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        if formdata is not None and formdata.get(self.name) == ME and self.noun == "ab_user":
            formdata = MultiDict(formdata)
            formdata[self.name] = str(current_user.id)
            self.is_me = True
        super().process(formdata, *args, **kwargs)
        self.is_me = self.is_me and self.typed is None

    @property
    def chosen_id(self) -> str:
        return ME if self.is_me else super().chosen_id


def search_fields(datamodel: Any, view: Any) -> dict[str, Any]:
    """Unbound fields by `<index>_<column>`: what stands on the page for each search column.

    Columns with few possible values have none: their choices are links and boxes (chips.py).
    """
    made: dict[str, Any] = {}
    for column in view.search_columns:
        label = view.label_columns.get(column) or field_label(column)
        if few_values(datamodel, view, column) is not None:
            continue
        if datamodel.is_relation(column):
            noun = datamodel.get_related_model(column).__tablename__
            made[f"0_{column}"] = FilterPicker(label, noun=noun, every=True, eager=False)
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


def few_values(datamodel: Any, view: Any, column: str) -> dict[str, Any] | None:
    """The column's possible values with their words, where they are few; else None."""
    if column in view.enums:
        return dict(STATES.get(view.enums[column], {}))
    if column == "language":
        return dict(LANGUAGE_NAMES)
    if not datamodel.is_relation(column) and datamodel.is_boolean(column):
        return dict(YES_NO)
    return None


def equal_index(view: Any, column: str) -> int:
    """The number of “is” among the column's filters."""
    possible = view._possible_filters.get_search_filters()[column]
    return [isinstance(one, all_filters.Equal) for one in possible].index(True)


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
        else:
            _add_values(view, active, possible, name)
    for name, (_label, condition) in narrowed(view).items():
        active._add_filter(Meets(name, view.datamodel), condition())


def narrowed(view: Any) -> dict[str, tuple[Any, Callable[[], Any]]]:
    """The narrowings that the address asks for: name → (label, condition)."""
    asked = {}
    for name, narrowing in getattr(view, "narrowings", {}).items():
        chosen = narrowing.choices.get(request.args.get(name, ""))
        if chosen is not None:
            asked[name] = chosen
    return asked


def _add_values(view: Any, active: Any, possible: Any, name: str) -> None:
    """Several values of one column with few values mean any of them; other texts all hold."""
    column = possible.column_name
    known = few_values(view.datamodel, view, column)
    read: list[Any] = []
    for text in request.args.getlist(name)[:MOST_VALUES]:
        if not text.strip():
            continue
        try:
            value = possible.read(text)
            if known is not None and column in view.enums and value not in known:
                raise ValueError(text)
        except (ValueError, OverflowError):
            say_ignored(column)
        else:
            read.append(value)
    if known is not None and len(read) > 1:
        active._add_filter(possible, tuple(dict.fromkeys(read)))
    else:
        for value in read:
            active._add_filter(possible, value)


def _add_relation(
    view: Any, form: BaseForm, active: Any, index: int, column: str, name: str
) -> None:
    field = form._fields.get(f"{index}_{column}")
    if field is not None:
        row, failed = field.data, bool(field.process_errors)
    else:
        model = view.datamodel.get_related_model(column)
        picker = picker_of(model.__tablename__)
        given = request.args.get(name, "")
        if given == ME and model is User:
            given = str(current_user.id)
        row = picker.get(given, every=True) if picker is not None and picker.may() else None
        failed = bool(given.strip()) and row is None
    if failed:
        say_ignored(column)
    elif row is not None:
        active._add_filter(active.possible(column, index), row.id)
