"""The toy application on both databases, made once; each test finds its tables as new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from app.extensions import db
from app.listeners import bulk_allowed
from app.models import Model
from tests.postgres import database
from tests.views import toys

KEPT = ("ab_", "company")


@pytest.fixture(scope="session")
def _toys_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return toys.make_app(tmp_path_factory.mktemp("toys"))


@pytest.fixture(scope="session")
def _toys_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: str
) -> Iterator[Flask]:
    with database(postgres_server) as url:
        folder: Path = tmp_path_factory.mktemp("toys")
        made = toys.make_app(folder, url.replace("postgresql:", "postgresql+psycopg2:"))
        yield made
        with made.app_context():
            db.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def toy_app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    made: Flask = request.getfixturevalue(f"_toys_on_{request.param}")
    yield made
    toys.DONE.clear()
    with made.app_context(), bulk_allowed(), db.engine.begin() as connection:
        for table in reversed(Model.metadata.sorted_tables):
            if not table.name.startswith(KEPT):
                connection.execute(delete(table))


@pytest.fixture
def boss(toy_app: Flask) -> Any:
    return toys.log_in(toy_app, "boss")


@pytest.fixture
def clerk(toy_app: Flask) -> Any:
    return toys.log_in(toy_app, "clerk")
