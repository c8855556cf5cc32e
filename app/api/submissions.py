"""POST /api/v1/submissions — any form or JSON whose field names people would recognise."""

from __future__ import annotations

from typing import Any

from app.api.errors import Answer, told
from app.api.push import PushDoor
from app.intake import Arrival, Receipt
from app.intake.formats import generic


class Submissions(PushDoor):
    """201 with the lead's id and warnings; 400 only when nobody could be reached by it."""

    name = "submissions"
    lenient = True

    def read(self, values: Any, arrival: Arrival) -> None:
        generic.read(values, arrival)

    def answer(self, values: Any, receipt: Receipt) -> Answer:
        body = {
            "id": receipt.lead_id,
            "submission": receipt.submission_id,
            "warnings": told(receipt.warnings),
        }
        return body, 201, {}
