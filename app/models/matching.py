"""Who is the same person: the keys of laws 1 and 4, their locks and the look-ups by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.sql import ColumnElement

from app.models.contact_point import ContactPoint

if TYPE_CHECKING:
    from app.models.client import Client
    from app.models.lead import Lead
    from app.models.person import Reachable

CLIENTS = -1  # the lock space of clients, beside the campaign ids of leads
NO_CAMPAIGN = 0
CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Keys:
    """E.164 numbers and normalised addresses of one person."""

    phones: frozenset[str]
    emails: frozenset[str]

    @classmethod
    def of(cls, row: Reachable) -> Keys:
        return cls(frozenset(row.phone_keys()), frozenset(row.email_keys()))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.phones | self.emails))


def lock_keys(session: Session, spaces: Iterable[int | None], keys: Keys) -> None:
    """Holds (space, key) until the transaction ends, so that a race is decided by the database.

    A space is a campaign id, None for leads without campaign, or CLIENTS. SQLite needs nothing:
    a writing transaction began with BEGIN IMMEDIATE. The sorting by the hashed pair is what keeps
    two callers from waiting for each other.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    wanted = [(space or NO_CAMPAIGN, key) for space in spaces for key in keys]
    if not wanted:
        return
    session.execute(
        text(
            "SELECT pg_advisory_xact_lock(space, hashed) FROM ("
            " SELECT DISTINCT space, hashtext(key) AS hashed"
            " FROM unnest(CAST(:spaces AS int[]), CAST(:keys AS text[])) AS wanted(space, key)"
            " ORDER BY 1, 2) AS sorted"
        ),
        {"spaces": [space for space, _ in wanted], "keys": [key for _, key in wanted]},
    )


def open_leads_like(
    session: Session, campaign_id: int | None, keys: Keys, *, but: int | None = None
) -> list[Lead]:
    """Open leads of the same person in the campaign: phone matches first, then the oldest.

    Same person = shares a valid phone key or, where one side has no valid phone, an e-mail key
    (law 4); contact points count like the main columns.
    """
    from app.models.lead import Lead, is_open_lead

    if not keys.phones and not keys.emails:
        return []
    query = (
        select(Lead)
        .where(is_open_lead(), Lead.campaign_id.is_not_distinct_from(campaign_id))
        .where(_shares(Lead, ContactPoint.lead_id, keys))
        .options(selectinload(Lead.contact_points))
        .order_by(Lead.received_at, Lead.id)
        .limit(CANDIDATES)
    )
    found = [lead for lead in session.scalars(query) if lead.id != but]
    by_phone = [lead for lead in found if lead.phone_keys() & keys.phones]
    by_email = [
        lead
        for lead in found
        if lead not in by_phone
        and lead.email_keys() & keys.emails
        and (not keys.phones or not lead.phone_keys())
    ]
    return by_phone + by_email


def clients_like(session: Session, keys: Keys, *, limit: int = 20) -> list[Client]:
    """Clients who share any key, contact points and contact people included; oldest first."""
    from app.models.client import Client, ContactPerson

    if not keys.phones and not keys.emails:
        return []
    through_people = select(ContactPerson.client_id).where(
        _shares(ContactPerson, ContactPoint.person_id, keys)
    )
    query = (
        select(Client)
        .where(Client.archived_at.is_(None))
        .where(or_(_shares(Client, ContactPoint.client_id, keys), Client.id.in_(through_people)))
        .order_by(Client.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def _shares(noun: Any, owner: Any, keys: Keys) -> ColumnElement[bool]:
    wanted = sorted(keys.phones | keys.emails)
    points = select(owner).where(ContactPoint.key.in_(wanted), owner.is_not(None))
    return or_(
        noun.phone_key.in_(sorted(keys.phones)),
        noun.email_key.in_(sorted(keys.emails)),
        noun.id.in_(points),
    )
