"""What the advertising earned: formulas, periods and the queries behind every figure.

Each query is one SQL statement. What a figure counts is said once, in `sources.py`; the table, the
charts, the rows behind a figure and the API all read it from there.
"""

from app.statistics.answer import as_json
from app.statistics.campaigns import CampaignTable, campaign_figures, campaign_figures_of
from app.statistics.figures import Figures
from app.statistics.leads_by_status import leads_by_status
from app.statistics.metrics import Measure, Why
from app.statistics.months import MonthFigures, monthly_figures
from app.statistics.pace import Pace, month_before_so_far, month_so_far, paces
from app.statistics.periods import Basis, Period
from app.statistics.scope import Scope

__all__ = [
    "Basis",
    "CampaignTable",
    "Figures",
    "Measure",
    "MonthFigures",
    "Pace",
    "Period",
    "Scope",
    "Why",
    "as_json",
    "campaign_figures",
    "campaign_figures_of",
    "leads_by_status",
    "month_before_so_far",
    "month_so_far",
    "monthly_figures",
    "paces",
]
