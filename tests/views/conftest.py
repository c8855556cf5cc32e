"""The toy application, made once; each test finds its tables as new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from app.extensions import db
from app.listeners import bulk_allowed
from app.models import Model
from tests.views import toys

KEPT = ("ab_", "company")


@pytest.fixture(scope="session")
def _toys_once(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return toys.make_app(tmp_path_factory.mktemp("toys"))


@pytest.fixture
def toy_app(_toys_once: Flask) -> Iterator[Flask]:
    yield _toys_once
    toys.DONE.clear()
    with _toys_once.app_context(), bulk_allowed(), db.engine.begin() as connection:
        for table in reversed(Model.metadata.sorted_tables):
            if not table.name.startswith(KEPT):
                connection.execute(delete(table))


@pytest.fixture
def boss(toy_app: Flask) -> Any:
    return toys.log_in(toy_app, "boss")


@pytest.fixture
def clerk(toy_app: Flask) -> Any:
    return toys.log_in(toy_app, "clerk")
