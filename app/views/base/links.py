"""From a row to the screen that shows it, for those who may see it."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from markupsafe import Markup

from app.ui.access import may
from app.ui.formatters import label_of


def screen_of(noun: str) -> Any | None:
    """The screen of a noun (its table's name), None when there is none."""
    screens: dict[str, Any] = current_app.extensions.setdefault("crm_screens", {})
    if noun not in screens:
        for view in current_app.appbuilder.baseviews:  # type: ignore[attr-defined]
            if getattr(view, "noun", "") == noun:
                screens[noun] = view
                break
    return screens.get(noun)


def address_of(noun: str, row_id: int | None) -> str | None:
    """Where the row is shown; None when the reader may not go there."""
    view = screen_of(noun)
    if view is None or row_id is None or not view.offers("show"):
        return None
    return url_for(f"{view.endpoint}.show", pk=row_id)


def link_to(row: Any, text: str | None = None) -> Markup | str:
    """The row's label as a link, or as mere text for those who may not see it."""
    if row is None:
        return ""
    words = text or label_of(row)
    address = address_of(row.__tablename__, row.id)
    if address is None:
        view = screen_of(row.__tablename__)
        # A noun that a role may not see is absent; colleagues' names have no screen and stay.
        hidden = view is not None and not may("list", view.class_permission_name)
        return "" if hidden else words
    return Markup('<a href="{}">{}</a>').format(address, words)
