"""Whose click brought the person: the click id of a submission with its kind, and the visitor.

The one place that reads them. `clicks_of` is asked once for each submission that is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.intake.arrival import Arrival
from app.models.click import IS_ID, IS_VISITOR, KIND_OF, VISITOR_IDS, ClickKind
from app.models.source import SourceFormat

LIMIT = 255
_SIGNS = re.compile(r"[\W_]+")

# Whose id it is when it came without a name: by the source's format, else by utm_source.
OF_FORMAT: dict[str, ClickKind] = {
    SourceFormat.GOOGLE: ClickKind.GCLID,
    SourceFormat.META: ClickKind.FBCLID,
    SourceFormat.TIKTOK: ClickKind.TTCLID,
    SourceFormat.VK: ClickKind.VKCLID,
    SourceFormat.YANDEX: ClickKind.YCLID,
}
OF_UTM_SOURCE: dict[str, ClickKind] = {
    "google": ClickKind.GCLID,
    "yandex": ClickKind.YCLID,
    "facebook": ClickKind.FBCLID,
    "instagram": ClickKind.FBCLID,
    "tiktok": ClickKind.TTCLID,
    "vk": ClickKind.VKCLID,
    "bing": ClickKind.MSCLKID,
}
NOTHING: Mapping[str, Any] = {"click_id": None, "click_kind": None, "visitor_id": None}


def clicks_of(arrival: Arrival) -> Mapping[str, Any]:
    """The columns click_id, click_kind and visitor_id of the arrival's submission.

    Reads `arrival.click_id` and the marks in `arrival.utm` (gclid, yclid, _ym_uid, …). Of several
    ids the one that the format chose wins, then the order of `KIND_OF`.
    """
    if not arrival.click_id and not arrival.utm and not _is_of_meta(arrival):
        return NOTHING
    named: dict[ClickKind, str] = {}
    visitor = None
    for name, value in arrival.utm.items():
        short = _SIGNS.sub("", name.casefold())
        if short in KIND_OF and 0 < len(value) <= LIMIT:
            named.setdefault(KIND_OF[short], value)
        elif short in VISITOR_IDS and IS_VISITOR.fullmatch(value):
            visitor = value
    kind, text = _chosen(arrival, named)
    if text and not IS_ID.fullmatch(text):
        kind = ClickKind.OTHER
    return {
        "click_id": text,
        "click_kind": kind.value if kind else None,
        "visitor_id": visitor,
    }


def _chosen(
    arrival: Arrival, named: Mapping[ClickKind, str]
) -> tuple[ClickKind | None, str | None]:
    given = arrival.click_id
    if given:
        kind = next((kind for kind, text in named.items() if text == given), ClickKind.OTHER)
        if kind is ClickKind.OTHER:
            kind = _guessed(arrival)
        if kind is not ClickKind.OTHER:
            return kind, given
    for kind in dict.fromkeys(KIND_OF.values()):
        if kind is not ClickKind.OTHER and kind in named:
            return kind, named[kind]
    if given or ClickKind.OTHER in named:
        return ClickKind.OTHER, given or named[ClickKind.OTHER]
    if _is_of_meta(arrival):
        return ClickKind.LEADGEN, arrival.external_id
    return None, None


def _guessed(arrival: Arrival) -> ClickKind:
    by_format = OF_FORMAT.get(arrival.sender.format) if arrival.sender else None
    source = arrival.utm.get("utm_source", "").strip().casefold()
    return by_format or OF_UTM_SOURCE.get(source, ClickKind.OTHER)


def _is_of_meta(arrival: Arrival) -> bool:
    """Meta's own forms: their lead's id is what the platform wants back."""
    sender = arrival.sender
    return bool(arrival.external_id and sender and sender.format == SourceFormat.META)
