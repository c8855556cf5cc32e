"""A claim: for ten minutes one operator works with a person, and nobody else calls them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from app.errors import ClaimedByAnother
from app.models.clock import utc_now
from app.models.contact_point import ContactPoint
from app.models.lead import Lead, is_open_lead
from app.models.note import Note, NoteKind

LASTS = timedelta(minutes=10)


def claim(session: Session, lead: Lead, user_id: int, *, takes_over: bool = False) -> datetime:
    """Claims the lead and every open lead that shares a key with it; returns when it ends.

    Raises ClaimedByAnother while a colleague holds it, unless `takes_over` (managers), which
    leaves a note. Raises no lock_version.
    """
    until = utc_now() + LASTS
    holder, held_until = session.execute(
        select(Lead.claimed_by_id, Lead.claimed_until).where(Lead.id == lead.id)
    ).one()
    held = holder not in (None, user_id) and held_until is not None and held_until > utc_now()
    if held and takes_over:
        session.add(Note(kind=NoteKind.CLAIM_TAKEN.value, lead=lead, facts={"from": holder}))
        _give(session, [lead.id, *_sharing(session, lead)], None, None, only_free=None)
    taken = _give(session, [lead.id, *_sharing(session, lead)], user_id, until, only_free=user_id)
    if lead.id not in taken:
        session.refresh(lead, ["claimed_by_id", "claimed_until", "claimed_by"])
        raise ClaimedByAnother(
            who=lead.claimed_by.get_full_name() if lead.claimed_by else "",
            until=lead.claimed_until,
        )
    return until


def claim_next(session: Session, user_id: int) -> Lead | None:
    """Claims the first due lead that nobody holds, in one statement (skip locked)."""
    now = utc_now()
    first = (
        select(Lead.id)
        .where(is_open_lead(), _free(user_id, now))
        .where(or_(Lead.assignee_id.is_(None), Lead.assignee_id == user_id))
        .where(or_(Lead.next_contact_at.is_(None), Lead.next_contact_at <= now))
        .order_by(Lead.next_contact_at.is_(None), Lead.next_contact_at, Lead.received_at, Lead.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Lead)
        .where(Lead.id == first)
        .values(claimed_by_id=user_id, claimed_until=now + LASTS, **_unchanged())
        .returning(Lead.id)
        .execution_options(synchronize_session=False)
    )
    found = session.execute(statement).scalar()
    if found is None:
        return None
    lead = session.get(Lead, found)
    if lead is not None:
        session.refresh(lead, ["claimed_by_id", "claimed_until"])
        _give(session, _sharing(session, lead), user_id, now + LASTS, only_free=user_id)
    return lead


def release(session: Session, lead: Lead, user_id: int) -> None:
    """Ends the user's claim; work that saves ends it by itself."""
    _give(session, [lead.id, *_sharing(session, lead)], None, None, only_free=user_id)


def _give(
    session: Session,
    lead_ids: list[int],
    user_id: int | None,
    until: datetime | None,
    *,
    only_free: int | None,
) -> set[int]:
    rows = select(Lead.id).where(Lead.id.in_(lead_ids)).with_for_update(skip_locked=True)
    if only_free is not None:
        rows = rows.where(_free(only_free, utc_now()))
    statement = (
        update(Lead)
        .where(Lead.id.in_(rows))
        .values(claimed_by_id=user_id, claimed_until=until, **_unchanged())
        .returning(Lead.id)
        .execution_options(synchronize_session=False)
    )
    return set(session.execute(statement).scalars())


def _unchanged() -> dict[str, object]:
    """A claim is no change of the lead: who changed it and when stay."""
    return {"changed_at": Lead.changed_at, "changed_by_id": Lead.changed_by_id}


def _free(user_id: int, now: datetime) -> ColumnElement[bool]:
    return or_(
        Lead.claimed_by_id.is_(None), Lead.claimed_by_id == user_id, Lead.claimed_until <= now
    )


def _sharing(session: Session, lead: Lead) -> list[int]:
    keys = sorted(lead.phone_keys() | lead.email_keys())
    if not keys:
        return []
    points = select(ContactPoint.lead_id).where(
        ContactPoint.key.in_(keys), ContactPoint.lead_id.is_not(None)
    )
    query = (
        select(Lead.id)
        .where(is_open_lead(), Lead.id != lead.id)
        .where(or_(Lead.phone_key.in_(keys), Lead.email_key.in_(keys), Lead.id.in_(points)))
        .limit(50)
    )
    return list(session.scalars(query))
