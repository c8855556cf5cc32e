"""Who is the same person: the keys of laws 1 and 4, their locks and the look-ups by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import CompoundSelect, Subquery, select, text, union
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, selectinload

from app.models.contact_point import ContactPoint
from app.models.ready import POSTGRESQL, Ready, among, send

if TYPE_CHECKING:
    from app.models.client import Client
    from app.models.contacts import Email, Phone
    from app.models.lead import Lead
    from app.models.person import Reachable

Row = TypeVar("Row")

CLIENTS = -1  # the lock space of clients, beside the campaign ids of leads
CLAIMS = -(2**31) + 1  # that of people whom somebody is about to call
NO_CAMPAIGN = 0
CANDIDATES = 50
# PostgreSQL keeps its locks in one small table; above this many a transaction holds the gate alone.
MOST_KEY_LOCKS = 300
SHUT_THE_GATE = "SELECT pg_advisory_xact_lock(-2147483648, 0)"
LOCK_EACH = (
    "WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(-2147483648, 0))"
    " SELECT pg_advisory_xact_lock(space, hashed) FROM gate, ("
    " SELECT DISTINCT space, hashtext(key) AS hashed"
    " FROM unnest(%(lock_spaces)s::int[], %(lock_keys)s::text[]) AS wanted(space, key)"
    " ORDER BY 1, 2) AS sorted"
)


class Match(IntEnum):
    """How two people are found to be one, the stronger first."""

    PHONE = 0
    EMAIL = 1


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

    def __bool__(self) -> bool:
        return bool(self.phones or self.emails)

    def __or__(self, other: Keys) -> Keys:
        return Keys(self.phones | other.phones, self.emails | other.emails)

    @classmethod
    def typed(cls, phones: Iterable[Phone], email: Email | None) -> Keys:
        """Those of contacts that were read and are at no row yet."""
        return cls(
            frozenset(phone.key for phone in phones if phone.key),
            frozenset({email.key} if email and email.key else ()),
        )

    def match(self, other: Keys) -> Match | None:
        """Law 4: a shared valid phone or, where one side has no valid phone, a shared e-mail."""
        if self.phones & other.phones:
            return Match.PHONE
        if self.emails & other.emails and not (self.phones and other.phones):
            return Match.EMAIL
        return None


def lock_keys(session: Session, spaces: Iterable[int | None], keys: Keys) -> None:
    """Holds (space, key) until the transaction ends, so that a race is decided by the database.

    A space is a campaign id, None for leads without campaign, or CLIENTS.
    """
    lock_pairs(session, [(space or NO_CAMPAIGN, key) for space in spaces for key in keys])


def lock_pairs(session: Session, pairs: Collection[tuple[int, str]]) -> None:
    """The same for pairs of any spaces. SQLite needs nothing: a writing transaction began with
    BEGIN IMMEDIATE. The sorting by the hashed pair keeps two callers from waiting for each other;
    for the same reason a transaction should ask once, before it changes rows.

    Everybody passes one gate together; who wants more locks than the server should hold shuts it
    and needs no others.
    """
    connection = session.connection()
    if pairs and connection.dialect.name == POSTGRESQL:
        send(connection, *_locking(pairs))


def lock_and_ask(
    connection: Connection, pairs: Collection[tuple[int, str]], look: Ready, values: dict[str, Any]
) -> Sequence[Any]:
    """Holds the pairs as `lock_pairs` does and then looks: two statements, so that the look sees
    what was committed while we waited, in one message to the server.
    """
    if not pairs:
        return look.ask(connection, values)
    locks, held = _locking(pairs)
    return look.ask(connection, values | held, after=f"{locks};\n")


def _locking(pairs: Collection[tuple[int, str]]) -> tuple[str, dict[str, Any]]:
    if len(pairs) > MOST_KEY_LOCKS:
        return SHUT_THE_GATE, {}
    return LOCK_EACH, {
        "lock_spaces": [space for space, _ in pairs],
        "lock_keys": [key for _, key in pairs],
    }


def lock_alone(session: Session, space: int, key: str) -> None:
    """Holds one pair without passing the gate: for a lock that is taken before all others."""
    if session.get_bind().dialect.name == "postgresql":
        send(
            session.connection(),
            "SELECT pg_advisory_xact_lock(%(space)s, hashtext(%(key)s))",
            {"space": space, "key": key},
        )


def lock_person(session: Session, keys: Keys) -> None:
    """Waits until nobody else claims this person; before any row is locked."""
    for key in keys:
        lock_alone(session, CLAIMS, key)


def try_person(session: Session, keys: Keys) -> bool:
    """The same without waiting, for who has a row already; False when somebody was quicker."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    wanted = text("SELECT pg_try_advisory_xact_lock(:space, hashtext(:key))")
    return all(session.scalar(wanted, {"space": CLAIMS, "key": key}) for key in keys)


def open_leads_like(
    session: Session, campaign_id: int | None, keys: Keys, *, but: int | None = None
) -> list[Lead]:
    """Open leads of the same person in the campaign: phone matches first, then the oldest.

    Contact points count like the main columns.
    """
    from app.models.lead import Lead, is_open_lead

    if not keys:
        return []
    sharing = leads_sharing()
    query = (
        select(Lead)
        .join(sharing, sharing.c.id == Lead.id)
        .where(is_open_lead())
        .where(Lead.campaign_id.is_not_distinct_from(campaign_id))
        .options(selectinload(Lead.contact_points))
        .order_by(Lead.received_at, Lead.id)
        .limit(CANDIDATES)
    )
    found = [lead for lead in session.scalars(query, sharing_params([keys])) if lead.id != but]
    return by_rank(keys, ((Keys.of(lead), lead.received_at, lead.id, lead) for lead in found))


def by_rank(keys: Keys, people: Iterable[tuple[Keys, datetime, int, Row]]) -> list[Row]:
    """Those who are the same person as `keys`: phone matches first, then the oldest."""
    matches = [(theirs.match(keys), at, place, row) for theirs, at, place, row in people]
    ranked = [(match, at, place, row) for match, at, place, row in matches if match is not None]
    return [row for *_, row in sorted(ranked, key=lambda rank: rank[:3])]


@cache
def leads_sharing(as_arrays: bool = False) -> Subquery:
    """Ids of the leads that may be one of some people; `Keys.match` decides. Built once, for it
    is asked at every post; `sharing_params` fills it. To be joined: with IN, SQLite would go
    through every open lead instead. `as_arrays` as `Ready` says.

    Where both sides have a phone an e-mail says nothing, so that of many strangers who share an
    address only those without a phone are looked at.
    """
    from app.models.lead import Lead

    def one_of(column: Any, name: str) -> Any:
        return among(column, name, as_arrays)

    return union(
        select(Lead.id).where(one_of(Lead.phone_key, "phones")),
        select(Lead.id).where(one_of(Lead.email_key, "emails_alone")),
        select(Lead.id).where(one_of(Lead.email_key, "emails"), Lead.phone_key.is_(None)),
        select(ContactPoint.lead_id).where(
            one_of(ContactPoint.key, "keys"), ContactPoint.lead_id.is_not(None)
        ),
    ).subquery("sharing")


def sharing_params(people: Iterable[Keys]) -> dict[str, list[str]]:
    """Whom `leads_sharing` looks for."""
    everybody = list(people)
    phones = _all(keys.phones for keys in everybody)
    emails = _all(keys.emails for keys in everybody)
    alone = _all(keys.emails for keys in everybody if not keys.phones)
    return {
        "phones": sorted(phones),
        "emails_alone": sorted(alone),
        "emails": sorted(emails - alone),
        "keys": sorted(phones | emails),
    }


def clients_like(session: Session, keys: Keys, *, limit: int = 20) -> list[Client]:
    """Clients who share any key, contact points and contact people included; oldest first."""
    from app.models.client import Client, ContactPerson

    if not keys:
        return []
    people = _sharing(ContactPerson, ContactPoint.person_id, keys)
    found = union(
        *_sharing(Client, ContactPoint.client_id, keys).selects,  # SQLite takes no nested union
        select(ContactPerson.client_id).where(ContactPerson.id.in_(people)),
    ).subquery("sharing")
    query = (
        select(Client)
        .join(found, found.c[0] == Client.id)
        .where(Client.archived_at.is_(None))
        .order_by(Client.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def clients_of_leads(session: Session, leads: Collection[Lead]) -> dict[int, Client]:
    """Which of these leads' people are clients already: by a phone, else by an e-mail, the oldest
    client first; by few statements for all of them. Whom people told apart is left out.
    """
    from app.models.apart import PeopleApart
    from app.models.client import Client, ContactPerson

    ids = [lead.id for lead in leads]
    keys_of: dict[int, list[str]] = {
        lead.id: [key for key in (lead.phone_key, lead.email_key) if key] for lead in leads
    }
    if not ids:
        return {}
    points = select(ContactPoint.lead_id, ContactPoint.key, ContactPoint.kind)
    points = points.where(ContactPoint.lead_id.in_(ids), ContactPoint.key.is_not(None))
    for lead_id, key, kind in session.execute(points.order_by(ContactPoint.kind.desc())):
        listed = keys_of[lead_id or 0]
        listed.insert(len(listed) if kind == "email" else 0, str(key))
    keys = sorted({key for listed in keys_of.values() for key in listed})
    if not keys:
        return {}
    ways: list[Any] = [
        select(noun.phone_key.label("key"), owner.label("client_id")).where(
            noun.phone_key.in_(keys)
        )
        for noun, owner in ((Client, Client.id), (ContactPerson, ContactPerson.client_id))
    ]
    ways += [
        select(noun.email_key, owner).where(noun.email_key.in_(keys))
        for noun, owner in ((Client, Client.id), (ContactPerson, ContactPerson.client_id))
    ]
    further = select(ContactPoint.key, ContactPoint.client_id)
    ways.append(further.where(ContactPoint.key.in_(keys), ContactPoint.client_id.is_not(None)))
    at_work = select(ContactPoint.key, ContactPerson.client_id).join(
        ContactPerson, ContactPerson.id == ContactPoint.person_id
    )
    ways.append(at_work.where(ContactPoint.key.in_(keys)))
    found = union(*ways).subquery("found")
    query = (
        select(found.c.key, Client)
        .join(found, found.c.client_id == Client.id)
        .where(Client.archived_at.is_(None))
        .order_by(Client.id.desc())
        .limit(CANDIDATES * len(ids))
    )
    clients: dict[str, list[Client]] = {}
    for key, client in session.execute(query):
        clients.setdefault(key, []).insert(0, client)
    if not clients:
        return {}
    told = select(PeopleApart.lead_id, PeopleApart.client_id)
    told = told.where(PeopleApart.lead_id.in_(ids), PeopleApart.client_id.is_not(None))
    apart = {(row[0], row[1]) for row in session.execute(told)}
    known: dict[int, Client] = {}
    for lead_id, listed in keys_of.items():
        likely = (client for key in listed for client in clients.get(key, ()))
        first = next((one for one in likely if (lead_id, one.id) not in apart), None)
        if first is not None:
            known[lead_id] = first
    return known


def _sharing(noun: Any, owner: Any, keys: Keys) -> CompoundSelect[Any]:
    """Ids of the noun's rows that hold one of the keys. A union of indexed look-ups: an OR over
    them would read the whole table on PostgreSQL.
    """
    return union(
        _points(owner, keys.phones | keys.emails),
        select(noun.id).where(noun.phone_key.in_(sorted(keys.phones))),
        select(noun.id).where(noun.email_key.in_(sorted(keys.emails))),
    )


def _points(owner: Any, keys: frozenset[str]) -> Any:
    return select(owner).where(ContactPoint.key.in_(sorted(keys)), owner.is_not(None))


def _all(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*parts)
