"""What happens next with a client: what is due, waits or went wrong, for the eyes of the reader.

Each question is one bounded statement. Whoever may not see contracts is told of calls alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.models.client import Client, ContactPerson
from app.models.clock import today
from app.models.contract import Contract, ContractStatus
from app.models.document import Document, DocumentState
from app.models.lead import Lead, is_open_lead
from app.models.matching import Keys, leads_sharing, sharing_params
from app.ui.access import may
from app.ui.formatters import money
from app.views.base.links import link_to
from app.views.lead_words import due

MOST = 5  # of each kind
MOST_PEOPLE = 50
ENDS_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Next:
    """`mark` is a kind of crm.css (overdue, today, later, nothing), '' where `word` has one."""

    mark: str
    word: Any
    what: Any


def whats_next(session: Session, client: Client, open_leads: list[Lead]) -> list[Next]:
    """What went wrong first, then what is due, then what waits."""
    told = [_call(lead) for lead in open_leads[:MOST]]
    if not may("list", "ContractView"):
        return told
    return [
        *_failed(session, client), *told, *_ending(session, client), *_drafts(session, client),
    ]  # fmt: skip


def open_leads_of(session: Session, client: Client, people: list[ContactPerson]) -> list[Lead]:
    """Open leads of the same person (or of the organisation's people): whoever asks again is a lead
    of their own until a manager converts it. The first to be called first.
    """
    if not may("list", "LeadView"):
        return []
    keys = Keys.of(client)
    for person in people:
        keys = keys | Keys.of(person)
    found = select(Lead).where(is_open_lead()).options(joinedload(Lead.campaign))
    params: Any = None
    if keys:
        sharing = leads_sharing()
        found = found.join(sharing, sharing.c.id == Lead.id)
        params = sharing_params([
            Keys(keys.phones, frozenset()), Keys(frozenset(), keys.emails)
        ])  # fmt: skip
    else:
        found = found.where(Lead.client_id == client.id)
    found = found.order_by(Lead.next_contact_at.is_(None), Lead.next_contact_at, Lead.id)
    return list(session.scalars(found.limit(MOST), params))


def people_of(session: Session, client: Client) -> list[ContactPerson]:
    """The contact people of an organisation with all their phones and addresses."""
    if not client.is_organisation:
        return []
    found = (
        select(ContactPerson)
        .where(ContactPerson.client_id == client.id)
        .options(selectinload(ContactPerson.contact_points))
        .order_by(ContactPerson.is_main.desc(), ContactPerson.id)
        .limit(MOST_PEOPLE)
    )
    return list(session.scalars(found))


def _call(lead: Lead) -> Next:
    words = Markup("{}: {}").format(gettext("Next contact"), link_to(lead))
    if lead.next_contact_at is None:
        return Next("nothing", gettext("Nothing planned"), words)
    return Next("", due(lead), words)


def _failed(session: Session, client: Client) -> list[Next]:
    found = (
        select(Contract)
        .join(Document, Contract.id == Document.contract_id)
        .where(Contract.client_id == client.id, Document.state == DocumentState.FAILED.value)
        .order_by(Document.id.desc())
        .limit(MOST)
    )
    return [
        Next("overdue", gettext("Failed"), Markup("PDF · {}").format(link_to(contract)))
        for contract in session.scalars(found)
    ]


def _ending(session: Session, client: Client) -> list[Next]:
    from app.views.contracts import ends_text

    found = (
        select(Contract)
        .where(
            Contract.client_id == client.id,
            Contract.status == ContractStatus.SIGNED.value,
            Contract.archived_at.is_(None),
            Contract.ends_on <= today() + ENDS_SOON,
        )
        .options(joinedload(Contract.service))
        .order_by(Contract.ends_on)
        .limit(MOST)
    )
    told = []
    for contract in session.scalars(found):
        mark, words = ends_text(contract) or ("later", "")
        told.append(Next(mark, words, _contract(contract)))
    return told


def _drafts(session: Session, client: Client) -> list[Next]:
    found = (
        select(Contract)
        .where(
            Contract.client_id == client.id,
            Contract.status == ContractStatus.DRAFT.value,
        )
        .options(joinedload(Contract.service))
        .order_by(Contract.id)
        .limit(MOST)
    )
    return [
        Next("nothing", gettext("Waits to be signed"), _contract(contract))
        for contract in session.scalars(found)
    ]


def _contract(contract: Contract) -> Markup:
    """A draft is called by its service already."""
    parts = [link_to(contract), contract.service.title if contract.number else ""]
    parts.append(money(contract.amount, contract.currency))
    return Markup(" · ").join(part for part in parts if part)
