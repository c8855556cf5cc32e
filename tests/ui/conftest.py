"""A reader's language without an application behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from app.models import clock


@pytest.fixture
def reader() -> Iterator[Callable[[str], Any]]:
    """`with reader("ru"):` formats as for a Russian reader, in Moscow."""
    app = Flask("app")
    app.secret_key = "tests only"
    Babel(app)
    before = clock.zone().key
    clock.use_zone("Europe/Moscow")

    @contextmanager
    def reading(language: str) -> Iterator[None]:
        with app.test_request_context(), force_locale(language):
            yield

    yield reading
    clock.use_zone(before)
