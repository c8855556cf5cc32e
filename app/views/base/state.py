"""The state of a list, which lives in its address: filters, order, columns and rows on a page.

`canonical` writes a state in one way only, so that two of them can be compared: a saved view is
“modified” when the address says something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request, url_for
from flask_babel import gettext
from flask_login import current_user

from app.models.saved_view import SavedView
from app.views.base.searching import NAME

MOST_ARGUMENTS = 40
ALL = "all"  # `view=all`: every row, though another view opens first
COLUMNS = "cols"  # `cols=name,phone`: the shown columns in their order


def canonical(view: Any, arguments: Iterable[tuple[str, str]]) -> str:
    """The query string of what concerns the list, in one order; without the page and the view."""
    name = type(view).__name__
    plain = {
        "search", "put_away", COLUMNS, f"_oc_{name}", f"_od_{name}", f"psize_{name}",
        *view.state_arguments, *view.narrowings,
    }  # fmt: skip
    kept = sorted(
        (key, value)
        for key, value in dict.fromkeys(arguments)
        if value.strip() and (key in plain or _is_filter(view, key))
    )
    return urlencode(kept[:MOST_ARGUMENTS])


def _is_filter(view: Any, key: str) -> bool:
    found = NAME.fullmatch(key)
    return found is not None and view._knows_filter(int(found[1]), found[2])


def present(view: Any) -> str:
    return canonical(view, request.args.items(multi=True))


# -- columns ---------------------------------------------------------------------------------------


def shown_columns(view: Any, asked: str) -> list[str]:
    """The asked columns among those on offer, in the asked order; all ordinary ones for none. The
    column that leads to the row is always there.
    """
    offered = offered_columns(view)
    chosen = [one for one in dict.fromkeys(asked.split(",")) if one in offered]
    if not chosen:
        return [one for one in view.list_columns if one in offered]
    if view.link_column not in chosen:
        chosen.insert(0, view.link_column)
    return chosen


def offered_columns(view: Any) -> list[str]:
    hidden = view.hidden_columns()
    return [one for one in (*view.list_columns, *view.more_columns) if one not in hidden]


def moved(columns: Sequence[str], move: str) -> list[str]:
    """`up:email` or `down:email` applied to the columns."""
    way, _colon, column = move.partition(":")
    listed = list(columns)
    if column in listed:
        at = listed.index(column)
        to = at - 1 if way == "up" else at + 1
        if 0 <= to < len(listed):
            listed[at], listed[to] = listed[to], listed[at]
    return listed


# -- views -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tab:
    """A view of the list: a built-in one, or one's own with its id."""

    key: str
    label: str
    query: str
    address: str
    own: int | None = None
    is_first: bool = False  # the list opens with it
    is_here: bool = False


@dataclass(frozen=True)
class ListState:
    """What the head of a list tells: its views, the one that is open, the one with which the list
    opens if not with all rows, and whether it is changed.
    """

    query: str
    tabs: list[Tab]
    here: Tab | None
    first: Tab | None
    is_modified: bool
    share: str

    @classmethod
    def of(cls, view: Any) -> ListState:
        query = present(view)
        asked = request.args.get("view", "")
        own = _own(view)
        first = next((tab for tab in own if tab.is_first), None)
        tabs = [*_built_in(view, ALL if first else ""), *own]
        if asked == ALL:
            asked = ""
        here = next((tab for tab in tabs if tab.key == asked), None)
        if here is None:
            here = next((tab for tab in tabs if tab.query == query), None)
        tabs = [_as_here(tab) if tab is here else tab for tab in tabs]
        here = next((tab for tab in tabs if tab.is_here), None)
        return cls(
            query=query,
            tabs=tabs,
            here=here,
            first=first,
            is_modified=query != (here.query if here else ""),
            share=url_for(f"{view.endpoint}.list", _external=True) + (f"?{query}" if query else ""),
        )

    @property
    def every_row(self) -> str:
        """The address of the list without any filter."""
        return self.tabs[0].address


def _as_here(tab: Tab) -> Tab:
    return replace(tab, is_here=True)


def _built_in(view: Any, all_rows: str) -> list[Tab]:
    """All rows, and what the screen itself offers."""
    tabs = [Tab("", gettext("All"), "", address_of_view(view, all_rows, ""))]
    for key, (label, query) in view.built_in_views.items():
        kept = canonical(view, parse_qsl(query))
        tabs.append(Tab(key, str(label), kept, address_of_view(view, key, kept)))
    return tabs


def _own(view: Any) -> list[Tab]:
    if not current_user.is_authenticated:
        return []
    screen = type(view).__name__
    return [
        Tab(str(one.id), one.name, query, address_of_view(view, str(one.id), query), own=one.id,
            is_first=one.position == 0)
        for one in SavedView.mine(view.session, current_user.id, screen)
        # What the screen no longer knows falls away.
        for query in (canonical(view, parse_qsl(one.query)),)
    ]  # fmt: skip


def address_of_view(view: Any, key: str, query: str) -> str:
    base = url_for(f"{view.endpoint}.list", view=key or None)
    if not query:
        return base
    return f"{base}{'&' if '?' in base else '?'}{query}"
