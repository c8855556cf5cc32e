"""What each figure counts, said once: the table sums these rows, the list behind it shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    cast,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from app.models.contract import COUNTED, Contract, ContractStatus
from app.models.lead import Lead, LeadStatus, counts_in_figures
from app.models.revenue_entry import RevenueEntry
from app.models.spend import Spend
from app.statistics.periods import Basis, Period
from app.statistics.scope import Scope

DRAFT = ContractStatus.DRAFT.value
REACHED_QUALIFIED = (LeadStatus.QUALIFIED.value, LeadStatus.CONVERTED.value)

Columns = ReadOnlyColumnCollection[str, ColumnElement[Any]]


def leads(period: Period, scope: Scope) -> list[ColumnElement[bool]]:
    """Leads received in the period; no tests, spam, duplicates or mistakes."""
    return [
        counts_in_figures(), *period.of_instants(Lead.received_at), *scope.of(Lead.campaign_id),
    ]  # fmt: skip


def is_qualified() -> ColumnElement[bool]:
    """Qualified by now, or converted since."""
    return Lead.status.in_(REACHED_QUALIFIED)


def is_converted() -> ColumnElement[bool]:
    return Lead.status == LeadStatus.CONVERTED.value


def spends(period: Period, scope: Scope) -> list[ColumnElement[bool]]:
    return [*period.of_days(Spend.day), *scope.of(Spend.campaign_id)]


def contracts(period: Period, basis: Basis, scope: Scope) -> FromClause:
    """Contracts of the period, credited to their own campaign.

    By cohort: those whose lead was received in it; a contract without a lead, and by signing every
    contract, goes by the day of its signing, a draft by the day on which it was begun.
    """
    chosen = select(
        Contract.id,
        Contract.client_id,
        Contract.campaign_id,
        Contract.status,
        Contract.number,
        Contract.amount,
        Contract.signed_on,
        Contract.created_at,
        Contract.archived_at,
    ).where(*scope.of(Contract.campaign_id))
    if period.is_all_time:
        return chosen.subquery("contracts")
    own_day = or_(
        and_(*period.of_days(Contract.signed_on)),
        and_(Contract.status == DRAFT, *period.of_instants(Contract.created_at)),
    )
    if basis is Basis.SIGNING:
        return chosen.where(own_day).subquery("contracts")
    of_leads = chosen.join(Lead, Lead.id == Contract.lead_id).where(
        *period.of_instants(Lead.received_at)
    )
    without_lead = chosen.where(Contract.lead_id.is_(None), own_day)
    return union_all(of_leads, without_lead).cte("contracts")


def is_counted(of: Columns) -> ColumnElement[bool]:
    """Signed or completed, neither terminated nor voided."""
    return and_(of.status.in_(COUNTED), of.archived_at.is_(None))


def is_expected(of: Columns) -> ColumnElement[bool]:
    return of.status == DRAFT


def is_first_of_client(of: Columns) -> ColumnElement[bool]:
    """The client's first contract ever, whatever became of it; a voided one never was."""
    earlier = aliased(Contract, name="earlier")
    before = or_(
        earlier.signed_on < of.signed_on,
        and_(earlier.signed_on == of.signed_on, earlier.id < of.id),
    )
    another = select(earlier.id).where(
        earlier.client_id == of.client_id, earlier.archived_at.is_(None), before
    )
    return and_(of.signed_on.is_not(None), of.archived_at.is_(None), ~another.exists())


def revenue(
    period: Period, basis: Basis, scope: Scope, chosen: FromClause, *columns: ColumnElement[Any]
) -> tuple[Select[*tuple[Any, ...]], Any]:
    """The revenue entries of the period with `columns`, and where their contract's columns are.

    By cohort everything that the cohort's contracts have earned since; by signing what was earned
    in the period. `chosen` are the period's contracts.
    """
    if basis is Basis.SIGNING:
        entries = (
            select(*columns)
            .select_from(RevenueEntry)
            .join(Contract, Contract.id == RevenueEntry.contract_id)
            .where(*period.of_days(RevenueEntry.day), *scope.of(Contract.campaign_id))
        )
        return entries, Contract
    entries = (
        select(*columns)
        .select_from(RevenueEntry)
        .join(chosen, chosen.c.id == RevenueEntry.contract_id)
    )
    return entries, chosen.c


def month_text(day: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """The month of a company day as 2026-03: both databases write a date as ISO text."""
    return func.substr(cast(day, String(10)), 1, 7)
