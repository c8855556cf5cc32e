"""GET and POST /in/<address or token> — the platforms' own webhooks and forms, in their own words.

In this order: who is it, is the request really theirs (over the raw body), what does it say, one
verb, commit, the answer that the platform wants.
"""

from __future__ import annotations

import logging
import time
from copy import deepcopy
from typing import Any

from flask import Response, json, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.exceptions import MethodNotAllowed

from app.api import entries, errors, limits, tokens, visitors
from app.api.doors import TokenDoor
from app.api.entries import Entry, EntryRefused
from app.api.parcels import KILOBYTE, LIMIT, SECRET_NAMES, multipart_of, read_body, without_secrets
from app.api.push import KEY_HEADER, TRIES, bare_submission
from app.database import log_failure, say_only_reads
from app.errors import N_
from app.extensions import db
from app.intake import Arrival, Receipt, idempotency, receive_many
from app.intake.arrival import digest_of_body
from app.intake.bodies import JSON_TYPE, Broken
from app.intake.formats.format import Delivery, Format, Reply
from app.intake.formats.known import format_of
from app.intake.remarks import Remark, Remarks, Why, say
from app.models.actor import acting_as
from app.models.clock import utc_now
from app.models.submission import Outcome, Submission

log = logging.getLogger(__name__)

MOST = 100  # submissions of one request
REFUSED = N_("This address or its key is wrong.")


class Inbound(TokenDoor):
    """A wrong key is answered as an unknown address is: 403."""

    def dispatch_request(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch_request(*args, **kwargs)
        except EntryRefused:
            db.session.rollback()
            return {"message": errors.sentence(REFUSED)}, 403

    def get(self, key: str) -> Response:
        """By which Meta tries an address; to others there is nothing to get."""
        if not request.args:
            raise MethodNotAllowed(valid_methods=["POST"])
        entry = entries.find(db.session(), key)
        form = format_of(entry.sender.format)
        delivery = Delivery(b"", headers=_headers(), query=request.args.to_dict(), at=utc_now())
        reply = form.handshake(delivery, entry.secrets)
        if reply is None:
            raise EntryRefused
        return _response(reply)

    def options(self, key: str) -> Response:
        """A script of another page asks whether it may post JSON: it may, without cookies."""
        reply = Reply("", 204, headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "86400",
        })  # fmt: skip
        return _response(reply)

    def post(self, key: str) -> Response:
        session, begun = db.session(), time.monotonic()
        with tokens.only_looking(session):
            entry = entries.find(session, key)
        form = format_of(entry.sender.format)
        raw = read_body(request)
        delivery = Delivery(
            raw or b"", request.mimetype, _headers(), request.args.to_dict(), utc_now()
        )
        reply = form.greet(delivery, entry.secrets, entry.sender)
        if reply is not None:
            return _response(reply)
        try:
            entries.admit(entry, form, delivery)
        except Broken as broken:
            return _response(_unreadable(form, Remark(broken.why), broken.status), form)
        per_minute = entry.token.per_minute if entry.token else None
        limits.count(key, per_minute, status=429 if form.tells_faults else 503)
        if raw is not None:
            delivery.multipart = multipart_of(request)
        parcel = _Parcel(form, delivery, entry, key, is_too_large=raw is None)
        known = entry if tokens.still_stands(session, begun) else None
        failure: Exception | None = None
        for _ in range(TRIES):
            try:
                return _response(self._take(session, key, parcel, known), form)
            except EntryRefused:  # revoked while the body was on its way
                raise
            except DBAPIError as error:
                session.rollback()
                known, failure = None, error
                log.info("door in: again after %s", type(error.orig).__name__)
            except Exception as error:  # the one place where nothing that arrived may be lost
                session.rollback()
                failure = error
                break
        log_failure(log, "door in: a submission could not be worked", failure)
        return _response(self._fail(session, key, parcel), form)

    def _take(self, session: Session, key: str, parcel: _Parcel, known: Entry | None) -> Reply:
        say_only_reads(False)
        entry = known or entries.find(session, key)
        if known is None:
            entries.admit(entry, parcel.form, parcel.delivery)
        if not parcel.form.is_of_source(parcel.values, entry.sender):
            raise EntryRefused
        parcel.entry = entry
        with acting_as(entry.sender.actor):
            reply = _work(session, parcel)
            if entry.token is not None:
                tokens.mark_used(session, entry.token)
            session.commit()
        return reply

    def _fail(self, session: Session, key: str, parcel: _Parcel) -> Reply:
        """The whole request is kept as failed, for the inbox to accept."""
        try:
            parcel.entry = entries.find(session, key)
            failed = bare_submission(parcel.whole(), Outcome.FAILED, Remark(Why.FAILED))
            session.add(failed)
            session.commit()
        except Exception as error:  # most likely the database itself is away
            session.rollback()
            log_failure(log, "door in: not even the submission could be stored", error)
            return parcel.form.later(errors.out_of_order()[0])
        return parcel.form.later(errors.told({"": [Remark(Why.FAILED)]}))


class _Parcel:
    """What one request brought, and how each part of it is stored: without secrets."""

    def __init__(
        self, form: Format, delivery: Delivery, entry: Entry, key: str, *, is_too_large: bool
    ) -> None:
        self.form, self.delivery, self.entry = form, delivery, entry
        self.digest = digest_of_body(delivery.body)
        self.values: Any = None
        self.fault: Remark | None = None
        self.status = 200
        if is_too_large:
            self.fault, self.status = Remark(Why.TOO_LARGE, {"limit": LIMIT // KILOBYTE}), 413
        else:
            self._open()
        self.items = form.split(self.values) if self.fault is None else []
        self._texts = [key, *entry.known_texts]

    def _open(self) -> None:
        try:
            self.values = self.delivery.values
        except Broken as broken:
            self.fault, self.status = Remark(broken.why), broken.status
        if self.fault is None and not isinstance(self.values, dict):
            self.fault, self.status = Remark(Why.NOT_AN_OBJECT), 400

    @property
    def sender(self) -> Any:
        return self.entry.sender

    def whole(self) -> Arrival:
        """Everything as one submission, for what cannot be read or worked."""
        return self._arrival(deepcopy(self.values), is_all=True)

    def arrivals(self) -> list[Arrival]:
        found = []
        for sent in self.items:
            item = deepcopy(sent)  # what is hidden in it must be there when we try again
            arrival = self._arrival(item, is_all=len(self.items) == 1)
            self.form.read(item, arrival)
            for remark in self.delivery.remarks:
                say(arrival.warnings, "", remark)
            trap = self.sender.honeypot
            if trap and str(item.get(trap) or "").strip():
                arrival.errors = {}
                say(arrival.errors, trap, Why.ROBOT)
            found.append(arrival)
        return found

    def _arrival(self, values: Any, *, is_all: bool) -> Arrival:
        """The body as it came where it is one submission, else this part in the same shape."""
        media_type = self.delivery.media_type[:100]
        is_json = self.delivery.multipart is not None or not is_all
        media_type = JSON_TYPE if is_json or _looks_like_json(self.delivery) else media_type
        body = without_secrets(
            values, self.delivery.body, media_type, self._texts,
            SECRET_NAMES if self.form.hidden is None else self.form.hidden,
            anew=self.form.withhold(values, self.sender) or is_json,
        )  # fmt: skip
        return Arrival(
            door=str(self.form.name), sender=self.sender, media_type=media_type, body=body,
            body_digest=digest_of_body(body) if not is_all else self.digest,
        )  # fmt: skip


def _work(session: Session, parcel: _Parcel) -> Reply:
    form, delivery, sender = parcel.form, parcel.delivery, parcel.sender
    fault, status = parcel.fault, parcel.status
    if len(parcel.items) > MOST:
        fault, status = Remark(Why.TOO_MANY, {"limit": MOST}), 400
    if fault is not None:
        _keep(session, bare_submission(parcel.whole(), Outcome.REJECTED, fault))
        return _unreadable(form, fault, status)
    if not parcel.items:
        return form.accepted(delivery, sender)
    key = request.headers.get(KEY_HEADER)
    event = key or form.event_of(parcel.values)
    if event is not None and not idempotency.is_key(event):
        event = None
    if event is not None:
        kept = idempotency.find(session, sender.id, event, parcel.digest)
        if kept is not None and key and not kept.is_same:
            used = Remark(Why.KEY_USED)
            _keep(session, bare_submission(parcel.whole(), Outcome.REJECTED, used))
            return _unreadable(form, used, 422)
        if kept is not None:
            return _repeat(session, parcel, kept.submission_id)
    receipts = receive_many(session, parcel.arrivals())
    for receipt in receipts:
        _log(sender.id, form, receipt)
    refused = next((one for one in receipts if one.is_refused), None)
    if refused is None and event is not None:
        idempotency.keep(
            session, sender.id, event, parcel.digest, status=200, answer={},
            submission_id=receipts[0].submission_id,
        )  # fmt: skip
    if refused is None or _is_of_robot(refused.reasons):
        return form.accepted(delivery, sender)
    return form.refused(errors.told(refused.reasons), 400, delivery, sender)


def _repeat(session: Session, parcel: _Parcel, first_id: int | None) -> Reply:
    """The same delivery again: nothing changes, and the platform is content."""
    repeated = bare_submission(parcel.whole(), Outcome.REPEATED)
    first = session.get(Submission, first_id) if first_id else None
    if first is not None:
        repeated.first_id, repeated.lead_id = first.id, first.lead_id
        repeated.campaign_id = first.campaign_id
    _keep(session, repeated)
    return parcel.form.accepted(parcel.delivery, parcel.sender)


def _keep(session: Session, submission: Submission) -> None:
    session.add(submission)
    session.flush()
    log.info("door in: source %s %s", submission.source_id, submission.outcome)


def _log(source_id: int, form: Format, receipt: Receipt) -> None:
    log.info(
        "door in: source %s (%s) submission %s %s lead %s",
        source_id, form.name, receipt.submission_id, receipt.outcome.value, receipt.lead_id,
    )  # fmt: skip


def _is_of_robot(reasons: Remarks) -> bool:
    return any(one.code == Why.ROBOT for said in reasons.values() for one in said)


def _looks_like_json(delivery: Delivery) -> bool:
    return delivery.body.lstrip()[:1] in (b"{", b"[")


def _unreadable(form: Format, fault: Remark, status: int) -> Reply:
    return form.unreadable(errors.told({"": [fault]}), status)


def _headers() -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _response(reply: Reply, form: Format | None = None) -> Response:
    if form is not None and form.has_visitors and reply.status != 303 and visitors.wants_page():
        return visitors.page_of(reply)
    body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    response = Response(body, reply.status, mimetype=reply.media_type)
    response.headers.update(reply.headers)
    response.headers["Cache-Control"] = "no-store"
    return response
