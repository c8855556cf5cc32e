"""POST /api/v1/leads/batch — up to 100 leads, each a submission with its own outcome."""

from __future__ import annotations

import json
import logging
from typing import Any

from sqlalchemy.orm import Session

from app.api import errors, tokens
from app.api.errors import Answer
from app.api.leads import accepted
from app.api.parcels import KILOBYTE, Parcel
from app.api.push import PushDoor, log_receipt
from app.api.tokens import Pass
from app.database import log_failure
from app.intake import Arrival, Receipt, receive_many
from app.intake.arrival import digest_of_body
from app.intake.bodies import JSON_TYPE
from app.intake.formats import lead
from app.intake.remarks import Remark, Why, say
from app.models.actor import acting_as

log = logging.getLogger(__name__)

MOST = 100


class LeadBatch(PushDoor):
    """200 with {"results": [...]} in the given order, each {"status": 201, …} or
    {"status": 400, "errors": {…}}. The body is a list, or {"leads": [...]}.
    """

    name = "batch"
    limit = 1024 * KILOBYTE
    takes_forms = False

    def refusal_of(self, values: Any) -> Remark | None:
        items = _items(values)
        if items is None:
            return Remark(Why.NOT_A_LIST)
        if len(items) > MOST:
            return Remark(Why.TOO_MANY, {"limit": MOST})
        return None if items else Remark(Why.NOTHING)

    def work(self, session: Session, allowed: Pass, parcel: Parcel) -> tuple[Answer, int | None]:
        items = _items(parcel.values) or []
        arrivals = [self._item(allowed, parcel, item) for item in items]
        receipts = receive_many(session, arrivals)
        for receipt in receipts:
            log_receipt(self.name, allowed, receipt)
        results = [_result(item, one) for item, one in zip(items, receipts, strict=True)]
        return ({"results": results}, 200, {}), receipts[0].submission_id

    def fail(self, session: Session, token: str, parcel: Parcel) -> Answer:
        """One item broke us: each by itself now, so that the others do not go with it. Once the
        database is away, no further one is tried.
        """
        items = _items(parcel.values) or []
        if self.refusal_of(parcel.values) is not None:
            return super().fail(session, token, parcel)
        results: list[dict[str, Any]] = []
        result: dict[str, Any] | None = {}
        for item in items:
            result = None if result is None else self._alone(session, token, parcel, item)
            results.append(result or {"status": 503, "errors": errors.out_of_order()[0]})
        return {"results": results}, 200, {}

    def _alone(
        self, session: Session, token: str, parcel: Parcel, item: Any
    ) -> dict[str, Any] | None:
        """None when it could not even be kept."""
        try:
            allowed = tokens.admit(session, token)
            with acting_as(allowed.sender.actor):
                receipt = receive_many(session, [self._item(allowed, parcel, item)])[0]
                session.commit()
        except Exception as error:  # kept as failed, as a single post would be
            session.rollback()
            log_failure(log, f"door {self.name}: an item could not be worked", error)
            if self.store_failed(session, token, lambda found: self._item(found, parcel, item)):
                return {"status": 503, "errors": errors.kept_for_later()[0]}
            return None
        log_receipt(self.name, allowed, receipt)
        return _result(item, receipt)

    def _item(self, allowed: Pass, parcel: Parcel, item: Any) -> Arrival:
        arrival = self.arrival(allowed, parcel)
        arrival.media_type = JSON_TYPE
        raw = json.dumps(item, ensure_ascii=True).encode()
        arrival.body, arrival.body_digest = raw, digest_of_body(raw)
        if isinstance(item, dict):
            lead.read(item, arrival)
        else:
            arrival.strict = True
            say(arrival.errors, "", Why.NOT_AN_OBJECT)
        return arrival


def _items(values: Any) -> list[Any] | None:
    items = values.get("leads") if isinstance(values, dict) else values
    return items if isinstance(items, list) else None


def _result(item: Any, receipt: Receipt) -> dict[str, Any]:
    if receipt.is_refused:
        refused = {"submission": receipt.submission_id, "errors": errors.told(receipt.reasons)}
        return {"status": 400} | refused
    return {"status": 201} | accepted(item, receipt)
