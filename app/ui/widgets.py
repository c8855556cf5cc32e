"""How fields look on the page; all of it works without JavaScript."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import render_template
from markupsafe import Markup
from wtforms import widgets

OFF = {"autocomplete": "off"}


class Control:
    """Adds what every input has: the look's class and no browser autofill of a colleague's data."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        kwargs.setdefault("class", "form-control")
        for name, value in OFF.items():
            kwargs.setdefault(name, value)
        if "name_" in kwargs:  # FAB's way to say under which name a filter is sent
            kwargs["name"] = kwargs.pop("name_")
        described = [f"{field.id}-fault"] if field.errors else []
        if field.errors:
            kwargs["aria-invalid"] = "true"
        if field.description:
            described.append(f"{field.id}-help")
        if described:
            kwargs.setdefault("aria-describedby", " ".join(described))
        return super().__call__(field, **kwargs)  # type: ignore[misc]


class TextInput(Control, widgets.TextInput):
    pass


class NumberInput(Control, widgets.TextInput):
    """Text, so that a comma may be typed; phones show the digits."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        kwargs.setdefault("inputmode", "decimal")
        return super().__call__(field, **kwargs)


class TextArea(Control, widgets.TextArea):
    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        kwargs.setdefault("rows", 4)
        return super().__call__(field, **kwargs)


class DateInput(Control, widgets.DateInput):
    pass


class DateTimeInput(Control, widgets.DateTimeLocalInput):
    pass


class Select(Control, widgets.Select):
    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        kwargs.setdefault("class", "form-select")
        return super().__call__(field, **kwargs)


class PasswordInput(Control, widgets.PasswordInput):
    """Somebody's new password, unless the form says that it is the reader's present one."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        kwargs.setdefault("autocomplete", "new-password")
        return super().__call__(field, **kwargs)


def control(field: Any, **kwargs: Any) -> Markup:
    """A field of Flask-AppBuilder's own forms in our look: its widgets repeat the label inside."""
    look: Control | None = None
    if isinstance(field, wtforms.PasswordField):
        look = PasswordInput()
    elif isinstance(field, wtforms.StringField) and not isinstance(field, wtforms.TextAreaField):
        look = TextInput()
    if look is None:
        return Markup(field(**kwargs))  # noqa: S704 -- a widget, which escapes
    return look(field, **(field.render_kw or {}), **kwargs)


class PickerWidget:
    """A text input that looks up rows while one types; the chosen id goes in a hidden field.

    Few rows: a plain select. Many: without JavaScript the typed name itself is looked up on the
    server.
    """

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        name = kwargs.pop("name_", None) or kwargs.pop("name", None) or field.name
        kwargs.pop("class", None)
        page = render_template("crm/widgets/picker.html", field=field, name=name, attributes=kwargs)
        return Markup(page)  # noqa: S704 -- a rendered template, which escapes
