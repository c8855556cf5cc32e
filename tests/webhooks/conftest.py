"""A receiver on this machine, which only the setting allows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.models.webhook import allow_private
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    allow_private(True)
    try:
        with receiving() as made:
            yield made
    finally:
        allow_private(False)
