"""Leads: everybody who asked, and the acts by which operators and managers work them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder.actions import action
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.security.sqla.models import Group, Role, User
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import or_, select
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from app.errors import N_, Invalid
from app.extensions import db
from app.intake import receive_by_hand
from app.models import clock
from app.models.claim import claim, claim_next, release
from app.models.client import Client
from app.models.contacts import read_email, split_fio
from app.models.lead import CallOutcome, Lead, LeadStatus, LostReason, is_open_lead
from app.models.matching import Keys, leads_sharing, sharing_params
from app.ui import pickers
from app.ui.access import may
from app.ui.fields import ChoiceField, DateTimeField, TextAreaField, read_id
from app.ui.formatters import label_of, moment
from app.ui.labels import label
from app.ui.pickers import PickerField
from app.views.base import InPlace, Interface, NounForm, NounView, Verb, link_to, verb
from app.views.base.widgets import NounList
from app.views.converting import Converting
from app.views.submissions import SubmissionView

MORNING = time(10)  # when a contact that is planned by the day takes place
DAYS = {"tomorrow": 1, "three_days": 3, "next_week": 7}
WHEN = [
    ("", _("Nothing planned")),
    ("tomorrow", _("Tomorrow 10:00")),
    ("three_days", _("In 3 days")),
    ("next_week", _("In a week")),
    ("date", _("At the time below")),
]
AFTER_CALL = [
    ("", _("In work, or as it is")),
    (LeadStatus.IN_WORK.value, _("In work")),
    (LeadStatus.QUALIFIED.value, _("Qualified")),
    (LeadStatus.LOST.value, _("Lost")),
]
# In this order; calls, plans, notes and the responsible one are forms on the lead's page.
BUTTONS = (
    "restore", "convert", "take", "qualify", "reopen", "claim", "take_over", "let_go", "lose",
)  # fmt: skip
MOST_SIMILAR = 10


# -- colleagues who may work leads ---------------------------------------------------------------


class LeadWorkers(pickers.UserPicker):
    """Active colleagues whose roles let them work leads."""

    noun = "lead_worker"

    def may(self) -> bool:
        return may("work", "LeadView")

    def find(self, text: str, limit: int = pickers.LIMIT, *, every: bool = False) -> list[Any]:
        workers = select(User).where(User.active, self._works())
        workers = workers.order_by(User.last_name, User.first_name, User.id).limit(pickers.SMALL)
        rows = db.session.scalars(workers).unique().all()
        return pickers.among(rows, text, self.label, limit)

    def get(self, row_id: Any, *, every: bool = False) -> Any | None:
        number = read_id(row_id)
        found = select(User).where(User.id == number, User.active, self._works())
        return db.session.scalars(found).unique().first()

    @staticmethod
    def _works() -> Any:
        security = current_app.extensions["appbuilder"].sm
        ids = [
            role.id for role in db.session.scalars(select(Role)).unique()
            if security._has_access_builtin_roles(role, "can_work", "LeadView")
            or any(p.permission.name == "can_work" and p.view_menu.name == "LeadView"
                   for p in role.permissions)
        ]  # fmt: skip
        return or_(
            User.roles.any(Role.id.in_(ids)), User.groups.any(Group.roles.any(Role.id.in_(ids)))
        )


# -- forms of the acts -----------------------------------------------------------------------------


class CallForm(NounForm):
    outcome = ChoiceField(_("How did it go?"), [InputRequired()], enum=CallOutcome)
    text = TextAreaField(_("Note"), id="call_text")
    when = ChoiceField(_("Next contact"), choices=WHEN, id="call_when")
    next_contact_at = DateTimeField(_("Day and time"), id="call_at")
    status = ChoiceField(_("Status"), choices=AFTER_CALL)
    lost_reason = ChoiceField(_("If lost: why?"), enum=LostReason, blank=True, id="call_lost")


class PlanForm(NounForm):
    when = ChoiceField(_("Next contact"), choices=WHEN, id="plan_when")
    next_contact_at = DateTimeField(_("Day and time"), id="plan_at")


class AssignForm(NounForm):
    assignee = PickerField(_("Responsible"), noun=LeadWorkers.noun)


class LoseForm(NounForm):
    lost_reason = ChoiceField(_("Why?"), [InputRequired()], enum=LostReason)
    text = TextAreaField(_("Note"))


class NoteForm(NounForm):
    text = TextAreaField(_("Note"), id="note_text")


def chosen_time(values: dict[str, Any]) -> datetime | None:
    """When `when` and `next_contact_at` mean; raises Invalid for a past or an empty time."""
    when, at = values["when"], values["next_contact_at"]
    if when in DAYS:
        day_ = clock.today() + timedelta(days=DAYS[when])
        return datetime.combine(day_, MORNING, tzinfo=clock.zone()).astimezone(UTC)
    if when == "date" and at is None:
        raise Invalid.of("next_contact_at", N_("Write the day and the time."))
    if at is not None and at < clock.utc_now():
        raise Invalid.of("next_contact_at", N_("Choose a time that is still to come."))
    return at if isinstance(at, datetime) else None


# -- the screen ------------------------------------------------------------------------------------


class PeopleInterface(Interface):
    """People are sorted by their last name."""

    def apply_order_by(
        self, query: Any, order_column: str, order_direction: str, *args: Any, **kwargs: Any
    ) -> Any:
        column = "last_name" if order_column == "name" else order_column
        return super().apply_order_by(query, column, order_direction, *args, **kwargs)


class NobodysOnRequest(BaseFilter):
    """`?whose=nobody` lists the open leads that nobody is responsible for."""

    def apply(self, query: Any, value: Any) -> Any:
        if request.endpoint == "LeadView.list" and request.args.get("whose") == "nobody":
            return query.filter(is_open_lead(), Lead.assignee_id.is_(None))
        return query


class LeadList(NounList):
    template = "crm/lead_list.html"


class LeadView(Converting, InPlace, NounView):
    datamodel = PeopleInterface(Lead)
    list_title, show_title = _("Leads"), _("Lead")
    add_title, edit_title = _("New lead"), _("Change lead")
    list_columns = [
        "name", "next_contact_at", "phone", "email", "status", "last_outcome", "campaign",
        "assignee", "received_at",
    ]  # fmt: skip
    needs = [
        "first_name", "last_name", "middle_name", "company_name", "phone_key", "phone_extension",
        "phone", "email", "calls", "status", "campaign.title", "assignee.first_name",
        "assignee.last_name",
    ]  # fmt: skip
    show_columns = [
        "phone", "email", "contact_points", "company_name", "job_title", "language", "campaign",
        "assignee", "status", "lost_reason", "last_outcome", "next_contact_at", "received_at",
        "asked_again_at", "first_contact_at", "client",
    ]  # fmt: skip
    add_columns = edit_columns = [
        "last_name", "first_name", "middle_name", "phone", "email", "company_name", "job_title",
        "campaign", "language",
    ]  # fmt: skip
    order_columns = ["name", "next_contact_at", "received_at"]
    base_order = ("received_at", "desc")
    base_filters = [["assignee", NobodysOnRequest, None]]
    search_columns = [
        "status", "campaign", "assignee", "received_at", "next_contact_at", "lost_reason",
    ]  # fmt: skip
    enums = {"status": LeadStatus, "last_outcome": CallOutcome, "lost_reason": LostReason}
    label_columns = {"last_outcome": _("Last call"), "client": _("Became the client")}
    list_widget = LeadList
    show_template = "crm/lead.html"
    related_views = [SubmissionView]
    link = staticmethod(link_to)
    in_place = {
        "name": ("last_name", "first_name", "middle_name"), "phone": ("phone",),
        "email": ("email",), "company_name": ("company_name",), "job_title": ("job_title",),
        "campaign": ("campaign",), "language": ("language",),
    }  # fmt: skip
    in_place_verbs = {"assignee": "assign"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pickers.register(current_app, LeadWorkers())

    # -- reading ---------------------------------------------------------------------------------

    def cell(self, row: Lead, column: str) -> Any:
        if column == "last_outcome":
            return tries(row)
        if column == "next_contact_at":
            return due(row)
        shown = super().cell(row, column)
        return reachable(row, column, shown)

    def sections(self, row: Lead) -> list[tuple[Any, list[tuple[Any, Any]]]]:
        """Only what is known of the lead."""
        return [
            (title, [(label, value) for label, value in values if value])
            for title, values in super().sections(row)
        ]

    def buttons(self, row: Lead) -> list[Verb]:
        offered = {one.name: one for one in super().buttons(row)}
        return [offered[name] for name in BUTTONS if name in offered]

    def context(self, row: Lead) -> dict[str, Any]:
        holder = holder_of(row)
        works = row.is_open and self.offers("log_call")
        return {
            "acts": {
                "log_call": CallForm(formdata=None) if works else None,
                "plan": PlanForm(formdata=None) if works else None,
                "assign": AssignForm(formdata=None, data={"assignee": row.assignee})
                if works else None,
                "write_note": NoteForm(formdata=None) if self._may_note(row) else None,
            },
            "holder": row.claimed_by if holder else None,
            "held_by_me": holder == current_user.id,
            "similar_leads": self.similar_leads(row),
            "similar_clients": row.likely_clients() if may("list", "ClientView") else [],
        }  # fmt: skip

    def _may_note(self, row: Lead) -> bool:
        return not row.is_put_away and self.offers("write_note")

    def similar_leads(self, lead: Lead) -> list[Lead]:
        """Other leads with the same phone or e-mail, newest first."""
        keys = Keys.of(lead)
        if not keys:
            return []
        apart = [Keys(keys.phones, frozenset()), Keys(frozenset(), keys.emails)]
        sharing = leads_sharing()
        found = (
            select(Lead)
            .join(sharing, sharing.c.id == Lead.id)
            .where(Lead.id != lead.id, Lead.archived_at.is_(None))
            .order_by(Lead.id.desc())
            .limit(MOST_SIMILAR)
        )
        return list(self.session.scalars(found, sharing_params(apart)))

    # -- making and changing ---------------------------------------------------------------------

    def defaults(self) -> dict[str, Any]:
        """What was searched in vain stands in the new lead's form."""
        typed = request.args.get("search", "").strip()
        if not typed:
            return {}
        if read_email(typed).key:
            return {"email": typed}
        if sum(sign.isdigit() for sign in typed) >= 5:
            return {"phone": typed}
        last, first, middle = split_fio(typed)
        return {"last_name": last, "first_name": first, "middle_name": middle}

    def make(self, values: dict[str, Any]) -> Any:
        receipt = receive_by_hand(self.session, values, current_user)
        for remarks in receipt.warnings.values():
            for remark in remarks:
                flash(gettext(remark.message) % dict(remark.params), "warning")
        lead = self.session.get(Lead, receipt.lead_id)
        if receipt.asked_again:
            return lead, gettext("This person has an open lead already. Here it is.")
        return lead, gettext("The lead has been added.")

    def change(self, row: Lead, values: dict[str, Any]) -> None:
        row.change(**changed_only(row, values))

    # -- work ------------------------------------------------------------------------------------

    @verb(_("Log a call"), permission="work", form=CallForm, when=lambda lead: lead.is_open)
    def log_call(self, lead: Lead, values: dict[str, Any]) -> Any:
        lead.log_call(
            values["outcome"],
            values["text"],
            next_contact_at=chosen_time(values),
            status=values["status"],
            lost_reason=values["lost_reason"],
        )
        told = gettext("The call has been saved.")
        if lead.next_contact_at is not None:
            told += " " + gettext("Next contact: %(at)s.", at=moment(lead.next_contact_at))
        if request.form.get("then") == "next":
            self.session.flush()
            return self._open_next(told)
        return told

    def _open_next(self, told: str) -> Response:
        following = claim_next(self.session, current_user.id)
        flash(told, "success")
        if following is None:
            flash(gettext("All calls that were due have been made."), "info")
            return redirect(url_for("QueueView.list"))
        return redirect(url_for("LeadView.show", pk=following.id))

    @verb(_("Next contact"), permission="work", form=PlanForm, when=lambda lead: lead.is_open)
    def plan(self, lead: Lead, values: dict[str, Any]) -> str:
        at = chosen_time(values)
        lead.plan_contact(at)
        if at is None:
            return gettext("No contact is planned.")
        return gettext("Next contact: %(at)s.", at=moment(at))

    @verb(_("Assign"), permission="work", form=AssignForm, when=lambda lead: lead.is_open)
    def assign(self, lead: Lead, values: dict[str, Any]) -> str:
        lead.assign_to(values["assignee"])
        if lead.assignee is None:
            return gettext("Nobody is responsible for the lead now.")
        return gettext("%(name)s is responsible for the lead now.", name=label_of(lead.assignee))

    @verb(
        _("Take into work"), permission="work",
        when=lambda lead: lead.is_open and lead.status == LeadStatus.NEW,
    )  # fmt: skip
    def take(self, lead: Lead) -> str:
        """new → in work; whoever takes a lead of nobody is responsible for it."""
        lead.take()
        if lead.assignee_id is None:
            lead.assign_to(self.session.get(User, current_user.id))
        return gettext("The lead is in work.")

    @verb(
        _("Qualified: hand over to a manager"), permission="work",
        when=lambda lead: lead.is_open and lead.status != LeadStatus.QUALIFIED,
    )  # fmt: skip
    def qualify(self, lead: Lead) -> str:
        lead.qualify()
        return gettext("The lead waits for a manager to convert it.")

    @verb(_("Lost"), permission="work", form=LoseForm, when=lambda lead: lead.is_open)
    def lose(self, lead: Lead, values: dict[str, Any]) -> str:
        lead.lose(values["lost_reason"], values["text"])
        return gettext("The lead is closed. It can be reopened.")

    @verb(_("Reopen"), permission="work", when=lambda lead: lead.can_be_reopened)
    def reopen(self, lead: Lead) -> str:
        lead.reopen()
        return gettext("The lead is in work again.")

    @verb(_("Write a note"), permission="note", form=NoteForm)
    def write_note(self, lead: Lead, values: dict[str, Any]) -> str:
        lead.write_note(values["text"])
        return gettext("The note has been saved.")

    # -- claims ----------------------------------------------------------------------------------

    @verb(
        _("Start working"), permission="work",
        when=lambda lead: lead.is_open and holder_of(lead) is None,
    )  # fmt: skip
    def claim(self, lead: Lead) -> str:
        until = claim(self.session, lead, current_user.id)
        return gettext("The lead is yours until %(at)s.", at=moment(until))

    @verb(
        _("Take over"), permission="convert",  # what only managers may
        when=lambda lead: lead.is_open and holder_of(lead) not in (None, current_user.id),
    )  # fmt: skip
    def take_over(self, lead: Lead) -> str:
        until = claim(self.session, lead, current_user.id, takes_over=True)
        return gettext("The lead is yours until %(at)s.", at=moment(until))

    @verb(_("Let go"), permission="work", when=lambda lead: holder_of(lead) == current_user.id)
    def let_go(self, lead: Lead) -> str:
        release(self.session, lead, current_user.id)
        return gettext("Colleagues may work with this lead again.")

    # -- conversion: see converting.py -----------------------------------------------------------

    @action("convert", _("Convert"), icon="fa-exchange", multiple=False)
    def open_conversion(self, lead: Lead) -> Response:
        """The action of a single lead leads to the page where the manager chooses."""
        return redirect(url_for("LeadView.convert", pk=lead.id))


# -- how a lead reads ------------------------------------------------------------------------------


def holder_of(lead: Lead) -> int | None:
    """The id of the user who works with this person now."""
    if lead.claimed_until is None or lead.claimed_until <= clock.utc_now():
        return None
    return lead.claimed_by_id


def tries(lead: Lead) -> str:
    """The last call's outcome and how many calls there were."""
    if not lead.calls:
        return ""
    return f"{label(CallOutcome, lead.last_outcome)} · {lead.calls}"


def due(lead: Lead) -> Any:
    """The next contact with its mark: overdue, today, to come; or that nothing is planned."""
    at = lead.next_contact_at
    if at is None:
        if lead.status in (LeadStatus.IN_WORK, LeadStatus.QUALIFIED):
            return _mark("warning", gettext("Nothing planned"))
        return ""
    now = clock.utc_now()
    if at < now:
        return _mark("danger", gettext("Overdue"), at)
    if clock.company_day(at) == clock.company_day(now):
        return _mark("success", gettext("Today"), at)
    return _mark("default", gettext("Later"), at)


def _mark(style: str, word: str, at: datetime | None = None) -> Markup:
    when = ""
    if at is not None:
        is_today = clock.company_day(at) == clock.today()
        when = clock.local(at).strftime("%H:%M") if is_today else moment(at)
    return Markup('<span class="label label-{}">{}</span> {}').format(style, word, when)


def reachable(row: Lead | Client, column: str, shown: Any) -> Any:
    """A phone to call and an address to write to, as links."""
    if column == "phone" and row.phone_key:
        return Markup('<a href="tel:{}">{}</a>').format(row.phone_key, shown)
    if column == "email" and row.email and "@" in row.email:
        return Markup('<a href="mailto:{}">{}</a>').format(row.email, shown)
    return shown


def changed_only(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    """What the form changes: a phone that nobody could ever read must not block other fields."""
    return {field: value for field, value in values.items() if getattr(row, field) != value}


__all__ = ["LeadView", "NoteForm", "changed_only", "due", "holder_of", "reachable", "tries"]
