"""Freezing the terms of a contract: everything a document prints, as JSON, at one moment."""

from __future__ import annotations

import base64
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.base import machine
from app.models.client import Client
from app.models.company import Company
from app.models.contract import Contract
from app.models.document import Document, DocumentKind

TEMPLATE = "contract"
TEMPLATE_VERSION = 1

COMPANY_FIELDS = (
    "name", "legal_name", "tax_id", "tax_registration", "address", "bank_details", "phone",
    "email", "signatory_name", "signatory_position", "signatory_basis",
)  # fmt: skip


def company_terms(company: Company) -> dict[str, Any]:
    terms: dict[str, Any] = {field: getattr(company, field) for field in COMPANY_FIELDS}
    terms["logo"] = base64.b64encode(company.logo).decode() if company.logo else None
    terms["logo_type"] = company.logo_type
    return terms


def client_terms(client: Client, language: str) -> dict[str, Any]:
    """What the contract prints of the client; the signatory of an organisation is its person."""
    terms: dict[str, Any] = {
        "id": client.id,
        "kind": client.kind,
        "name": client.name(language),
        "legal_name": client.legal_name,
        "tax_id": client.tax_id,
        "branch_code": client.branch_code,
        "address": client.address,
        "bank_details": client.bank_details,
        "phone": client.phone_key or client.phone,
        "email": client.email,
        "signatory_name": "",
        "signatory_position": "",
        "signatory_basis": "",
    }
    signatory = client.signatory or client.main_person if client.is_organisation else None
    if signatory is not None:
        terms["signatory_name"] = signatory.name(language)
        terms["signatory_position"] = signatory.signatory_position or signatory.role
        terms["signatory_basis"] = signatory.signatory_basis
    return terms


def frozen_terms(
    contract: Contract, *, version: int, previous: dict[str, Any] | None = None, reason: str = ""
) -> dict[str, Any]:
    """The terms as they stand. With `previous`, its client and company data are kept, unless the
    contract was moved to another client.
    """
    client = client_terms(contract.client, contract.language)
    company = company_terms(Company.of(contract.session))
    if previous is not None:
        company = previous["company"]
        if contract.client.was(previous["client"].get("id")):
            client = previous["client"]
    return {
        "template": TEMPLATE,
        "template_version": TEMPLATE_VERSION,
        "version": version,
        "language": contract.language,
        "number": contract.number,
        "signed_on": machine(contract.signed_on),
        "starts_on": machine(contract.starts_on),
        "ends_on": machine(contract.ends_on),
        "amount": machine(contract.amount),
        "currency": contract.currency,
        "service": {
            "id": contract.service.id,
            "title": contract.service.title,
            "description": contract.service.description,
        },
        "amendment_reason": reason or None,
        "company": company,
        "client": client,
    }


def latest_document(session: Session, contract_id: int) -> Document | None:
    """The newest generated version of the contract's document."""
    return session.scalar(
        select(Document)
        .where(Document.contract_id == contract_id, Document.kind == DocumentKind.GENERATED.value)
        .order_by(Document.version.desc())
        .limit(1)
    )


def data_differences(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    """Which printed client and company data differ between two frozen terms, for the note."""
    return [
        {"field": f"{party}.{field}", "old": value, "new": new[party].get(field)}
        for party in ("client", "company")
        for field, value in old[party].items()
        if field not in ("id", "logo") and value != new[party].get(field)
    ]
