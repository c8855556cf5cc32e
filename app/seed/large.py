"""A hundred thousand leads: the same company grown big, to see how every page behaves then."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Any, TypeVar

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, selectinload

from app.intake import MOST_IN_A_ROUND, Arrival, receive_many
from app.models import Batch, Company, Contract, Lead
from app.models.actor import Actor, acting_as
from app.models.batch import BatchKind
from app.models.clock import company_day, travel, utc_now
from app.models.current_batch import filling
from app.models.lead import LostReason, NewPerson
from app.seed.demo import COMMAND, Demo
from app.seed.planting import Ground, Planted, count, finish, planting

LABEL = "large"
WAIVED = "large, documents waived"
LEADS = 100_000
CONTRACTS = 1_000
WITH_DOCUMENTS = 100
LOST = 3_000
IN_A_TRANSACTION = 50  # leads whose verbs run
LATER = timedelta(days=3)

T = TypeVar("T")


def plant_large(
    ground: Ground, leads: int = LEADS, contracts: int = CONTRACTS, lost: int = LOST
) -> Planted:
    """Commits as it goes; if it is interrupted, `unseed` takes out what is there.

    The first hundred contracts order their documents, which the worker renders; the rest belong
    to a batch that waives them.
    """
    session = ground.session
    with planting(ground, LABEL) as batch:
        cast = ground.assemble()
        demo = Demo(session, ground.words, cast, utc_now())
        demo.set_the_scene()
        waiving = Batch(kind=BatchKind.SEED.value, label=WAIVED, documents_waived=True)
        session.add(waiving)
        logins = ground.commit_with_logins(cast)
        operator, manager, language = cast.operator, cast.manager, ground.language
        batch_id, waiving_id = batch.id, waiving.id
        with _hands(session.get_bind().engine) as hands:
            received = _receive(ground, demo, leads, hands)
            clients, others = _shares(received, contracts, lost)
            printed, unprinted = clients[:WITH_DOCUMENTS], clients[WITH_DOCUMENTS:]
            work = [
                *_shared_out(hands, printed, _become_clients, manager, batch_id, language),
                *_shared_out(hands, unprinted, _become_clients, manager, waiving_id, language),
                *_shared_out(hands, others, _get_lost, operator, batch_id),
            ]
            with ground.progress("Contracts and lost leads", len(clients) + len(others)) as tick:
                for portion in work:
                    tick(portion.result())
        finish(batch, cast)
        finish(waiving, cast)
    planted = count(session, [batch, waiving])
    planted.logins = logins
    session.commit()
    if session.get_bind().dialect.name == "postgresql":
        # Its planner still believes in the few rows of before, until autovacuum comes by.
        session.execute(text("ANALYZE"))
        session.commit()
    return planted


def _receive(ground: Ground, demo: Demo, number: int, hands: Executor) -> list[int]:
    """The leads' ids in the order of their arrival."""
    calendar, received = demo.calendar, list[int]()
    times = calendar.asking_times(number, calendar.first, calendar.today - timedelta(days=1))
    under_way = deque[Future[list[int]]]()

    def take_in() -> None:
        ids = under_way.popleft().result()
        received.extend(ids)
        tick(len(ids))

    with ground.progress("Leads", number) as tick:
        for some in _portions(times, MOST_IN_A_ROUND):
            arrivals = [_arrival(demo, at) for at in some]
            ground.session.commit()  # what was read for them must not stand in the writers' way
            under_way.append(hands.submit(_receive_round, arrivals))
            if len(under_way) > HANDS:
                take_in()
        while under_way:
            take_in()
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


# -- what several processes do at once -------------------------------------------------------------

HANDS = 2
_engine: Engine


@contextmanager
def _hands(engine: Engine) -> Iterator[Executor]:
    """On PostgreSQL two processes; SQLite has one writer, so there the work is done right here."""
    if engine.dialect.name == "sqlite":
        _use(engine)
        yield Inline()
        return
    fork = get_context("fork")  # the children know the application and need not start it
    with ProcessPoolExecutor(HANDS, mp_context=fork, initializer=_use, initargs=(engine,)) as pool:
        yield pool


class Inline(Executor):
    """Does at once what it is given."""

    def submit(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done = Future[T]()
        done.set_result(work(*args, **kwargs))
        return done


def _use(engine: Engine) -> None:
    global _engine  # noqa: PLW0603 -- one engine for the life of a process
    _engine = engine
    if engine.dialect.name != "sqlite":
        engine.dispose(close=False)  # the connections that came along belong to the parent


def _receive_round(arrivals: list[Arrival]) -> list[int]:
    with (
        travel(arrivals[-1].received_at), acting_as(COMMAND), Session(_engine) as session,
        session.begin(),
    ):  # fmt: skip
        receipts = receive_many(session, arrivals)
    return [receipt.lead_id for receipt in receipts if receipt.lead_id]


def _become_clients(lead_ids: Sequence[int], actor: Actor, batch_id: int, language: str) -> int:
    """Signs last of all, because the counter of numbers is locked from then to the commit."""
    drafts = []
    with acting_as(actor), filling(batch_id), Session(_engine) as session, session.begin():
        for lead in _leads(session, lead_ids):
            with travel(min(lead.received_at + LATER, utc_now())):
                client = lead.convert(NewPerson(), language=language)
                service = lead.campaign.service if lead.campaign else None
                drafts.append(Contract.draft(session, client=client, service=service, lead=lead))
                session.flush()
        for contract in drafts:
            with travel(contract.created_at):
                contract.sign()
                session.flush()
    return len(lead_ids)


def _get_lost(lead_ids: Sequence[int], actor: Actor, batch_id: int) -> int:
    reasons = list(LostReason)
    with acting_as(actor), filling(batch_id), Session(_engine) as session, session.begin():
        for lead in _leads(session, lead_ids):
            with travel(min(lead.received_at + LATER, utc_now())):
                lead.lose(reasons[lead.id % len(reasons)])
                session.flush()
    return len(lead_ids)


def _leads(session: Session, lead_ids: Sequence[int]) -> Iterator[Lead]:
    company = Company.of(session)  # held here, so that verbs need not load it each time
    query = select(Lead).where(Lead.id.in_(lead_ids)).order_by(Lead.id)
    options = selectinload(Lead.contact_points), selectinload(Lead.campaign)
    yield from session.scalars(query.options(*options)).all()
    del company


def _shared_out(
    hands: Executor, lead_ids: Sequence[int], work: Callable[..., int], *arguments: Any
) -> list[Future[int]]:
    return [hands.submit(work, some, *arguments) for some in _portions(lead_ids, IN_A_TRANSACTION)]


def _portions(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
