"""Who is the same person (laws 1 and 4)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.models import ContactPoint, Lead
from app.models.matching import Keys, Match, clients_like, lock_alone, lock_pairs, open_leads_like
from tests.factories import make_campaign, make_client, make_lead

P, Q = "+79910000001", "+79910000002"
M, N = "a@example.com", "b@example.com"


def keys(*values: str) -> Keys:
    phones = frozenset(value for value in values if value[0] == "+")
    return Keys(phones, frozenset(values) - phones)


@pytest.mark.parametrize(
    ("one", "other", "match"),
    [
        ((P,), (P,), Match.PHONE),
        ((P, M), (P, N), Match.PHONE),
        ((P, Q), (Q, M), Match.PHONE),
        ((P, M), (Q, M), None),
        ((P, M), (M,), Match.EMAIL),
        ((M,), (M,), Match.EMAIL),
        ((M,), (N,), None),
        ((P,), (Q,), None),
        ((), (), None),
    ],
)
def test_a_shared_phone_or_without_phones_a_shared_address_is_one_person(
    one: tuple[str, ...], other: tuple[str, ...], match: Match | None
) -> None:
    assert keys(*one).match(keys(*other)) == match
    assert keys(*other).match(keys(*one)) == match


def test_only_open_leads_of_the_campaign_are_found(session: Session) -> None:
    campaign = make_campaign(session)
    here = make_lead(session, phone=P, campaign=campaign)
    make_lead(session, phone=P)
    assert open_leads_like(session, campaign.id, keys(P)) == [here]
    assert open_leads_like(session, campaign.id, keys(P), but=here.id) == []
    assert open_leads_like(session, campaign.id, keys(Q)) == []
    here.lose("no_need")
    session.flush()
    assert open_leads_like(session, campaign.id, keys(P)) == []


def test_phone_matches_come_first_then_the_oldest(session: Session) -> None:
    by_email = make_lead(session, phone="", email=M)
    first = make_lead(session, phone=P, email=N)
    second = make_lead(session, phone=Q)
    _point(session, second, "phone", P)
    assert open_leads_like(session, None, keys(P, M)) == [first, second, by_email]


def test_a_further_contact_counts_like_the_main_one(session: Session) -> None:
    lead = make_lead(session, phone=P)
    _point(session, lead, "email", M)
    assert open_leads_like(session, None, keys(M)) == [lead]
    assert open_leads_like(session, None, keys(Q, M)) == []
    client = make_client(session, phone=Q)
    session.add(ContactPoint(kind="phone", typed=P, key=P, client=client))
    session.flush()
    assert clients_like(session, keys(P)) == [client]


def test_many_strangers_who_share_an_address_hide_nobody(session: Session) -> None:
    for number in range(60):
        make_lead(session, phone=f"+7991100{number:04}", email=M)
    wanted = make_lead(session, phone=P, email=M)
    assert open_leads_like(session, None, keys(P, M)) == [wanted]


def test_locks_may_be_asked_for_again_and_in_any_number(session: Session) -> None:
    lock_pairs(session, [(1, P), (1, M), (-1, P)])
    lock_pairs(session, [(1, P)])
    lock_alone(session, -2, "key:x")
    session.rollback()
    lock_pairs(session, [(1, str(number)) for number in range(1000)])
    lock_pairs(session, [])


def _point(session: Session, lead: Lead, kind: str, key: str) -> Any:
    lead.contact_points.append(ContactPoint(kind=kind, typed=key, key=key))
    session.flush()
