"""What a call's outcome suggests: which status the lead gets and when to talk again.

The page's script fills the suggestion in as soon as an outcome is chosen, so that it can be seen
and changed; without JavaScript the same suggestion is taken where nothing else was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms.validators import InputRequired

from app.errors import N_, Invalid
from app.models import clock
from app.models.lead import CallOutcome, Lead, LeadStatus, LostReason
from app.ui.fields import ChoiceField, DateTimeField, TextAreaField
from app.ui.labels import label
from app.views.base import NounForm

MORNING = time(10)  # when a contact that is planned by the day takes place
DAYS = {"tomorrow": 1, "three_days": 3, "next_week": 7}
HOUR, NOTHING, DATE = "hour", "none", "date"
WHEN = [
    ("", _("Nothing planned")),
    ("tomorrow", _("Tomorrow 10:00")),
    ("three_days", _("In 3 days")),
    ("next_week", _("In a week")),
    (DATE, _("At the time below")),
]
AFTER_CALL_WHEN = [
    ("", _("As the outcome suggests")),
    (HOUR, _("In an hour")),
    *WHEN[1:4],
    (NOTHING, WHEN[0][1]),
    WHEN[4],
]
AFTER_CALL = [
    ("", _("As the outcome suggests")),
    (LeadStatus.IN_WORK.value, _("In work")),
    (LeadStatus.QUALIFIED.value, _("Qualified")),
    (LeadStatus.LOST.value, _("Lost")),
]


@dataclass(frozen=True, slots=True)
class Suggestion:
    when: str
    status: str = LeadStatus.IN_WORK.value
    lost_reason: str = ""


SUGGESTED = {
    CallOutcome.ANSWERED: Suggestion("three_days"),
    CallOutcome.NO_ANSWER: Suggestion("tomorrow"),
    CallOutcome.BUSY: Suggestion(HOUR),
    CallOutcome.WRONG_NUMBER: Suggestion(
        NOTHING, LeadStatus.LOST.value, LostReason.WRONG_CONTACT.value
    ),
    CallOutcome.CALL_LATER: Suggestion("tomorrow"),
}
ANOTHER_WAY = Suggestion("tomorrow")  # after a wrong number, while there is another contact


class CallForm(NounForm):
    outcome = ChoiceField(
        _("How did it go?"), [InputRequired(_("Choose how the call went."))], enum=CallOutcome
    )
    text = TextAreaField(_("Note"), id="call_text")
    when = ChoiceField(_("Next contact"), choices=AFTER_CALL_WHEN, id="call_when")
    next_contact_at = DateTimeField(_("Day and time"), id="call_at")
    status = ChoiceField(_("Status"), choices=AFTER_CALL, id="call_status")
    lost_reason = ChoiceField(_("If lost: why?"), enum=LostReason, blank=True, id="call_lost")


class PlanForm(NounForm):
    when = ChoiceField(_("Next contact"), choices=WHEN, id="plan_when")
    next_contact_at = DateTimeField(_("Day and time"), id="plan_at")


class PlanManyForm(PlanForm):
    """Nothing is chosen to begin with: one click shall not take the plans of many leads away."""

    when = ChoiceField(
        _("Next contact"), [InputRequired(_("Choose when to talk again."))], id="plan_when",
        choices=[("", ""), *WHEN[1:4], (NOTHING, WHEN[0][1]), WHEN[4]],
    )  # fmt: skip


def suggestion_for(lead: Lead, outcome: str) -> Suggestion:
    if outcome == CallOutcome.WRONG_NUMBER and (lead.email or lead.contact_points):
        return ANOTHER_WAY
    suggested = SUGGESTED[CallOutcome(outcome)]
    if lead.status == LeadStatus.QUALIFIED and suggested.status == LeadStatus.IN_WORK:
        return Suggestion(suggested.when, LeadStatus.QUALIFIED.value)
    return suggested


def after_call(lead: Lead, values: dict[str, Any]) -> dict[str, Any]:
    """Status, reason and next contact of a call, as `Lead.log_call` takes them: what was chosen,
    else what the outcome suggests. Raises Invalid for a past or an empty time.
    """
    suggested = suggestion_for(lead, values["outcome"])
    status = values["status"] or suggested.status
    reason = values["lost_reason"]
    if status == LeadStatus.LOST and not values["status"]:
        reason = reason or suggested.lost_reason
    chosen = dict(values)
    if not values["when"] and values["next_contact_at"] is not None:
        chosen["when"] = DATE
    elif not values["when"]:
        closes = status in (LeadStatus.LOST, LeadStatus.QUALIFIED) and bool(values["status"])
        chosen["when"] = NOTHING if closes else suggested.when
    return {"status": status, "lost_reason": reason, "next_contact_at": chosen_time(chosen)}


def chosen_time(values: dict[str, Any]) -> datetime | None:
    """What `when` and `next_contact_at` mean; raises Invalid for a past or an empty time."""
    when, at = values["when"], values["next_contact_at"]
    if when in DAYS:
        day = clock.today() + timedelta(days=DAYS[when])
        return datetime.combine(day, MORNING, tzinfo=clock.zone()).astimezone(UTC)
    if when == HOUR:
        return (clock.utc_now() + timedelta(hours=1)).replace(second=0, microsecond=0)
    if when == NOTHING:
        return None
    if when == DATE and at is None:
        raise Invalid.of("next_contact_at", N_("Write the day and the time."))
    if at is not None and at < clock.utc_now():
        raise Invalid.of("next_contact_at", N_("Choose a time that is still to come."))
    return at if isinstance(at, datetime) else None


def told_of_call(lead: Lead, shown_at: Any) -> str:
    """`Saved: no answer, next 26 Nov 10:00.`"""
    outcome = label(CallOutcome, lead.last_outcome).lower()
    if lead.status == LeadStatus.LOST:
        return gettext("Saved: %(outcome)s, the lead is lost.", outcome=outcome)
    if lead.status == LeadStatus.QUALIFIED and lead.next_contact_at is None:
        return gettext("Saved: %(outcome)s, handed over to a manager.", outcome=outcome)
    if lead.next_contact_at is None:
        return gettext("Saved: %(outcome)s, nothing planned.", outcome=outcome)
    at = shown_at(lead.next_contact_at)
    return gettext("Saved: %(outcome)s, next %(at)s.", outcome=outcome, at=at)
