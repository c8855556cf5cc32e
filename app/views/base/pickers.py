"""Where remote pickers look rows up, and what a screen offers to choose from."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, request
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access_api
from sqlalchemy import inspect
from werkzeug.wrappers import Response

from app.models.base import Searchable
from app.ui.access import may
from app.ui.pickers import LIMIT, SMALL, among, matching, picker_of
from app.views.base.filters import Filters

LONGEST_QUERY = 200


class ViewPicker:
    """The rows of a screen: its base filter and `picker_filters` decide, its list permission too.

    `every` leaves `picker_filters` out: a service that is no longer sold is not offered, but
    contracts can be filtered by it.
    """

    def __init__(self, view: Any) -> None:
        self.view = view
        self.noun: str = view.noun

    def may(self) -> bool:
        return may("list", self.view.class_permission_name)

    def label(self, row: Any) -> str:
        return str(self.view.picker_label(row))

    def find(self, text: str, limit: int = LIMIT, *, every: bool = False) -> list[Any]:
        query = self._query(every)
        model = self.view.datamodel.obj
        newest = inspect(model).primary_key[0].desc()
        if not text.strip():
            return list(query.order_by(newest).limit(limit).all())
        if issubclass(model, Searchable):
            condition = matching(model, text)
            if condition is None:
                return []
            return list(query.filter(condition).order_by(newest).limit(limit).all())
        return among(query.order_by(newest).limit(SMALL).all(), text, self.label, limit)

    def get(self, row_id: Any, *, every: bool = False) -> Any | None:
        return self.view.datamodel.get(row_id, self._filters(every))

    def _query(self, every: bool) -> Any:
        datamodel = self.view.datamodel
        query = self._filters(every).apply_all(datamodel.session.query(datamodel.obj))
        return query.options(*datamodel.loading(["picker_label"], self.view.picker_needs))

    def _filters(self, every: bool) -> Filters:
        filters: Filters = self.view._base_filters.copy()
        if not every:
            filters.add_filter_list(self.view.picker_filters)
        return filters


class PickerApi(BaseView):
    """`/picker/campaign?q=spring` → {"results": [{"id": 1, "text": "…"}]}, at most twenty."""

    route_base = "/picker"

    @expose("/<noun>")
    @has_access_api
    def get(self, noun: str) -> Response:
        picker = picker_of(noun)
        if picker is None:
            abort(404)
        if not picker.may():
            abort(403)
        text = request.args.get("q", "").replace("\x00", "")[:LONGEST_QUERY]
        rows = picker.find(text, LIMIT, every=bool(request.args.get("every")))
        return jsonify(results=[{"id": row.id, "text": picker.label(row)} for row in rows])
