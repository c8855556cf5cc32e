"""Read before any other module of the tests: keeps them away from the data of the working copy."""

from __future__ import annotations

import os
import tempfile

_data = tempfile.TemporaryDirectory(prefix="crm-tests-")
os.environ["CRM_DATA"] = _data.name
os.environ["FLASK_SKIP_DOTENV"] = "1"
for _name in ("DATABASE_URL", "POSTGRES_DB", "TOKENS_API", "ADMIN_PASSWORD", "DEBUG", "HTTPS"):
    os.environ.pop(_name, None)

from app.i18n import compile_catalogues  # noqa: E402

compile_catalogues()

# Loaded only now: they import the application, which reads its settings.
pytest_plugins = ["tests.postgres", "tests.site", "tests.shared_cases"]
