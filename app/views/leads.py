"""Leads: everybody who asked, and the acts by which operators and managers work them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder.actions import action
from flask_appbuilder.security.sqla.models import Group, Role, User
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from app.extensions import db
from app.intake import receive_by_hand
from app.models.claim import claim, claim_next, release
from app.models.contacts import read_email, split_fio
from app.models.lead import CallOutcome, Lead, LeadStatus, LostReason
from app.models.submission import Submission
from app.ui import pickers
from app.ui.access import may
from app.ui.fields import ChoiceField, TextAreaField, read_id
from app.ui.formatters import label_of, moment
from app.ui.labels import label
from app.ui.pickers import PickerField
from app.ui.pills import pill
from app.views import lead_lists
from app.views.base import InPlace, Interface, NounForm, NounView, Verb, link_to, verb
from app.views.base.widgets import NounList
from app.views.calls import (
    CallForm,
    PlanForm,
    PlanManyForm,
    after_call,
    chosen_time,
    suggestion_for,
    told_of_call,
)
from app.views.converting import Converting
from app.views.lead_words import (
    answer_due,
    changed_only,
    due,
    holder_of,
    phone_with_acts,
    reachable,
    short_moment,
    tries,
)  # fmt: skip
from app.views.merging import Merging
from app.views.notes import TellsStory, asked_story
from app.views.similar import LeadsKnowSimilar
from app.views.walking import remember, step_of

# What stands at the right of the name; the rest are the status strip and forms on the page.
BUTTONS = ("restore", "convert", "reopen", "claim", "take_over", "let_go")
MOST_SUBMISSIONS = 5
# What the page says of the person, a line each, edited where it stands.
LINES = (
    "name", "phone", "email", "contact_points", "assignee", "campaign", "company_name", "job_title",
    "language",
)  # fmt: skip


# -- colleagues who may work leads ---------------------------------------------------------------


class LeadWorkers(pickers.UserPicker):
    """Active colleagues whose roles let them work leads."""

    noun = "lead_worker"

    def may(self) -> bool:
        return may("work", "LeadView") or may("edit", "SourceView")

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


class AssignForm(NounForm):
    assignee = PickerField(_("Responsible"), noun=LeadWorkers.noun)


class LoseForm(NounForm):
    lost_reason = ChoiceField(
        _("Why?"), [InputRequired(_("Choose why the lead is lost."))], enum=LostReason, blank=True
    )
    text = TextAreaField(_("Note"))


class NoteForm(NounForm):
    text = TextAreaField(_("Note"), id="note_text")


@dataclass(frozen=True, slots=True)
class Step:
    """A status of the strip; `act` is the verb that leads there, "" where none does."""

    status: str
    label: str
    is_now: bool
    act: str


# -- the screen ------------------------------------------------------------------------------------


class PeopleInterface(Interface):
    """People are sorted by their last name."""

    def apply_order_by(
        self, query: Any, order_column: str, order_direction: str, *args: Any, **kwargs: Any
    ) -> Any:
        column = "last_name" if order_column == "name" else order_column
        return super().apply_order_by(query, column, order_direction, *args, **kwargs)


class LeadList(NounList):
    template = "crm/lead_list.html"


class LeadView(Converting, Merging, LeadsKnowSimilar, InPlace, TellsStory, NounView):
    datamodel = PeopleInterface(Lead)
    list_title, show_title = _("Leads"), _("Lead")
    add_title, edit_title = _("New lead"), _("Change lead")
    list_columns = [
        "next_contact_at", "name", "phone", "status", "last_outcome", "campaign", "assignee",
        "received_at",
    ]  # fmt: skip
    more_columns = [
        "email", "company_name", "job_title", "language", "lost_reason", "asked_again_at",
        "status_changed_at",
    ]  # fmt: skip
    link_column = "name"
    card_columns = ["name", "status", "phone", "next_contact_at"]
    narrowings = lead_lists.NARROWINGS
    built_in_views = lead_lists.BUILT_IN
    exportable = True
    importable = "leads"
    board = "BoardView.list"
    needs = [
        "first_name", "last_name", "middle_name", "company_name", "phone_key", "phone_extension",
        "phone", "email", "calls", "status", "is_test", "respond_by", "campaign.title",
        "assignee.first_name", "assignee.last_name",
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
    bulk_forms = {"plan": PlanManyForm}
    bulk_verbs = [
        "assign", "plan", "take", "qualify", "lose", "reopen", "merge", "delete", "restore",
    ]  # fmt: skip
    bulk_menu = ("take", "qualify", "lose", "reopen")
    search_columns = [
        "status", "campaign", "assignee", "received_at", "next_contact_at", "lost_reason",
    ]  # fmt: skip
    enums = {"status": LeadStatus, "last_outcome": CallOutcome, "lost_reason": LostReason}
    label_columns = {"last_outcome": _("Last call"), "client": _("Became the client")}
    list_widget = LeadList
    show_template = "crm/lead.html"
    link = staticmethod(link_to)
    in_place = {
        "name": ("last_name", "first_name", "middle_name"), "phone": ("phone",),
        "email": ("email",), "company_name": ("company_name",), "job_title": ("job_title",),
        "campaign": ("campaign",), "language": ("language",),
    }  # fmt: skip
    in_place_verbs = {"assignee": "assign"}
    in_place_parts = "#lead-head #story"

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
        # A file of the list holds the bare word, so that it can be brought back.
        if column == "status" and row.is_test and ".export" not in (request.endpoint or ""):
            return Markup("{} {}").format(shown, pill("grey", gettext("Test")))
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

    def line_value(self, row: Lead, name: str) -> Any:
        if name == "phone":
            return phone_with_acts(row, key="c")
        return super().line_value(row, name)

    def _values(self, rows: Any) -> Any:
        if request.endpoint == f"{self.endpoint}.list":
            remember("lead", (row.id for row in rows))
        return super()._values(rows)

    def related(self, row: Lead) -> list[Any]:
        return []  # what was asked for stands on the page itself

    def context(self, row: Lead) -> dict[str, Any]:
        holder = holder_of(row)
        works = row.is_open and self.offers("log_call")
        return {
            "acts": {
                "log_call": CallForm(formdata=None) if works else None,
                "plan": PlanForm(formdata=None) if works else None,
                "lose": LoseForm(formdata=None) if works else None,
                "write_note": NoteForm(formdata=None) if self._may_note(row) else None,
            },
            "suggested": {one.value: suggestion_for(row, one) for one in CallOutcome},
            "steps": self.steps(row),
            "step": step_of("lead", row.id),
            "lines": [self.line(row, name) for name in LINES if self._is_worth_a_line(row, name)],
            "holder": row.claimed_by if holder else None,
            "held_by_me": holder == current_user.id,
            "likeness": self.likeness(row),
            "merges": self.merges(row),
            "submissions": self._submissions(row) if may("list", "SubmissionView") else [],
            "told": asked_story(row),
            "due": due(row),
            "answer_due": answer_due,
            "tries": tries(row),
            "status_of": lambda lead: label(LeadStatus, lead.status),
        }

    def _may_note(self, row: Lead) -> bool:
        return not row.is_put_away and self.offers("write_note")

    def _is_worth_a_line(self, row: Lead, name: str) -> bool:
        return bool(getattr(row, name)) or self.may_edit_in_place(row, name)

    def _submissions(self, lead: Lead) -> list[Submission]:
        """What the person asked for, the newest first: answers of forms, click ids, UTM marks."""
        found = (
            select(Submission)
            .where(Submission.lead_id == lead.id)
            .options(joinedload(Submission.source))
            .order_by(Submission.id.desc())
            .limit(MOST_SUBMISSIONS)
        )
        return list(self.session.scalars(found))

    def steps(self, row: Lead) -> list[Step]:
        """The status strip. A step that cannot be taken from here has no act."""
        open_ = row.is_open and self.offers("take")
        may_convert = row.is_open and self.offers("convert")
        acts = {
            LeadStatus.IN_WORK: "take" if open_ and row.status != LeadStatus.IN_WORK else "",
            LeadStatus.QUALIFIED: "qualify" if open_ and row.status != LeadStatus.QUALIFIED else "",
            LeadStatus.CONVERTED: "convert" if may_convert else "",
            LeadStatus.LOST: "lose" if open_ else "",
        }
        return [
            Step(one.value, label(LeadStatus, one), row.status == one, acts.get(one, ""))
            for one in LeadStatus
        ]

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

    @verb(
        _("Log a call"), permission="work", form=CallForm, when=lambda lead: lead.is_open,
        undoable=True, template="crm/call.html",
    )  # fmt: skip
    def log_call(self, lead: Lead, values: dict[str, Any]) -> Any:
        lead.log_call(values["outcome"], values["text"], **after_call(lead, values))
        told = told_of_call(lead, short_moment)
        if request.form.get("then") == "next":
            self.session.flush()
            return self._open_next(), told
        return told

    def context_log_call(self, lead: Lead, form: CallForm) -> dict[str, Any]:
        return {"suggested": {one.value: suggestion_for(lead, one) for one in CallOutcome}}

    def _open_next(self) -> Response:
        following = claim_next(self.session, current_user.id)
        if following is None:
            return redirect(url_for("QueueView.list"))
        return redirect(url_for("LeadView.show", pk=following.id))

    @verb(
        _("Next contact"), permission="work", form=PlanForm, when=lambda lead: lead.is_open,
        undoable=True,
    )  # fmt: skip
    def plan(self, lead: Lead, values: dict[str, Any]) -> str:
        at = chosen_time(values)
        lead.plan_contact(at)
        if at is None:
            return gettext("No contact is planned.")
        return gettext("Next contact: %(at)s.", at=moment(at))

    @verb(
        _("Assign"), permission="work", form=AssignForm, when=lambda lead: lead.is_open,
        undoable=True,
    )  # fmt: skip
    def assign(self, lead: Lead, values: dict[str, Any]) -> str:
        lead.assign_to(values["assignee"])
        if lead.assignee is None:
            return gettext("Nobody is responsible for the lead now.")
        return gettext("%(name)s is responsible for the lead now.", name=label_of(lead.assignee))

    @verb(
        _("Take into work"), permission="work", undoable=True,
        when=lambda lead: lead.is_open and lead.status != LeadStatus.IN_WORK,
    )  # fmt: skip
    def take(self, lead: Lead) -> str:
        """new → in work, and back from the managers; whoever takes a lead of nobody is responsible
        for it.
        """
        lead.move_to(LeadStatus.IN_WORK)
        if lead.assignee_id is None:
            lead.assign_to(self.session.get(User, current_user.id))
        return gettext("The lead is in work.")

    @verb(
        _("Qualified: hand over to a manager"), permission="work", undoable=True,
        when=lambda lead: lead.is_open and lead.status != LeadStatus.QUALIFIED,
    )  # fmt: skip
    def qualify(self, lead: Lead) -> str:
        lead.qualify()
        return gettext("The lead waits for a manager to convert it.")

    @verb(
        _("Lost"), permission="work", form=LoseForm, when=lambda lead: lead.is_open, undoable=True
    )
    def lose(self, lead: Lead, values: dict[str, Any]) -> str:
        lead.lose(values["lost_reason"], values["text"])
        return gettext("The lead is closed. It can be reopened.")

    @verb(_("Reopen"), permission="work", when=lambda lead: lead.can_be_reopened, undoable=True)
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

    @action("convert", _("Convert"), icon="arrows-exchange", multiple=False)
    def open_conversion(self, lead: Lead) -> Response:
        """The action of a single lead leads to the page where the manager chooses."""
        return redirect(url_for("LeadView.convert", pk=lead.id))


__all__ = [
    "LeadView", "NoteForm", "PeopleInterface", "changed_only", "due", "holder_of", "reachable",
    "tries",
]  # fmt: skip
