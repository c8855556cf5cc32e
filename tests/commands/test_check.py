"""`flask fab check`: silent about sound data, and a line for each law that somebody has broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.documents import queue
from app.extensions import db
from app.intake import Arrival, CampaignSent, receive
from app.laws import LAWS
from app.listeners import bulk_allowed
from app.models import Batch, Campaign, Contract, Lead
from app.models.current_batch import filling
from app.models.lead import NewOrganisation, NewPerson
from tests.factories import (
    make_campaign,
    make_contract,
    make_signed_contract,
    make_source,
    make_spend,
)

Run = Callable[..., Result]


def ask(session: Session, phone: str, campaign: Campaign | None = None, email: str = "") -> Lead:
    sent = CampaignSent(str(campaign.id)) if campaign else None
    arrival = Arrival(first_name="Ada", phone=phone, email=email, campaign=sent)
    return session.get_one(Lead, receive(session, arrival).lead_id)


@pytest.fixture
def company(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A little of everything, made by the verbs; each first row has the id 1 or a known place."""
    monkeypatch.setattr(queue, "render_pdf", lambda *_, **__: b"%PDF-1.4 made up %%EOF")
    campaign = make_campaign(session)
    make_spend(session, campaign=campaign)
    client = ask(session, "+79000000003", campaign).convert(NewPerson())
    firm = ask(session, "+79000000004").convert(NewOrganisation("Vector"))
    firm.change(tax_id="7700000001")
    contract = make_signed_contract(session, client=client, amount=Decimal(100))
    ended = make_signed_contract(session, client=client, amount=Decimal(100))
    session.flush()
    ended.terminate(None, "why not", kept=30)
    make_signed_contract(session, client=firm).void("mistake")
    make_contract(session, client=client)
    session.commit()
    contract.amend("more", amount=Decimal(110))
    ask(session, "+79000000005").lose("no_need")
    make_source(session)
    for phone in ("+79000000001", "+79000000002"):
        ask(session, phone, campaign, email="a@example.com")
    gone = Batch(kind="seed", label="demo", facts={"finished": True, "numbers": []})
    session.add(gone)
    session.commit()
    queue.render_waiting(db.engine)


def test_sound_data_breaks_no_law(session: Session, company: None) -> None:
    assert [law.broken(session) for law in LAWS] == [None] * len(LAWS)


# What somebody does to the database, and a piece of the line that tells of it.
BROKEN: dict[str, tuple[str, str]] = {
    "same open lead": (
        "UPDATE lead SET phone_key = NULL WHERE phone_key = '+79000000002'",
        "one open lead in a campaign",
    ),
    "converted without note": (
        "DELETE FROM note WHERE kind = 'converted' AND lead_id = {lead}",
        "converted lead has its client and a note that tells of it: lead {lead}.",
    ),
    "no beginning": (
        "DELETE FROM note WHERE kind = 'created' AND client_id = {client} AND contract_id IS NULL",
        "the note of their beginning: client {client}.",
    ),
    "mute lead": (
        "UPDATE lead SET phone_key = NULL, email_key = NULL WHERE id = {lead}",
        "one way to be reached: lead {lead}.",
    ),
    "client put away with contracts": (
        "UPDATE client SET archived_at = created_at, archived_reason = 'other' WHERE id = {client}",
        "has no live contract, a put-away lead no standing client: client {client}.",
    ),
    "put away without reason": (
        "UPDATE campaign SET archived_at = created_at",
        "what is put away says when and why, what is not says neither: campaign",
    ),
    "contact point of nobody": (
        "INSERT INTO contact_point (kind, typed, label, lead_id, created_at, changed_at)"
        " VALUES ('phone', '1', '', 999, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
        "that exists: contact point",
    ),
    "no main person": (
        "UPDATE contact_person SET is_main = FALSE",
        "an organisation has one main contact person if it has any",
    ),
    "accepted without lead": (
        "UPDATE submission SET lead_id = NULL",
        "an accepted submission has its lead",
    ),
    "silent signature": (
        "DELETE FROM note WHERE kind = 'signed' AND contract_id = {contract}",
        "voided: contract {contract} (signed).",
    ),
    "silent termination": (
        "DELETE FROM note WHERE kind = 'terminated'",
        "(terminated).",
    ),
    "missing number": (
        "UPDATE contract SET number = 77 WHERE id = {contract}",
        "without a gap: 1 is missing, 77 is above the counter.",
    ),
    "number given twice": (
        "UPDATE batch SET undone_at = CURRENT_TIMESTAMP,"
        """ facts = '{{"finished": true, "numbers": [1]}}'""",
        "1 is given twice.",
    ),
    "lost document": (
        "DELETE FROM document WHERE contract_id = {contract} AND version = 2",
        "exactly one document, from 1 on without a gap: contract {contract} (version 2).",
    ),
    "lost first version": (
        "DELETE FROM document WHERE contract_id = {contract} AND version = 1",
        "exactly one document, from 1 on without a gap: contract {contract}, contract",
    ),
    "changed bytes": (
        "UPDATE document SET sha256 = 'other' WHERE contract_id = {contract} AND version = 1",
        "of its size and SHA-256",
    ),
    "other terms": (
        "UPDATE contract SET amount = 11100 WHERE id = {contract}",
        "prints the terms that its contract has: contract {contract}.",
    ),
    "lost revenue": (
        "DELETE FROM revenue_entry WHERE contract_id = {contract} AND reason = 'amended'",
        "revenue entries add up",
    ),
    "foreign money": ("UPDATE spend SET currency = 'EUR'", "in the company's currency: spend"),
    "negative spend": ("UPDATE spend SET amount = -1", "none of them below zero: spend"),
    "stale search": (
        "UPDATE client SET search_text = 'nothing' WHERE id = {client}",
        "by what stands in it: client {client}.",
    ),
    "dangling reference": (
        "UPDATE contract SET campaign_id = 999 WHERE id = {contract}",
        "every reference leads to a row: contract.campaign_id of {contract}.",
    ),
    "note of nobody": (
        "UPDATE note SET lead_id = NULL, client_id = NULL WHERE kind = 'lost'",
        "a note tells of a lead or a client: note",
    ),
}
CHECKS = {
    "negative spend": ("spend", "ck_spend_amount"),
    "note of nobody": ("note", "ck_note_whose"),
}


@pytest.fixture
def unguarded(app: Flask, company: None) -> Iterator[Session]:
    """A session without foreign keys and checks; what it does is gone afterwards."""
    db.session.remove()
    with db.engine.connect() as connection, bulk_allowed():
        driver: Any = connection.connection.driver_connection
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute("PRAGMA ignore_check_constraints=ON")
        outer = connection.begin()
        if not on_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()
        if on_sqlite:
            driver.execute("PRAGMA foreign_keys=ON")
            driver.execute("PRAGMA ignore_check_constraints=OFF")


@pytest.mark.parametrize("deed", BROKEN)
def test_a_broken_law_has_its_line(unguarded: Session, deed: str) -> None:
    statement, told = BROKEN[deed]
    contract = unguarded.scalars(select(Contract).order_by(Contract.id)).first()
    assert contract is not None
    ids = {
        "contract": contract.id,
        "client": contract.client_id,
        "lead": contract.client.leads[0].id,
    }
    if deed in CHECKS and unguarded.get_bind().dialect.name == "postgresql":
        table, constraint = CHECKS[deed]
        unguarded.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"))
    changed = unguarded.execute(text(statement.format(**ids)))
    assert changed.rowcount > 0  # type: ignore[attr-defined]
    unguarded.commit()

    lines = [line for law in LAWS if (line := law.broken(unguarded))]

    assert any(told.format(**ids) in line for line in lines), lines


def test_every_law_can_be_broken(company: None) -> None:
    """Each law has at least one deed above."""
    for law in LAWS:
        pieces = [told.split(":")[0].split("{")[0] for _, told in BROKEN.values()]
        assert any(
            piece in f"Broken: {law.sentence}: " or piece.startswith((" ", "(", "1 "))
            for piece in pieces
        ), law.sentence


def test_the_command_says_so_by_its_exit_code(session: Session, company: None, run: Run) -> None:
    assert run("check").exit_code == 0
    campaign = session.scalars(select(Campaign)).first()
    assert campaign is not None
    campaign.currency = "EUR"
    session.commit()
    told = run("check")
    assert told.exit_code == 1
    assert "in the company's currency: campaign" in told.output


def test_waived_documents_are_counted(session: Session, run: Run) -> None:
    batch = Batch(kind="seed", label="large", documents_waived=True)
    session.add(batch)
    session.flush()
    with filling(batch.id):
        make_signed_contract(session)
    session.commit()
    told = run("check")
    assert told.exit_code == 0, told.output
    assert "waived by their batch: 1 contracts" in told.output
