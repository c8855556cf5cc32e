"""Half a minute of generated requests at every door; `python -m bench.fuzz` throws thousands."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bench.fuzz import ROLES, furnish, fuzz

SECONDS = 6.0


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_no_request_ends_in_a_fault_of_ours(sqlite_app: Any, role: str) -> None:
    # Faults must become answers here, as they do outside of tests.
    sqlite_app.testing, sqlite_app.config["PROPAGATE_EXCEPTIONS"] = False, False
    tokens = sqlite_app.config["TOKENS_API"]
    furnish(sqlite_app)
    seed = random.SystemRandom().randrange(10**6)
    try:
        result = fuzz(sqlite_app, role, seed=seed, requests=2000, seconds=SECONDS)
    finally:
        sqlite_app.testing = True
        sqlite_app.config["TOKENS_API"] = tokens
        sqlite_app.config["PROPAGATE_EXCEPTIONS"] = None
    assert sum(result.answers.values()) > 20
    assert result.broken == [], f"seed {seed}"
