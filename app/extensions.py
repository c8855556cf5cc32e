"""The Flask extensions that have one instance for the process; the wiring binds them to an app."""

from __future__ import annotations

from pathlib import Path

from flask_appbuilder.models.sqla import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

import app.models  # noqa: F401  -- names the constraints and declares every table first

# FAB's Model has a metadata of its own; with another one Alembic would drop every table.
db = SQLA(metadata=Model.metadata)
# An absolute folder, so that commands work from any directory.
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
migrate = Migrate(directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)
csrf = CSRFProtect()
