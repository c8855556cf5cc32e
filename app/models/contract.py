"""A contract: client, service, amount and period; signed once, never changed in silence.

The notes and documents that follow each change are written by app/listeners.py, through whatever
door the change came; the revenue entries are written by the verbs here.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    inspect,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.errors import N_, Invalid, NotAllowedNow
from app.models.base import TABLE_OPTIONS, Batched, Model, Money, Noun, PutAway, Searchable, one_of
from app.models.checks import checked_amount, checked_text, required
from app.models.clock import today, utc_now
from app.models.company import LANGUAGES, Company
from app.models.contacts import search_text_of
from app.models.revenue_entry import RevenueEntry, RevenueReason

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.campaign import Campaign
    from app.models.client import Client
    from app.models.document import Document
    from app.models.lead import Lead
    from app.models.note import Note
    from app.models.service import Service


class ContractStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    COMPLETED = "completed"
    TERMINATED = "terminated"


COUNTED = (ContractStatus.SIGNED.value, ContractStatus.COMPLETED.value)
LIVE = (ContractStatus.DRAFT.value, ContractStatus.SIGNED.value)

# Terms are printed: after signing only `amend` changes them, and a document follows.
TERMS = ("client", "service", "amount", "starts_on", "ends_on", "language")
# The rest is ours: a change leaves a note only.
OURS = ("campaign", "lead", "manager")
EDITABLE = TERMS + OURS

# Asked by the listeners, which refuse statements that pass the unit of work by (law 2).
bulk_allowed: ContextVar[bool] = ContextVar("bulk_allowed", default=False)


class NumberCounter(Model):
    """Locked in the signing transaction, so that each number is given once and none is skipped."""

    __tablename__ = "number_counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(Integer, default=0)

    @classmethod
    def next(cls, session: Session, name: str = "contract") -> int:
        """The next number; the row stays locked until the transaction ends."""
        statement = (
            update(cls).where(cls.name == name).values(value=cls.value + 1).returning(cls.value)
        )
        options = {"synchronize_session": False}
        number = session.execute(statement, execution_options=options).scalar()
        if number is None:
            raise RuntimeError(f"the counter {name!r} is missing: run `flask fab setup`")
        return int(number)


class Contract(Noun, PutAway, Batched, Searchable, Model):
    """`amount` in the company's currency; dates are company days. A put-away signed one is void.

    Signed count = signed + completed, neither terminated nor voided. Live = draft or signed.
    """

    __tablename__ = "contract"
    __table_args__ = (
        one_of("status", ContractStatus),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("(status = 'draft') = (number IS NULL)", name="number"),
        CheckConstraint("(status = 'draft') = (signed_on IS NULL)", name="signed"),
        CheckConstraint("(status = 'completed') = (completed_on IS NOT NULL)", name="completed"),
        CheckConstraint("(status = 'terminated') = (terminated_on IS NOT NULL)", name="terminated"),
        CheckConstraint("status <> 'draft' OR archived_at IS NULL", name="draft_is_deleted"),
        Index(None, "client_id", "status"),
        Index(None, "service_id", "status"),
        Index(None, "campaign_id", "status"),
        Index(None, "lead_id"),
        Index(None, "manager_id"),
        Index(None, "status", "id"),
        Index(None, "signed_on"),
        TABLE_OPTIONS,
    )

    # active_history: the listeners need the old value even of a column that is not loaded.
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), active_history=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), active_history=True)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), active_history=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), active_history=True)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), active_history=True)
    status: Mapped[str] = mapped_column(
        String(20), default=ContractStatus.DRAFT.value, active_history=True
    )
    number: Mapped[int | None] = mapped_column(Integer, unique=True, active_history=True)
    amount: Mapped[Decimal] = mapped_column(Money, active_history=True)
    currency: Mapped[str] = mapped_column(String(3), default="RUB")
    starts_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    ends_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    language: Mapped[str] = mapped_column(String(2), default="en", active_history=True)
    signed_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    completed_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    terminated_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    termination_reason: Mapped[str] = mapped_column(Text, default="", active_history=True)

    client: Mapped[Client] = relationship(back_populates="contracts", active_history=True)
    service: Mapped[Service] = relationship(back_populates="contracts", active_history=True)
    lead: Mapped[Lead | None] = relationship(active_history=True)
    campaign: Mapped[Campaign | None] = relationship(active_history=True)
    manager: Mapped[User | None] = relationship(foreign_keys=[manager_id], active_history=True)
    revenue_entries: Mapped[list[RevenueEntry]] = relationship(
        back_populates="contract", order_by="RevenueEntry.id"
    )
    documents: Mapped[list[Document]] = relationship(
        back_populates="contract", order_by="Document.version.desc()"
    )
    notes: Mapped[list[Note]] = relationship(back_populates="contract")

    # What the verb wants the listeners to write into the note and the next version; not stored.
    amendment_reason: str = ""
    takes_todays_data: bool = False
    crediting_reason: str = ""
    moves_by_merge: bool = False  # two records of one client or lead became one

    # -- questions ---------------------------------------------------------------------------

    @property
    def is_draft(self) -> bool:
        return self.status == ContractStatus.DRAFT

    @property
    def is_voided(self) -> bool:
        return self.is_put_away and not self.is_draft

    @property
    def is_live(self) -> bool:
        return self.status in LIVE and not self.is_put_away

    @property
    def can_be_signed(self) -> bool:
        return self.is_draft

    @property
    def can_be_amended(self) -> bool:
        return self.status == ContractStatus.SIGNED and not self.is_put_away

    @property
    def revenue(self) -> Decimal:
        """The sum of the revenue entries."""
        return sum((entry.amount for entry in self.revenue_entries), Decimal("0.00"))

    # -- verbs -------------------------------------------------------------------------------

    @classmethod
    def draft(cls, session: Session, **values: Any) -> Contract:
        """A new draft. Campaign and lead default to what brought the client, the amount to the
        service's price, the language to the client's. Raises Invalid by field.
        """
        for field in ("client", "service"):
            required(field, values.get(field))
        client, service = values["client"], values["service"]
        with session.no_autoflush:
            _need_standing(session, client)
            contract = cls(status=ContractStatus.DRAFT.value)
            lead = values.get("lead")
            values.setdefault("campaign", lead.campaign if lead else client.campaign)
            values.setdefault("language", client.language)
            if values.get("amount") is None:
                values["amount"] = service.price
            contract._take(values)
            contract.currency = Company.of(session).currency
            contract._refresh_search_text()
            session.add(contract)
        return contract

    def change(self, **values: Any) -> None:
        """Edits a draft, or what is ours (campaign, lead, manager) of a signed one.

        Raises NotAllowedNow for terms of a signed contract (`amend` them), Invalid by field.
        """
        self.lock()
        if "amount" in values:
            values["amount"] = checked_amount("amount", values["amount"])
        if not self.is_draft:
            changed = [f for f in TERMS if f in values and self._differs(f, values[f])]
            if changed:
                raise NotAllowedNow(
                    N_("This contract is signed: change its terms by an amendment."),
                    field=changed[0],
                )
        self._refuse_voided()
        with self.session.no_autoflush:  # a load in between would tell half of the change
            self._take(values)
            self._refresh_search_text()

    def sign(self, on: date | None = None) -> None:
        """Gives the next number and writes the revenue; version 1 of the document follows.

        `on` is a company day, today by default. Raises CompanyIncomplete naming what the contract
        prints and the company row lacks, NotAllowedNow when it is signed already.
        """
        Company.of(self.session).require_complete()
        self.lock()
        if not self.can_be_signed:
            raise NotAllowedNow(N_("This contract is signed already."), link=("contract", self.id))
        _need_standing(self.session, self.client)
        day = on or today()
        if day > today():
            raise Invalid.of("signed_on", N_("The date of signing cannot be in the future."))
        self.number = NumberCounter.next(self.session)
        with self.session.no_autoflush:
            self.status = ContractStatus.SIGNED.value
            self.signed_on = day
            self._earn(day, self.amount, RevenueReason.SIGNED)
            self._refresh_search_text()

    def amend(self, reason: str, *, takes_todays_data: bool = False, **terms: Any) -> None:
        """Changes terms of a signed contract; the next version of the document follows.

        The difference of the amount is revenue of today (company day). Client and company data
        stay as frozen unless `takes_todays_data`. Raises Invalid without a reason or a change.
        """
        self.lock()
        if not self.can_be_amended:
            raise NotAllowedNow(N_("Only a contract in force can be amended."))
        words = checked_text("reason", reason, limit=1000)
        required("reason", words)
        stranger = set(terms) - set(TERMS)
        if stranger:
            raise TypeError(f"not terms: {', '.join(sorted(stranger))}")
        if "amount" in terms:
            terms["amount"] = checked_amount("amount", terms["amount"])
        if not takes_todays_data and not any(self._differs(f, v) for f, v in terms.items()):
            raise Invalid.of("amount", N_("Change at least one of the terms."))
        with self.session.no_autoflush:  # a load in between would tell half of the change
            before = self.amount
            self._take(terms)
            self.amendment_reason = words
            self.takes_todays_data = takes_todays_data
            if self.amount != before:
                self._earn(today(), self.amount - before, RevenueReason.AMENDED)
            self._refresh_search_text()
            # A new version alone is a change too: the flush must see it.
            self.changed_at = utc_now()

    def credit(self, campaign: Campaign | None, reason: str) -> None:
        """Another campaign gets the credit for the contract, and the note says why. The campaign is
        not printed, so no version follows. Raises Invalid without a reason or a change.
        """
        words = checked_text("reason", reason, limit=1000)
        required("reason", words)
        if not self._differs("campaign", campaign):
            raise Invalid.of("campaign", N_("Choose another campaign."))
        self.change(campaign=campaign)
        self.crediting_reason = words

    def complete(self, on: date | None = None) -> None:
        """signed → completed on a company day; the revenue stays."""
        self.lock()
        if not self.can_be_amended:
            raise NotAllowedNow(N_("Only a contract in force can be completed."))
        self.completed_on = self._closing_day("completed_on", on)
        self.status = ContractStatus.COMPLETED.value

    def terminate(self, on: date | None, reason: str, *, kept: Any = 0) -> None:
        """signed → terminated on a company day. Revenue falls on that day to `kept`, what the
        client pays nevertheless (company currency, 0 ≤ kept ≤ amount).
        """
        self.lock()
        if not self.can_be_amended:
            raise NotAllowedNow(N_("Only a contract in force can be terminated."))
        words = checked_text("reason", reason, limit=1000)
        required("reason", words)
        stays = checked_amount("kept", kept)
        if stays > self.amount:
            raise Invalid.of("kept", N_("Not more than the contract's amount can stay."))
        day = self._closing_day("terminated_on", on)
        with self.session.no_autoflush:  # a load in between would tell half of the change
            self.terminated_on, self.termination_reason = day, words
            self.status = ContractStatus.TERMINATED.value
            if self.revenue != stays:
                self._earn(day, stays - self.revenue, RevenueReason.TERMINATED)

    def void(self, reason: str) -> None:
        """Deleting a signed contract: put away, its revenue taken back on the entries' own days."""
        self.lock()
        if self.is_draft:
            raise NotAllowedNow(N_("A draft is deleted, not voided."))
        if self.is_voided:
            return
        with self.session.no_autoflush:
            self._mark_put_away(reason)
            self._earn_by_day(self.revenue_entries, -1)

    def bring_back(self) -> None:
        """A voided contract counts again, its revenue on the days where it was.

        Raises NotAllowedNow for one in force whose client is put away.
        """
        self.lock()
        if not self.is_voided:
            return
        if self.status in LIVE:
            _need_standing(self.session, self.client)
        with self.session.no_autoflush:
            self._mark_brought_back()
            counted = [e for e in self.revenue_entries if e.reason != RevenueReason.VOIDED]
            self._earn_by_day(counted, 1)

    def remove(self, reason: str) -> None:
        """Law 7: a draft is really deleted, a signed contract voided."""
        self.lock()
        if self.is_draft:
            self.session.delete(self)
        else:
            self.void(reason)

    # -- how verbs are made ------------------------------------------------------------------

    def _take(self, values: dict[str, Any]) -> None:
        for field in ("client", "service"):
            if field in values:
                required(field, values[field])
        if "amount" in values:
            values["amount"] = checked_amount("amount", values["amount"])
        if "client" in values and self.id is not None and self._differs("client", values["client"]):
            _need_standing(self.session, values["client"])
        if values.get("language", "en") not in LANGUAGES:
            raise Invalid.of("language", N_("Choose English or Russian."))
        starts = values.get("starts_on", self.starts_on)
        ends = values.get("ends_on", self.ends_on)
        if starts and ends and ends < starts:
            raise Invalid.of("ends_on", N_("The end cannot be before the start."))
        for field, value in values.items():
            if field not in EDITABLE:
                raise TypeError(f"not editable: {field}")
            if self._differs(field, value):
                setattr(self, field, value)

    def _differs(self, field: str, value: Any) -> bool:
        return bool(getattr(self, field) != value)

    def _refuse_voided(self) -> None:
        if self.is_voided:
            raise NotAllowedNow(N_("This contract is voided. Bring it back first."))

    def _closing_day(self, field: str, on: date | None) -> date:
        day = on or today()
        if day > today():
            raise Invalid.of(field, N_("The date cannot be in the future."))
        if self.signed_on and day < self.signed_on:
            raise Invalid.of(field, N_("The date cannot be before the signing."))
        return day

    def _earn(self, day: date, amount: Decimal, reason: RevenueReason) -> None:
        if amount:
            self.revenue_entries.append(
                RevenueEntry(
                    day=day,
                    amount=amount,
                    reason=reason.value,
                    currency=self.currency,
                )
            )

    def _earn_by_day(self, entries: list[RevenueEntry], sign: int) -> None:
        """Takes back (−1) or gives again (1) the entries' sums on their own days."""
        by_day: dict[date, Decimal] = {}
        for entry in entries:
            by_day[entry.day] = by_day.get(entry.day, Decimal(0)) + entry.amount
        for day, amount in by_day.items():
            self._earn(day, sign * amount, RevenueReason.VOIDED)

    def _refresh_search_text(self) -> None:
        self.search_text = self.text_to_search()

    def text_to_search(self) -> str:
        return search_text_of(str(self.number or ""), self.client.name(), self.service.title)

    def __repr__(self) -> str:
        return f"№ {self.number}" if self.number else f"{self.service} (draft)"


def find_by_new_name(client: Client) -> None:
    """Search follows a renamed client. No change of the contracts: no note, no new version."""
    state: Any = inspect(client)
    if not state.persistent:
        return
    session = client.session
    found = session.scalars(select(Contract).where(Contract.client_id == client.id)).all()
    token = bulk_allowed.set(True)
    try:
        for contract in found:
            session.execute(
                update(Contract)
                .where(Contract.id == contract.id)
                .values(
                    search_text=contract.text_to_search(),
                    changed_at=Contract.changed_at,
                    changed_by_id=Contract.changed_by_id,
                )
                .execution_options(synchronize_session=False)
            )
            session.expire(contract, ["search_text"])
    finally:
        bulk_allowed.reset(token)


def _need_standing(session: Session, client: Client) -> None:
    """Law 7: a client with live contracts is not put away. Read anew under the lock that keeps it
    so until the transaction ends.
    """
    archived = type(client).archived_at
    query = select(archived).where(type(client).id == client.id)
    if session.scalar(query.with_for_update(read=True, key_share=True)) is not None:
        raise NotAllowedNow(N_("The client is put away. Bring it back first."), field="client")
