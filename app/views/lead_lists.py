"""The views of the list of leads, and the narrowings that no column of theirs says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from sqlalchemy import and_

from app.models import clock
from app.models.lead import Lead, LeadStatus, is_open_lead
from app.views.base.searching import Narrowing

WORKED = (LeadStatus.IN_WORK.value, LeadStatus.QUALIFIED.value)


def is_overdue() -> Any:
    return and_(is_open_lead(), Lead.next_contact_at < clock.utc_now())


def is_due() -> Any:
    """Overdue, or promised for today by the company's clock."""
    tomorrow = clock.start_of_day(clock.today() + timedelta(days=1))
    return and_(is_open_lead(), Lead.next_contact_at < tomorrow)


def is_due_later() -> Any:
    tomorrow = clock.start_of_day(clock.today() + timedelta(days=1))
    return and_(is_open_lead(), Lead.next_contact_at >= tomorrow)


def has_nothing_planned() -> Any:
    return and_(is_open_lead(), Lead.status.in_(WORKED), Lead.next_contact_at.is_(None))


def is_nobodys() -> Any:
    return and_(is_open_lead(), Lead.assignee_id.is_(None))


def is_no_test() -> Any:
    return Lead.is_test.is_(False)


def is_test() -> Any:
    """What a sender's "send a test" has made: out of the queue and of every figure."""
    return Lead.is_test.is_(True)


NARROWINGS = {
    "due": Narrowing(
        _("Next contact"),
        {
            "now": (_("Overdue or today"), is_due),
            "overdue": (_("Overdue"), is_overdue),
            "later": (_("Later"), is_due_later),
            "nothing": (_("Nothing planned"), has_nothing_planned),
        },
        column="next_contact_at",
    ),
    "tests": Narrowing(
        _("Test"), {"none": (_("No tests"), is_no_test), "only": (_("Tests only"), is_test)}
    ),
    "whose": Narrowing(_("Responsible"), {"nobody": (_("Nobody"), is_nobodys)}, column="assignee"),
}
BUILT_IN = {
    "mine": (_("Mine"), "_flt_0_assignee=me"),
    "new": (lazy_pgettext("several", "New"), "_flt_2_status=new"),
    "due": (_("Due"), "due=now&_oc_LeadView=next_contact_at&_od_LeadView=asc"),
    "nothing": (_("Nothing planned"), "due=nothing"),
    "lost": (_("Lost"), "_flt_2_status=lost"),
}
