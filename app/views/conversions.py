"""Conversions for ad platforms, a page of the statistics: what is asked, how many go, the file, and
what each platform wants of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.database import read_in_blocks
from app.errors import Invalid
from app.extensions import db
from app.statistics import Period
from app.statistics.conversions import ConversionEvent, Platform, Wanted, conversions, count
from app.statistics.uploads import file_name, lines
from app.ui import labels
from app.ui.access import may
from app.ui.formatters import number
from app.ui.messages import message_of
from app.views.base.csv_pages import file_answer

VOIDED = _(
    "Voided contracts and those that have brought nothing are left out. What was uploaded before"
    " and changed since is corrected at the platform."
)

NOTES: dict[Platform, tuple[Any, ...]] = {
    Platform.GOOGLE: (
        _("The name must be that of a conversion action of the kind “import from clicks”."),
        _("Google takes clicks of the last 90 days, and knows an event that it has had already."),
        _("Only gclid stands in such a file; gbraid and wbraid can be sent by Google's API alone."),
        VOIDED,
    ),
    Platform.META: (
        _("The name must be one of Meta's events, such as Lead or Purchase, or one of your own."),
        _("Leads of Meta's own forms are known by their lead id, others by fbclid or _fbc."),
        _("Meta refuses events that are older than the data set admits, usually 7 to 62 days."),
        VOIDED,
    ),
    Platform.YANDEX: (
        _("The name must be the identifier of a goal of the kind “JavaScript event”."),
        _("Metrica joins events to visits of the last 21 days."),
        VOIDED,
    ),
    Platform.METRICA: (
        _("The name must be the identifier of a goal of the kind “JavaScript event”."),
        _("A form passes the cookie _ym_uid as a field of this name."),
        _("Metrica joins events to visits of the last 21 days."),
        VOIDED,
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is shown; with a fault it is the nearest that can be."""

    wanted: Wanted
    fault: str = ""
    field: str = ""


def asked(period: Period) -> Asked:
    try:
        return Asked(wanted(period))
    except Invalid as error:
        choice = request.args if error.field == "goal" else {}
        nearest = Wanted.named(choice.get("platform"), choice.get("event"), period)
        return Asked(nearest, message_of(error.faults[error.field][0]), error.field)


def wanted(period: Period) -> Wanted:
    """As the address says. Hashes of contacts only for who may export leads. Raises Invalid."""
    given = request.args
    contacts = bool(given.get("contacts")) and may("export", "LeadView")
    name = given.get("goal")
    if given.get("was") and given["was"] != f"{given.get('platform')}-{given.get('event')}":
        name = None  # it was that of another choice
    return Wanted.named(given.get("platform"), given.get("event"), period, name, contacts=contacts)


def context(session: Session, told: Asked) -> dict[str, Any]:
    """What the template shows."""
    chosen = told.wanted
    return {
        "wanted": chosen,
        "fault": told.fault,
        "field": told.field,
        "counts": count(session, chosen),
        "platforms": labels.choices(Platform),
        "events": labels.choices(ConversionEvent),
        "notes": NOTES[chosen.platform],
        "may_contacts": may("export", "LeadView"),
        "number": number,
        "args": {
            "platform": chosen.platform.value,
            "event": chosen.event.value,
            "goal": chosen.name,
            "contacts": 1 if chosen.contacts else None,
        },
    }


def file(chosen: Wanted) -> Response:
    blocks = read_in_blocks(db.engine, lambda session: lines(chosen, conversions(session, chosen)))
    return file_answer(blocks, "text/csv; charset=utf-8", file_name(chosen))
