"""One value of a record as people read it, in lists and on the record's own page."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from app.models.base import Archive
from app.ui import formatters, labels
from app.ui.pills import status_pill, yes_no_pill
from app.views.base.links import link_to


def shown_value(view: Any, row: Any, column: str) -> Any:
    """One value as people read it: formatted, translated, related rows as links."""
    value = row
    for part in column.split("."):
        value = getattr(value, part, None)
        if callable(value):
            value = value(formatters.language()) if part == "name" else value()
        if value is None:
            break
    formatter = view.formatters_columns.get(column)
    if formatter is not None:
        return formatter(value)
    if column in view.enums:
        return status_pill(view.enums[column], value)
    if column == "active":
        return yes_no_pill(value)
    if column in labels.VALUES:
        return str(labels.VALUES[column].get(value, value or ""))
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
