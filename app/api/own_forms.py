"""GET and POST /f/<address> — our own forms, filled in by visitors of any site.

No session and no cookie: the form's signed stamp says that we have shown it, when and to whom. What
is faulty or comes too soon or too late goes back to the visitor with all that was typed, and is not
kept: before consent is given there is nothing that we may keep.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from flask import Response, abort, current_app, redirect, request, url_for
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, joinedload
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from app.api import limits, tokens
from app.api.errors import RETRY_AFTER
from app.api.form_answers import Answers, read_answers
from app.api.form_stamps import Stamp, marks_of
from app.api.parcels import KILOBYTE, LIMIT, read_body
from app.api.push import TRIES, bare_submission
from app.database import say_only_reads, write_apart
from app.extensions import db
from app.intake import Arrival, Receipt, Sender, receive
from app.intake.bodies import FORM_TYPE, JSON_TYPE, Broken, read_form
from app.intake.formats.known import format_of
from app.intake.remarks import Remark, Why, say
from app.models.actor import acting_as
from app.models.clock import today
from app.models.company import LANGUAGES
from app.models.own_form import OwnForm, OwnFormDay
from app.models.person import company_region
from app.models.source import SourceFormat
from app.models.submission import Outcome
from app.ui.form_page import CONSENT, STAMP, TRAP, Shown, form_page, said_page, thanks_page

log = logging.getLogger(__name__)

DOOR = SourceFormat.OWN_FORM.value


@dataclass(slots=True)
class Visit:
    """What one request wants of one form."""

    form: OwnForm
    language: str
    look: str
    said: str = ""
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        """What the next page of this visitor must know."""
        wanted = {"lang": request.args.get("lang", ""), "look": self.look}
        return {name: value for name, value in wanted.items() if value}


def form(address: str) -> Response:
    """The form, empty (GET), or what was typed into it (POST)."""
    if request.method != "POST":
        visit = _visit(address)
        if not visit.form.is_open:
            return _closed(visit)
        stamp = Stamp.of(visit.form, visit.language, marks_of(_query(), request.referrer or ""))
        page = form_page(Shown(visit.form, visit.language, str(stamp), visit.look))
        if request.method == "GET":
            _count_view(visit.form.id)
        return page
    with tokens.only_looking(db.session()):
        visit = _visit(address)
        waits = limits.visitor_waits()
        if waits or not visit.form.is_open:
            return _too_often(visit, waits) if waits else _closed(visit)
    raw = read_body(request)
    fault = _fault_of(raw)
    if raw is None or fault is not None:
        return _unreadable(address, *(fault or (Remark(Why.TOO_LARGE), 413)))
    return _take_or_keep(address, raw)


def form_sent(address: str) -> Response:
    """Thanks, at an address of their own, so that reloading sends nothing again."""
    visit = _visit(address)
    return thanks_page(visit.form, visit.language, visit.look)


# -- who and what ----------------------------------------------------------------------------------


def _visit(address: str) -> Visit:
    found = db.session().scalars(
        select(OwnForm).options(joinedload(OwnForm.source)).where(OwnForm.address == address[:32])
    ).first()  # fmt: skip
    if found is None or found.is_put_away or found.address != address:
        abort(404)
    default = current_app.config["BABEL_DEFAULT_LOCALE"]
    language = request.args.get("lang", "")
    if language not in LANGUAGES:
        language = request.accept_languages.best_match(LANGUAGES, default) or default
    return Visit(found, language, request.args.get("look", "")[:10])


def _query() -> dict[str, str]:
    return {name: value for name, value in request.args.items() if len(name) <= 100}


def _fault_of(raw: bytes | None) -> tuple[Remark, int] | None:
    if raw is None:
        return Remark(Why.TOO_LARGE, {"limit": LIMIT // KILOBYTE}), 413
    if request.mimetype != FORM_TYPE:
        return Remark(Why.BAD_MEDIA_TYPE), 415
    try:
        read_form(raw, lenient=True)
    except Broken as broken:
        return Remark(broken.why), broken.status
    return None


def _count_view(form_id: int) -> None:
    """A number that is not worth a failed page."""
    counting = OwnFormDay.counting(db.engine.dialect.name, form_id, today(), views=1)
    try:
        write_apart(db.engine, counting)
    except SQLAlchemyError as error:
        log.warning("form %s: a view was not counted: %s", form_id, type(error).__name__)


# -- taking ----------------------------------------------------------------------------------------


def _take_or_keep(address: str, raw: bytes) -> Response:
    session = db.session()
    for _ in range(TRIES):
        try:
            return _take(session, address, raw)
        except DBAPIError as error:
            session.rollback()
            failure: Exception = error
            log.info("own form: again after %s", type(error.orig).__name__)
        except HTTPException:
            raise
        except Exception as error:  # what a visitor has sent may not be lost by our fault
            session.rollback()
            failure = error
            break
    log.error("own form: a request could not be worked", exc_info=failure)
    return _fail(session, address, raw)


def _take(session: Session, address: str, raw: bytes) -> Response:
    say_only_reads(False)
    visit = _visit(address)
    if not visit.form.is_open:
        return _closed(visit)
    sent = read_form(raw, lenient=True)
    stamp = Stamp.read(str(sent.get(STAMP) or ""))
    if stamp is not None and stamp.form_id != visit.form.id:
        stamp = None
    if stamp is not None and stamp.language in LANGUAGES:
        visit.language = stamp.language  # in which the consent was read
    answers = read_answers(visit.form, visit.language, sent)
    is_robot = bool(str(sent.get(TRAP) or "").strip())
    if not is_robot:
        visit.said = _said_of(stamp, visit, answers)
        region = visit.form.source.phone_region or company_region(session)
        answers.judge_contacts(region, visit.language)
        visit.faults = answers.faults
        if visit.said or visit.faults:
            return _again(session, visit, stamp, answers)
    with acting_as(Sender.of(visit.form.source).actor):
        arrival = _arrival(visit, stamp, answers, raw)
        if is_robot:
            arrival.errors = {}
            say(arrival.errors, TRAP, Why.ROBOT)
        receipt = receive(session, arrival)
        if receipt.is_refused and not is_robot:
            visit.faults = answers.faults_of(receipt.reasons, visit.language)
            if visit.faults:
                session.rollback()
                return _again(session, _visit_again(visit, address), stamp, answers)
        session.commit()
    _log(visit.form.source_id, receipt)
    return _arrived(_visit_again(visit, address))


def _visit_again(visit: Visit, address: str) -> Visit:
    """After the end of a transaction, with what was found out."""
    again = _visit(address)
    again.language, again.said, again.faults = visit.language, visit.said, visit.faults
    return again


def _said_of(stamp: Stamp | None, visit: Visit, answers: Answers) -> str:
    """Why the form is shown once more though nothing in it may be faulty; '' when it is not."""
    with force_locale(visit.language):
        if stamp is None or stamp.is_too_old:
            return str(
                gettext("The form was open for a long time. Look through it and send it again.")
            )
        if stamp.is_too_young:
            return str(gettext("That was very quick. Look through the form and send it again."))
        if stamp.consent_version != visit.form.consent_version:
            answers.typed.pop(CONSENT, None)
            answers.faults.pop(CONSENT, None)
            return str(
                gettext(
                    "The words of the consent have changed meanwhile. Read them and send the form"
                    " again."
                )
            )
    return ""


def _arrival(visit: Visit, stamp: Stamp | None, answers: Answers, raw: bytes) -> Arrival:
    arrival = Arrival(
        door=DOOR, sender=Sender.of(visit.form.source), media_type=JSON_TYPE,
    )  # fmt: skip
    values = answers.content(visit.form, visit.language, stamp, arrival.received_at)
    arrival.body, arrival.body_digest = answers.as_body(values), answers.digest(raw)
    format_of(DOOR).read(values, arrival)
    return arrival


def _again(session: Session, visit: Visit, stamp: Stamp | None, answers: Answers) -> Response:
    """Back to the visitor with what was typed. A stamp that was good stays: it grows no younger."""
    counting = OwnFormDay.counting(
        session.get_bind().dialect.name, visit.form.id, today(), returned=1
    )
    session.execute(counting)
    if stamp is None:
        stamp = Stamp.of(visit.form, visit.language, marks_of(_query(), ""))
    if stamp.is_too_old or stamp.consent_version != visit.form.consent_version:
        stamp = stamp.anew(visit.form, visit.language)
    page = form_page(
        Shown(
            visit.form, visit.language, str(stamp), visit.look, answers.typed, visit.faults,
            visit.said,
        ),
        400,
    )  # fmt: skip
    session.commit()
    return page


def _arrived(visit: Visit) -> Response:
    """Also for a robot, which learns nothing, and for a second click."""
    if visit.form.thanks_url:
        return redirect(visit.form.thanks_url, 303)  # type: ignore[return-value]
    query = visit.query | {"lang": visit.language}
    where = url_for("api.form_sent", address=visit.form.address, **query)  # type: ignore[arg-type]
    return redirect(where, 303)  # type: ignore[return-value]


# -- what went wrong -------------------------------------------------------------------------------


def _unreadable(address: str, fault: Remark, status: int) -> Response:
    """Kept as rejected, without the body that could not be read."""
    session = db.session()
    say_only_reads(False)
    visit = _visit(address)
    arrival = Arrival(door=DOOR, sender=Sender.of(visit.form.source), media_type=request.mimetype)
    session.add(bare_submission(arrival, Outcome.REJECTED, fault))
    session.commit()
    visit = _visit(address)
    with force_locale(visit.language):
        title = gettext("The form was not sent")
        sentence = gettext(fault.message) % dict(fault.params)
    return said_page(visit.form, visit.language, visit.look, title, sentence, status)


def _fail(session: Session, address: str, raw: bytes) -> Response:
    """Something of ours broke: the request is kept for the inbox to accept, and the visitor, for
    whom that is as good, is thanked. When even that fails they are asked to come again.
    """
    try:
        visit = _visit(address)
        sent = read_form(raw, lenient=True)
        stamp = Stamp.read(str(sent.get(STAMP) or ""))
        answers = read_answers(visit.form, visit.language, sent)
        if answers.faults:
            raise ServiceUnavailable(retry_after=RETRY_AFTER)  # it is no request yet
        failed = _arrival(visit, stamp, answers, raw)
        session.add(bare_submission(failed, Outcome.FAILED, Remark(Why.FAILED)))
        session.commit()
        return _arrived(_visit(address))
    except SQLAlchemyError:
        session.rollback()
        log.exception("own form: not even the submission could be stored")
        raise ServiceUnavailable(retry_after=RETRY_AFTER) from None


def _closed(visit: Visit) -> Response:
    with force_locale(visit.language):
        title = gettext("This form is closed")
        sentence = gettext("It takes no requests at the moment.")
    return said_page(visit.form, visit.language, visit.look, title, sentence, 404)


def _too_often(visit: Visit, seconds: int) -> Response:
    with force_locale(visit.language):
        title = gettext("Too many requests")
        sentence = gettext("Many requests have come from your network. Wait a minute, go back and"
                           " send the form again.")  # fmt: skip
    page = said_page(visit.form, visit.language, visit.look, title, sentence, 429)
    page.headers["Retry-After"] = str(max(1, seconds))
    return page


def _log(source_id: int, receipt: Receipt) -> None:
    log.info(
        "door %s: source %s submission %s %s lead %s",
        DOOR, source_id, receipt.submission_id, receipt.outcome.value, receipt.lead_id,
    )  # fmt: skip
