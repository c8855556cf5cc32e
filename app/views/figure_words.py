"""How figures read on the screen: their names, formulas, values, and the reason of an empty one."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from flask_babel import gettext, lazy_pgettext, pgettext
from flask_babel import lazy_gettext as _

from app.models.contract import ContractStatus
from app.models.lead import LeadStatus
from app.models.revenue_entry import RevenueReason
from app.statistics import Basis, Figures, Measure, Period, Scope, Why
from app.statistics.periods import PeriodName
from app.statistics.rows import Part
from app.statistics.scope import ScopeKind
from app.ui import formatters, labels

DASH = "—"

WHYS = {
    Why.NO_SPEND: _("no spend"),
    Why.NO_LEADS: _("no leads"),
    Why.NO_CLIENTS: _("no new clients"),
    Why.NOT_YET: _("not yet"),
    Why.BY_COHORT_ONLY: _("by cohort only"),
    Why.NEW: _("new"),
}

PERIODS = {
    PeriodName.THIS_MONTH: _("This month"),
    PeriodName.LAST_MONTH: _("Last month"),
    PeriodName.QUARTER: _("This quarter"),
    PeriodName.YEAR: _("This year"),
    PeriodName.ALL: _("All time"),
}

BASES = {
    Basis.COHORT: _("By cohort: the month in which the lead was received"),
    Basis.SIGNING: _("By signing: the month in which the contract was signed"),
}

SHORT_BASES = {Basis.COHORT: _("By cohort"), Basis.SIGNING: _("By signing")}

ROWS = {
    ScopeKind.ALL: _("All campaigns"),
    ScopeKind.PUT_AWAY: _("Campaigns put away"),
    ScopeKind.NO_CAMPAIGN: _("Without campaign"),
}

PARTS = {
    Part.LEADS: _("Leads"),
    Part.QUALIFIED: _("Qualified leads"),
    Part.CONVERTED: _("Converted leads"),
    Part.SPENT: _("Recorded spend"),
    Part.PLANNED: _("Planned spend"),
    Part.CONTRACTS: _("Signed contracts"),
    Part.CLIENTS: _("First contracts of new clients"),
    Part.EXPECTED: _("Draft contracts"),
    Part.REVENUE: _("Revenue entries"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A figure as a column of the table: its attribute, its name and its formula."""

    name: str
    label: Any
    formula: Any


COLUMNS = (
    Column(
        "spend",
        _("Spend"),
        _("Recorded spend of the period; where there is none, the budget by days, marked plan."),
    ),
    Column("leads", _("Leads"), _("Received in the period; no tests, spam, duplicates, mistakes.")),
    Column("cpl", _("CPL"), _("Cost of a lead = spend / leads.")),
    Column(
        "qualified",
        lazy_pgettext("how many", "Qualified"),
        _("Leads of the period qualified by now, or converted."),
    ),
    Column(
        "conversion",
        _("Conversion"),
        _("Converted leads of the period / all leads of the same period."),
    ),
    Column(
        "contracts",
        _("Contracts"),
        _("Signed or completed, neither terminated nor voided. Without a lead: by signing."),
    ),
    Column(
        "revenue",
        _("Revenue"),
        _("Signed amounts, amendments, terminations and refunds, each on its day."),
    ),
    Column("profit", _("Profit"), _("Revenue − spend.")),
    Column("roi", _("ROI"), _("(Revenue − spend) / spend.")),
    Column(
        "payback",
        _("Payback"),
        _("First month by whose end the cohort's revenue reaches its spend."),
    ),
    Column("clients", _("New clients"), _("Clients whose first contract ever this is.")),
    Column("cac", _("CAC"), _("Cost of a client = spend / new clients.")),
    Column("expected", _("Expected"), _("Amounts of draft contracts; not yet revenue.")),
    Column("roas", _("ROAS"), _("Revenue / spend.")),
)
COLUMN = {column.name: column for column in COLUMNS} | {
    "converted": Column(
        "converted",
        lazy_pgettext("how many", "Converted"),
        _("Leads of the period converted by now."),
    ),
}
RATIOS = {"conversion", "roi", "roas"}
# What the table shows unless all are asked for.
MAIN = COLUMNS[:10]


def whole_columns(rows: Iterable[Figures]) -> set[str]:
    """The columns of money without hundredths, which are then left out."""
    rows = list(rows)
    amounts = {
        column.name: [plain(column.name, row) for row in rows]
        for column in COLUMNS
        if column.name not in RATIOS
    }
    return {
        name
        for name, values in amounts.items()
        if all(not isinstance(v, Decimal) or v == v.to_integral_value() for v in values)
    }


def shown(name: str, figures: Figures, whole: Container[str] = ()) -> str:
    """The value of a figure as text; a dash where it is undefined."""
    value = plain(name, figures)
    if value is None:
        return DASH
    if isinstance(value, date):
        return month(value)
    if name in RATIOS:
        return formatters.percent(value)
    return amount(value, figures.currency, whole=name in whole)


def change(name: str, now: Figures, before: Figures | None, whole: Container[str] = ()) -> str:
    """How far a figure is from that of the period before, with its sign: `+3`, `-₽100`, `+12 pp`;
    '' where either is undefined.
    """
    if before is None or name == "payback":
        return ""
    value, earlier = plain(name, now), plain(name, before)
    if value is None or earlier is None:
        return ""
    difference = value - earlier
    if not difference:
        return pgettext("no change", "the same")
    sign = "+" if difference > 0 else "-"
    if name in RATIOS:
        points = formatters.points(abs(difference))
        return sign + gettext("%(points)s pp", points=points)
    return sign + amount(abs(difference), now.currency, whole=name in whole)


def plain(name: str, figures: Figures) -> Any:
    """The value of a figure itself; None where it is undefined."""
    value = getattr(figures, name)
    return value.value if isinstance(value, Measure) else value


def why(name: str, figures: Figures) -> str:
    """Why the figure is empty, or what has to be known beside it; '' for nothing."""
    value = getattr(figures, name)
    if isinstance(value, Measure) and value.why is not None:
        return str(WHYS[value.why])
    if name == "payback" and not figures.payback_holds:
        return gettext("below the spend again since")
    return ""


def amount(value: Decimal | int, currency: str, *, whole: bool = False) -> str:
    """Money, or a count."""
    if isinstance(value, Decimal):
        return formatters.money(value, currency, whole=whole)
    return formatters.number(value)


def title(figures: Figures) -> str:
    """The campaign's title, or the name of the row that gathers some."""
    return figures.title or str(ROWS.get(figures.scope.kind, ""))


def scope_title(scope: Scope, campaign: str = "") -> str:
    return campaign or str(ROWS.get(scope.kind, ""))


def period_title(period: Period) -> str:
    """`This month, 1 Nov 2026 – 30 Nov 2026`."""
    if period.first is None or period.last is None:
        return str(PERIODS[PeriodName.ALL])
    days = f"{formatters.day(period.first)} – {formatters.day(period.last)}"
    if period.name is PeriodName.CUSTOM:
        return days
    return f"{PERIODS[period.name]}, {days}"


def short_period(period: Period) -> str:
    """What the menu of periods shows: the name, or the days themselves."""
    if period.name is PeriodName.CUSTOM:
        return period_title(period)
    return str(PERIODS[period.name])


def month(first: date) -> str:
    """`November 2026`; in Russian in the nominative."""
    return str(format_date(first, "LLLL yyyy", locale=formatters.locale()))


def row_status(part: Part, status: str) -> str:
    """What the status column says of a row behind a figure."""
    if part is Part.PLANNED:
        return gettext("plan")
    if part is Part.REVENUE:
        return labels.label(RevenueReason, status)
    if part in (Part.LEADS, Part.QUALIFIED, Part.CONVERTED):
        return labels.label(LeadStatus, status)
    return labels.label(ContractStatus, status)
