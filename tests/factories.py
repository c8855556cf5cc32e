"""Plain functions that make one row each, by the nouns' own verbs: `make_lead(session, **changes)`.

Each flushes and leaves the commit to the test, as verbs do.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import (
    Campaign,
    Channel,
    Client,
    Company,
    Contract,
    Lead,
    OwnForm,
    Service,
    Source,
    Spend,
    Webhook,
)
from app.models.clock import today
from app.models.own_form import STANDARD_TEXTS
from app.models.webhook import TOLD

_numbers = count(1)

COMPANY_DETAILS = {
    "legal_name": "OOO Romashka",
    "tax_id": "7701234567",
    "address": "Moscow, Lenina 1",
    "bank_details": "40702810900000000001",
    "signatory_name": "Petrov P. P.",
    "signatory_position": "Director",
}


def make_service(session: Session, **changes: Any) -> Service:
    return _made(session, Service(), {"title": f"Service {next(_numbers)}", "price": 100}, changes)


def make_channel(session: Session, **changes: Any) -> Channel:
    return _made(session, Channel(), {"title": f"Channel {next(_numbers)}"}, changes)


def make_campaign(session: Session, **changes: Any) -> Campaign:
    changes.setdefault("service", None)
    changes["service"] = changes["service"] or make_service(session)
    return _made(session, Campaign(), {"title": f"Campaign {next(_numbers)}"}, changes)


def make_spend(session: Session, **changes: Any) -> Spend:
    values = {"day": today(), "amount": Decimal("10.00")} | changes
    values["campaign"] = values.get("campaign") or make_campaign(session)
    return _made(session, Spend(), values, {})


def make_source(session: Session, **changes: Any) -> Source:
    return _made(session, Source(), {"name": f"Source {next(_numbers)}"}, changes)


def make_own_form(session: Session, **changes: Any) -> OwnForm:
    """With the standard questions and texts; switched on."""
    values = {"title": f"Form {next(_numbers)}", **STANDARD_TEXTS}
    return _made(session, OwnForm(), values, changes)


def make_webhook(session: Session, **changes: Any) -> Webhook:
    """Told of everything; with a secret that nobody has seen."""
    hook = Webhook()
    hook.draw_secret()
    values = {
        "name": f"Webhook {next(_numbers)}",
        "address": "https://hooks.example.com/crm",
        "events": [event.value for event in TOLD],
    }
    return _made(session, hook, values, changes)


def make_lead(session: Session, **changes: Any) -> Lead:
    """An open lead with a phone of its own."""
    number = next(_numbers)
    values = {"first_name": "Ivan", "last_name": f"Testov {number}", "phone": _phone(number)}
    return _made(session, Lead(), values, changes)


def make_client(session: Session, **changes: Any) -> Client:
    number = next(_numbers)
    values = {"first_name": "Anna", "last_name": f"Client {number}", "phone": _phone(number)}
    client = _made(session, Client(), values, changes)
    client.create()
    session.flush()
    return client


def make_contract(session: Session, **changes: Any) -> Contract:
    """A draft."""
    values: dict[str, Any] = {"starts_on": today()} | changes
    values["client"] = values.get("client") or make_client(session)
    values["service"] = values.get("service") or make_service(session)
    contract = Contract.draft(session, **values)
    session.flush()
    return contract


def make_signed_contract(session: Session, **changes: Any) -> Contract:
    complete_company(session)
    contract = make_contract(session, **changes)
    contract.sign()
    session.flush()
    return contract


def make_user(session: Session, *roles: str, **changes: Any) -> User:
    """An active user whom nobody can log in as until a password is given."""
    number = next(_numbers)
    values = {
        "username": f"user{number}",
        "email": f"user{number}@example.com",
        "first_name": "User",
        "last_name": str(number),
        "active": True,
    }
    user = User(**(values | changes))
    user.roles = list(session.scalars(select(Role).where(Role.name.in_(roles))))
    session.add(user)
    session.flush()
    return user


def complete_company(session: Session) -> Company:
    """Fills in what a contract prints, so that it can be signed."""
    company = Company.of(session)
    company.change(**COMPANY_DETAILS)
    session.flush()
    return company


def _phone(number: int) -> str:
    return f"+7991{number:07}"


def _made(session: Session, row: Any, values: dict[str, Any], changes: dict[str, Any]) -> Any:
    with session.no_autoflush:
        session.add(row)
        row.change(**(values | changes))
    session.flush()
    return row
