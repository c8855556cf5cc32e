"""The start page of managers, marketers and administrators: what the reader has to act on.

At most six numbers, each with what it is compared with and a link to its rows, and the most urgent
of these rows below. What the numbers are stands in start_numbers.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, request
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _

from app.extensions import db
from app.ui.access import may
from app.ui.fields import read_id
from app.ui.formatters import COUNT_LIMIT
from app.views import start_numbers
from app.views.start_numbers import Line, Number, Told

SHOWN = 5
PAGE = 50


@dataclass(frozen=True, slots=True)
class Tile:
    number: Number
    told: Told
    address: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first rows of a number."""

    title: Any
    address: str | None
    lines: list[Line]


class DecisionView(BaseView):
    route_base = "/decisionview"
    default_view = "list"

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        numbers = start_numbers.for_reader()
        values = start_numbers.read(numbers)
        tiles = [Tile(one, one.tell(values[one.name]), one.where()) for one in numbers]
        return self.render_template(
            "crm/decisions.html", title=_("Home"), tiles=tiles, waiting=_waiting(tiles)
        )

    @expose("/rows/<name>")
    @has_access
    @permission_name("list")
    def rows(self, name: str) -> Any:
        """All that a number counts, page by page, as far as it counts."""
        number = start_numbers.named(name)
        if number is None:
            abort(404)
        page = min(read_id(request.args.get("page")) or 0, COUNT_LIMIT // PAGE)
        lines = number.lines(page * PAGE, PAGE + 1)
        told = number.tell(start_numbers.read([number])[name])
        return self.render_template(
            "crm/home_rows.html", title=number.title, number=number, told=told, page=page,
            lines=lines[:PAGE], more=len(lines) > PAGE,
        )  # fmt: skip


def _waiting(tiles: list[Tile]) -> list[Waiting]:
    """What has rows to show, and for those who keep contracts the ones that end soon."""
    listed = []
    for tile in tiles:
        number = tile.number
        if number.rows is not None and number.on_page and not tile.told.calm:
            lines = number.lines(0, SHOWN)
            if lines:
                listed.append(Waiting(number.title, tile.address, lines))
    if may("list", "ContractView"):
        ending = start_numbers.ending_contracts().options(*start_numbers.WITH_PARTIES)
        lines = [start_numbers.ending(row) for row in db.session.scalars(ending.limit(SHOWN))]
        if lines:
            listed.append(Waiting(_("Contracts that end within 30 days"), None, lines))
    return listed
