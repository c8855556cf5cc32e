"""The plan where no cost was recorded: the budget, spread over the campaign's days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.models import clock
from app.statistics.metrics import planned_part
from app.statistics.periods import Period


@dataclass(frozen=True, slots=True)
class Plan:
    """A budget over the company days first…last, both included."""

    budget: Decimal | None
    first: date
    last: date

    @classmethod
    def of(cls, row: Any) -> Plan:
        """Of a campaign, or of a row with its `budget`, `starts_on`, `ends_on`, `created_at`.

        Without an end the budget falls on the start as a whole; without a start the campaign
        starts on the day on which it was recorded, at the latest on its end.
        """
        created_at: datetime = row.created_at
        first: date = row.starts_on or clock.company_day(created_at)
        if row.starts_on is None and row.ends_on is not None:
            first = min(first, row.ends_on)
        return cls(row.budget, first, row.ends_on or first)

    def spend_in(self, period: Period) -> Decimal:
        """The period's share of the budget by days."""
        days = (self.last - self.first).days + 1
        return planned_part(self.budget, period.days_shared_with(self.first, self.last), days)
