"""How a lead reads wherever it is shown: what is due, who holds it, how to reach the person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_date, format_time, format_timedelta
from flask_babel import gettext
from markupsafe import Markup

from app.extensions import db
from app.models import clock
from app.models.client import Client
from app.models.company import Company
from app.models.lead import CallOutcome, Lead, LeadStatus
from app.ui import formatters
from app.ui.frame import icon
from app.ui.labels import label
from app.ui.preferences import my_settings

DAY = timedelta(days=1)


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
        if lead.respond_by is not None:
            return answer_due(lead)
        if lead.status in (LeadStatus.IN_WORK, LeadStatus.QUALIFIED):
            return _mark("nothing", gettext("Nothing planned"), "")
        return ""
    now = clock.utc_now()
    if at < now:
        word = Markup('<span class="visually-hidden">{} </span>{}').format(
            gettext("Overdue"), short_moment(at)
        )
        return _mark("overdue", word, f"−{distance(now - at)}")
    if clock.company_day(at) == clock.company_day(now):
        return _mark("today", short_moment(at), gettext("today"))
    return _mark("later", short_moment(at), "")


def answer_due(lead: Lead) -> Any:
    """Until when the first call is due, and how much working time it is late; "" once somebody has
    called.
    """
    by = lead.respond_by
    if by is None:
        return ""
    now = clock.utc_now()
    if by > now:
        word = gettext("answer by %(time)s", time=short_moment(by))
        return _mark("today" if clock.company_day(by) == clock.today() else "later", word, "")
    late = Company.of(db.session()).calendar.between(by, now)
    word = Markup('<span class="visually-hidden">{} </span>{}').format(
        gettext("Overdue"), gettext("answer by %(time)s", time=short_moment(by))
    )
    return _mark("overdue", word, f"−{distance(late)}")


def _mark(kind: str, word: Any, beside: str) -> Markup:
    marked = Markup('<span class="mark mark-{}"><span>{}</span></span>').format(kind, word)
    return marked + (Markup(' <span class="due-beside">{}</span>').format(beside) if beside else "")


def short_moment(at: datetime) -> str:
    """`14:00` today, `24 Nov, 14:00` this year, else with the year."""
    here, locale = clock.local(at), formatters.locale()
    time = str(format_time(here, "HH:mm", locale=locale))
    if here.date() == clock.today():
        return time
    if here.year != clock.today().year:
        return formatters.moment(at)
    return f"{format_date(here.date(), 'd MMM', locale=locale)}, {time}"


def distance(length: timedelta) -> str:
    """`25 min`, `3 hr`, `2 days`: one unit is enough for how late a call is."""
    return str(format_timedelta(length, threshold=1, format="short", locale=formatters.locale()))


def initials(person: Any) -> str:
    """`AK` for Anna Kim; the full name stands beside it for who cannot see."""
    names = (person.first_name, person.last_name) if person is not None else ()
    return "".join(name[0] for name in names if name).upper()


def reachable(row: Lead | Client, column: str, shown: Any) -> Any:
    """A phone to call and an address to write to, as links."""
    if column == "phone" and row.phone_key:
        return Markup('<a href="tel:{}">{}</a>').format(row.phone_key, shown)
    if column == "email" and row.email and "@" in row.email:
        return Markup('<a href="mailto:{}">{}</a>').format(row.email, shown)
    return shown


def phone_with_acts(row: Any, *, key: str = "") -> Any:
    """The number with buttons to call and to copy it; `key` presses the one that the person has
    chosen in their settings. What was typed stands below when it reads otherwise.
    """
    if not row.phone_key:
        return row.phone
    shown = formatters.phone(row.phone_key, row.phone_extension)
    by_copy = my_settings().call_by == "copy"
    told = Markup('<span class="nowrap num">{}</span>').format(shown)
    acts = [
        Markup('<a class="btn-quiet" href="tel:{}" aria-label="{}" title="{}"{}>{}</a>').format(
            row.phone_key, gettext("Call %(phone)s", phone=shown), gettext("Call"),
            _key("" if by_copy else key), icon("phone"),
        ),
        Markup(
            '<button type="button" class="btn-quiet" data-copy="{}" data-copied="{}"'
            ' aria-label="{}" title="{}"{}>{}</button>'
        ).format(
            row.phone_key, gettext("Copied: %(text)s", text=shown),
            gettext("Copy %(phone)s", phone=shown), gettext("Copy"), _key(key if by_copy else ""),
            icon("copy"),
        ),
    ]  # fmt: skip
    if by_copy:
        acts.reverse()
    typed = Markup()
    if row.phone.strip() not in (shown, row.phone_key):
        typed = Markup('<span class="typed">{}</span>').format(row.phone)
    return told + Markup(' <span class="reach">{}</span>').format(Markup("").join(acts)) + typed


def _key(letter: str) -> Markup:
    if not letter:
        return Markup()
    return Markup(' data-key="{}" data-key-label="{}"').format(letter, gettext("Call"))


def changed_only(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    """What the form changes: a phone that nobody could ever read must not block other fields."""
    return {field: value for field, value in values.items() if getattr(row, field) != value}
