"""`receive_many` is `receive` one by one, only quicker."""

from __future__ import annotations

import random
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.intake import Arrival, CampaignSent, Sender, receive, receive_many
from app.models import ContactPoint, Lead, Note, Submission
from tests.factories import make_campaign, make_source

START = datetime(2026, 1, 1, tzinfo=UTC)
PHONES = ["", "12", *(f"+7991000000{n}" for n in range(6)), "+79910000001, +79910000002"]
EMAILS = ["", "bad", *(f"{name}@example.com" for name in "abcd")]
NAMES = ["", "Anna", "Ivan"]


def sequence(
    chance: random.Random, campaigns: list[int | None], senders: list[Sender], length: int
) -> list[Arrival]:
    return [
        Arrival(
            first_name=chance.choice(NAMES),
            last_name=chance.choice(["", "Testov"]),
            phone=chance.choice(PHONES),
            email=chance.choice(EMAILS),
            company_name=chance.choice(["", "Romashka"]),
            strict=chance.random() < 0.2,
            is_test=chance.random() < 0.05,
            sender=chance.choice(senders),
            external_id=chance.choice([None, None, None, "x", "y", str(chance.random())]),
            campaign=CampaignSent(str(sent)) if (sent := chance.choice(campaigns)) else None,
            # Moments that repeat and run backwards, as an import brings them.
            received_at=START + timedelta(seconds=number // 3),
            submitted_at=START - timedelta(days=chance.randrange(3)) if number % 4 == 0 else None,
        )
        for number in range(length)
    ]


def state(session: Session) -> dict[str, Any]:
    """Everything that was stored, with leads and submissions numbered in their order."""
    leads = list(session.scalars(select(Lead).order_by(Lead.id)))
    lead_no = {lead.id: number for number, lead in enumerate(leads)}
    told = []
    for note in session.scalars(select(Note)):
        facts = dict(note.facts or {})
        if "others" in facts:
            facts["others"] = [lead_no[one] for one in facts["others"]]
        changes = [dict(change) for change in note.changes or []]
        told.append((lead_no[note.lead_id or 0], note.at, note.kind, str(changes), str(facts)))
    columns = ("first_name", "last_name", "phone", "phone_key", "email", "email_key",
               "company_name", "campaign_id", "received_at", "asked_again_at", "is_test",
               "search_text", "status", "lock_version")  # fmt: skip
    return {
        "leads": [tuple(getattr(lead, name) for name in columns) for lead in leads],
        "points": sorted(
            (lead_no[point.lead_id or 0], point.kind, point.typed, point.key or "")
            for point in session.scalars(select(ContactPoint))
        ),
        "notes": sorted(told),
        "submissions": sorted(
            (one.received_at, one.outcome, str(one.external_id), lead_no.get(one.lead_id or 0, -1),
             str(one.reasons), str(one.warnings), one.first_id is not None)
            for one in session.scalars(select(Submission))
        ),
    }  # fmt: skip


def emptied(session: Session) -> None:
    for noun in (Note, ContactPoint, Submission, Lead):
        session.execute(delete(noun))
    session.commit()


@pytest.mark.parametrize("seed", range(12))
def test_one_by_one_and_set_wise_store_the_same(session: Session, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- a repeatable test
    campaigns = [None, make_campaign(session).id, make_campaign(session).id, 99999]
    senders = [Sender.of(make_source(session)) for _ in range(2)]
    session.commit()
    arrivals = sequence(chance, campaigns, senders, 60)
    singly = []
    for arrival in deepcopy(arrivals):
        singly.append(receive(session, arrival))
        session.commit()
    expected = state(session)
    emptied(session)
    together, rest = [], deepcopy(arrivals)
    while rest:
        size = chance.randrange(1, 40)
        together += receive_many(session, rest[:size])
        session.commit()
        rest = rest[size:]
    assert state(session) == expected
    assert [(one.outcome, one.asked_again) for one in singly] == [
        (one.outcome, one.asked_again) for one in together
    ]
