"""What every pushing door does in the same order: token, body, key, one verb, commit, answer.

A door (a small Resource) only says how its values become arrivals and how a receipt is answered.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from flask import Response, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.api import errors, limits, tokens
from app.api.doors import TokenDoor
from app.api.errors import Answer
from app.api.parcels import LIMIT, Parcel, read_parcel
from app.api.tokens import Pass, TokenRefused
from app.database import log_failure, say_only_reads
from app.extensions import db
from app.intake import Arrival, Receipt, idempotency, receive_many
from app.intake.remarks import Remark, Why, say
from app.models.actor import acting_as
from app.models.source import Scope
from app.models.submission import Outcome, Submission

log = logging.getLogger(__name__)

KEY_HEADER = "Idempotency-Key"
TRIES = 2  # a deadlock or a row that came meanwhile is met by doing the whole request again


class PushDoor(TokenDoor):
    """POST takes submissions. `name` stands in `Submission.door`."""

    name = ""
    limit = LIMIT
    takes_forms = True
    lenient = False

    def read(self, values: Any, arrival: Arrival) -> None:
        """Fills the arrival; the formats in app/intake/formats do it."""
        raise NotImplementedError

    def answer(self, values: Any, receipt: Receipt) -> Answer:
        """What the sender of an accepted submission reads."""
        raise NotImplementedError

    def post(self) -> Response:
        answer, status, headers = self._post()
        # By ourselves: Flask-RESTful would look for the one media type that there is.
        response = Response(json.dumps(answer) + "\n", status, mimetype="application/json")
        response.headers.update(headers)
        return response

    def _post(self) -> Answer:
        session = db.session()
        token = tokens.presented()
        begun = time.monotonic()
        with tokens.only_looking(session):
            allowed = tokens.admit(session, token)  # decided before the body is read
        limits.count(token, allowed.per_minute)
        parcel = read_parcel(
            request, token, limit=self.limit, forms=self.takes_forms, lenient=self.lenient
        )
        known = allowed if tokens.still_stands(session, begun) else None
        failure: Exception | None = None
        for _ in range(TRIES):
            try:
                return self._take(session, token, parcel, known)
            except TokenRefused:  # revoked while the body was on its way
                raise
            except DBAPIError as error:
                session.rollback()
                known, failure = None, error
                log.info("door %s: again after %s", self.name, type(error.orig).__name__)
            except Exception as error:  # the one place where nothing that arrived may be lost
                session.rollback()
                failure = error
                break
        log_failure(log, f"door {self.name}: a submission could not be worked", failure)
        return self.fail(session, token, parcel)

    def _take(self, session: Session, token: str, parcel: Parcel, known: Pass | None) -> Answer:
        say_only_reads(False)
        allowed = known or tokens.admit(session, token)
        with acting_as(allowed.sender.actor):
            answer = self._answer_once(session, allowed, parcel)
            tokens.mark_used(session, allowed)
            session.commit()
        return answer

    def _answer_once(self, session: Session, allowed: Pass, parcel: Parcel) -> Answer:
        refusal, status = self._refusal(allowed, parcel)
        if refusal is not None:
            self._reject(session, allowed, parcel, refusal)
            if status == 403:
                return errors.no_scope(Scope.PUSH_LEADS)
            return errors.refused({"": [refusal]}, status)
        key = request.headers.get(KEY_HEADER)
        if key is None:
            return self.work(session, allowed, parcel)[0]
        source_id = allowed.sender.id
        digest = _digest(self.name, parcel)
        kept = idempotency.find(session, source_id, key, digest)
        if kept is None:
            answer, submission_id = self.work(session, allowed, parcel)
            if answer[1] < 400:
                idempotency.keep(
                    session, source_id, key, digest,
                    status=answer[1], answer=answer[0], submission_id=submission_id,
                )  # fmt: skip
            return answer
        if not kept.is_same:
            self._reject(session, allowed, parcel, Remark(Why.KEY_USED))
            return errors.refused({KEY_HEADER: [Remark(Why.KEY_USED)]}, 422)
        self._repeat(session, allowed, parcel, kept.submission_id)
        return kept.answer, kept.status, {}

    def _refusal(self, allowed: Pass, parcel: Parcel) -> tuple[Remark | None, int]:
        """What makes the request as a whole unreadable here."""
        key = request.headers.get(KEY_HEADER)
        if not allowed.allows(Scope.PUSH_LEADS):
            return Remark(Why.NO_SCOPE), 403
        if parcel.fault is not None:
            return parcel.fault, parcel.status
        if key is not None and not idempotency.is_key(key):
            return Remark(Why.BAD_KEY), 400
        return self.refusal_of(parcel.values), 400

    def refusal_of(self, values: Any) -> Remark | None:
        return None if isinstance(values, dict) else Remark(Why.NOT_AN_OBJECT)

    def work(self, session: Session, allowed: Pass, parcel: Parcel) -> tuple[Answer, int | None]:
        """The answer, and the submission that an Idempotency-Key points to."""
        arrival = self.arrival(allowed, parcel)
        self.read(parcel.values, arrival)
        for remark in parcel.remarks:
            say(arrival.warnings, "", remark)
        receipt = receive_many(session, [arrival])[0]
        log_receipt(self.name, allowed, receipt)
        if receipt.is_refused:
            return errors.refused(receipt.reasons), receipt.submission_id
        return self.answer(parcel.values, receipt), receipt.submission_id

    def arrival(self, allowed: Pass, parcel: Parcel) -> Arrival:
        return Arrival(
            door=self.name,
            sender=allowed.sender,
            media_type=parcel.media_type,
            body=parcel.body,
            body_digest=parcel.digest,
        )

    # -- submissions without a lead ----------------------------------------------------------

    def _reject(self, session: Session, allowed: Pass, parcel: Parcel, why: Remark) -> None:
        stored = bare_submission(self.arrival(allowed, parcel), Outcome.REJECTED, why)
        session.add(stored)
        session.flush()
        log.info("door %s: source %s rejected %s", self.name, allowed.sender.id, why.code)

    def _repeat(
        self, session: Session, allowed: Pass, parcel: Parcel, first_id: int | None
    ) -> None:
        repeated = bare_submission(self.arrival(allowed, parcel), Outcome.REPEATED)
        first = session.get(Submission, first_id) if first_id else None
        if first is not None:
            repeated.first_id, repeated.lead_id = first.id, first.lead_id
            repeated.campaign_id = first.campaign_id
        session.add(repeated)
        session.flush()
        log.info("door %s: source %s repeated %s", self.name, allowed.sender.id, first_id)

    def fail(self, session: Session, token: str, parcel: Parcel) -> Answer:
        """Something of ours broke: the submission is stored alone, for the inbox to accept."""
        if self.store_failed(session, token, lambda allowed: self.arrival(allowed, parcel)):
            return errors.kept_for_later()
        return errors.out_of_order()

    def store_failed(
        self, session: Session, token: str, arrival: Callable[[Pass], Arrival]
    ) -> bool:
        """In a transaction of its own. False when even that fails: the sender must come again."""
        try:
            allowed = tokens.admit(session, token)
            session.add(bare_submission(arrival(allowed), Outcome.FAILED, Remark(Why.FAILED)))
            session.commit()
        except Exception as error:  # most likely the database itself is away
            session.rollback()
            log_failure(log, f"door {self.name}: not even the submission could be stored", error)
            return False
        return True


def bare_submission(arrival: Arrival, outcome: Outcome, why: Remark | None = None) -> Submission:
    return Submission(
        source_id=arrival.sender.id if arrival.sender else None,
        door=arrival.door,
        received_at=arrival.received_at,
        media_type=arrival.media_type,
        body=arrival.body,
        body_digest=arrival.body_digest,
        outcome=outcome.value,
        reasons={"": [{"code": why.code, "params": dict(why.params)}]} if why else None,
    )


def _digest(door: str, parcel: Parcel) -> str:
    """One key names one request: the same body at another door is another request."""
    return hashlib.sha256(f"{door}\n{parcel.media_type}\n{parcel.digest}".encode()).hexdigest()


def log_receipt(door: str, allowed: Pass, receipt: Receipt) -> None:
    log.info(
        "door %s: source %s submission %s %s lead %s",
        door, allowed.sender.id, receipt.submission_id, receipt.outcome.value, receipt.lead_id,
    )  # fmt: skip
