"""A claim: for ten minutes one operator works with a person, and nobody else calls them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CompoundSelect, or_, select, union_all, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from app.errors import ClaimedByAnother
from app.models.clock import utc_now
from app.models.lead import OPEN, Lead, LeadStatus, answer_is_late, asks_again, is_open_lead
from app.models.matching import (
    CANDIDATES,
    Keys,
    leads_sharing,
    lock_person,
    sharing_params,
    try_person,
)  # fmt: skip
from app.models.note import Note, NoteKind

LASTS = timedelta(minutes=10)


def claim(session: Session, lead: Lead, user_id: int, *, takes_over: bool = False) -> datetime:
    """Claims the lead and every open lead that shares a key with it; returns when it ends.

    Raises ClaimedByAnother while a colleague holds it, unless `takes_over` (managers), which
    leaves a note. Raises no lock_version.
    """
    session.flush()
    lock_person(session, Keys.of(lead))
    lead.lock()
    until = utc_now() + LASTS
    everywhere = [lead.id, *_sharing(session, lead)]
    held = _held_by_another(session, everywhere, user_id)
    if held is not None and not takes_over:
        holder = session.get(User, held.claimed_by_id)
        raise ClaimedByAnother(
            who=holder.get_full_name() if holder else "", until=held.claimed_until
        )
    if held is not None:
        facts = {"from": held.claimed_by_id}
        session.add(Note(kind=NoteKind.CLAIM_TAKEN.value, lead=lead, facts=facts))
        _give(session, everywhere, None, None, only_free=None)
    _give(session, everywhere, user_id, until, only_free=user_id)
    return until


def claim_next(session: Session, user_id: int) -> Lead | None:
    """Claims the first lead to call that nobody holds, in one statement (skip locked): who has
    asked again, who waits too long for the first answer, then promised and overdue ones, then new
    ones by age. Only one's own and nobody's.

    A lead whose person a colleague talks to already, by a lead that came earlier, goes to that
    colleague too, and the next one is looked for.
    """
    tried: set[int] = set()
    for _ in range(CANDIDATES):
        lead = _claim_first(session, user_id, tried)
        if lead is None or _claim_person(session, lead, user_id):
            return lead
        tried.add(lead.id)
    return None


def _claim_person(session: Session, lead: Lead, user_id: int) -> bool:
    """Extends the claim of one lead to the person's others; False when a colleague has them."""
    everywhere = [lead.id, *_sharing(session, lead)]
    if not try_person(session, Keys.of(lead)):
        _give(session, [lead.id], None, None, only_free=user_id)
        return False
    held = _held_by_another(session, everywhere, user_id)
    if held is not None:
        _give(session, [lead.id], held.claimed_by_id, held.claimed_until, only_free=user_id)
        return False
    _give(session, everywhere, user_id, utc_now() + LASTS, only_free=user_id)
    return True


def _held_by_another(session: Session, lead_ids: list[int], user_id: int) -> Any:
    """Which colleague holds one of the leads, and until when; None when nobody does."""
    return session.execute(
        select(Lead.claimed_by_id, Lead.claimed_until)
        .where(Lead.id.in_(lead_ids), Lead.claimed_until > utc_now())
        .where(Lead.claimed_by_id.is_not(None), Lead.claimed_by_id != user_id)
        .order_by(Lead.claimed_until.desc())
        .limit(1)
    ).first()


def _claim_first(session: Session, user_id: int, tried: set[int]) -> Lead | None:
    now = utc_now()
    due = _due(user_id, now).subquery()
    first = (
        select(Lead.id)
        .where(Lead.id.in_(select(due.c.id)), Lead.id.not_in(tried), _free(user_id, now))
        .order_by(asks_again().desc(), answer_is_late(now).desc())
        .order_by(Lead.next_contact_at.is_(None), Lead.next_contact_at)
        .order_by(Lead.received_at, Lead.id)
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
    return lead


def _due(user_id: int, now: datetime) -> CompoundSelect[Any]:
    """Ids of the first few free leads of each kind, by one short walk along an index for each: all
    open leads together would be too many to sort.
    """
    at = Lead.next_contact_at
    kinds = [(status, at <= now) for status in OPEN] + [(LeadStatus.NEW.value, at.is_(None))]
    whose_leads = or_(Lead.assignee_id.is_(None), Lead.assignee_id == user_id)
    again = (
        select(Lead.id)
        .where(asks_again(), whose_leads, is_open_lead(), _free(user_id, now))
        .order_by(Lead.asked_again_at)
        .limit(CANDIDATES)
        .subquery()
    )
    late = [
        select(Lead.id)
        .where(whose, answer_is_late(now), is_open_lead(), _free(user_id, now))
        .order_by(Lead.assignee_id, Lead.respond_by)
        .limit(CANDIDATES)
        .subquery()
        for whose in (Lead.assignee_id.is_(None), Lead.assignee_id == user_id)
    ]
    walks = [again, *late] + [
        select(Lead.id)
        .where(whose, Lead.status == status, when)
        .where(is_open_lead(), _free(user_id, now))
        .order_by(Lead.assignee_id, Lead.status, at)
        .limit(CANDIDATES)
        .subquery()
        for status, when in kinds
        for whose in (Lead.assignee_id.is_(None), Lead.assignee_id == user_id)
    ]
    return union_all(*(select(walk.c.id) for walk in walks))


def release(session: Session, lead: Lead, user_id: int) -> None:
    """Ends the user's claim on the person; work that saves ends it by itself."""
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
    """Other open leads with the same phone or the same e-mail."""
    keys, nothing = Keys.of(lead), frozenset[str]()
    if not keys:
        return []
    sharing = leads_sharing()
    query = (
        select(Lead.id)
        .join(sharing, sharing.c.id == Lead.id)
        .where(is_open_lead(), Lead.id != lead.id)
        .limit(CANDIDATES)
    )
    either = sharing_params([Keys(keys.phones, nothing), Keys(nothing, keys.emails)])
    return list(session.scalars(query, either))
