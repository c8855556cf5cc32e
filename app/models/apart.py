"""Who is not the same person, though a phone or an e-mail is shared: said once, remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql import ColumnElement

from app.errors import N_, NotAllowedNow
from app.models.actor import current_actor
from app.models.base import TABLE_OPTIONS, Model, UtcDateTime
from app.models.client import Client
from app.models.clock import utc_now
from app.models.lead import Lead

MOST = 200  # a shared switchboard number has many callers, and no page reads more


class PeopleApart(Model):
    """A lead and another lead or a client. Of two leads the earlier one is `lead_id`."""

    __tablename__ = "people_apart"
    __table_args__ = (
        CheckConstraint("(other_lead_id IS NULL) <> (client_id IS NULL)", name="one_other"),
        CheckConstraint("other_lead_id IS NULL OR lead_id < other_lead_id", name="ordered"),
        UniqueConstraint("lead_id", "other_lead_id"),
        UniqueConstraint("lead_id", "client_id"),
        Index(None, "other_lead_id"),
        Index(None, "client_id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id", ondelete="CASCADE"))
    other_lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id", ondelete="CASCADE"))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"))
    said_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    said_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id"), default=lambda: current_actor().user_id
    )


class ClientsApart(Model):
    """Two clients, the earlier one first."""

    __tablename__ = "clients_apart"
    __table_args__ = (
        CheckConstraint("client_id < other_client_id", name="ordered"),
        UniqueConstraint("client_id", "other_client_id"),
        Index(None, "other_client_id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"))
    other_client_id: Mapped[int] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"))
    said_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    said_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id"), default=lambda: current_actor().user_id
    )


Row = Lead | Client
Pair = PeopleApart | ClientsApart


@dataclass(frozen=True, slots=True)
class Others:
    """The ids of those who are not this lead's or client's person."""

    leads: frozenset[int] = frozenset()
    clients: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.leads) + len(self.clients)


def tell_apart(session: Session, one: Row, other: Row) -> None:
    """Remembers that they are two; a second time changes nothing."""
    if other is one:
        raise NotAllowedNow(N_("This is the same record."))
    for row in sorted((one, other), key=_place):  # two clicks at once say it one after the other
        row.lock()
    if not are_apart(session, one, other):
        session.add(_row(one, other))
        session.flush()


def take_back(session: Session, one: Row, other: Row) -> None:
    """They may be one person after all."""
    pair = _row(one, other)
    session.execute(delete(type(pair)).where(_same(pair)))


def are_apart(session: Session, one: Row, other: Row) -> bool:
    pair = _row(one, other)
    return session.scalars(select(type(pair).id).where(_same(pair))).first() is not None


def others_than(session: Session, row: Row) -> Others:
    """Whom people have told apart from this lead or client."""
    pairs = [_ids(pair) for pair in _pairs_of(session, row)]
    own = (row.__tablename__, row.id)
    found = {place for pair in pairs for place in pair if place != own}
    return Others(
        frozenset(number for noun, number in found if noun == "lead"),
        frozenset(number for noun, number in found if noun == "client"),
    )


def copy_words(session: Session, source: Row, target: Row) -> list[list[Any]]:
    """Whoever is not the one person is not the other's either; returns what was written, for
    `take_words_back`.
    """
    own, made = (source.__tablename__, source.id), []
    for pair in _pairs_of(session, source):
        place = next(place for place in _ids(pair) if place != own)
        noun: Any = Lead if place[0] == "lead" else Client
        other: Row | None = session.get(noun, place[1])
        if other is not None and other is not target and not are_apart(session, target, other):
            row = _row(target, other)
            row.said_by_id, row.said_at = pair.said_by_id, pair.said_at
            session.add(row)
            session.flush()
            made.append([row.__tablename__, row.id])
    return made


def take_words_back(session: Session, made: list[list[Any]]) -> None:
    for noun in (PeopleApart, ClientsApart):
        ids = [row_id for table, row_id in made if table == noun.__tablename__]
        if ids:
            session.execute(delete(noun).where(noun.id.in_(ids)))


def _place(row: Row) -> tuple[bool, int]:
    """Leads before clients, as a conversion locks them."""
    return isinstance(row, Client), row.id


def _pairs_of(session: Session, row: Row) -> list[Pair]:
    found: list[Pair] = []
    if isinstance(row, Client):
        clients = or_(ClientsApart.client_id == row.id, ClientsApart.other_client_id == row.id)
        newest = select(ClientsApart).where(clients).order_by(ClientsApart.id.desc())
        found += session.scalars(newest.limit(MOST))
        mine = PeopleApart.client_id == row.id
    else:
        mine = or_(PeopleApart.lead_id == row.id, PeopleApart.other_lead_id == row.id)
    people = select(PeopleApart).where(mine).order_by(PeopleApart.id.desc())
    return [*found, *session.scalars(people.limit(MOST))]


def _ids(pair: Pair) -> list[tuple[str, int]]:
    if isinstance(pair, ClientsApart):
        return [("client", pair.client_id), ("client", pair.other_client_id)]
    other = ("client", pair.client_id) if pair.client_id else ("lead", pair.other_lead_id or 0)
    return [("lead", pair.lead_id), other]


def _same(pair: Pair) -> ColumnElement[bool]:
    if isinstance(pair, ClientsApart):
        return (ClientsApart.client_id == pair.client_id) & (
            ClientsApart.other_client_id == pair.other_client_id
        )
    return (
        (PeopleApart.lead_id == pair.lead_id)
        & PeopleApart.other_lead_id.is_not_distinct_from(pair.other_lead_id)
        & PeopleApart.client_id.is_not_distinct_from(pair.client_id)
    )


def _row(one: Row, other: Row) -> Pair:
    first, second = sorted((one, other), key=_place)
    if isinstance(first, Client):
        return ClientsApart(client_id=first.id, other_client_id=second.id)
    if isinstance(second, Client):
        return PeopleApart(lead_id=first.id, client_id=second.id)
    return PeopleApart(lead_id=first.id, other_lead_id=second.id)
