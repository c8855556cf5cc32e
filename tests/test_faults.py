"""Half a minute in which what serves leads and contracts is killed: nothing is lost or doubled.

Counts alone are asserted. How soon all is back depends on the machine: `python -m bench.faults`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.faults import run

SECONDS, EVERY, RATE = 30, 7.5, 100


@pytest.mark.slow
@pytest.mark.postgres
def test_whatever_is_killed_every_lead_and_document_is_there_once(tmp_path: Path) -> None:
    report = run(tmp_path, seconds=SECONDS, every=EVERY, rate=RATE)
    assert report.broken == []
    assert len({one.what for one in report.faults}) == 3
    counts = report.counts
    assert (counts.sent, counts.accepted) == (SECONDS * RATE, SECONDS * RATE)
    assert counts.versions > 0
    assert all(lead.accepted is not None for lead in report.leads)
