"""What the frame of every page asks for: icons, the entries of the menu, where the reader is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.ui import widgets

# After G, the letter that leads there (app/static/js/keys.js).
MENU_KEYS = {
    "QueueView": "q",
    "LeadView": "l",
    "ClientView": "c",
    "ContractView": "k",
    "StatisticsView": "s",
    "DecisionView": "h",
    "SubmissionView": "i",
    "CampaignView": "p",
}
# Screens without an entry of their own: which entry is the present one while they are open.
UNDER = {
    "BoardView": "LeadView",
    "RoiChartView": "StatisticsView",
    "LeadStatusChartView": "StatisticsView",
    "MonthlyChartView": "StatisticsView",
    "ContactPersonView": "ClientView",
    "OwnNameView": "UserView",
    "PasswordView": "UserView",
}
ROLE_LABELS = {
    "Operator": _l("Operator"),
    "Marketer": _l("Marketer"),
    "Manager": _l("Manager"),
    "Admin": _l("Administrator"),
}


def init(app: Flask) -> None:
    env = app.jinja_env
    env.globals.update(
        crm_icon=icon,
        control=widgets.control,
        menu_keys=MENU_KEYS,
        known_endpoints=lambda: current_app.view_functions,
        static_exists=_static_exists,
    )
    env.filters["role_label"] = lambda name: ROLE_LABELS.get(name, name)
    env.filters["is_here"] = is_here
    # FAB's widgets are pages of templates, which have escaped their values.
    env.filters["as_page"] = Markup
    env.tests["is_shown_in_menu"] = lambda item: env.filters["is_menu_visible"](item)
    env.tests["is_the_page"] = is_here


def icon(name: str) -> Markup:
    """A picture beside words (hidden from screen readers), from the sprite of app/static/vendor."""
    address = url_for("static", filename="vendor/icons.svg")
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        address, name
    )


def is_here(item: Any) -> bool:
    """Whether the page belongs to this entry of the menu."""
    screen = (request.endpoint or "").partition(".")[0]
    return bool(item.name == UNDER.get(screen, screen))


@cache
def _static_exists(filename: str) -> bool:
    return (Path(current_app.static_folder or "") / filename).exists()
