"""Services: what the company sells. The list opens on what is sold now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select, true
from werkzeug.datastructures import ImmutableMultiDict

from app.models.campaign import Campaign
from app.models.contract import COUNTED, Contract
from app.models.service import Service
from app.ui.fields import ChoiceField
from app.ui.pills import yes_no_pill
from app.views.base import Equal, Interface, NounView
from app.views.campaigns import CampaignView

WHICH = "_flt_0_active"
ALL = "all"


class SoldNow(Equal):
    """Yes, no, or `all`, which an empty choice cannot say: an empty one means the default."""

    def read(self, value: Any) -> Any:
        return None if value == ALL else super().read(value)

    def condition(self, column: Any, value: Any) -> Any:
        return true() if value is None else super().condition(column, value)


class ServiceView(NounView):
    datamodel = Interface(Service)
    list_title, show_title = _("Services"), _("Service")
    add_title, edit_title = _("New service"), _("Change service")
    list_columns = ["title", "price", "active", "signed_contracts", "campaigns"]
    show_columns = [
        "title", "description", "price", "active", "signed_contracts", "created_at", "changed_at",
    ]  # fmt: skip
    add_columns = edit_columns = ["title", "description", "price", "active"]
    order_columns = ["title", "price"]
    base_order = ("title", "asc")
    search_columns = ["active"]
    needs = ["title", "price", "active"]
    label_columns = {"signed_contracts": _("Signed contracts"), "campaigns": _("Campaigns")}
    picker_filters = [["active", Equal, True]]
    related_views = [CampaignView]

    def _init_properties(self) -> None:
        super()._init_properties()
        self._possible_filters._search_filters["active"] = [SoldNow("active", self.datamodel)]

    def _init_forms(self) -> None:
        super()._init_forms()
        listed = [("1", _("Yes")), ("0", _("No")), (ALL, _("All"))]
        self._search_fields["0_active"] = ChoiceField(_("Sold now"), choices=listed)

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        if not request.args.get(WHICH):
            given = [(name, value) for name, value in request.args.items(multi=True)
                     if name != WHICH]  # fmt: skip
            request.args = ImmutableMultiDict([*given, (WHICH, "1")])
        return super().list()

    def cell(self, row: Service, column: str) -> Any:
        if column == "active":
            return yes_no_pill(row.active, _("Sold"), _("Not sold"))
        if column == "signed_contracts":
            return self._counts_of([row])[row.id][0]
        return super().cell(row, column)

    def _values(self, rows: Sequence[Service]) -> Any:
        plain = [c for c in self.list_columns if c not in ("signed_contracts", "campaigns")]
        counts = self._counts_of(rows)
        return [
            {column: self.cell(row, column) for column in plain}
            | dict(zip(("signed_contracts", "campaigns"), counts[row.id], strict=True))
            | {"_away": row.is_put_away}
            for row in rows
        ]

    def _counts_of(self, rows: Sequence[Service]) -> dict[int, tuple[int, int]]:
        """How many contracts were signed and campaigns run for each, by one statement."""
        signed = (
            select(func.count())
            .where(
                Contract.service_id == Service.id,
                Contract.status.in_(COUNTED),
                Contract.archived_at.is_(None),
            )
            .correlate(Service)
            .scalar_subquery()
        )
        campaigns = (
            select(func.count())
            .where(Campaign.service_id == Service.id, Campaign.archived_at.is_(None))
            .correlate(Service)
            .scalar_subquery()
        )
        found = select(Service.id, signed, campaigns).where(Service.id.in_([r.id for r in rows]))
        return {row_id: (one, other) for row_id, one, other in self.session.execute(found)}
