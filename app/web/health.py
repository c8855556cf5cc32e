"""Two doors for whoever watches the service: does the process live, and can it do its work?"""

from __future__ import annotations

from alembic.migration import MigrationContext
from flask import Blueprint, current_app, jsonify
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from app.extensions import db
from app.models import Company
from app.roles import ROLES
from app.setup import newest_revision

health = Blueprint("health", __name__, url_prefix="/health")


@health.get("/live")
def live() -> Response:
    """Needs nothing but the process."""
    return jsonify({"status": "live"})


@health.get("/ready")
def ready() -> tuple[Response, int]:
    """503 with the reason while the database is away, old, or not set up."""
    try:
        reason = _what_is_missing()
    except SQLAlchemyError:
        reason = "the database does not answer"
    if reason:
        return jsonify({"status": "not ready", "reason": reason}), 503
    return jsonify({"status": "ready"}), 200


def _what_is_missing() -> str:
    revision = MigrationContext.configure(db.session.connection()).get_current_revision()
    if revision != newest_revision(current_app):
        return "the database is not migrated: run `flask fab setup`"
    names = set(db.session.scalars(select(Role.name)))
    if not names.issuperset(ROLES) or db.session.get(Company, 1) is None:
        return "roles or the company are missing: run `flask fab setup`"
    return ""
