"""What the company says of every arrival, whoever sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.models.company import Company, respond_by

RULES = (Company.phone_region, Company.working_week, Company.days_off, Company.response_minutes)


@dataclass(frozen=True, slots=True)
class Rules:
    """The region of national phones, and how soon one answers in which hours."""

    region: str
    week: str
    days_off: str
    minutes: int

    def respond_by(self, at: datetime) -> datetime | None:
        return respond_by(at, self.week, self.days_off, self.minutes)
