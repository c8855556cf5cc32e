"""A short form of bench/intake.py: that it measures what it says, and that no request fails."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WAYS = ("pgbench", "no database", "Core", "/api/v1/leads", "the seed's door", "/in/", "batch")


@pytest.mark.slow
@pytest.mark.postgres
def test_the_doors_are_measured_beside_the_bare_rows(postgres_server: str) -> None:
    """Times are printed and held by nobody: the machine of a test has other work."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.intake", "--seconds", "0.5", "--rounds", "1",
         "--connections", "8"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for way in WAYS:
        found = re.search(rf"^ +8  {re.escape(way)} +(\d+)", done.stdout, re.MULTILINE)
        assert found, way
        assert int(found[1]) > 0, way
    written = re.findall(r"^  (lead|contact_point|submission|note): (\d)", done.stdout, re.M)
    assert dict(written) == {"lead": "1", "contact_point": "0", "submission": "1", "note": "1"}
    assert "CPU ms of an accepted lead" in done.stdout
    assert "x the Core endpoint at 8" in done.stdout
