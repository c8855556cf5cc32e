"""Says at the start of a request whether it may write and who acts; forgets both at its end."""

from __future__ import annotations

from flask import Flask, g, request, session
from flask_login import current_user

from app.database import say_only_reads
from app.models.actor import Actor, begin_acting, end_acting

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init(app: Flask) -> None:
    app.before_request(_begin)
    app.teardown_request(_end)


def _begin() -> None:
    say_only_reads(request.method in SAFE_METHODS)
    actor = _user()
    if actor is not None:
        g.acting = begin_acting(actor)


def _user() -> Actor | None:
    """None, and no query, for visitors, token doors, static files and the health doors."""
    asks_nobody = (request.endpoint or "").startswith("health.") or is_static()
    if asks_nobody or "_user_id" not in session:
        return None
    if not current_user.is_authenticated:
        return None
    return Actor("user", current_user.get_full_name(), current_user.id)


def is_static() -> bool:
    return (request.endpoint or "").endswith("static")


def _end(_error: BaseException | None) -> None:
    token = g.pop("acting", None)
    if token is not None:
        end_acting(token)
    say_only_reads(False)
