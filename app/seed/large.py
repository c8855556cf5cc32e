"""A hundred thousand leads: the same company grown big, to see how every page behaves then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.intake import MOST_IN_A_ROUND, Arrival, receive_many
from app.models import Batch, Contract, Lead
from app.models.actor import acting_as
from app.models.batch import BatchKind
from app.models.clock import company_day, travel, utc_now
from app.models.current_batch import filling
from app.models.lead import LostReason, NewPerson
from app.seed.cast import Cast
from app.seed.demo import Demo
from app.seed.planting import Ground, Planted, count, finish, planting

LABEL = "large"
WAIVED = "large, documents waived"
LEADS = 100_000
CONTRACTS = 1_000
WITH_DOCUMENTS = 100
LOST = 3_000
IN_A_TRANSACTION = 200  # of verbs
LATER = timedelta(days=3)

T = TypeVar("T")


def plant_large(
    ground: Ground, leads: int = LEADS, contracts: int = CONTRACTS, lost: int = LOST
) -> Planted:
    """Commits as it goes; if it is interrupted, `unseed` takes out what is there.

    The first hundred contracts order their documents, the worker renders them; the rest belong to
    a batch that waives them.
    """
    session = ground.session
    with planting(ground, LABEL) as batch:
        cast = ground.assemble()
        demo = Demo(session, ground.words, cast, utc_now())
        demo.set_the_scene()
        waiving = Batch(kind=BatchKind.SEED.value, label=WAIVED, documents_waived=True)
        session.add(waiving)
        logins = ground.commit_with_logins(cast)
        received = _receive(ground, demo, leads)
        clients, others = _shares(received, contracts, lost)
        _become_clients(ground, cast, clients[:WITH_DOCUMENTS])
        with filling(waiving.id):
            _become_clients(ground, cast, clients[WITH_DOCUMENTS:])
        _get_lost(ground, cast, others)
        finish(batch, cast)
        finish(waiving, cast)
    planted = count(session, [batch, waiving])
    planted.logins = logins
    session.commit()
    return planted


def _receive(ground: Ground, demo: Demo, number: int) -> list[int]:
    """The leads' ids in the order of their arrival."""
    calendar, received = demo.calendar, list[int]()
    times = calendar.asking_times(number, calendar.first, calendar.today - timedelta(days=1))
    with ground.progress("Leads", number) as tick:
        for some in _portions(times, MOST_IN_A_ROUND):
            arrivals = [_arrival(demo, at) for at in some]
            with travel(some[-1]):
                receipts = receive_many(ground.session, arrivals)
            ground.session.commit()
            received += [receipt.lead_id for receipt in receipts if receipt.lead_id]
            tick(len(some))
    return received


def _arrival(demo: Demo, at: datetime) -> Arrival:
    asking = demo.asking_at(company_day(at))
    with travel(at):
        return asking.arrival()


def _shares(received: Sequence[int], contracts: int, lost: int) -> tuple[list[int], list[int]]:
    """Which leads become clients and which get lost, spread over the whole time."""
    clients = list(received[:: max(1, len(received) // contracts)])[:contracts]
    taken = set(clients)
    rest = [lead_id for lead_id in received if lead_id not in taken]
    return clients, rest[:: max(1, len(rest) // max(1, lost))][:lost]


def _become_clients(ground: Ground, cast: Cast, lead_ids: Sequence[int]) -> None:
    now, language = utc_now(), ground.language
    with ground.progress("Contracts", len(lead_ids)) as tick, acting_as(cast.manager):
        for lead in _in_portions(ground, lead_ids):
            with travel(min(lead.received_at + LATER, now)):
                client = lead.convert(NewPerson(), language=language)
                contract = Contract.draft(
                    ground.session, client=client, service=lead.campaign.service, lead=lead
                )
                ground.session.flush()
                contract.sign()
                ground.session.flush()
            tick(1)


def _get_lost(ground: Ground, cast: Cast, lead_ids: Sequence[int]) -> None:
    now, reasons = utc_now(), list(LostReason)
    with ground.progress("Lost leads", len(lead_ids)) as tick, acting_as(cast.operator):
        for lead in _in_portions(ground, lead_ids):
            with travel(min(lead.received_at + LATER, now)):
                lead.lose(reasons[lead.id % len(reasons)])
                ground.session.flush()
            tick(1)


def _in_portions(ground: Ground, lead_ids: Sequence[int]) -> Iterator[Lead]:
    """The leads, a transaction for each portion of them."""
    session = ground.session
    for some in _portions(lead_ids, IN_A_TRANSACTION):
        query = select(Lead).where(Lead.id.in_(some)).order_by(Lead.id)
        options = selectinload(Lead.contact_points), selectinload(Lead.campaign)
        yield from session.scalars(query.options(*options)).all()
        session.commit()


def _portions(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
