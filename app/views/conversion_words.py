"""What each ad platform wants of a file of conversions, for the page that makes it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.statistics.conversions import Platform

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
