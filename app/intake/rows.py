"""How a round is written: few statements for many rows, past the unit of work on purpose.

Only leads, submissions, notes and contact points, which no listener watches; a test allows
`insert(Lead)` nowhere else. On PostgreSQL the new rows of a round are one statement, which takes
them as JSON: the server unpacks them for less than it costs us to name each value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from app.intake.campaigns import kept
from app.intake.clicks import clicks_of
from app.intake.people import FILLED, REACHED, Draft
from app.intake.remarks import as_stored
from app.models.actor import Actor, current_actor
from app.models.base import machine
from app.models.clock import utc_now
from app.models.contact_point import ContactPoint
from app.models.lead import Lead, LeadStatus
from app.models.note import Note
from app.models.ready import POSTGRESQL, send
from app.models.submission import Outcome, Submission

if TYPE_CHECKING:
    from app.intake.many import Case

Row = dict[str, Any]

NEXT_IDS = """
SELECT ARRAY(SELECT nextval(pg_get_serial_sequence('lead', 'id'))
             FROM generate_series(1, %(leads)s)),
       ARRAY(SELECT nextval(pg_get_serial_sequence('submission', 'id'))
             FROM generate_series(1, %(submissions)s))
"""
LAST_IDS = text("SELECT name, seq FROM sqlite_sequence")  # what AUTOINCREMENT gave
# A lead that the unique index refuses takes what was to be said of the round with it.
TOGETHER = """
WITH made AS (
    INSERT INTO lead ({lead}) SELECT {lead}
    FROM json_to_recordset(%(leads)s) AS sent({lead_types})
    ON CONFLICT DO NOTHING RETURNING id
), kept AS (
    INSERT INTO submission (lead_id, {submission}) SELECT {whose}, {submission}
    FROM json_to_recordset(%(submissions)s) AS sent(lead_id int, {submission_types})
    WHERE (SELECT count(*) FROM made) = %(wanted)s
    RETURNING id
), told AS (
    INSERT INTO note (lead_id, {note}) SELECT {whose}, {note}
    FROM json_to_recordset(%(notes)s) AS sent(lead_id int, {note_types})
    WHERE (SELECT count(*) FROM made) = %(wanted)s
)
SELECT (SELECT count(*) FROM made), (SELECT max(id) FROM made), (SELECT max(id) FROM kept)
"""
OF_THE_LEAD = "coalesce(lead_id, (SELECT id FROM made))"  # of the only one, whose id is new

RENEWED = (*FILLED, *REACHED, "asked_again_at", "search_text", "name_key")
ASKED_AGAIN = (
    update(Lead)
    .where(Lead.id == bindparam("of_lead"))
    .values(
        {name: bindparam(f"new_{name}") for name in RENEWED}
        | {"changed_at": bindparam("now"), "changed_by_id": bindparam("user_id")}
    )
)
LEADS = sqlite.insert(Lead).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
SUBMISSIONS, NOTES = insert(Submission), insert(Note)


class TakenMeanwhile(Exception):
    """The unique index knows an open lead that the look-up did not see. Of several new leads some
    may be written: the caller takes them back.
    """


def write(session: Session, new: Sequence[Draft], cases: Sequence[Case]) -> None:
    """New leads, the submissions of all cases and their notes; each gets its id. Raises
    TakenMeanwhile.
    """
    connection = session.connection()
    if connection.dialect.name != POSTGRESQL:
        _give_ids(new, cases, _last_ids(connection))
        made = _one_after_another(connection, *_rows(new, cases))
    elif len(cases) > 1:
        _give_ids(new, cases, _next_ids(connection, len(new), len(cases)))
        made = _together(connection, *_rows(new, cases))[0]
    else:
        made, lead_id, submission_id = _together(connection, *_rows(new, cases), alone=True)
        for draft in new:
            draft.lead_id = lead_id
        for case in cases:
            case.submission_id = submission_id
    if made != len(new):
        raise TakenMeanwhile


def _rows(new: Sequence[Draft], cases: Sequence[Case]) -> tuple[list[Row], list[Row], list[Row]]:
    now, actor = utc_now(), current_actor()
    return (
        [_lead(draft, now, actor.user_id) for draft in new],
        [_submission(case, actor.user_id) for case in cases],
        [_note(case, actor) for case in cases if case.note],
    )


def _next_ids(connection: Connection, leads: int, submissions: int) -> tuple[list[int], list[int]]:
    ids = send(connection, NEXT_IDS, {"leads": leads, "submissions": submissions})[0]
    return ids[0], ids[1]


def _last_ids(connection: Connection) -> tuple[Iterable[int], Iterable[int]]:
    """On SQLite, as its one writer, we give the next ones ourselves."""
    last: dict[str, int] = {row.name: row.seq for row in connection.execute(LAST_IDS)}
    return count(last.get("lead", 0) + 1), count(last.get("submission", 0) + 1)


def _give_ids(
    new: Sequence[Draft], cases: Sequence[Case], ids: tuple[Iterable[int], Iterable[int]]
) -> None:
    """Before they are written, so that they can name one another."""
    for draft, lead_id in zip(new, ids[0], strict=False):
        draft.lead_id = lead_id
    for case, submission_id in zip(cases, ids[1], strict=False):
        case.submission_id = submission_id
    for case in cases:
        if case.first is not None:
            case.first_id = case.first.submission_id


def _together(
    connection: Connection,
    leads: list[Row],
    submissions: list[Row],
    notes: list[Row],
    *,
    alone: bool = False,
) -> Any:
    """How many leads were written, and the ids of the last ones. `alone`: of one arrival, whose
    rows get their ids as they are written.
    """
    if alone:
        for row in (*leads, *submissions):
            del row["id"]
    values = {
        "leads": json.dumps(leads, default=_as_json),
        "submissions": json.dumps(submissions, default=_as_json),
        "notes": json.dumps(notes, default=_as_json),
        "wanted": len(leads),
    }
    names = (tuple(rows[0]) if rows else ("id",) for rows in (leads, submissions, notes))
    return send(connection, _statement(alone, *names), values, is_kept=True)[0]


def _one_after_another(
    connection: Connection, leads: list[Row], submissions: list[Row], notes: list[Row]
) -> int:
    """The same on SQLite: how many leads were written."""
    made = connection.execute(LEADS, leads).rowcount if leads else 0
    if made == len(leads):
        connection.execute(SUBMISSIONS, submissions)
        if notes:
            connection.execute(NOTES, notes)
    return made


@lru_cache(maxsize=16)
def _statement(alone: bool, *columns: tuple[str, ...]) -> str:
    """For rows of these columns: of leads, submissions and notes."""
    parts = {"whose": OF_THE_LEAD if alone else "lead_id"}
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    tables = (Lead.__table__, Submission.__table__, Note.__table__)
    for table, found in zip(tables, columns, strict=True):
        names = [name for name in found if name != "lead_id"]
        kinds = (f"{name} {table.c[name].type.compile(dialect)}" for name in names)
        parts[str(table)] = ", ".join(names)
        parts[f"{table}_types"] = ", ".join(kinds)
    return TOGETHER.format(**parts)


def _as_json(value: Any) -> str:
    """As PostgreSQL reads an instant and bytes."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(type(value).__name__)


def _lead(draft: Draft, now: datetime, user_id: int | None) -> Row:
    draft.refresh_name_key()
    return {
        "id": draft.lead_id,
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


def _submission(case: Case, user_id: int | None) -> Row:
    arrival = case.arrival
    return {
        "id": case.submission_id,
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


def _note(case: Case, actor: Actor) -> Row:
    facts = dict(case.note.get("facts") or {})
    if case.note.get("others"):
        facts["others"] = [other.lead_id for other in case.note["others"]]
    return {
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


def machine_changes(changes: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    if not changes:
        return None
    return [{name: machine(value) for name, value in change.items()} for change in changes]


def update_leads(session: Session, drafts: Sequence[Draft]) -> None:
    """Writes what a repeat added; `lock_version` stays, for nobody's typed values are touched."""
    if not drafts:
        return
    for draft in drafts:
        draft.refresh_name_key()
    now, user_id = utc_now(), current_actor().user_id
    session.connection().execute(
        ASKED_AGAIN,
        [
            {"of_lead": draft.lead_id, "now": now, "user_id": user_id}
            | {f"new_{name}": getattr(draft, name) for name in RENEWED}
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
