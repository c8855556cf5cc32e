"""Clients who dawdle keep nobody from the door; `python -m bench.slow_clients` prints the times."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.slow_clients import HALF_SENT, IDLE, push, site
from tests.proxied import proxy

SECONDS = 8


@pytest.mark.slow
@pytest.mark.postgres
def test_every_lead_is_accepted_while_others_dawdle_before_the_proxy(tmp_path: Path) -> None:
    with site(tmp_path) as (web, made), proxy(tmp_path, web) as port:
        result = push("behind nginx", port, made, SECONDS)
    assert result.held == HALF_SENT + IDLE
    assert set(result.answers) == {201}
    assert all(lead.accepted is not None for lead in result.leads)
