"""The figures of one campaign, of some or of all: sums, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.statistics import metrics
from app.statistics.metrics import NOTHING, Measure, Why
from app.statistics.periods import Basis, Period
from app.statistics.scope import Scope, ScopeKind


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums are exact, in `currency`. `planned` is the part of `spend` that is plan, not cost.

    `converted`, `qualified` and `leads` are of one cohort; `incomplete` when the period is not over
    and the campaign may still spend and receive.
    """

    scope: Scope
    period: Period
    basis: Basis
    title: str = ""
    channel: str = ""
    currency: str = ""
    spend: Decimal = NOTHING
    planned: Decimal = NOTHING
    leads: int = 0
    qualified: int = 0
    converted: int = 0
    clients: int = 0
    contracts: int = 0
    revenue: Decimal = NOTHING
    expected: Decimal = NOTHING
    revenue_by_month: dict[date, Decimal] = field(default_factory=dict)
    incomplete: bool = False
    put_away: bool = False

    @property
    def spend_is_planned(self) -> bool:
        """Whether no real cost is known and the budget stands in for it, at least in part."""
        return self.planned != NOTHING

    @property
    def profit(self) -> Decimal:
        return metrics.profit(self.revenue, self.spend)

    @property
    def roi(self) -> Measure[Decimal]:
        return metrics.roi(self.revenue, self.spend)

    @property
    def roas(self) -> Measure[Decimal]:
        return metrics.roas(self.revenue, self.spend)

    @property
    def cpl(self) -> Measure[Decimal]:
        return metrics.cpl(self.spend, self.leads)

    @property
    def cac(self) -> Measure[Decimal]:
        return metrics.cac(self.spend, self.clients)

    @property
    def conversion(self) -> Measure[Decimal]:
        return metrics.conversion(self.converted, self.leads)

    @property
    def payback(self) -> Measure[date]:
        """Of a cohort only: by signing date, spend and revenue are of different people."""
        if self.basis is not Basis.COHORT:
            return Measure.empty(Why.BY_COHORT_ONLY)
        return metrics.payback(self.revenue_by_month, self.spend)

    @property
    def payback_holds(self) -> bool:
        """False when terminations have since taken the revenue below the spend again."""
        return self.payback.value is not None and self.revenue >= self.spend

    @property
    def has_anything(self) -> bool:
        return any(getattr(self, name) for name in SUMMED)


SUMMED = (
    "spend", "planned", "leads", "qualified", "converted", "clients", "contracts", "revenue",
    "expected",
)  # fmt: skip


def total(
    kind: ScopeKind, rows: Iterable[Figures], *, period: Period, basis: Basis, currency: str
) -> Figures:
    """One row that gathers others; its sums are theirs."""
    rows = list(rows)
    months: dict[date, Decimal] = {}
    for row in rows:
        for month, amount in row.revenue_by_month.items():
            months[month] = months.get(month, NOTHING) + amount
    sums = {name: sum((getattr(r, name) for r in rows), start=_zero(name)) for name in SUMMED}
    return Figures(
        scope=Scope(kind),
        period=period,
        basis=basis,
        currency=currency,
        revenue_by_month=months,
        incomplete=any(row.incomplete for row in rows),
        **sums,  # type: ignore[arg-type]
    )


def _zero(name: str) -> Decimal | int:
    return NOTHING if name in {"spend", "planned", "revenue", "expected"} else 0
