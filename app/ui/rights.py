"""What a permission lets one do, in words, for those who compose roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import current_app
from flask_appbuilder.security.sqla.models import PermissionView
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

# Flask-AppBuilder's names of acts, without can_.
ACTS: dict[str, Any] = {
    "menu_access": _l("stands in the menu"),
    "list": _l("see the list"),
    "show": _l("open a record"),
    "add": _l("add"),
    "edit": _l("change"),
    "delete": _l("put away or delete"),
    "restore": _l("bring back"),
    "work": _l("work (calls, next contact, status)"),
    "note": _l("write notes"),
    "pin": _l("pin notes"),
    "convert": _l("convert"),
    "merge": _l("merge two records into one"),
    "sign": _l("sign, amend, complete, terminate"),
    "download": _l("download"),
    "export": _l("export as a file"),
    "retry": _l("retry"),
    "accept": _l("accept failed ones"),
    "token": _l("issue and revoke tokens"),
    "mapping": _l("map fields"),
    "test": _l("send a test"),
    "replay": _l("read many again"),
    "secret": _l("draw a new secret"),
    "send": _l("send tests and send again"),
    "read": _l("read"),
    "chart": _l("read"),
    "get": _l("look up"),
    "this_form_get": _l("open the form"),
    "this_form_post": _l("send the form"),
    "userinfo": _l("see one's own account"),
    "userinfoedit": _l("change one's own name"),
    "resetmypassword": _l("change one's own password"),
    "resetpasswords": _l("give a new password"),
    "undo": _l("take one's own act back"),
    "copyrole": _l("make copies"),
    "leads": _l("bring leads from a file"),
    "clients": _l("bring clients from a file"),
    "spend": _l("bring spend from a file"),
}
TITLES = ("list_title", "show_title", "form_title", "title")
SCREENS = {
    "PickerApi": _l("Choosing records in forms and filters"),
    "ImportView": _l("Imports"),
    "JobView": _l("My long acts"),
    "UndoView": _l("Undo"),
}


def words(right: PermissionView) -> str:
    """`Leads: see the list`."""
    act = right.permission.name
    word = ACTS.get(act) or ACTS.get(act.removeprefix("can_")) or act
    return f"{screen_label(right.view_menu.name)}: {word}"


def told(rights: Iterable[PermissionView]) -> str:
    """One line for each screen: `Leads: see the list, add`."""
    by_screen: dict[str, list[str]] = {}
    for right in sorted(rights, key=words):
        screen, _, act = words(right).rpartition(": ")
        by_screen.setdefault(screen, []).append(act)
    return "\n".join(f"{screen}: {', '.join(acts)}" for screen, acts in by_screen.items())


def offered() -> list[PermissionView]:
    """Every permission there is, in the order of its words."""
    both = joinedload(PermissionView.permission), joinedload(PermissionView.view_menu)
    session = current_app.appbuilder.session  # type: ignore[attr-defined]
    return sorted(session.scalars(select(PermissionView).options(*both)), key=words)


def screen_label(name: str) -> str:
    """As the menu calls the screen, else as its own title does."""
    appbuilder: Any = current_app.appbuilder  # type: ignore[attr-defined]
    for entry in _entries(appbuilder.menu.menu):
        if entry.name == name and entry.label:
            return gettext(str(entry.label))
    for view in appbuilder.baseviews:
        if view.class_permission_name == name:
            titles = (getattr(view, title, None) for title in TITLES)
            return str(SCREENS.get(name) or next(filter(None, titles), name))
    return name


def _entries(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        yield item
        yield from _entries(item.childs)
