"""POST /api/v1/leads — one lead, strictly."""

from __future__ import annotations

from typing import Any

from app.api.errors import Answer, told
from app.api.push import PushDoor
from app.intake import Arrival, Receipt
from app.intake.formats import lead
from app.intake.formats.values import echoed


class Leads(PushDoor):
    """201 with the fields of this request and the lead's id, whoever else sent what before."""

    name = "leads"

    def read(self, values: Any, arrival: Arrival) -> None:
        lead.read(values, arrival)

    def answer(self, values: Any, receipt: Receipt) -> Answer:
        return accepted(values, receipt), 201, {}


def accepted(values: Any, receipt: Receipt) -> dict[str, Any]:
    sent = {name: echoed(values[name]) for name in lead.FIELDS if name in values}
    return {
        "id": receipt.lead_id,
        "submission": receipt.submission_id,
        **sent,
        "warnings": told(receipt.warnings),
    }
