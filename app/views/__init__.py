"""The screens. `register` reads as the menu; a role sees the entries of what it may (roles.py)."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext as _

from app.views import compat, counts, jobs, search
from app.views.base import PickerApi
from app.views.board import BoardView
from app.views.campaigns import CampaignView, ChannelView
from app.views.clients import ClientView, ContactPersonView
from app.views.company import CompanyView
from app.views.contracts import ContractView
from app.views.decisions import DecisionView
from app.views.documents import DocumentView
from app.views.home import HomeView
from app.views.imports import ImportView
from app.views.jobs import JobView
from app.views.leads import LeadView
from app.views.notes import NoteView
from app.views.own_forms import OwnFormView
from app.views.queue import QueueView
from app.views.saved_views import SavedViewsView
from app.views.search import SearchView
from app.views.security import RoleView, UserView
from app.views.services import ServiceView
from app.views.settings import SettingsView
from app.views.sources import SourceView
from app.views.spend import SpendView
from app.views.statistics import (
    LeadStatusChartView,
    MonthlyChartView,
    RoiChartView,
    StatisticsView,
)
from app.views.submissions import SubmissionView
from app.views.undo import UndoView
from app.views.webhooks import WebhookView

__all__ = ["HomeView", "register"]


def register(appbuilder: AppBuilder) -> None:
    """Entries are named as their screens: who may see the screen sees the entry."""

    def entry(view: Any, label: Any, icon: str, **category: Any) -> None:
        appbuilder.add_view(view, view.__name__, label=label, icon=icon, **category)

    entry(DecisionView, _("Home"), "home")
    entry(QueueView, _("My queue"), "phone")
    entry(LeadView, _("Leads"), "user-plus")
    entry(SubmissionView, _("Inbox"), "inbox")
    entry(ClientView, _("Clients"), "users")
    entry(ContractView, _("Contracts"), "file-text")
    entry(ServiceView, _("Services"), "briefcase")
    entry(CampaignView, _("Campaigns"), "speakerphone")
    entry(SpendView, _("Spend"), "credit-card")
    entry(SourceView, _("Sources"), "plug")
    entry(OwnFormView, _("Forms"), "list-details")

    entry(StatisticsView, _("Statistics"), "chart-bar")

    settings = {
        "category": "Settings",
        "category_label": _("Administration"),
        "category_icon": "settings",
    }
    entry(CompanyView, _("Company"), "building", **settings)
    entry(ChannelView, _("Channels"), "arrows-exchange", **settings)
    entry(DocumentView, _("Documents"), "file-type-pdf", **settings)
    entry(WebhookView, _("Webhooks"), "webhook", **settings)
    entry(UserView, _("Users"), "user", **settings)
    entry(RoleView, _("Roles"), "key", **settings)

    for view in (
        BoardView, ContactPersonView, ImportView, JobView, LeadStatusChartView, MonthlyChartView,
        NoteView,
        PickerApi, RoiChartView, SavedViewsView, SearchView, SettingsView, UndoView,
    ):  # fmt: skip
        appbuilder.add_view_no_menu(view)
    appbuilder.sm.user_view = next(v for v in appbuilder.baseviews if isinstance(v, UserView))
    search.init(current_app)
    jobs.init()
    compat.init(current_app)
    counts.init(current_app)
