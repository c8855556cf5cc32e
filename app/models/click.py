"""What kind a click id is, by the name under which ad platforms hang it on an address.

A platform takes a conversion back only with the id that it gave itself, so the kind stands beside
the id in `submission.click_kind`, where a query finds it.
"""

from __future__ import annotations

import re
from enum import StrEnum


class ClickKind(StrEnum):
    """`leadgen` is Meta's id of a lead of its own forms, which have no click on an address; `other`
    an id of which nobody said whose it is, or that no platform can have given.
    """

    GCLID = "gclid"
    GBRAID = "gbraid"
    WBRAID = "wbraid"
    YCLID = "yclid"
    FBC = "fbc"
    FBCLID = "fbclid"
    LEADGEN = "leadgen"
    TTCLID = "ttclid"
    VKCLID = "vkclid"
    RBCLICKID = "rbclickid"
    MSCLKID = "msclkid"
    OTHER = "other"


# Names without signs and letter case ("gcl_id" is gclid, "_fbc" fbc); the best of several first.
KIND_OF: dict[str, ClickKind] = {
    "gclid": ClickKind.GCLID,
    "wbraid": ClickKind.WBRAID,
    "gbraid": ClickKind.GBRAID,
    "yclid": ClickKind.YCLID,
    "fbc": ClickKind.FBC,
    "fbclid": ClickKind.FBCLID,
    "ttclid": ClickKind.TTCLID,
    "vkclid": ClickKind.VKCLID,
    "rbclickid": ClickKind.RBCLICKID,
    "msclkid": ClickKind.MSCLKID,
    "clickid": ClickKind.OTHER,
}
# The visitor as Yandex Metrica knows them (its cookie _ym_uid).
VISITOR_IDS = frozenset(
    {"ymuid", "ymclientid", "yaclientid", "yandexclientid", "metricaclientid", "metrikaclientid"}
)
# Ids are random letters and digits; whatever else is one nobody gave, and a spreadsheet might take
# it for a formula.
IS_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.~-]*")
IS_VISITOR = re.compile(r"[0-9]{5,40}")
