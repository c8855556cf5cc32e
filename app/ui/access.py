"""Whether the person at the screen may do something; asked often, so answered once per request."""

from __future__ import annotations

from typing import Any

from flask import current_app, g


def may(permission: str, view: str) -> bool:
    """`permission` without can_: list, show, edit, restore; `view` is the screen's class name."""
    known: dict[tuple[str, str], bool] = g.setdefault("may", {})
    key = (permission, view)
    if key not in known:
        security: Any = current_app.appbuilder.sm  # type: ignore[attr-defined]
        known[key] = bool(security.has_access(f"can_{permission}", view))
    return known[key]


def stands_in_menu(view: str) -> bool:
    """Whether the reader's menu leads to the screen."""
    security: Any = current_app.appbuilder.sm  # type: ignore[attr-defined]
    return bool(security.has_access("menu_access", view))
