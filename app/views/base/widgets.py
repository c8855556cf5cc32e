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

    def __init__(self, **kwargs: Any) -> None:
        from app.views.base.chips import chips_of

        chips = chips_of(kwargs["view"], kwargs["form"])
        own = {"search", "col", "move"} | {name for chip in chips for name in chip.sent}
        kept = [
            (name, value)
            for name, value in request.args.items(multi=True)
            if name not in own and not name.startswith("page_")
        ]
        super().__init__(chips=chips, kept=kept, **kwargs)

    def __html__(self) -> str:
        return self()

    def __call__(self, **kwargs: Any) -> Markup:
        return Markup(super().__call__(**kwargs))  # noqa: S704 -- a rendered template, which escapes


def address_with(**changes: Any) -> str:
    """The present address with some arguments changed; None takes one away."""
    arguments: dict[str, Any] = request.args.to_dict(flat=False)
    arguments.update(changes)
    return url_for(request.endpoint or "", **(request.view_args or {}), **arguments)


def order_link(column: str, view: str, ordered_by: tuple[str, str] = ("", "")) -> dict[str, str]:
    """Where a click on the column's head leads, and how the list is ordered by it now."""
    now = ordered_by[1] if ordered_by[0] == column else ""
    other = "desc" if now == "asc" else "asc"
    changes = {f"_oc_{view}": column, f"_od_{view}": other, f"page_{view}": None}
    return {"address": address_with(**changes), "now": now}


def page_links(page: int, page_size: int, count: Any, view: str) -> dict[str, Any] | None:
    """The neighbouring pages and which rows are shown; None when all rows are on one page.

    Behind what was counted there is no page: whoever looks for more narrows the list.
    """
    last = max(0, (int(count) - 1) // page_size)
    if last == 0:
        return None

    def to(number: int) -> str:
        return address_with(**{f"page_{view}": number or None})

    return {
        "previous": to(page - 1) if page > 0 else None,
        "next": to(page + 1) if page < last else None,
        "from": page * page_size + 1,
        "to": min((page + 1) * page_size, int(count)),
        "is_end": page == last and getattr(count, "more", False),
    }
