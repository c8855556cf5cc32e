"""What tests of statistics need: campaigns, people who asked, and their contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.models import Campaign, Client, Contract, Lead
from app.models.clock import start_of_day, travel
from app.models.lead import NewPerson
from app.statistics import Figures
from tests.factories import complete_company, make_contract, make_lead

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def at(text: str) -> datetime:
    """A UTC instant: 2026-03-31 22:30, or noon of a company day: 2026-03-31."""
    if len(text) > 10:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return start_of_day(date.fromisoformat(text)) + timedelta(hours=12)


def ask(session: Session, campaign: Campaign | None, on: str, **changes: Any) -> Lead:
    """A lead received at that time."""
    with travel(at(on)):
        lead = make_lead(session, campaign=campaign, **changes)
        lead.received_at = at(on)
        session.flush()
    return lead


def convert(lead: Lead) -> Client:
    return lead.convert(NewPerson())


def sign(session: Session, amount: Any, on: str, **values: Any) -> Contract:
    """A contract signed on that day, whose lead (if given) has become its client."""
    lead = values.get("lead")
    if lead is not None and "client" not in values:
        values["client"] = lead.client or convert(lead)
    complete_company(session)
    with travel(at(on)):
        contract = make_contract(session, amount=amount, **values)
        contract.sign()
        session.flush()
    return contract


@contextmanager
def counted_statements(session: Session) -> Iterator[list[str]]:
    """The statements that the database is sent inside, BEGIN not counted."""
    seen: list[str] = []
    session.flush()

    def listen(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def values(figures: Figures, *names: str) -> list[Any]:
    return [getattr(figures, name) for name in names]


__all__ = ["NOW", "ask", "at", "convert", "counted_statements", "sign", "values"]
