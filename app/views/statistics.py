"""What the campaigns earned: the table, the rows behind each figure, and three charts.

Open to every role. A reader who may not see a noun gets the number, date, status, campaign and
amount of its rows, and no link.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from flask import request
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.charts.views import DirectByChartView, GroupByChartView
from flask_appbuilder.charts.widgets import DirectChartWidget
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import Form

from app.errors import N_, Invalid, NotFound
from app.extensions import db
from app.models.campaign import Campaign
from app.models.company import Company
from app.models.lead import Lead, LeadStatus
from app.models.revenue_entry import RevenueEntry
from app.statistics import (
    Basis,
    CampaignTable,
    Figures,
    Period,
    Scope,
    campaign_figures,
    campaign_figures_of,
    leads_by_status,
    monthly_figures,
)  # fmt: skip
from app.statistics.metrics import NOTHING
from app.statistics.periods import PeriodName
from app.statistics.rows import PARTS, Part, rows_of, value_of
from app.statistics.scope import ScopeKind
from app.ui import charts, labels
from app.ui.access import may
from app.ui.fields import read_id
from app.ui.formatters import language
from app.ui.pickers import PickerField
from app.ui.pills import KINDS
from app.views import conversions
from app.views import figure_words as figures
from app.views.base import FiltersPerRequest, Interface, address_of
from app.views.base.csv_pages import csv_lines

log = logging.getLogger(__name__)

PAGE = 50
MOST_BARS = 30
SORTS = ("title", *(column.name for column in figures.COLUMNS))


class CampaignChoice(Form):
    campaign = PickerField(_("Campaign"), noun="campaign", every=True)


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks about. Raises Invalid (400) for what cannot be asked."""

    period: Period
    basis: Basis
    scope: Scope
    choice: CampaignChoice

    @classmethod
    def asked(cls, default: PeriodName = PeriodName.THIS_MONTH) -> Question:
        asked = request.args
        first, last = asked.get("from"), asked.get("to")
        # Own days win; without them the form says which period it was sent from.
        name = asked.get("period") or (PeriodName.CUSTOM if first or last else asked.get("unless"))
        period = Period.named(name or default.value, first, last)
        scope = Scope.named(asked.get("campaign"))
        typed = {name: asked[name] for name in asked if name.startswith("campaign-")}
        if scope.kind is ScopeKind.CAMPAIGN:
            typed["campaign"] = scope.as_text()
        choice = CampaignChoice(MultiDict(typed))
        if choice.campaign.data is not None:
            scope = Scope.campaign(choice.campaign.data.id)
        elif choice.campaign.typed == "":
            scope = Scope()
        return cls(period, Basis.named(asked.get("basis")), scope, choice)

    def args(self, **more: Any) -> dict[str, Any]:
        """The arguments of a link that asks about the same."""
        return {**self.period.as_args(), **self._beside_the_period(), **more}

    def about(self, name: PeriodName, **more: Any) -> dict[str, Any]:
        """The arguments of a link that asks the same about another period."""
        return {"period": name.value, **self._beside_the_period(), **more}

    def _beside_the_period(self) -> dict[str, str]:
        return {"basis": self.basis.value, "campaign": self.scope.as_text()}


# -- the table and the rows ----------------------------------------------------------------------


class StatisticsView(BaseView):
    route_base = "/statistics"
    default_view = "read"

    @expose("/")
    @has_access
    def read(self) -> str:
        asked = Question.asked()
        table = campaign_figures(db.session(), asked.period, asked.basis)
        sort = _one_of("sort", SORTS, "roi")
        rows = _sorted(table.campaigns, sort)
        page, pages = _page(len(rows))
        rows = rows[page * PAGE : (page + 1) * PAGE]
        every = bool(request.args.get("every"))
        compared = asked.period.before() if request.args.get("compare") else None
        shown = [*rows, *_gathered(table), table.total]
        return self.render_template(
            "statistics/table.html",
            title=gettext("Campaign statistics"),
            asked=asked,
            rows=rows,
            gathered=_gathered(table),
            total=table.total,
            columns=figures.COLUMNS if every else figures.MAIN,
            whole=figures.whole_columns(shown),
            bars=dict(zip([row.scope for row in rows], _roi_bars(rows), strict=True)),
            compared=compared,
            before=_by_scope(compared, asked.basis),
            more={"every": every or None, "compare": 1 if compared else None},
            sort=sort,
            page=page,
            pages=pages,
            words=figures,
            may_export=may("export", "StatisticsView"),
        )

    @expose("/statistics.csv")
    @has_access
    def export(self) -> Response:
        """Every row and every figure of the table, as `csv_pages` writes files."""
        asked = Question.asked()
        table = campaign_figures(db.session(), asked.period, asked.basis)
        rows = [*_sorted(table.campaigns, _one_of("sort", SORTS, "roi")), *_gathered(table)]
        log.info("user %s exports campaign statistics", current_user.id)
        russian = language() == "ru"
        head = [gettext("Campaign"), gettext("Channel"), *map(_head, figures.COLUMNS)]
        head.append(gettext("Plan within the spend"))
        lines = csv_lines(
            [head],
            iter([[_cells(row) for row in [*rows, table.total]]]),
            delimiter=";" if russian else ",",
            comma=russian,
        )
        days = asked.period.as_args()
        name = "-".join([days.get("from", days["period"]), *([days["to"]] if "to" in days else [])])
        answer = Response(lines, mimetype="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = (
            f'attachment; filename="campaigns-{name}-{asked.basis.value}.csv"'
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/rows")
    @has_access
    @permission_name("read")
    def rows(self) -> str:
        asked = Question.asked(PeriodName.ALL)
        figure = _one_of("figure", tuple(PARTS), "leads")
        parts = PARTS[figure]
        part = Part(_one_of("part", tuple(part.value for part in parts), parts[0].value))
        found = rows_of(
            db.session(),
            part,
            asked.period,
            asked.basis,
            asked.scope,
            after=request.args.get("after"),
        )
        return self.render_template(
            "statistics/rows.html",
            title=figures.COLUMN[figure].label,
            asked=asked,
            figure=figure,
            column=figures.COLUMN[figure],
            figure_parts=parts,
            part=part,
            figures=self._figures(asked),
            found=found,
            words=figures,
            value_of=value_of,
            no_campaign=ScopeKind.NO_CAMPAIGN,
            address_of=address_of,
        )

    def _figures(self, asked: Question) -> Figures:
        scope = asked.scope
        if scope.kind is ScopeKind.CAMPAIGN and scope.campaign_id is not None:
            return campaign_figures_of(db.session(), scope.campaign_id, asked.period, asked.basis)
        table = campaign_figures(db.session(), asked.period, asked.basis)
        return {
            ScopeKind.PUT_AWAY: table.put_away,
            ScopeKind.NO_CAMPAIGN: table.without_campaign,
        }.get(scope.kind, table.total)

    # -- conversions for the ad platforms --------------------------------------------------------

    @expose("/conversions")
    @has_access
    @permission_name("export")
    def conversions(self) -> tuple[str, int]:
        """How many would go and why others would not; the file is one click further."""
        asked = Question.asked(PeriodName.LAST_MONTH)
        told = conversions.asked(asked.period)
        page = self.render_template(
            "statistics/conversions.html",
            title=gettext("Conversions for ad platforms"),
            asked=asked,
            words=figures,
            **conversions.context(db.session(), told),
        )
        return page, 400 if told.fault else 200

    @expose("/conversions.csv")
    @has_access
    @permission_name("export")
    def conversions_file(self) -> Response:
        """As the platform takes it."""
        wanted = conversions.wanted(Question.asked(PeriodName.LAST_MONTH).period)
        log.info("user %s exports conversions for %s", current_user.id, wanted.platform)
        return conversions.file(wanted)


def _by_scope(period: Period | None, basis: Basis) -> dict[Scope, Figures]:
    """The figures that the table's rows are compared with."""
    if period is None:
        return {}
    table = campaign_figures(db.session(), period, basis)
    rows = [*table.campaigns, table.put_away, table.without_campaign, table.total]
    return {row.scope: row for row in rows}


def _roi_bars(rows: list[Figures]) -> list[charts.SmallBar | None]:
    return charts.small_bars([row.roi.value for row in rows])


def _head(column: figures.Column) -> str:
    return f"{column.label}, %" if column.name in figures.RATIOS else str(column.label)


def _cells(row: Figures) -> list[Any]:
    """A row of the file: numbers as numbers, percentages as such, a month as 2026-03."""
    cells: list[Any] = [figures.title(row), row.channel]
    for column in figures.COLUMNS:
        value = figures.plain(column.name, row)
        if value is not None and column.name in figures.RATIOS:
            value = (value * 100).normalize() + 0
        cells.append(f"{value:%Y-%m}" if isinstance(value, date) else value)
    return [*cells, row.planned]


def _gathered(table: CampaignTable) -> list[Figures]:
    """The rows under those of the campaigns, without which the total would not add up."""
    rows = [table.put_away] if table.put_away.has_anything else []
    return [*rows, table.without_campaign]


def _sorted(rows: list[Figures], sort: str) -> list[Figures]:
    """The largest first, titles from A; what is undefined comes last."""
    if sort == "title":
        return sorted(rows, key=lambda row: row.title.casefold())
    known = [row for row in rows if figures.plain(sort, row) is not None]
    unknown = [row for row in rows if figures.plain(sort, row) is None]
    known.sort(key=lambda row: figures.plain(sort, row), reverse=True)
    return known + unknown


def _one_of(name: str, allowed: tuple[str, ...], default: str) -> str:
    value = request.args.get(name) or default
    if value not in allowed:
        raise Invalid.of(name, N_("There is no such choice."))
    return value


def _page(count: int) -> tuple[int, int]:
    """The page asked for, from 0, kept among those that exist; and how many these are."""
    pages = max(1, -(-count // PAGE))
    return min(read_id(request.args.get("page")) or 0, pages - 1), pages


# -- charts --------------------------------------------------------------------------------------


class BarChartWidget(DirectChartWidget):
    template = "statistics/bars.html"

    def __call__(self, **kwargs: Any) -> Markup:
        return Markup(super().__call__(**kwargs))  # noqa: S704 -- the template has escaped it


class SqlChart(FiltersPerRequest):
    """A FAB chart view that groups in SQL and draws on the server; goes before FAB's class.

    FAB's own loads every row into Python and has Google draw them.
    """

    chart_template = "statistics/chart.html"
    chart_widget = BarChartWidget
    has_basis = False
    default_period = PeriodName.YEAR
    has_campaign = True

    draw: Callable[..., tuple[charts.BarChart, dict[str, Any]]]

    @expose("/chart/<int:group_by>")
    @expose("/chart/")
    @has_access
    def chart(self, group_by: int = 0) -> str:
        if group_by >= len(self.definitions):  # type: ignore[attr-defined]
            raise NotFound()
        asked = Question.asked(self.default_period)
        bars, table = self.draw(db.session(), asked)
        widgets = {"chart": self.chart_widget(chart=bars)}
        return self.render_template(  # type: ignore[attr-defined]
            self.chart_template,
            title=self.chart_title,  # type: ignore[attr-defined]
            asked=asked,
            campaign=_campaign_title(db.session(), asked.scope),
            widgets=widgets,
            words=figures,
            view=self,
            **table,
        )


class RoiChartView(SqlChart, DirectByChartView):
    datamodel = Interface(Campaign)
    route_base = "/statistics/roi"
    chart_title = _("ROI by campaign")
    search_columns: ClassVar[list[str]] = ["title"]
    definitions: ClassVar[list[dict[str, Any]]] = [
        {"label": _("ROI by campaign"), "group": "title", "series": ["roi"]}
    ]
    has_basis = True
    has_campaign = False

    def draw(self, session: Session, asked: Question) -> tuple[charts.BarChart, dict[str, Any]]:
        table = campaign_figures(session, asked.period, asked.basis)
        rows = _sorted(table.campaigns, "roi")
        page, pages = _page(len(rows))
        rows = rows[page * PAGE : (page + 1) * PAGE]
        groups = [charts.Group(row.title, [_roi_bar(row)]) for row in rows[:MOST_BARS]]
        best = next((row for row in rows if row.roi.value is not None), None)
        finding = gettext("No campaign has both spend and figures in this period.")
        if best is not None:
            finding = gettext(
                "ROI is highest for %(campaign)s: %(roi)s.",
                campaign=best.title,
                roi=figures.shown("roi", best),
            )
        names = ("spend", "revenue", "profit", "roi")
        return charts.bar_chart(finding, groups), {
            "rows": rows,
            "gathered": _gathered(table),
            "total": table.total,
            "columns": [figures.COLUMN[name] for name in names],
            "whole": figures.whole_columns([*rows, *_gathered(table), table.total]),
            "page": page,
            "pages": pages,
        }


def _roi_bar(row: Figures) -> charts.Bar:
    words = figures.shown("roi", row)
    reason = figures.why("roi", row)
    return charts.Bar(row.roi.value, f"{words} {reason}".strip())


class LeadStatusChartView(SqlChart, GroupByChartView):
    datamodel = Interface(Lead)
    route_base = "/statistics/leads"
    chart_title = _("Leads by status")
    chart_template = "statistics/leads_by_status.html"
    search_columns: ClassVar[list[str]] = ["status"]
    definitions: ClassVar[list[dict[str, Any]]] = [
        {"label": _("Leads by status"), "group": "status", "series": ["id"]}
    ]

    def draw(self, session: Session, asked: Question) -> tuple[charts.BarChart, dict[str, Any]]:
        counts = leads_by_status(session, asked.period, asked.scope)
        total = sum(counts.values())
        named = [(labels.label(LeadStatus, status), count) for status, count in counts.items()]
        groups = [
            charts.Group(
                labels.label(LeadStatus, status),
                [charts.Bar(count, figures.amount(count, ""), KINDS[LeadStatus][status])],
            )
            for status, count in counts.items()
        ]
        finding = gettext("No leads in this period.")
        if total:
            name, count = max(named, key=lambda pair: pair[1])
            finding = gettext(
                "Most leads are in one status: %(status)s, %(count)s of %(total)s.",
                status=name,
                count=figures.amount(count, ""),
                total=figures.amount(total, ""),
            )
        return charts.bar_chart(finding, groups), {"counts": counts, "total": total}


class MonthlyChartView(SqlChart, DirectByChartView):
    datamodel = Interface(RevenueEntry)
    route_base = "/statistics/months"
    chart_title = _("Revenue and spend by month")
    chart_template = "statistics/months.html"
    search_columns: ClassVar[list[str]] = ["day"]
    definitions: ClassVar[list[dict[str, Any]]] = [
        {"label": _("Revenue and spend by month"), "group": "day", "series": ["amount"]}
    ]

    def draw(self, session: Session, asked: Question) -> tuple[charts.BarChart, dict[str, Any]]:
        months = monthly_figures(session, asked.period, asked.scope)
        currency = Company.of(session).currency
        groups = [
            charts.Group(
                figures.month(row.month),
                [
                    charts.Bar(row.revenue, figures.amount(row.revenue, currency), "first"),
                    charts.Bar(row.spend, figures.amount(row.spend, currency), "second"),
                ],
            )
            for row in months
        ]
        revenue = sum((row.revenue for row in months), start=NOTHING)
        spend = sum((row.spend for row in months), start=NOTHING)
        earning = sum(row.revenue > row.spend for row in months)
        finding = ngettext(
            "Revenue is above spend in %(earning)s of %(count)s month:"
            " %(revenue)s against %(spend)s.",
            "Revenue is above spend in %(earning)s of %(count)s months:"
            " %(revenue)s against %(spend)s.",
            len(months),
            earning=figures.amount(earning, ""),
            count=figures.amount(len(months), ""),
            revenue=figures.amount(revenue, currency),
            spend=figures.amount(spend, currency),
        )
        series = (("first", gettext("Revenue")), ("second", gettext("Spend")))
        return charts.bar_chart(finding, groups, series), {
            "months": months,
            "currency": currency,
            "revenue": revenue,
            "spend": spend,
            "as_period": Period.month,
        }


def _campaign_title(session: Session, scope: Scope) -> str:
    if scope.kind is not ScopeKind.CAMPAIGN:
        return figures.scope_title(scope)
    campaign = session.get(Campaign, scope.campaign_id)
    if campaign is None:
        raise NotFound()
    return campaign.title
