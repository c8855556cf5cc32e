"""Half a minute of requests made from the OpenAPI document; `python -m bench.schemathesis` makes
twenty thousand.
"""

from __future__ import annotations

import logging
import random
from typing import Any

import pytest

from app.api.limits import EXTENSION
from bench.schemathesis import furnish, run


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the tool's own
def test_the_doors_keep_to_their_document(sqlite_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Faults must become answers here, as they do outside of tests.
    monkeypatch.setattr(sqlite_app, "testing", False)
    monkeypatch.setitem(sqlite_app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(sqlite_app.extensions[EXTENSION], "wrong_per_minute", 0)
    logging.disable(logging.INFO)
    seed = random.SystemRandom().randrange(10**6)
    token, campaign_id = furnish(sqlite_app)
    try:
        result = run(sqlite_app, token, campaign_id, seed=seed, cases=300, seconds=25)
    finally:
        logging.disable(logging.NOTSET)
    assert result.cases > 20
    assert (result.faults, result.broken) == (0, {}), f"seed {seed}"
