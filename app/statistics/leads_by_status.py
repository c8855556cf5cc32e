"""How the leads of a period stand now, by one statement grouped in SQL."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from app.models.lead import Lead, LeadStatus
from app.statistics import sources
from app.statistics.periods import Period
from app.statistics.scope import Scope


def leads_by_status(
    session: Session, period: Period, scope: Scope | None = None, *also: ColumnElement[bool]
) -> dict[LeadStatus, int]:
    """Counts of every status, zeros included; `also` are further conditions on Lead."""
    counted = (
        select(Lead.status, func.count())
        .where(*sources.leads(period, scope or Scope()), *also)
        .group_by(Lead.status)
    )
    found: dict[str, int] = {row[0]: row[1] for row in session.execute(counted)}
    return {status: found.get(status.value, 0) for status in LeadStatus}
