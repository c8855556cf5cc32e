"""How a round is written: few statements for many rows, past the unit of work on purpose.

Only leads, submissions, notes and contact points, which no listener watches; a test allows
`insert(Lead)` nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from app.intake.campaigns import kept
from app.intake.clicks import clicks_of
from app.intake.people import FILLED, REACHED, Draft
from app.intake.remarks import as_stored
from app.models.actor import current_actor
from app.models.base import machine
from app.models.clock import utc_now
from app.models.contact_point import ContactPoint
from app.models.lead import Lead, LeadStatus
from app.models.note import Note
from app.models.submission import Outcome, Submission

if TYPE_CHECKING:
    from app.intake.many import Case


# Built once: with forty columns the building costs more than the sending.
ONE_LEAD = {
    "postgresql": postgresql.insert(Lead).on_conflict_do_nothing().returning(Lead.id),
    "sqlite": sqlite.insert(Lead).on_conflict_do_nothing().returning(Lead.id),
}
ONE_SUBMISSION = insert(Submission).returning(Submission.id)
IN_ORDER = {
    noun: insert(noun).returning(noun.id, sort_by_parameter_order=True)
    for noun in (Lead, Submission)
}
LAST_ID = text("SELECT seq FROM sqlite_sequence WHERE name = :table")  # what AUTOINCREMENT gave


class TakenMeanwhile(Exception):
    """The unique index knows an open lead that the look-up did not see."""


def insert_leads(session: Session, drafts: Sequence[Draft]) -> None:
    """Gives each draft its id. Raises TakenMeanwhile (one) or IntegrityError (several)."""
    if not drafts:
        return
    now, user_id = utc_now(), current_actor().user_id
    for draft in drafts:
        draft.refresh_name_key()
    values = [
        {
            **{name: getattr(draft, name) for name in (*FILLED, *REACHED, "name_key")},
            "campaign_id": draft.campaign_id,
            "status": LeadStatus.NEW.value,
            "received_at": draft.received_at,
            "status_changed_at": draft.received_at,
            "assignee_id": draft.assignee_id,
            "respond_by": draft.respond_by,
            "asked_again_at": draft.asked_again_at,
            "is_test": draft.is_test,
            "batch_id": draft.batch_id,
            "search_text": draft.search_text,
            "calls": 0,
            "lock_version": 1,
            "created_at": now,
            "changed_at": now,
            "created_by_id": user_id,
            "changed_by_id": user_id,
        }
        for draft in drafts
    ]
    if len(drafts) == 1:
        statement = ONE_LEAD[session.get_bind().dialect.name]
        drafts[0].lead_id = session.connection().execute(statement, values[0]).scalar()
        if drafts[0].lead_id is None:
            raise TakenMeanwhile
        return
    for draft, lead_id in zip(drafts, _insert_all(session, Lead, values), strict=True):
        draft.lead_id = lead_id


def _insert_all(
    session: Session, noun: type[Lead | Submission], values: list[dict[str, Any]]
) -> list[int]:
    """Ids in the order of the values. SQLite returns them only row by row, which costs more than
    all the rest; as its one writer we give the next ones ourselves.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return list(connection.execute(IN_ORDER[noun], values).scalars())
    last = connection.execute(LAST_ID, {"table": noun.__tablename__}).scalar() or 0
    ids = list(range(last + 1, last + 1 + len(values)))
    rows = [{"id": row_id} | row for row_id, row in zip(ids, values, strict=True)]
    connection.execute(insert(noun), rows)
    return ids


def update_leads(session: Session, drafts: Sequence[Draft]) -> None:
    """Writes what a repeat added; `lock_version` stays, for nobody's typed values are touched."""
    if not drafts:
        return
    for draft in drafts:
        draft.refresh_name_key()
    names = (*FILLED, *REACHED, "asked_again_at", "search_text", "name_key")
    statement = (
        update(Lead)
        .where(Lead.id == bindparam("of_lead"))
        .values(
            {name: bindparam(f"new_{name}") for name in names}
            | {"changed_at": bindparam("now"), "changed_by_id": bindparam("user_id")}
        )
    )
    now, user_id = utc_now(), current_actor().user_id
    session.connection().execute(
        statement,
        [
            {"of_lead": draft.lead_id, "now": now, "user_id": user_id}
            | {f"new_{name}": getattr(draft, name) for name in names}
            for draft in drafts
        ],
    )
    for draft in drafts:
        loaded = session.identity_map.get(identity_key(Lead, draft.lead_id))
        if loaded is not None:
            session.expire(loaded)


def insert_points(session: Session, drafts: Sequence[Draft]) -> None:
    values = [
        {
            "kind": point.kind,
            "typed": point.typed,
            "key": point.key,
            "extension": point.extension,
            "label": point.label or "",
            "lead_id": draft.lead_id,
        }
        for draft in drafts
        for point in draft.new_points
    ]
    if values:
        session.connection().execute(insert(ContactPoint), values)


def insert_submissions(session: Session, cases: Sequence[Case]) -> None:
    """Gives each case the id of its submission."""
    if not cases:
        return
    user_id = current_actor().user_id
    values = [_submission(case, user_id) for case in cases]
    if len(values) == 1:
        ids = [session.connection().execute(ONE_SUBMISSION, values[0]).scalar_one()]
    else:
        ids = _insert_all(session, Submission, values)
    for case, submission_id in zip(cases, ids, strict=True):
        case.submission_id = submission_id


def _submission(case: Case, user_id: int | None) -> dict[str, Any]:
    arrival = case.arrival
    return {
        "source_id": arrival.sender.id if arrival.sender else None,
        "door": arrival.door,
        "received_at": arrival.received_at,
        "submitted_at": arrival.submitted_at,
        "media_type": arrival.media_type[:100],
        "body": arrival.body,
        "body_digest": arrival.body_digest,
        "external_id": arrival.external_id,
        "form_id": arrival.form_id,
        "campaign_id": case.campaign_id,
        "campaign_sent": kept(arrival.campaign.value) if arrival.campaign else None,
        "lead_id": case.lead.lead_id if case.lead else case.lead_id,
        "first_id": case.first_id,
        "answers": arrival.answers or None,
        **clicks_of(arrival),
        "utm": arrival.utm or None,
        "consent_text": arrival.consent_text,
        "consent_at": arrival.consent_at,
        "is_test": arrival.is_test,
        "fetches": 0,
        "fetch_at": arrival.received_at if case.outcome is Outcome.PENDING else None,
        "outcome": case.outcome.value,
        "reasons": as_stored(arrival.errors),
        "warnings": as_stored(arrival.warnings),
        "batch_id": arrival.batch_id,
        "created_by_id": user_id,
    }


def insert_notes(session: Session, cases: Sequence[Case]) -> None:
    if not cases:
        return
    actor = current_actor()
    values = []
    for case in cases:
        facts = dict(case.note.get("facts") or {})
        if case.note.get("others"):
            facts["others"] = [other.lead_id for other in case.note["others"]]
        values.append(
            {
                "kind": case.note["kind"].value,
                "text": "",
                "changes": machine_changes(case.note.get("changes")),
                "facts": facts or None,
                "at": case.arrival.asked_at,
                "pinned": False,
                "author_kind": actor.kind,
                "author": actor.name,
                "author_user_id": actor.user_id,
                "lead_id": case.lead.lead_id if case.lead else None,
                "batch_id": case.arrival.batch_id,
            }
        )
    session.connection().execute(insert(Note), values)


def machine_changes(changes: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    if not changes:
        return None
    return [{name: machine(value) for name, value in change.items()} for change in changes]
