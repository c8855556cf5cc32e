"""Fetches the answers of leads of which Meta sent only the id. Off unless META_FETCH says true.

The pending submission is the queue. A try is counted and the next one planned before the network
is asked, in a transaction of its own, so that nothing waits for it and no failure loses anything.
"""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.database import writing
from app.errors import CrmError
from app.intake.again import Refused, accept_fetched
from app.intake.remarks import Remark, Remarks, Why, as_stored, say
from app.models.actor import Actor, acting_as
from app.models.clock import utc_now
from app.models.sealing import CannotOpen, unseal
from app.models.source import SecretName, Source, SourceFormat, SourceSecret
from app.models.submission import Outcome, Submission

# The platform may not know its own lead for some seconds; after a day and a half people look.
PAUSES = (5, 15, 60, 300, 900, 3600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 12 * 3600)
LONGEST = 10.0  # seconds that one answer may take
LARGEST = 64 * 1024
FIELDS = "id,created_time,field_data,form_id,ad_id,adset_id,campaign_id,platform,is_organic"

log = logging.getLogger(__name__)

Ask = Callable[[str, str], Any]  # (id, access token) → the JSON; raises NotFetched


class NotFetched(Exception):  # noqa: N818 -- it says what happened
    """Why there is no answer, in a few words without secrets."""


@dataclass(frozen=True, slots=True)
class Due:
    """One try that has been counted."""

    submission_id: int
    lead: str
    token: str


def fetch_due(session: Session, ask: Ask) -> bool:
    """Fetches the next submission that is due; False when none is."""
    with writing():
        due = _begin(session)
        if due is None:
            return False
        try:
            values = ask(due.lead, due.token)
        except NotFetched as reason:
            _tell(session, due, Remark(Why.NOT_FETCHED, {"reason": str(reason)}))
            return True
        _take(session, due, values)
        return True


def asking(graph: str) -> Ask:
    """Asks the Graph API at this address. The token goes in a header, which no log keeps."""

    def ask(lead: str, token: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 -- the address is a setting
            f"{graph.rstrip('/')}/{quote(lead, safe='')}?fields={FIELDS}",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=LONGEST) as answer:  # noqa: S310 -- as above
                return json.loads(answer.read(LARGEST))
        except urllib.error.HTTPError as error:
            raise NotFetched(f"HTTP {error.code}") from None
        except (OSError, ValueError) as error:
            raise NotFetched(type(error).__name__) from None

    return ask


def _begin(session: Session) -> Due | None:
    has_token = exists().where(
        SourceSecret.source_id == Source.id,
        SourceSecret.name == SecretName.ACCESS_TOKEN.value,
        SourceSecret.revoked_at.is_(None),
    )
    row = session.scalar(
        select(Submission)
        .join(Source, Source.id == Submission.source_id)
        .where(Submission.outcome == Outcome.PENDING.value, Submission.fetch_at <= utc_now())
        .where(Source.format == SourceFormat.META.value, Source.archived_at.is_(None), has_token)
        .order_by(Submission.fetch_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=Submission)
    )
    token = _token_of(session, row) if row is not None else None
    if row is None or not row.external_id:
        session.rollback()
        return None
    tries = row.fetches
    row.fetches = tries + 1
    pause = PAUSES[tries] if tries < len(PAUSES) else None
    row.fetch_at = utc_now() + timedelta(seconds=pause) if pause is not None else None
    if token is None:  # it has expired, or was sealed with another key
        _note(row, Remark(Why.NOT_FETCHED, {"reason": "no access token"}))
    due = Due(row.id, row.external_id, token) if token else None
    session.commit()
    return due


def _token_of(session: Session, row: Submission) -> str | None:
    secrets = session.scalars(
        select(SourceSecret)
        .where(SourceSecret.source_id == row.source_id)
        .where(SourceSecret.name == SecretName.ACCESS_TOKEN.value)
        .order_by(SourceSecret.id.desc())
    )
    for one in secrets:
        if one.is_live:
            try:
                return unseal(one.sealed)
            except CannotOpen:
                continue
    return None


def _take(session: Session, due: Due, values: Any) -> None:
    row = session.get_one(Submission, due.submission_id)
    source = row.source
    actor = Actor("source", source.name, source.id) if source else Actor("system", "", None)
    try:
        if not isinstance(values, dict) or "field_data" not in values:
            raise NotFetched("no field_data")
        with acting_as(actor):
            receipt = accept_fetched(session, row, values)
        session.commit()
    except NotFetched as reason:
        session.rollback()
        _tell(session, due, Remark(Why.NOT_FETCHED, {"reason": str(reason)}))
    except Refused as refused:
        session.rollback()
        _reject(session, due, values, refused)
    except CrmError:  # a person was quicker
        session.rollback()
    else:
        log.info("submission %s is fetched: lead %s", due.submission_id, receipt.lead_id)


def _reject(session: Session, due: Due, values: Any, refused: Refused) -> None:
    """Nobody could be reached by the answers: they are kept for a person to correct."""
    row = session.get_one(Submission, due.submission_id, with_for_update={"of": Submission})
    if row.outcome == Outcome.PENDING:
        row.outcome = Outcome.REJECTED.value
        row.body = json.dumps(values).encode()
        row.reasons = as_stored(refused.reasons)
        row.fetch_at = None
    session.commit()


def _tell(session: Session, due: Due, why: Remark) -> None:
    row = session.get_one(Submission, due.submission_id, with_for_update={"of": Submission})
    if row.outcome == Outcome.PENDING:
        _note(row, why)
    session.commit()
    log.warning("submission %s: %s", due.submission_id, why.params.get("reason"))


def _note(row: Submission, why: Remark) -> None:
    reasons: Remarks = {}
    say(reasons, "", why)
    row.reasons = as_stored(reasons)
