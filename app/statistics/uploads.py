"""The files in which ad platforms take conversions back, as their own documentation has them.

Google Ads (support.google.com/google-ads/answer/7014069): a line of parameters with the time zone,
then the click, the conversion's name, time, value and currency. The time has its offset too, which
Google reads first. It takes gclid here, not gbraid or wbraid.

Meta (developers.facebook.com/docs/marketing-api/conversions-api/parameters): event_time in Unix
seconds, fbc made of fbclid and the millisecond at which it came, the lead's own id of Meta's forms,
and phone and e-mail as SHA-256 of their normal form.

Yandex Metrica (yandex.ru/dev/metrika/ru/management/offline-conv): one kind of id in a file, the
goal, DateTime in Unix seconds, Price with a point.

Plain UTF-8 without a mark and with commas, for a machine reads it. Ids are letters and digits
(`IS_ID`) and names begin with one, so no cell can be a formula.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator

from app.models import clock
from app.models.click import ClickKind
from app.statistics.conversions import Conversion, Platform, Wanted

Row = list[str]


def lines(wanted: Wanted, batches: Iterable[list[Conversion]]) -> Iterator[str]:
    """The text of the file, a batch at a time."""
    head, write = FILES[wanted.platform]
    yield _written(head(wanted))
    for batch in batches:
        yield _written([write(wanted, one) for one in batch])


def _written(rows: Iterable[Row]) -> str:
    page = io.StringIO()
    csv.writer(page, lineterminator="\r\n").writerows(rows)
    return page.getvalue()


# -- Google Ads ------------------------------------------------------------------------------------


def _google_head(_wanted: Wanted) -> list[Row]:
    return [
        [f"Parameters:TimeZone={clock.zone().key}", "", "", "", ""],
        [
            "Google Click ID", "Conversion Name", "Conversion Time", "Conversion Value",
            "Conversion Currency",
        ],
    ]  # fmt: skip


def _google(wanted: Wanted, one: Conversion) -> Row:
    at = clock.local(one.at).strftime("%Y-%m-%d %H:%M:%S%z")
    return [one.click_id, wanted.name, at, _value(one), one.currency]


# -- Meta ------------------------------------------------------------------------------------------

META = [
    "event_name", "event_time", "event_id", "action_source", "value", "currency", "fbc", "lead_id",
]  # fmt: skip
META_CONTACTS = ["em", "ph"]


def _meta_head(wanted: Wanted) -> list[Row]:
    return [META + META_CONTACTS if wanted.contacts else META]


def _meta(wanted: Wanted, one: Conversion) -> Row:
    noun = "contract" if wanted.of_contracts else "lead"
    row = [
        wanted.name,
        _unix(one),
        f"{noun}-{one.number}-{wanted.event.value}",
        "system_generated",
        _value(one),
        one.currency,
        _fbc(one),
        one.click_id if one.kind is ClickKind.LEADGEN else "",
    ]
    if wanted.contacts:
        row += [_hashes(one.emails), _hashes(phone.lstrip("+") for phone in one.phones)]
    return row


def _fbc(one: Conversion) -> str:
    """As the cookie _fbc holds it; of a bare fbclid it is made as Meta says."""
    if one.kind is ClickKind.FBCLID and one.clicked_at is not None:
        return f"fb.1.{int(one.clicked_at.timestamp() * 1000)}.{one.click_id}"
    return one.click_id if one.kind is ClickKind.FBC else ""


def _hashes(texts: Iterable[str]) -> str:
    """Small letters without blanks; phones with the country's code and digits alone."""
    return " ".join(hashlib.sha256(text.strip().lower().encode()).hexdigest() for text in texts)


# -- Yandex ----------------------------------------------------------------------------------------


def _yandex_head(wanted: Wanted) -> list[Row]:
    whose = "ClientId" if wanted.platform is Platform.METRICA else "Yclid"
    return [[whose, "Target", "DateTime", "Price", "Currency"]]


def _yandex(wanted: Wanted, one: Conversion) -> Row:
    return [one.click_id, wanted.name, _unix(one), _value(one), one.currency]


# -- common to all ---------------------------------------------------------------------------------


def _unix(one: Conversion) -> str:
    return str(int(one.at.timestamp()))


def _value(one: Conversion) -> str:
    """With a point and two decimals; empty for leads, to which the platform gives its own value."""
    return "" if one.amount is None else f"{one.amount:.2f}"


FILES: dict[Platform, tuple[Callable[[Wanted], list[Row]], Callable[[Wanted, Conversion], Row]]] = {
    Platform.GOOGLE: (_google_head, _google),
    Platform.META: (_meta_head, _meta),
    Platform.YANDEX: (_yandex_head, _yandex),
    Platform.METRICA: (_yandex_head, _yandex),
}


def file_name(wanted: Wanted) -> str:
    days = wanted.period.as_args()
    span = "-".join([days.get("from", days["period"]), *([days["to"]] if "to" in days else [])])
    return f"conversions-{wanted.platform.value}-{wanted.event.value}-{span}.csv"
