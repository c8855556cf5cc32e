"""POST /clients/potential/api/ — the door that senders of the older product know."""

from __future__ import annotations

from typing import Any

from app.api.errors import Answer
from app.api.push import PushDoor
from app.intake import Arrival, Receipt
from app.intake.formats import seed
from app.intake.formats.values import echoed


class SeedLeads(PushDoor):
    """201 with the same six fields and the lead's id; a repeat gets the same answer."""

    name = "seed"

    def read(self, values: Any, arrival: Arrival) -> None:
        seed.read(values, arrival)

    def answer(self, values: Any, receipt: Receipt) -> Answer:
        body = {name: echoed(values.get(name)) for name in seed.FIELDS}
        sent = body["advertising_company"]
        body["advertising_company"] = int(sent) if str(sent or "").strip().isdigit() else None
        return body | {"id": receipt.lead_id}, 201, {}
