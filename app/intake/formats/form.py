"""A form of any web page that posts here by itself: the visitor sees thanks, or what to correct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.intake.arrival import Arrival, Sender
from app.intake.formats import generic
from app.intake.formats.format import Delivery, Format, Reply, Told
from app.models.source import SourceFormat


class WebForm(Format):
    """With a thanks_url a visitor's browser is led there. Scripts of other pages may read the
    answer, which holds nothing but this request's own faults.
    """

    name = SourceFormat.FORM
    tells_faults = True
    has_visitors = True
    sample = generic.Generic.sample | {"page": "https://example.com/"}

    def read(self, values: Mapping[str, Any], arrival: Arrival) -> None:
        generic.read(values, arrival)

    def accepted(self, delivery: Delivery, sender: Sender) -> Reply:
        if sender.thanks_url and not _asks_for_json(delivery):
            return Reply("", 303, headers={"Location": sender.thanks_url})
        return Reply({"status": "ok"}, 200, "application/json", _open_to(delivery))

    def refused(self, told: Told, status: int, delivery: Delivery, sender: Sender) -> Reply:
        return Reply(dict(told), status, "application/json", _open_to(delivery))


def _asks_for_json(delivery: Delivery) -> bool:
    wanted = delivery.header("Accept")
    return "json" in wanted and "html" not in wanted


def _open_to(delivery: Delivery) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": "*"} if delivery.header("Origin") else {}
