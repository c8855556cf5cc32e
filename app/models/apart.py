"""Who is not the same person, though a phone or an e-mail is shared: said once, remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class Others:
    """The ids of those who are not this lead's person."""

    leads: frozenset[int] = frozenset()
    clients: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.leads) + len(self.clients)


def tell_apart(session: Session, lead: Lead, other: Lead | Client) -> None:
    """Remembers that they are two; a second time changes nothing."""
    if other is lead:
        raise NotAllowedNow(N_("This is the same lead."))
    lead.lock()  # two clicks at once say it one after the other
    if session.scalars(select(PeopleApart.id).where(_pair(lead, other))).first() is None:
        session.add(_row(lead, other))
        session.flush()


def take_back(session: Session, lead: Lead, other: Lead | Client) -> None:
    """They may be one person after all."""
    session.execute(delete(PeopleApart).where(_pair(lead, other)))


def others_than(session: Session, lead: Lead) -> Others:
    """Whom people have told apart from this lead."""
    rows = session.execute(
        select(PeopleApart.lead_id, PeopleApart.other_lead_id, PeopleApart.client_id)
        .where(or_(PeopleApart.lead_id == lead.id, PeopleApart.other_lead_id == lead.id))
        .order_by(PeopleApart.id.desc())
        .limit(MOST)
    ).all()
    leads = {number for row in rows for number in row[:2] if number not in (None, lead.id)}
    return Others(frozenset(leads), frozenset(row[2] for row in rows if row[2] is not None))


def _pair(lead: Lead, other: Lead | Client) -> ColumnElement[bool]:
    row = _row(lead, other)
    return (
        (PeopleApart.lead_id == row.lead_id)
        & PeopleApart.other_lead_id.is_not_distinct_from(row.other_lead_id)
        & PeopleApart.client_id.is_not_distinct_from(row.client_id)
    )


def _row(lead: Lead, other: Lead | Client) -> PeopleApart:
    if isinstance(other, Client):
        return PeopleApart(lead_id=lead.id, client_id=other.id)
    first, second = sorted((lead.id, other.id))
    return PeopleApart(lead_id=first, other_lead_id=second)
