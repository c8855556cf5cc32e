"""Figures as JSON: decimal text, the reason where a figure is empty, and the period beside them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from app.statistics.figures import Figures
from app.statistics.metrics import Measure

MEASURES = ("roi", "roas", "cpl", "cac", "conversion", "payback")


def as_json(figures: Figures) -> dict[str, Any]:
    """Money and ratios as decimal text (a ROI of 2.0000 is 200 %), payback as a month (2026-03).

    An empty figure is null and `reasons` says why; `complete` is false while it can still change.
    """
    measures: dict[str, Measure[Any]] = {name: getattr(figures, name) for name in MEASURES}
    period = figures.period
    return {
        "campaign": {"id": figures.scope.campaign_id, "title": figures.title},
        "period": {
            "name": period.name.value,
            "from": period.first.isoformat() if period.first else None,
            "to": period.last.isoformat() if period.last else None,
        },
        "basis": figures.basis.value,
        "complete": not figures.incomplete,
        "currency": figures.currency,
        "spend": str(figures.spend),
        "spend_is_planned": figures.spend_is_planned,
        "leads": figures.leads,
        "qualified": figures.qualified,
        "converted": figures.converted,
        "clients": figures.clients,
        "contracts": figures.contracts,
        "revenue": str(figures.revenue),
        "expected": str(figures.expected),
        "profit": str(figures.profit),
        **{name: _text(measure.value) for name, measure in measures.items()},
        "reasons": {
            name: measure.why.value for name, measure in measures.items() if measure.why is not None
        },
    }


def _text(value: Decimal | date | None) -> str | None:
    if value is None:
        return None
    return f"{value:%Y-%m}" if isinstance(value, date) else str(value)
