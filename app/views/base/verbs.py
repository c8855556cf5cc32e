"""A verb as a page or a button of a screen: `/leadview/12/log_call`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.decorators import has_access


@dataclass(frozen=True, slots=True)
class Verb:
    """`label` stands on the button, `when(row)` says whether it is shown. `form` is a NounForm, or
    the name of a view's method that gives one for a row; without a form it is a button (POST).
    `away`: acts on rows that are put away too. `versioned`: refuses a form that was opened before
    somebody else saved (law 8). `undoable`: for ten minutes the one who did it can undo it.
    """

    name: str
    label: Any
    act: Callable[..., Any]
    form: Any = None
    permission: str = ""
    when: Callable[[Any], bool] | None = None
    away: bool = False
    versioned: bool = False
    undoable: bool = False
    style: str = "default"
    template: str = "crm/verb.html"


def verb(label: Any, *, permission: str = "", **options: Any) -> Callable[[Any], Any]:
    """Turns `def log_call(self, lead, values)` of a view into the route `/<pk>/log_call`.

    The caller needs `can_<permission>` on the view (the method's name by default). The row is read
    through the base filters, the form is validated, the method calls the noun's verb; the page
    commits and goes to the row. The method may return the sentence to tell, a row to go to, both
    as a pair, or a whole response. Without a form the method takes the row alone.
    """

    def wrap(act: Callable[..., Any]) -> Any:
        made = Verb(act.__name__, label, act, permission=permission or act.__name__, **options)

        def page(self: Any, pk: int) -> Any:
            return self.verb_page(made, pk)

        page.__name__ = made.name
        page.__doc__ = act.__doc__
        page._permission_name = made.permission  # type: ignore[attr-defined]
        route = has_access(page)
        route._urls = [(f"/<int:pk>/{made.name}", ["GET", "POST"] if made.form else ["POST"])]
        route._verb = made
        return route

    return wrap
