"""Not the same person: said of a lead and another lead or client, from either side, once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app.errors import NotAllowedNow
from app.models import PeopleApart
from app.models.apart import others_than, take_back, tell_apart
from tests.factories import make_client, make_lead


def rows(session: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(PeopleApart)))


def test_two_leads_are_told_apart_from_both_sides(session: Any) -> None:
    one, two = make_lead(session), make_lead(session)
    tell_apart(session, two, one)
    tell_apart(session, one, two)
    assert rows(session) == 1
    assert others_than(session, one).leads == {two.id}
    assert others_than(session, two).leads == {one.id}


def test_a_lead_is_told_apart_from_a_client(session: Any) -> None:
    lead, client = make_lead(session), make_client(session)
    tell_apart(session, lead, client)
    assert others_than(session, lead).clients == {client.id}
    take_back(session, lead, client)
    assert len(others_than(session, lead)) == 0


def test_nobody_is_told_apart_from_themselves(session: Any) -> None:
    lead = make_lead(session)
    with pytest.raises(NotAllowedNow):
        tell_apart(session, lead, lead)
