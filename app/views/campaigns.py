"""Campaigns with what they brought and cost, and the channels through which they speak."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import and_, case, exists, or_, select
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from app.models.campaign import Campaign, Channel, Phase
from app.models.clock import month_of, today
from app.models.spend import Spend
from app.statistics import Basis, campaign_figures_of
from app.statistics.periods import PeriodName
from app.ui.fields import DateField, MoneyField, TextField
from app.views import figure_words
from app.views.base import Interface, NounForm, NounView, verb
from app.views.base.forms import REQUIRED
from app.views.base.searching import Narrowing
from app.views.clients import ClientView
from app.views.leads import LeadView
from app.views.spend import SpendView

RUNNING = "running"
ON_PAGE = ("add_spend", "add_external_id")


class CampaignInterface(Interface):
    def apply_order_by(
        self, query: Any, order_column: str, order_direction: str, *args: Any, **kwargs: Any
    ) -> Any:
        """By RUNNING: those that run now, then those to come, then those that are over."""
        if order_column != RUNNING:
            return super().apply_order_by(query, order_column, order_direction, *args, **kwargs)
        day = today()
        phase = case((Campaign.ends_on < day, 2), (Campaign.starts_on > day, 1), else_=0)
        return query.order_by(phase, Campaign.id.desc())


class AllTime:
    """What the figures of the page are about, for the links to the rows behind them."""

    @staticmethod
    def args(**more: Any) -> dict[str, Any]:
        return {"period": PeriodName.ALL.value, "basis": Basis.COHORT.value, **more}


class ExternalIdForm(NounForm):
    platform = TextField(
        _("Platform"), [InputRequired(REQUIRED)], description=_("Such as yandex, vk, google.")
    )
    external_id = TextField(_("Id on the platform"), [InputRequired(REQUIRED)])


class SpendForm(NounForm):
    day = DateField(_("Day"), [InputRequired(REQUIRED)])
    amount = MoneyField(_("Amount"), [InputRequired(REQUIRED)])


def runs() -> Any:
    day = today()
    return and_(
        or_(Campaign.starts_on.is_(None), Campaign.starts_on <= day),
        or_(Campaign.ends_on.is_(None), Campaign.ends_on >= day),
    )


def has_no_spend_this_month() -> Any:
    entered = select(Spend.id).where(
        Spend.campaign_id == Campaign.id, Spend.day >= month_of(today())
    )
    return ~exists(entered)


class CampaignView(NounView):
    datamodel = CampaignInterface(Campaign)
    list_title, show_title = _("Campaigns"), _("Campaign")
    add_title, edit_title = _("New campaign"), _("Change campaign")
    list_columns = ["title", "phase", "service", "channel", "starts_on", "ends_on", "budget"]
    card_columns: ClassVar[list[str]] = ["title", "phase", "channel"]
    enums: ClassVar[dict[str, Any]] = {"phase": Phase}
    label_columns = {"phase": _("State")}
    narrowings: ClassVar[dict[str, Narrowing]] = {
        "phase": Narrowing(
            _("State"),
            {
                "runs": (_("Runs"), runs),
                "planned": (_("Planned"), lambda: Campaign.starts_on > today()),
                "ended": (_("Ended"), lambda: Campaign.ends_on < today()),
            },
        ),
        "spend": Narrowing(_("Spend"), {"none": (_("None this month"), has_no_spend_this_month)}),
    }
    needs = ["title", "service", "channel", "starts_on", "ends_on", "budget", "currency"]
    show_columns = [
        "service", "channel", "budget", "starts_on", "ends_on", "created_at", "changed_at",
    ]  # fmt: skip
    add_columns = edit_columns = ["title", "service", "channel", "budget", "starts_on", "ends_on"]
    order_columns = ["title", "starts_on", "ends_on", "budget"]
    base_order = (RUNNING, "asc")
    search_columns = ["service", "channel"]
    description_columns = {
        "budget": _("The plan. Statistics use it, marked as planned, until spend is recorded."),
        "ends_on": _("Leave it empty if the end is open."),
    }
    show_template = "crm/campaign_show.html"
    related_views = [SpendView, LeadView, ClientView]

    def context(self, row: Campaign) -> dict[str, Any]:
        figures = campaign_figures_of(self.session, row.id)
        adds = self.offers("add_spend") and not row.is_put_away
        return {
            "figures": figures,
            "all_time": AllTime,
            "words": figure_words,
            "spend_form": SpendForm(formdata=None, data={"day": today()}) if adds else None,
            "id_form": ExternalIdForm(formdata=None) if adds else None,
        }

    def buttons(self, row: Campaign) -> list[Any]:
        """The forms of these two stand on the page itself."""
        return [one for one in super().buttons(row) if one.name not in ON_PAGE]

    @verb(_("Add spend"), permission="edit", form=SpendForm)
    def add_spend(self, row: Campaign, values: dict[str, Any]) -> str:
        spend = Spend(campaign=row)
        self.session.add(spend)
        with self.session.no_autoflush:
            spend.change(campaign=row, day=values["day"], amount=values["amount"])
        return gettext("The spend has been added.")

    @verb(_("Add a platform's id"), permission="edit", form=ExternalIdForm)
    def add_external_id(self, row: Campaign, values: dict[str, Any]) -> str:
        row.add_external_id(values["platform"], values["external_id"])
        return gettext("The id has been added: leads that name it belong to this campaign.")

    @expose("/<int:pk>/remove_external_id/<int:external_id>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def remove_external_id(self, pk: int, external_id: int) -> Response:
        row, form = self.row_or_404(pk), NounForm()

        def act() -> str:
            row.remove_external_id(external_id)
            return gettext("The id has been removed.")

        answer = self.perform(form, f"remove external id {external_id}", act, row_id=row.id)
        return self._tell_faults(form, row) if isinstance(answer, int) else answer


class ChannelView(NounView):
    datamodel = Interface(Channel)
    list_title, show_title = _("Channels"), _("Channel")
    add_title, edit_title = _("New channel"), _("Change channel")
    list_columns = ["title"]
    show_columns = ["title", "created_at", "changed_at"]
    add_columns = edit_columns = ["title"]
    order_columns = ["title"]
    base_order = ("title", "asc")
