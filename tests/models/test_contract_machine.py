"""Random lives of a contract against a plain model: states, numbers, revenue, notes, documents."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select, update

from app.errors import CrmError
from app.extensions import db
from app.laws import LAWS
from app.listeners import bulk_allowed
from app.models import Client, Contract, Document, Note, NumberCounter, RevenueEntry
from app.models.clock import today, travel, utc_now
from tests.factories import complete_company, make_client, make_contract, make_service

AMOUNTS = st.decimals("0", "1000", places=2)
ENDS = ("commit", "commit", "rollback", "savepoint")


class Plain:
    """The same contract as a few plain values."""

    def __init__(self) -> None:
        self.status, self.amount = "draft", Decimal("100.00")
        self.number: int | None = None
        self.is_voided = self.is_gone = False
        self.signed_on: date | None = None
        self.counted: list[tuple[date, Decimal]] = []  # what the contract earns while it counts
        self.versions = 0
        self.kinds = ["created"]

    @property
    def revenue(self) -> Decimal:
        return Decimal(0) if self.is_voided else sum((a for _, a in self.counted), Decimal(0))

    @property
    def by_day(self) -> dict[date, Decimal]:
        days: dict[date, Decimal] = {}
        for day, amount in [] if self.is_voided else self.counted:
            days[day] = days.get(day, Decimal(0)) + amount
        return {day: amount for day, amount in days.items() if amount}

    @property
    def in_force(self) -> bool:
        return self.status == "signed" and not self.is_voided


class Life(RuleBasedStateMachine):
    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.context = self.app.app_context()
        self.context.push()
        self.session = db.session()
        complete_company(self.session)
        service = make_service(self.session)
        client = make_client(self.session)
        contract = make_contract(
            self.session, client=client, service=service, amount=Decimal("100.00")
        )
        self.id, self.client_id = contract.id, client.id
        self.session.commit()
        self.plain = Plain()
        self.now = utc_now() - timedelta(days=300)
        self.number = self.session.scalar(select(NumberCounter.value)) or 0

    def teardown(self) -> None:
        self.session.rollback()
        broken = [line for law in LAWS if (line := law.broken(self.session))]
        with bulk_allowed():
            self.session.execute(delete(Note).where(Note.contract_id.is_not(None)))
            for noun in (Document, RevenueEntry, Contract):
                self.session.execute(delete(noun))
            self.session.execute(update(NumberCounter).values(value=0))
            self.session.commit()
        db.session.remove()
        self.context.pop()
        assert broken == []

    # -- acts --------------------------------------------------------------------------------

    def act(self, end: str, name: str, *args: Any, **values: Any) -> bool:
        """Does a verb as a door does, a day later; whether it was done and stays."""
        self.now += timedelta(days=1)
        self.session.expire_all()
        with travel(self.now):
            contract = self.session.get(Contract, self.id)
            if contract is None:
                return False
            savepoint = self.session.begin_nested() if end == "savepoint" else None
            try:
                getattr(contract, name)(*args, **values)
                self.session.flush()
            except CrmError:
                self.session.rollback()
                self.refused = True
                return False
            self.refused = False
            if savepoint is not None:
                savepoint.rollback()
            if end == "rollback":
                self.session.rollback()
            self.session.commit()
        return end == "commit"

    @property
    def day(self) -> date:
        with travel(self.now):
            return today()

    def allowed(self, wanted: bool) -> None:
        """The verb refused exactly when the plain model does."""
        if not self.plain.is_gone:
            assert self.refused is not wanted

    @rule(end=st.sampled_from(ENDS), amount=AMOUNTS)
    def change_amount(self, end: str, amount: Decimal) -> None:
        done = self.act(end, "change", amount=amount)
        draft = self.plain.status == "draft"
        self.allowed(draft or (amount == self.plain.amount and not self.plain.is_voided))
        if done and draft and amount != self.plain.amount:
            self.plain.kinds.append("changed")
            self.plain.amount = amount

    @rule(end=st.sampled_from(ENDS))
    def sign(self, end: str) -> None:
        done = self.act(end, "sign")
        self.allowed(self.plain.status == "draft")
        if done:
            self.number += 1
            self.plain.status, self.plain.number = "signed", self.number
            self.plain.signed_on = self.day
            self.plain.counted = [(self.day, self.plain.amount)]
            self.plain.versions = 1
            self.plain.kinds.append("signed")

    @rule(end=st.sampled_from(ENDS), amount=AMOUNTS, fresh=st.booleans())
    def amend(self, end: str, amount: Decimal, fresh: bool) -> None:
        done = self.act(end, "amend", "why", amount=amount, takes_todays_data=fresh)
        self.allowed(self.plain.in_force and (fresh or amount != self.plain.amount))
        if done:
            self.plain.counted.append((self.day, amount - self.plain.amount))
            self.plain.amount = amount
            self.plain.versions += 1
            self.plain.kinds.append("amended")

    @rule(end=st.sampled_from(ENDS))
    def complete(self, end: str) -> None:
        done = self.act(end, "complete")
        self.allowed(self.plain.in_force)
        if done:
            self.plain.status = "completed"
            self.plain.kinds.append("completed")

    @rule(end=st.sampled_from(ENDS), kept=AMOUNTS, back=st.integers(0, 3))
    def terminate(self, end: str, kept: Decimal, back: int) -> None:
        on = self.day - timedelta(days=back)
        done = self.act(end, "terminate", on, "why", kept=kept)
        signed = self.plain.signed_on
        self.allowed(
            self.plain.in_force
            and kept <= self.plain.amount
            and (signed is None or on >= signed)
        )  # fmt: skip
        if done:
            self.plain.counted.append((on, kept - self.plain.revenue))
            self.plain.status = "terminated"
            self.plain.kinds.append("terminated")

    @rule(end=st.sampled_from(ENDS))
    def remove(self, end: str) -> None:
        done = self.act(end, "remove", "mistake")
        if done and self.plain.status == "draft":
            self.plain.is_gone = True
        elif done and not self.plain.is_voided:
            self.plain.is_voided = True
            self.plain.kinds.append("voided")

    @rule(end=st.sampled_from(ENDS))
    def bring_back(self, end: str) -> None:
        if self.act(end, "bring_back") and self.plain.is_voided:
            self.plain.is_voided = False
            self.plain.kinds.append("brought_back")

    @rule()
    def rename_the_client(self) -> None:
        client = self.session.get_one(Client, self.client_id)
        client.change(last_name=f"Name {self.now:%j}")
        self.session.commit()

    # -- what must hold ----------------------------------------------------------------------

    @invariant()
    def the_same_as_the_plain_one(self) -> None:
        self.session.expire_all()
        contract = self.session.get(Contract, self.id)
        if self.plain.is_gone:
            assert contract is None
            assert self.session.scalar(select(func.count(Document.id))) == 0
            return
        assert contract is not None
        plain = self.plain
        assert (contract.status, contract.amount, contract.number) == (
            plain.status, plain.amount, plain.number,
        )  # fmt: skip
        assert contract.is_voided is plain.is_voided
        assert contract.revenue == plain.revenue
        days: dict[date, Decimal] = {}
        for entry in contract.revenue_entries:
            days[entry.day] = days.get(entry.day, Decimal(0)) + entry.amount
        assert {day: amount for day, amount in days.items() if amount} == plain.by_day
        documents = sorted(contract.documents, key=lambda one: one.version)
        assert [one.version for one in documents] == list(range(1, plain.versions + 1))
        if documents:
            assert documents[-1].terms["amount"] == str(plain.amount)
        notes = select(Note.kind).where(Note.contract_id == self.id).order_by(Note.id)
        assert self.session.scalars(notes).all() == plain.kinds
        assert self.session.scalar(select(NumberCounter.value)) == self.number
        self.session.commit()


@pytest.mark.slow
def test_any_life_of_a_contract_is_as_plain_arithmetic_says(app: Flask) -> None:
    machine = type("LifeHere", (Life,), {"app": app})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
