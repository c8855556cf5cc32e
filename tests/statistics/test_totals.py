"""Random companies: SQL's figures equal a plain reading of the rows, and totals add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Campaign, Client, Contract, Lead, RevenueEntry, Service, Spend
from app.models.clock import company_day, start_of_day, travel
from app.statistics import Basis, CampaignTable, Figures, Period, campaign_figures
from app.statistics.figures import SUMMED
from app.statistics.metrics import NOTHING
from app.statistics.rows import PARTS, Part, rows_of, value_of
from tests.factories import complete_company
from tests.statistics.world import NOW

FIRST = date(2026, 1, 1)
# Few and on the borders of months, so that they meet.
DAYS = st.sampled_from(
    [date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 31), date(2026, 4, 1)]
)
INSTANTS = st.builds(
    lambda day, minutes: start_of_day(day) + timedelta(minutes=minutes),
    DAYS,
    st.sampled_from([0, 1, 720, 1439]),
)
AMOUNTS = st.integers(0, 100_000).map(lambda minor: Decimal(minor) / 100)
CAMPAIGNS = st.sampled_from([None, 0, 1, 2])
PERIODS = st.one_of(
    st.just(Period.all_time()),
    DAYS.map(Period.month),
    st.tuples(DAYS, DAYS).map(lambda days: Period.days(min(days), max(days))),
)


@dataclass
class World:
    campaigns: list[dict[str, Any]]
    leads: list[dict[str, Any]]
    contracts: list[dict[str, Any]]
    spends: dict[tuple[int, date], Decimal]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    campaigns = [
        {
            "budget": draw(st.none() | AMOUNTS),
            "starts_on": draw(st.none() | st.just(FIRST)),
            "ends_on": draw(st.none() | st.just(FIRST + timedelta(days=80))),
            "put_away": number == 2,
        }
        for number in range(3)
    ]
    lead = st.fixed_dictionaries(
        {
            "campaign": CAMPAIGNS,
            "received_at": INSTANTS,
            "status": st.sampled_from(["new", "in_work", "qualified", "converted", "lost"]),
            "is_test": st.sampled_from([False, False, False, True]),
            "archived": st.sampled_from(
                [None, None, None, "spam", "duplicate", "mistake", "other"]
            ),
        }
    )
    leads = draw(st.lists(lead, max_size=8))
    contract = st.fixed_dictionaries(
        {
            "client": st.integers(0, 1),
            "lead": st.none() | st.integers(0, max(0, len(leads) - 1)),
            "campaign": CAMPAIGNS,
            "amount": AMOUNTS,
            "on": DAYS,
            "end": st.sampled_from(["signed", "voided", "draft", "completed", "terminated"]),
            "later": st.integers(0, 90),
            "kept": st.integers(0, 100),
        }
    )
    spends = st.dictionaries(st.tuples(st.integers(0, 2), DAYS), AMOUNTS, max_size=5)
    return World(campaigns, leads, draw(st.lists(contract, max_size=5)), draw(spends))


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    with app.app_context(), travel(NOW):
        complete_company(db.session())
        db.session.commit()
        yield app


@pytest.mark.slow
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds(), period=PERIODS, basis=st.sampled_from(list(Basis)))
def test_figures_equal_a_plain_reading_of_the_rows(
    context: Flask, world: World, period: Period, basis: Basis
) -> None:
    session = db.session()
    try:
        campaigns = build(session, world)
        session.expire_all()
        table = campaign_figures(session, period, basis)
        rows = Rows.of(session)
        everybody: dict[int | None, Figures] = {
            row.scope.campaign_id: row for row in (*table.campaigns, table.without_campaign)
        }
        everybody[campaigns[2].id] = table.put_away
        assert len(everybody) == 4
        for campaign_id, figures in everybody.items():
            campaign = session.get(Campaign, campaign_id) if campaign_id else None
            assert reading(rows, campaign, period, basis) == {
                name: getattr(figures, name) for name in SUMMED
            }
        assert_adds_up(table)
        for figures in (*everybody.values(), table.total):
            assert_rows_make(session, figures)
    finally:
        session.rollback()
        session.expunge_all()


def assert_adds_up(table: CampaignTable) -> None:
    parts = (*table.campaigns, table.put_away, table.without_campaign)
    for name in SUMMED:
        assert getattr(table.total, name) == sum(getattr(part, name) for part in parts), name
    assert sum(table.total.revenue_by_month.values(), start=NOTHING) == table.total.revenue


def assert_rows_make(session: Session, figures: Figures) -> None:
    for part in {part for parts in PARTS.values() for part in parts}:
        found, after = [], None
        while True:
            page = rows_of(
                session, part, figures.period, figures.basis, figures.scope, after=after, size=2
            )
            found += page.rows
            after = page.earlier
            if after is None:
                break
        value = value_of(part, figures)
        if part in (Part.SPENT, Part.PLANNED, Part.EXPECTED, Part.REVENUE):
            assert sum((row.amount or NOTHING for row in found), start=NOTHING) == value, part
        else:
            assert len(found) == value, part


# -- a company, by the verbs where they matter ----------------------------------------------------


def build(session: Session, world: World) -> list[Campaign]:
    service = Service(title="S", price=Decimal(1))
    campaigns = []
    for number, wanted in enumerate(world.campaigns):
        values = dict(wanted)
        archived = NOW if values.pop("put_away") else None
        campaigns.append(
            Campaign(title=f"C{number}", service=service, archived_at=archived, **values)
        )
    session.add_all([service, *campaigns])
    clients = [Client(last_name=f"Client {number}") for number in range(2)]
    session.add_all(clients)
    session.flush()
    leads = [_lead(values, number, campaigns, clients) for number, values in enumerate(world.leads)]
    session.add_all(leads)
    for (number, day), amount in world.spends.items():
        session.add(Spend(campaign=campaigns[number], day=day, amount=amount))
    session.flush()
    for values in world.contracts:
        _contract(session, values, campaigns, clients, leads, service)
    session.flush()
    return campaigns


def _lead(
    values: dict[str, Any], number: int, campaigns: list[Campaign], clients: list[Client]
) -> Lead:
    return Lead(
        email=f"lead{number}@example.com",
        campaign=None if values["campaign"] is None else campaigns[values["campaign"]],
        received_at=values["received_at"],
        status=values["status"],
        lost_reason="other" if values["status"] == "lost" else None,
        client=clients[0] if values["status"] == "converted" else None,
        is_test=values["is_test"],
        archived_at=NOW if values["archived"] else None,
        archived_reason=values["archived"],
    )


def _contract(
    session: Session,
    values: dict[str, Any],
    campaigns: list[Campaign],
    clients: list[Client],
    leads: list[Lead],
    service: Service,
) -> None:
    has_lead = values["lead"] is not None and values["lead"] < len(leads)
    begun = start_of_day(values["on"]) + timedelta(hours=9)
    with travel(begun):
        contract = Contract.draft(
            session,
            client=clients[values["client"]],
            service=service,
            lead=leads[values["lead"]] if has_lead else None,
            campaign=None if values["campaign"] is None else campaigns[values["campaign"]],
            amount=values["amount"],
        )
        session.flush()
        if values["end"] == "draft":
            return
        contract.sign()
        session.flush()
    with travel(begun + timedelta(days=values["later"])):
        if values["end"] == "completed":
            contract.complete()
        elif values["end"] == "terminated":
            contract.terminate(None, "x", kept=min(contract.amount, Decimal(values["kept"])))
        elif values["end"] == "voided":
            contract.void("mistake")
        elif values["later"] % 2:
            contract.amend("x", amount=contract.amount + 1)


# -- the plain reading ----------------------------------------------------------------------------


@dataclass
class Rows:
    leads: list[Lead]
    contracts: list[Contract]
    entries: list[RevenueEntry]
    spends: list[Spend]

    @classmethod
    def of(cls, session: Session) -> Rows:
        def every(kind: Any) -> list[Any]:
            return session.query(kind).order_by(kind.id).all()

        return cls(every(Lead), every(Contract), every(RevenueEntry), every(Spend))


def reading(
    rows: Rows, campaign: Campaign | None, period: Period, basis: Basis
) -> dict[str, Decimal | int]:
    campaign_id = campaign.id if campaign else None
    leads = [
        lead
        for lead in rows.leads
        if lead.campaign_id == campaign_id
        and not lead.is_test
        and lead.archived_reason in (None, "other")
        and period.holds(company_day(lead.received_at))
    ]
    own = [contract for contract in rows.contracts if contract.campaign_id == campaign_id]
    contracts = [contract for contract in own if period.holds(day_of(contract, basis))]
    spent = [s.amount for s in rows.spends if s.campaign_id == campaign_id and period.holds(s.day)]
    planned = plan(campaign, period) if campaign is not None and not spent else NOTHING
    return {
        "spend": sum(spent, start=planned),
        "planned": planned,
        "leads": len(leads),
        "qualified": sum(lead.status in ("qualified", "converted") for lead in leads),
        "converted": sum(lead.status == "converted" for lead in leads),
        "clients": sum(contract is first_of(rows, contract) for contract in contracts),
        "contracts": sum(
            contract.status in ("signed", "completed") and not contract.is_put_away
            for contract in contracts
        ),
        "revenue": sum((e.amount for e in earned(own, contracts, period, basis)), start=NOTHING),
        "expected": sum((c.amount for c in contracts if c.is_draft), start=NOTHING),
    }


def day_of(contract: Contract, basis: Basis) -> date:
    if basis is Basis.COHORT and contract.lead is not None:
        return company_day(contract.lead.received_at)
    return contract.signed_on or company_day(contract.created_at)


def first_of(rows: Rows, contract: Contract) -> Contract | None:
    """The client's first contract ever, if it ever had one that was not voided."""
    signed = [
        other
        for other in rows.contracts
        if other.client_id == contract.client_id and other.signed_on and not other.is_put_away
    ]
    return min(signed, key=lambda other: (other.signed_on, other.id), default=None)


def earned(
    own: list[Contract], chosen: list[Contract], period: Period, basis: Basis
) -> list[RevenueEntry]:
    if basis is Basis.COHORT:
        return [entry for contract in chosen for entry in contract.revenue_entries]
    return [e for contract in own for e in contract.revenue_entries if period.holds(e.day)]


def plan(campaign: Campaign, period: Period) -> Decimal:
    """Day by day: how many of the campaign's days lie in the period."""
    created: datetime = campaign.created_at
    first = campaign.starts_on or company_day(created)
    if campaign.ends_on is not None and campaign.starts_on is None:
        first = min(first, campaign.ends_on)
    last = campaign.ends_on or first
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    inside = sum(period.holds(day) for day in days)
    share = (campaign.budget or NOTHING) * inside / len(days)
    return Decimal(int(share * 100 + Decimal("0.5"))) / 100
