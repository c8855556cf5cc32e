"""Forms of nouns: made from the model's columns, sent once, and compared with what others saved.

Three hidden fields go with each form. `form_key` makes a second click of the same form answer with
what the first one did. `lock_version` is the record's version when the form was opened (law 8) and
`opened` the values that it showed then, signed, so that a conflict can say what was before.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from copy import copy
from typing import Any

from flask import current_app
from flask_appbuilder.forms import DynamicForm, GeneralModelConverter
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.exc import IntegrityError
from wtforms import HiddenField
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Length

from app.errors import CrmError, Invalid
from app.ui import fields
from app.ui.labels import LANGUAGE_NAMES, field_label
from app.ui.messages import message_of
from app.ui.pickers import Chosen, PickerField
from app.views.base.interface import Interface

KEY = re.compile(r"[A-Za-z0-9_-]{20,64}")
HIDDEN = ("csrf_token", "form_key", "lock_version", "opened")
REQUIRED = _l("Fill in this field.")


class NounForm(DynamicForm):
    """`faults` are the messages that belong to no field: [(sentence, link or None)]."""

    form_key = HiddenField()
    lock_version = HiddenField()
    opened = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.faults: list[tuple[str, tuple[str, int] | None]] = []
        self.conflicts: list[dict[str, Any]] = []
        if not KEY.fullmatch(self.form_key.data or ""):
            self.renew_key()

    def renew_key(self) -> None:
        self.form_key.data = secrets.token_urlsafe(24)

    def shown(self) -> list[Any]:
        """The fields that people see, in their order."""
        return [field for field in self if field.short_name not in HIDDEN]

    def values(self) -> dict[str, Any]:
        """What was typed, as the verbs take it; fields closed to the reader are left out."""
        return {f.short_name: f.data for f in self.shown() if getattr(f, "is_open", True)}

    def texts(self) -> dict[str, str]:
        """Each field's value as text, to compare what was shown with what was sent."""
        return {field.short_name: as_text(field) for field in self.shown()}

    # -- law 8 -----------------------------------------------------------------------------------

    def remember(self, row: Any) -> None:
        """Notes the record's version and the values that the form shows now."""
        self.lock_version.data = str(getattr(row, "lock_version", ""))  # not every noun has one
        self.opened.data = _signer().dumps(self.texts())

    def values_at_opening(self) -> dict[str, str] | None:
        try:
            found = _signer().loads(self.opened.data or "")
        except BadSignature:
            return None
        return found if isinstance(found, dict) else None

    def is_stale(self, row: Any) -> bool:
        """Also when no version was sent: what was not seen must not be overwritten."""
        sent = (self.lock_version.raw_data or [""])[0]
        version = getattr(row, "lock_version", None)
        return version is not None and fields.read_id(sent) != version

    # -- errors ----------------------------------------------------------------------------------

    def take(self, error: CrmError) -> None:
        """Puts the messages at their fields; those without one stand above the form."""
        faults = error.faults if isinstance(error, Invalid) else {error.field: [error]}
        placed = False
        for name, errors in faults.items():
            field = self._fields.get(name)
            for one in errors:
                if field is not None and name not in HIDDEN:
                    field.errors = [*field.errors, message_of(one)]
                    placed = True
                else:
                    told = message_of(one)
                    if name and isinstance(error, Invalid):  # this form has no such field to mark
                        told = f"{field_label(name)}: {told}"
                    self.faults.append((told, one.link or error.link))
        if placed and error.link is not None:
            self.faults.append((message_of(error), error.link))

    def take_integrity(self, error: IntegrityError) -> None:
        """The database's own net under the verbs, in words."""
        for column in _columns_of(error):
            field = self._fields.get(column) or self._fields.get(column.removesuffix("_id"))
            if field is not None:
                field.errors = [*field.errors, str(_l("Another record has this value already."))]
                return
        self.faults.append(
            (str(_l("This cannot be saved: another record has the same values, or one that is"
                    " needed has gone.")), None)
        )  # fmt: skip


def as_text(field: Any) -> str:
    if isinstance(field, PickerField):
        return field.chosen_id
    if isinstance(field.data, bool):
        return "y" if field.data else ""
    if isinstance(field, fields.Typed):
        return "" if field.data is None else field.write(field.data)
    return "" if field.data is None else str(field.data)


def shown_text(field: Any) -> str:
    """The field's value as the conflict page words it."""
    if isinstance(field, PickerField):
        return field.chosen_label
    if isinstance(field, fields.ChoiceField):
        return next((str(text) for value, text, *_ in field.choices if value == field.data), "")
    from app.ui.formatters import text_of

    return text_of(field.data)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="values of an opened form")


_SQLITE_COLUMNS = re.compile(r"UNIQUE constraint failed: (.+)")


def _columns_of(error: IntegrityError) -> Iterable[str]:
    """The columns of a broken unique rule: SQLite names them, PostgreSQL in its detail."""
    text = str(error.orig)
    if found := _SQLITE_COLUMNS.search(text):
        return [name.rpartition(".")[2].strip() for name in found[1].split(",")]
    if found := re.search(r"Key \(([^)]+)\)=", text):
        return [name.strip(' "') for name in found[1].split(",")]
    return []


def _made_now(extra: Any) -> Any:
    """A copy that stands where it is named: WTForms orders fields by when they were made."""
    field = copy(extra)
    UnboundField.creation_counter += 1
    field.creation_counter = UnboundField.creation_counter
    return field


class NounConverter(GeneralModelConverter):
    """Model columns → our fields. Whether a text may be empty is the noun's rule, not a form's."""

    def __init__(self, datamodel: Interface, enums: dict[str, Any]) -> None:
        super().__init__(datamodel)
        self.enums = enums

    def create_form(
        self, label_columns: Any = None, inc_columns: Any = None, description_columns: Any = None,
        validators_columns: Any = None, extra_fields: Any = None, filter_rel_fields: Any = None,
    ) -> type[NounForm]:  # fmt: skip
        made: dict[str, Any] = {}
        for name in inc_columns or []:
            extra = (extra_fields or {}).get(name)
            if extra is not None:
                made[name] = _made_now(extra)
                continue
            made[name] = self.field(
                name,
                label=(label_columns or {}).get(name, name),
                description=(description_columns or {}).get(name, ""),
                validators=list((validators_columns or {}).get(name, [])),
            )
        return type("NounForm", (NounForm,), made)

    def field(self, name: str, **given: Any) -> Any:
        model = self.datamodel
        validators = given["validators"]
        if model.is_relation(name):
            if not model.is_nullable(name):
                validators.insert(0, Chosen())
            return PickerField(noun=model.get_related_model(name).__tablename__, **given)
        if name not in model.list_columns:
            raise LookupError(
                f"{model.obj.__name__} has no column {name}: add it as an extra field"
            )
        column = model.list_columns[name]
        bare = not model.is_nullable(name) and column.default is None
        if bare and not model.is_boolean(name):
            validators.insert(0, InputRequired(REQUIRED))
        if column.default is not None and column.default.is_scalar:
            given["default"] = column.default.arg
        if name in self.enums:
            blank = model.is_nullable(name)
            return fields.ChoiceField(enum=self.enums[name], blank=blank, **given)
        if name == "language":
            listed = list(LANGUAGE_NAMES.items())
            return fields.ChoiceField(
                choices=[("", ""), *listed] if model.is_nullable(name) else listed, **given
            )
        for marker, kind in FIELDS:
            if getattr(model, marker)(name):
                longest = model.get_max_length(name)
                if longest > 0:
                    validators.append(Length(max=longest))
                return kind(**given)
        raise LookupError(f"{model.obj.__name__}.{name} has no field: add it as an extra field")


FIELDS: tuple[tuple[str, Any], ...] = (
    ("is_numeric", fields.MoneyField),
    ("is_integer", fields.IntegerField),
    ("is_boolean", fields.BooleanField),
    ("is_datetime", fields.DateTimeField),
    ("is_date", fields.DateField),
    ("is_text", fields.TextAreaField),
    ("is_string", fields.TextField),
)
