"""Spend: what campaigns really cost, day by day. Marketer and admin write it down here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.models.clock import today
from app.models.spend import Spend
from app.views.base import Interface, NounForm, NounView


class DeleteForm(NounForm):
    """Asks nothing: an entry of spend is a mere figure, and a wrong one goes."""

    reason: ClassVar[Any] = SimpleNamespace(data="")


class SpendView(NounView):
    datamodel = Interface(Spend)
    list_title, show_title = _("Spend"), _("Spend")
    add_title, edit_title = _("New spend"), _("Change spend")
    list_columns = ["day", "campaign", "amount", "origin"]
    show_columns = ["campaign", "day", "amount", "origin", "created_at", "changed_at"]
    add_columns = edit_columns = ["campaign", "day", "amount", "origin"]
    exportable = True
    importable = "spend"
    order_columns = ["day", "amount"]
    base_order = ("day", "desc")
    search_columns = ["campaign", "day"]
    description_columns = {"origin": _("Where the figure comes from: manual, a file, a platform.")}
    remove_form = DeleteForm
    remove_label = _("Delete")
    remove_template = "crm/campaign_spend_delete.html"

    def defaults(self) -> dict[str, Any]:
        return {"day": today()}

    def remove(self, row: Spend, reason: str) -> str:
        self.session.delete(row)
        return gettext("The entry has been deleted.")
