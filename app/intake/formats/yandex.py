"""Yandex Forms: the body is of our own making, plain or inside JSON-RPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.intake.arrival import Arrival, Sender
from app.intake.bodies import Broken
from app.intake.formats import generic
from app.intake.formats.format import Delivery, Format, Reply
from app.models.source import SourceFormat


class Yandex(Format):
    """The set-up text dictates the names; the id of the answer knows a repeat again."""

    name = SourceFormat.YANDEX
    platform = "yandex"
    sample = {
        "answer_id": "sample1",
        "name": "Anna Sample",
        "phone": "+79991234567",
        "email": "anna.sample@example.com",
        "comment": "Call after six",
    }

    def read(self, values: Mapping[str, Any], arrival: Arrival) -> None:
        inside = values.get("params") if "jsonrpc" in values else None
        if isinstance(inside, list):
            inside = next((one for one in inside if isinstance(one, Mapping)), None)
        generic.read(inside if isinstance(inside, Mapping) else values, arrival)

    def accepted(self, delivery: Delivery, sender: Sender) -> Reply:
        try:
            values = delivery.values
        except Broken:
            values = None
        if isinstance(values, Mapping) and "jsonrpc" in values:
            return Reply.json({"jsonrpc": "2.0", "id": values.get("id"), "result": "ok"})
        return Reply.json({"status": "ok"})
