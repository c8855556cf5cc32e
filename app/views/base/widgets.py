"""The list and its search as templates of ours; a skin replaces the templates, not these."""

from __future__ import annotations

import secrets
from typing import Any

from flask import request, url_for
from flask_appbuilder.widgets import ListWidget, RenderTemplateWidget
from markupsafe import Markup


def new_form_key() -> str:
    """For buttons, which are forms without fields."""
    return secrets.token_urlsafe(24)


def as_markup(widget: Any) -> Markup:
    """A FAB widget's page; its template has escaped the values."""
    return Markup(widget())  # noqa: S704


class NounList(ListWidget):
    template = "crm/widgets/list.html"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(order_link=order_link, page_links=page_links, **kwargs)

    def __call__(self, **kwargs: Any) -> Markup:
        return Markup(super().__call__(**kwargs))  # noqa: S704 -- a rendered template, which escapes


class NounSearch(RenderTemplateWidget):
    template = "crm/widgets/search.html"

    def __call__(self, **kwargs: Any) -> Markup:
        return Markup(super().__call__(**kwargs))  # noqa: S704 -- a rendered template, which escapes


def address_with(**changes: Any) -> str:
    """The present address with some arguments changed; None takes one away."""
    arguments: dict[str, Any] = request.args.to_dict(flat=False)
    arguments.update(changes)
    return url_for(request.endpoint or "", **(request.view_args or {}), **arguments)


def order_link(column: str, view: str) -> dict[str, str]:
    """Where a click on the column's head leads, and how the list is ordered by it now."""
    now = ""
    if request.args.get(f"_oc_{view}") == column:
        now = request.args.get(f"_od_{view}", "asc")
    other = "desc" if now == "asc" else "asc"
    changes = {f"_oc_{view}": column, f"_od_{view}": other, f"page_{view}": None}
    return {"address": address_with(**changes), "now": now}


def page_links(page: int, page_size: int, count: int, view: str) -> dict[str, Any] | None:
    """Previous and next page and the pages around; None when all rows are on one page."""
    last = max(0, (count - 1) // page_size)
    if last == 0:
        return None
    around = range(max(0, page - 3), min(last, page + 3) + 1)

    def to(number: int) -> str:
        return address_with(**{f"page_{view}": number or None})

    return {
        "first": to(0) if page > 3 else None,
        "previous": to(page - 1) if page > 0 else None,
        "pages": [(number + 1, to(number), number == page) for number in around],
        "next": to(page + 1) if page < last else None,
        "last": (last + 1, to(last)) if page < last - 3 else None,
    }
