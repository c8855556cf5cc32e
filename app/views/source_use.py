"""What came from a source: how much of each outcome, and the last of it by codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.models.clock import day_bounds, today
from app.models.submission import Submission

LAST_SHOWN = 20
COUNTED = (("today", _("Today")), ("week", _("7 days")), ("month", _("30 days")))
MOST_COUNTED = 10_000


def period_starts() -> dict[str, datetime]:
    """When each of the counted periods began: company days, today among them."""
    today_at = day_bounds(today(), today())[0]
    return {
        "today": today_at,
        "week": today_at - timedelta(days=6),
        "month": today_at - timedelta(days=29),
    }


def counts_of(session: Session, source_id: int) -> list[tuple[Any, dict[str, int], bool]]:
    """(period, {outcome: number}, whether there are more), of the last 10,000 at most."""
    starts = period_starts()
    last = (
        select(Submission.outcome, Submission.received_at)
        .where(Submission.source_id == source_id, Submission.received_at >= starts["month"])
        .order_by(Submission.received_at.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    periods = [
        func.sum(case((last.c.received_at >= starts[name], 1), else_=0)) for name, _w in COUNTED
    ]
    found = session.execute(select(last.c.outcome, *periods).group_by(last.c.outcome))
    rows = [(outcome, [int(number) for number in numbers]) for outcome, *numbers in found]
    is_cut = sum(numbers[-1] for _outcome, numbers in rows) >= MOST_COUNTED
    return [
        (word, {outcome: numbers[at] for outcome, numbers in rows if numbers[at]}, is_cut)
        for at, (_name, word) in enumerate(COUNTED)
    ]


def last_submissions_of(session: Session, source_id: int) -> list[Any]:
    """Time, outcome and reason codes; never a body, which is not for the marketer's eyes."""
    last = (
        select(
            Submission.id,
            Submission.received_at,
            Submission.outcome,
            Submission.reasons,
            Submission.warnings,
        )
        .where(Submission.source_id == source_id)
        .order_by(Submission.received_at.desc(), Submission.id.desc())
        .limit(LAST_SHOWN)
    )
    return [
        (number, at, outcome, codes_of(reasons) + codes_of(warnings))
        for number, at, outcome, reasons, warnings in session.execute(last)
    ]


def codes_of(remarks: dict[str, Any] | None) -> list[str]:
    return [
        f"{field}: {one.get('code', '')}" for field, said in (remarks or {}).items() for one in said
    ]
