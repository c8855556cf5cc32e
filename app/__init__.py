"""The CRM as a Flask application: the whole wiring on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder

from app import api, database, i18n, listeners, roles, ui, views, web
from app.extensions import csrf, db, migrate
from app.models import clock, sealing, webhook
from app.security import SecurityManager


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Builds an application; `settings` override config.py (tests use this)."""
    app = Flask(__name__)
    app.config.from_object("config")
    app.config.update(settings or {})
    app.config["FAB_ROLES"] = roles.as_fab_roles()

    clock.use_zone(app.config["COMPANY_TIMEZONE"])
    sealing.use_key(app.config["SECRETS_KEY"])
    webhook.allow_private(app.config["WEBHOOK_PRIVATE"])
    listeners.register()
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)  # before AppBuilder, which takes its exemptions at registration

    with app.app_context():
        database.watch(db.engine)
        web.init(app)
        ui.init(app)
        api.register(app)
        # Made per application: FAB keeps its list of views here.
        appbuilder = AppBuilder(
            indexview=views.HomeView,
            base_template="crm/base.html",
            security_manager_class=SecurityManager,
            update_perms=False,
        )
        appbuilder.init_app(app, db.session)
        i18n.init(app)
        views.register(appbuilder)
    return app
