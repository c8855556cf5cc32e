"""Duty: who takes new leads now, and whose turn it is.

A turn is a number that is given once, so that posts at the same moment get different people and
none of them waits for another: on PostgreSQL a sequence, on SQLite (one writer) a counter.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    Integer,
    Sequence,
    String,
    delete,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.models.base import Model
from app.models.clock import utc_now
from app.models.contract import NumberCounter
from app.models.worktime import WEEK_LIMIT, checked_week, week_of

COUNTER = "assignment"
TURN = Sequence("assignment_turn", metadata=Model.metadata)
NEXT_TURNS = text("SELECT nextval('assignment_turn') FROM generate_series(1, :wanted)")


class Duty(Model):
    """`on_duty` is the person's own switch; `week` their hours (worktime.py), none: always."""

    __tablename__ = "duty"
    __table_args__ = (Index(None, "on_duty", "user_id"),)

    user_id: Mapped[int] = mapped_column(
        Integer,
        ForeignKey("ab_user.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    on_duty: Mapped[bool] = mapped_column(Boolean, default=False)
    week: Mapped[str] = mapped_column(String(WEEK_LIMIT), default="")

    @classmethod
    def set(cls, session: Session, user_id: int, *, on_duty: bool, week: str) -> None:
        """What the person says on their own page. Raises Invalid for hours that are none."""
        week = checked_week("week", week)
        if week_of(week).is_empty:
            week = ""
        session.execute(delete(cls).where(cls.user_id == user_id))
        session.execute(insert(cls).values(user_id=user_id, on_duty=on_duty, week=week))

    @classmethod
    def end(cls, session: Session, user_id: int) -> None:
        """Who may not work leads any more takes none."""
        session.execute(delete(cls).where(cls.user_id == user_id))

    @property
    def is_on(self) -> bool:
        return self.on_duty and is_within(self.week)


def is_within(week: str) -> bool:
    return not week or week_of(week).holds(utc_now())


def people_on_duty(session: Session) -> list[int]:
    """Ids of the active users whose switch and hours say so now."""
    query = (
        select(Duty.user_id, Duty.week)
        .join(User, User.id == Duty.user_id)
        .where(Duty.on_duty, User.active)
        .order_by(Duty.user_id)
    )
    return [user_id for user_id, week in session.connection().execute(query) if is_within(week)]


def in_turn(session: Session, people: Listed[int], wanted: int) -> list[int]:
    """So many of these people, each as often as the others."""
    return [people[turn % len(people)] for turn in _turns(session, wanted)]


def _turns(session: Session, wanted: int) -> list[int]:
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return [int(turn) for turn in connection.execute(NEXT_TURNS, {"wanted": wanted}).scalars()]
    counter = sqlite.insert(NumberCounter).values(name=COUNTER, value=wanted)
    counter = counter.on_conflict_do_update(
        index_elements=["name"], set_={"value": NumberCounter.value + wanted}
    )
    last = connection.execute(counter.returning(NumberCounter.value)).scalar_one()
    return list(range(last - wanted, last))
