"""The half of `NounView` that is a list: columns, views, narrowings, and the same rows as CSV.

class LeadView(NounView):
    list_columns = ["next_contact_at", "name", "phone"]   # shown to begin with
    more_columns = ["email", "job_title"]                 # offered in the menu of columns
    link_column = "name"                                  # leads to the row; the first one
    card_columns = ["name", "status"]                     # on a phone; the rest behind "More"
    narrowings = {"due": Narrowing(_("Due"), {"now": (_("Overdue or today"), is_due)})}
    built_in_views = {"mine": (_("Mine"), "_flt_0_assignee=me")}
    exportable = True                                     # for those with can_export
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from flask import g, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_login import current_user
from werkzeug.wrappers import Response

from app.models import clock
from app.ui.access import may
from app.ui.pickers import PickerField
from app.views.base.csv_pages import csv_answer, xlsx_answer
from app.views.base.searching import Narrowing
from app.views.base.state import COLUMNS, ListState, moved, offered_columns, shown_columns
from app.views.base.widgets import address_with

log = logging.getLogger(__name__)

PAGE_SIZES = (25, 50, 100)


class Listing:
    more_columns: ClassVar[list[str]] = []
    link_column: str = ""
    card_columns: ClassVar[list[str]] = []
    narrowings: ClassVar[dict[str, Narrowing]] = {}
    built_in_views: ClassVar[dict[str, tuple[Any, str]]] = {}
    state_arguments: ClassVar[tuple[str, ...]] = ()  # further arguments that are part of a view
    exportable = False
    importable = ""  # what ImportView calls the noun, for those who may
    board: str = ""  # the endpoint that shows the same rows as a board

    list_columns: Any
    list_title: Any
    add_title: Any
    endpoint: Any
    datamodel: Any
    session: Any
    needs: Any
    noun: Any
    offers: Callable[[str], bool]
    asked_rows: Callable[[], Any]
    _values: Callable[..., Any]

    # -- columns ---------------------------------------------------------------------------------

    def columns_now(self) -> list[str]:
        """Those of this request: on the list's own page the reader chooses them."""
        chosen: dict[Any, list[str]] = g.get("shown_columns", {})
        if self in chosen:
            return chosen[self]
        hidden = self.hidden_columns()
        return [column for column in self.list_columns if column not in hidden]

    def choose_columns(self) -> list[str]:
        columns = shown_columns(self, request.args.get(COLUMNS, ""))
        g.setdefault("shown_columns", {})[self] = columns
        return columns

    def hidden_columns(self) -> set[str]:
        """Columns that the reader's role does not see."""
        return set()

    def offered_columns(self) -> list[str]:
        return offered_columns(self)

    # -- what stands in the head of the list -------------------------------------------------------

    def list_state(self) -> ListState:
        return ListState.of(self)

    def new_links(self) -> list[tuple[Any, str]]:
        """(words, address) of the buttons for new records; the first one is the page's main act."""
        if not self.offers("add"):
            return []
        return [(self.add_title, url_for(f"{self.endpoint}.add"))]

    def tidy_address(self, form: Any) -> str | None:
        """Where the address says something in the words of a form without JavaScript (ticked
        columns, typed names of rows), the same in the words of the list; else None.
        """
        changes: dict[str, Any] = {}
        ticked, move = request.args.getlist("col"), request.args.get("move", "")
        if ticked or move:
            columns = shown_columns(self, ",".join(ticked) or request.args.get(COLUMNS, ""))
            columns = moved(columns, move)
            ordinary = shown_columns(self, "")
            changes |= {"col": None, "move": None,
                        COLUMNS: None if columns == ordinary else ",".join(columns)}  # fmt: skip
        for field in form._fields.values():
            texts = (f"{field.name}-text", f"{field.name}-was")
            if isinstance(field, PickerField) and any(name in request.args for name in texts):
                if field.process_errors:
                    return None  # told at the field, with what was typed
                changes |= dict.fromkeys(texts)
                changes[field.name] = field.chosen_id or None
        return address_with(**changes) if changes else None

    # -- CSV -------------------------------------------------------------------------------------

    @expose("/export.csv")
    @has_access
    def export(self) -> Response:
        """All rows that match, by id, with the columns of the list (csv_pages.py)."""
        return self._exported("csv", csv_answer)

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export_workbook(self) -> Response:
        """The same rows as a workbook."""
        return self._exported("xlsx", xlsx_answer)

    def _exported(self, kind: str, answer: Callable[..., Response]) -> Response:
        asked = self.asked_rows()
        columns = self.choose_columns()
        joined = asked.filters.get_joined_filters(asked.base)
        name = f"{self.noun or self.endpoint.lower()}-{clock.today().isoformat()}.{kind}"
        log.info("user %s exports %s", current_user.id, self.endpoint)
        return answer(self, joined, columns, name)

    def import_address(self) -> str:
        """Where a file of such records is brought; '' for those who may not."""
        if self.importable and may(self.importable, "ImportView"):
            return url_for(f"ImportView.{self.importable}")
        return ""

    def export_address(self, page: str = "export") -> str:
        return url_for(f"{self.endpoint}.{page}") + (
            f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
        )

    def away_address(self) -> str:
        """Between what is in use and what was put away."""
        page = f"page_{type(self).__name__}"
        away = None if request.args.get("put_away") else "1"
        return address_with(**{"put_away": away, page: None})

    def page_sizes(self, now: int) -> Iterable[tuple[int, str, bool]]:
        """(rows on a page, the address with them, whether it is so now)."""
        name = type(self).__name__
        for size in PAGE_SIZES:
            changes = {f"psize_{name}": size if size != PAGE_SIZES[0] else None,
                       f"page_{name}": None}  # fmt: skip
            yield size, address_with(**changes), size == now
