"""What every list of Flask-AppBuilder needs before many people may use it at once.

`Guarded` goes before a ModelView of FAB's own (users, roles) as it does into `NounView`:
arguments of the address are clamped, filters belong to the request, rows of an action are read
again through the base filters, only POST changes anything, and `download` does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import abort, g, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.hooks import before_request
from flask_appbuilder.views import ModelView
from flask_babel import gettext
from flask_login import current_user
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from app.models.contacts import clean_text
from app.ui.access import may
from app.ui.fields import read_id
from app.views.base.filters import Filters
from app.views.base.interface import Interface

MOST_ROWS = 100  # on a page, and in one action
MOST_FILTERS = 30
LONGEST_ARGUMENT = 400
LONGEST_ADDRESS = 500  # kept for "back"; the session is a cookie of 4 KB

_FILTER = re.compile(r"_flt_(\d)_([a-z][a-z0-9_.]*)")
_PLACE = re.compile(r"(page|psize)_([A-Za-z0-9_]+)")
_ORDER = re.compile(r"(_oc|_od)_([A-Za-z0-9_]+)")


class FiltersPerRequest:
    """FAB keeps the active filters in the view, which all threads share; here each request has
    its own. Also for chart views.
    """

    @property
    def _filters(self) -> Filters:
        kept: dict[Any, Filters] = g.setdefault("view_filters", {})
        if self not in kept:
            kept[self] = self.__dict__["_possible_filters"].fresh()
        return kept[self]

    @_filters.setter
    def _filters(self, possible: Filters) -> None:
        self.__dict__["_possible_filters"] = possible


# Goes before any of FAB's screens, but is none itself.
_Screen: Any = ModelView if TYPE_CHECKING else object


class Guarded(FiltersPerRequest, _Screen):
    """Put it first: `class UserView(Guarded, UserDBModelView)`."""

    datamodel: Any
    exclude_route_methods: Any
    base_order: Any
    page_size = 25
    needs: list[str] | None = None

    def __init__(self, **kwargs: Any) -> None:
        datamodel = kwargs.get("datamodel") or self.datamodel
        if not isinstance(datamodel, Interface):
            self.datamodel = Interface(datamodel.obj, datamodel._session)
            kwargs.pop("datamodel", None)
        # FAB gives any file of a folder to whoever may download one; documents have a door.
        if type(self).download is ModelView.download:
            self.exclude_route_methods = {*self.exclude_route_methods, "download"}
        if self.base_order is None:
            pk = self.datamodel.get_pk_name()
            self.base_order = (pk, "desc") if isinstance(pk, str) else None
        super().__init__(**kwargs)

    # -- the address -----------------------------------------------------------------------------

    @before_request
    def _clamp_arguments(self) -> None:
        """FAB reads `request.args` in many places, so they are put in order once, before that."""
        views = {type(view).__name__: view for view in (self, *(self._related_views or ()))}
        kept: list[tuple[str, str]] = []
        for name, value in request.args.items(multi=True):
            if len(name) <= LONGEST_ARGUMENT and len(value) <= LONGEST_ARGUMENT:
                clamped = self._clamped(name, value, views)
                if clamped is not None:
                    kept.append((name, clamped))
        request.args = ImmutableMultiDict(kept)

    def _clamped(self, name: str, value: str, views: dict[str, Any]) -> str | None:
        """The argument as it may be used, None when it has to go."""
        if found := _PLACE.fullmatch(name):
            number = read_id(value) or 0
            most = MOST_ROWS if found[1] == "psize" else 10**6
            return str(min(number, most)) if number else None
        if found := _ORDER.fullmatch(name):
            view = views.get(found[2])
            if found[1] == "_od":
                return value if value in ("asc", "desc") else None
            return value if view is not None and value in view.order_columns else None
        if name.startswith(("_flt_", "_oc_", "_od_", "page_", "psize_")):
            plain = name.removesuffix("-text").removesuffix("-was")
            fit = _FILTER.fullmatch(plain) and self._knows_filter(*_parts_of_filter(plain))
            return value if fit else None
        return clean_text(value)

    def _knows_filter(self, index: int, column: str) -> bool:
        possible = self._possible_filters
        if index < len(possible._search_filters.get(column, ())):
            return True
        # An "add" link of a related list says by _flt_0_client=5 whose row it will be.
        return index == 0 and self.datamodel.is_relation(column)

    def update_redirect(self) -> None:
        if request.method == "GET" and len(request.url) <= LONGEST_ADDRESS:
            super().update_redirect()
        history = session.get("page_history")
        if history:
            session["page_history"] = [url for url in history if len(url) <= LONGEST_ADDRESS]

    # -- lists -----------------------------------------------------------------------------------

    def columns_now(self) -> list[str]:
        return list(self.list_columns)

    def _get_list_widget(
        self, filters: Any, actions: Any = None, order_column: str = "", order_direction: str = "",
        page: int | None = None, page_size: int | None = None, widgets: Any = None, **kwargs: Any,
    ) -> dict[str, Any]:  # fmt: skip
        widgets = widgets or {}
        page_size = min(page_size or self.page_size, MOST_ROWS)
        if order_column not in self.order_columns:
            order_column, order_direction = self.base_order or ("", "")
        joined = filters.get_joined_filters(kwargs.pop("base_filters", self._base_filters))
        if filters.filters and not self.datamodel.is_pk_composite():
            # A search may have to look through the whole table: once is enough.
            count, joined = self.datamodel.count_once(joined)
        else:
            query = self.datamodel.session.query(self.datamodel.obj)
            count = self.datamodel.query_count(query, joined)
        page = min(page or 0, max(0, (int(count) - 1) // page_size))
        columns = self.columns_now()
        rows = self.datamodel.rows(
            joined, order_column, order_direction, page, page_size, columns, self.needs
        )
        pks = [self._serialize_pk_if_composite(pk) for pk in self.datamodel.get_keys(rows)]
        widgets["list"] = self.list_widget(
            label_columns=self.label_columns,
            include_columns=columns,
            value_columns=self._values(rows),
            order_columns=self.order_columns,
            formatters_columns=self._formatters(),
            page=page,
            page_size=page_size,
            count=count,
            pks=pks,
            actions=actions or self.actions,
            filters=filters,
            modelview_name=type(self).__name__,
            view=self,
            ordered_by=(order_column, order_direction),
            **kwargs,
        )
        return widgets

    def _values(self, rows: list[Any]) -> list[dict[str, Any]]:
        return list(self.datamodel.get_values(rows, self.list_columns))

    def _formatters(self) -> dict[str, Any]:
        return self.formatters_columns

    def visible_related_views(self) -> list[Any]:
        """Related lists that the reader may see at all."""
        return [v for v in self._related_views if may("list", v.class_permission_name)]

    def _get_related_views_widgets(
        self, item: Any, orders: Any = None, pages: Any = None, page_sizes: Any = None,
        widgets: Any = None, **args: Any,
    ) -> dict[str, Any]:  # fmt: skip
        widgets = widgets or {}
        widgets["related_views"] = []
        for view in self._related_views:
            name = type(view).__name__
            if not may("list", view.class_permission_name):
                widgets["related_views"].append(_nothing)
                continue
            column, direction = (orders or {}).get(name) or ("", "")
            widgets["related_views"].append(
                self._get_related_view_widget(
                    item, view, column, direction,
                    page=(pages or {}).get(name), page_size=(page_sizes or {}).get(name),
                )
            )  # fmt: skip
        return widgets

    # -- actions and deletes ---------------------------------------------------------------------

    def is_get_mutation_allowed(self) -> bool:
        """Only POST changes anything, for it alone carries a CSRF token (HEAD is no GET either)."""
        return request.method == "POST"

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> Any:
        action = self._permitted_action(name, single=True)
        rows = self.rows_or_404([self._deserialize_pk_if_composite(pk)])
        return action.func(rows[0])

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> Any:
        action = self._permitted_action(request.form.get("action", ""), single=False)
        given = [self._deserialize_pk_if_composite(pk) for pk in request.form.getlist("rowid")]
        if len(given) > MOST_ROWS:
            abort(400, gettext("Choose at most %(most)s rows.", most=MOST_ROWS))
        return action.func(self.rows_or_404(given))

    def _permitted_action(self, name: str, *, single: bool) -> Any:
        action = self.actions.get(name)
        if action is None or not (action.single if single else action.multiple):
            abort(404)
        permission = self.get_action_permission_name(name)
        if not self.appbuilder.sm.has_access(permission, self.class_permission_name):
            self.refuse()
        return action

    def refuse(self) -> None:
        """403 for somebody who is logged in, the log-in page for a visitor."""
        if current_user.is_authenticated:
            abort(403)
        auth_view = type(self.appbuilder.sm.auth_view).__name__
        abort(redirect(url_for(f"{auth_view}.login", next=request.url)))

    def rows_or_404(self, ids: Iterable[Any]) -> list[Any]:
        """All of these rows through the base filters; 404 when one of them is missing."""
        wanted = list(dict.fromkeys(map(str, ids)))
        rows = self.datamodel.get_many(wanted, self._base_filters)
        if not wanted or len(rows) != len(wanted):
            abort(404)
        return list(rows)


def _parts_of_filter(name: str) -> tuple[int, str]:
    found = _FILTER.fullmatch(name)
    if found is None:
        raise ValueError(name)
    return int(found[1]), found[2]


def _nothing(**_kwargs: Any) -> str:
    """Stands for the list that a role may not see, where FAB counts related lists by number."""
    return ""


__all__ = ["MOST_ROWS", "FiltersPerRequest", "Guarded", "Response"]
