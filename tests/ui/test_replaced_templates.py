"""Templates of Flask-AppBuilder that ours replace: a fix to the original never reaches our copy."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

OURS = Path(__file__).resolve().parents[2] / "app" / "templates" / "appbuilder"
THEIRS = Path(str(files("flask_appbuilder"))) / "templates" / "appbuilder"
# Read the original again when it has changed, take over what it mends, and write its digest here.
READ = {
    "general/alert.html": "a1d8f674dcdba297",
    "general/confirm.html": "b40fa102c061f75b",
    "navbar_right.html": "0a7b39c996f2f3a1",
}


def test_the_originals_are_those_that_were_read():
    found = {
        str(path.relative_to(OURS)): hashlib.sha256(
            (THEIRS / path.relative_to(OURS)).read_bytes()
        ).hexdigest()[:16]
        for path in OURS.rglob("*.html")
        if (THEIRS / path.relative_to(OURS)).exists()
    }
    assert found == READ
