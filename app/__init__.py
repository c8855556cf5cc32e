"""The CRM as a Flask application: the whole wiring on one screen."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder

from app import database, listeners, roles, views, web
from app.extensions import csrf, db, migrate
from app.models import clock
from app.security import SecurityManager


def _if_there(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Builds an application; `settings` override config.py (tests use this)."""
    app = Flask(__name__)
    app.config.from_object("config")
    app.config.update(settings or {})
    app.config["FAB_ROLES"] = roles.as_fab_roles()

    clock.use_zone(app.config["COMPANY_TIMEZONE"])
    listeners.register()
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)  # before AppBuilder, which takes its exemptions at registration

    api, ui = _if_there("app.api"), _if_there("app.ui")
    with app.app_context():
        database.watch(db.engine)
        web.init(app)
        if hasattr(ui, "init"):
            ui.init(app)
        if hasattr(api, "register"):
            api.register(app)
        # Made per application: FAB keeps its list of views here.
        appbuilder = AppBuilder(
            indexview=views.HomeView,
            base_template="crm/base.html"
            if (Path(__file__).parent / "templates/crm/base.html").exists()
            else "appbuilder/baselayout.html",
            security_manager_class=SecurityManager,
            update_perms=False,
        )
        appbuilder.init_app(app, db.session)
        views.register(appbuilder)
    return app
