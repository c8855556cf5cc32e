"""What a webhook is told of a lead or a contract: ids, states and sums in machine form; who the
people are stands apart (`contacts`), for webhooks that ask for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.base import machine
from app.models.submission import Submission
from app.models.webhook import HookEvent, announce, instant, listening

if TYPE_CHECKING:
    from app.models.campaign import Campaign
    from app.models.client import Client
    from app.models.contract import Contract
    from app.models.lead import Lead

MOST_CLICKS = 10


def announce_conversion(lead: Lead, client: Client, *, is_new: bool) -> None:
    """Once in the life of a lead: a conversion is final (law 1)."""
    session = lead.session
    if not listening(session, HookEvent.LEAD_CONVERTED):
        return
    told = {
        "lead": facts_of_lead(session, lead),
        "client": {"id": client.id, "kind": client.kind, "is_new": is_new},
        "contacts": contacts_of(lead),
    }
    announce(session, HookEvent.LEAD_CONVERTED, told)


def announce_contract(session: Session, contract: Contract, event: HookEvent) -> None:
    if not listening(session, event):
        return
    lead = contract.lead
    told = {
        "contract": facts_of_contract(contract),
        "lead": facts_of_lead(session, lead) if lead is not None else None,
        "client": {"id": contract.client_id, "kind": contract.client.kind},
        "contacts": contacts_of(contract.client),
    }
    announce(session, event, told)


def facts_of_contract(contract: Contract) -> dict[str, Any]:
    """`amount` is what the contract says, `revenue` what it has brought by now."""
    service = contract.service
    return {
        "id": contract.id,
        "number": contract.number,
        "status": contract.status,
        "voided": contract.is_voided,
        "amount": machine(contract.amount),
        "revenue": machine(contract.revenue),
        "currency": contract.currency,
        "starts_on": machine(contract.starts_on),
        "ends_on": machine(contract.ends_on),
        "signed_on": machine(contract.signed_on),
        "completed_on": machine(contract.completed_on),
        "terminated_on": machine(contract.terminated_on),
        "service": {"id": service.id, "title": service.title},
        "campaign": facts_of_campaign(contract.campaign),
    }


def facts_of_lead(session: Session, lead: Lead) -> dict[str, Any]:
    return {
        "id": lead.id,
        "status": lead.status,
        "received_at": instant(lead.received_at),
        "language": lead.language,
        "campaign": facts_of_campaign(lead.campaign),
        "clicks": clicks_of_lead(session, lead.id),
    }


def facts_of_campaign(campaign: Campaign | None) -> dict[str, Any] | None:
    if campaign is None:
        return None
    return {
        "id": campaign.id,
        "title": campaign.title,
        "external_ids": [
            {"platform": one.platform, "id": one.external_id} for one in campaign.external_ids
        ],
    }


def clicks_of_lead(session: Session, lead_id: int) -> list[dict[str, Any]]:
    """The last clicks that brought the person, the newest first."""
    with session.no_autoflush:
        found = session.execute(
            select(Submission.click_kind, Submission.click_id, Submission.received_at)
            .where(Submission.lead_id == lead_id, Submission.click_kind.is_not(None))
            .order_by(Submission.received_at.desc(), Submission.id.desc())
            .limit(MOST_CLICKS)
        )
        return [{"kind": kind, "id": text, "at": instant(at)} for kind, text, at in found]


def contacts_of(person: Lead | Client) -> dict[str, Any]:
    return {
        "name": person.name(),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "middle_name": person.middle_name,
        "phones": sorted(person.phone_keys()),
        "emails": sorted(person.email_keys()),
    }
