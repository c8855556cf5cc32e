"""The screens. `register` reads as the menu; a role sees the entries of what it may (roles.py)."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from typing import Any

from flask import current_app
from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext as _

from app.views import compat
from app.views.home import HomeView
from app.views.security import RoleView, UserView

__all__ = ["HomeView", "register"]


def register(appbuilder: AppBuilder) -> None:
    """Entries are named as their screens: who may see the screen sees the entry."""
    there: dict[str, Any] = {}
    for module in pkgutil.iter_modules(__path__):
        with contextlib.suppress(ImportError):  # until every screen is there
            there |= vars(importlib.import_module(f"app.views.{module.name}"))

    def entry(name: str, label: Any, icon: str, category: str = "", **more: Any) -> None:
        if name in there:
            appbuilder.add_view(
                there[name], name, label=label, icon=icon, category=category, **more
            )

    entry("DecisionView", _("To decide"), "fa-inbox")
    entry("QueueView", _("My queue"), "fa-phone")
    entry("LeadView", _("Leads"), "fa-user-plus")
    entry("SubmissionView", _("Submissions"), "fa-inbox")
    entry("ClientView", _("Clients"), "fa-users")
    entry("ContractView", _("Contracts"), "fa-file-text")
    entry("ServiceView", _("Services"), "fa-briefcase")
    entry("CampaignView", _("Campaigns"), "fa-bullhorn")
    entry("SpendView", _("Spend"), "fa-money")
    entry("SourceView", _("Sources"), "fa-plug")
    statistics = {
        "category": "Statistics",
        "category_label": _("Statistics"),
        "category_icon": "fa-bar-chart",
    }
    entry("StatisticsView", _("Campaign statistics"), "fa-table", **statistics)
    entry("RoiChartView", _("ROI by campaign"), "fa-bar-chart", **statistics)
    entry("LeadStatusChartView", _("Leads by status"), "fa-bar-chart", **statistics)
    entry("MonthlyChartView", _("Revenue and spend by month"), "fa-bar-chart", **statistics)
    office = {
        "category": "Administration",
        "category_label": _("Administration"),
        "category_icon": "fa-cogs",
    }
    entry("CompanyView", _("Company"), "fa-building", **office)
    entry("ChannelView", _("Channels"), "fa-random", **office)
    entry("DocumentView", _("Documents"), "fa-file-pdf-o", **office)
    appbuilder.sm.user_view = appbuilder.add_view(
        UserView, "UserView", label=_("Users"), icon="fa-user", **office
    )
    appbuilder.add_view(RoleView, "RoleView", label=_("Roles"), icon="fa-key", **office)
    for name in ("ContactPersonView", "NoteView", "PickerApi"):
        if name in there:
            appbuilder.add_view_no_menu(there[name])
    compat.init(current_app)
