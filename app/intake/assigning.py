"""Who is responsible for a new lead: nobody, a person, or whoever's turn it is (by the source)."""

from __future__ import annotations

from collections.abc import Sequence

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.intake.arrival import Sender
from app.models.duty import in_turn, people_on_duty
from app.models.source import Assignment


def responsible_for(session: Session, senders: Sequence[Sender | None]) -> list[int | None]:
    """Ids of the users, one for each new lead's sender, in their order. Nobody where the person
    cannot log in any more or nobody is on duty.
    """
    found: list[int | None] = [None] * len(senders)
    turns = [n for n, one in enumerate(senders) if one and one.assignment == Assignment.IN_TURN]
    if turns:
        people = people_on_duty(session)
        if people:
            for place, user_id in zip(turns, in_turn(session, people, len(turns)), strict=True):
                found[place] = user_id
    named = {n: one.assignee_id for n, one in enumerate(senders)
             if one and one.assignment == Assignment.PERSON and one.assignee_id}  # fmt: skip
    if named:
        active = select(User.id).where(User.id.in_(sorted(set(named.values()))), User.active)
        there = set(session.connection().execute(active).scalars())
        for place, user_id in named.items():
            found[place] = user_id if user_id in there else None
    return found
