"""Templates of Flask-AppBuilder that ours replace: a fix to the original never reaches our copy."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

OURS = Path(__file__).resolve().parents[2] / "app" / "templates" / "appbuilder"
THEIRS = Path(str(files("flask_appbuilder"))) / "templates" / "appbuilder"
# Read the original again when it has changed, take over what it mends, and write its digest here.
READ = {
    "baselayout.html": "105fed3336242802",
    "flash.html": "a268376b17b04c6d",
    "general/lib.html": "d91fc4025d4fc213",
    "general/model/add.html": "321397131fa0a95f",
    "general/model/edit.html": "a10db10430c6aa9f",
    "general/model/list.html": "7c11106ff27fb6d2",
    "general/model/show.html": "67a574db1dc124a2",
    "general/security/login_db.html": "809558f64c446bff",
    "general/widgets/base_list.html": "16fec5c8fa0b3da9",
    "general/widgets/form.html": "640a41d53d00a184",
    "general/widgets/list.html": "2a0fad48fe42239c",
    "general/widgets/roles/list.html": "fbf2cb3dbc25ccb6",
    "general/widgets/show.html": "babd5b80d4e383c4",
    "init.html": "63cd58ec542d996f",
    "navbar.html": "140e7b7ef55a8b66",
    "navbar_right.html": "0a7b39c996f2f3a1",
}


def test_the_originals_are_those_that_were_read():
    found = {
        name: hashlib.sha256((THEIRS / name).read_bytes()).hexdigest()[:16]
        for name in READ
        if (THEIRS / name).exists()
    }
    assert found == READ, "read these again: " + ", ".join(changed(found))


def changed(found: dict[str, str]) -> list[str]:
    return [name for name in READ if found.get(name) != READ[name]]


def test_each_of_our_templates_there_replaces_an_original():
    assert {str(path.relative_to(OURS)) for path in OURS.rglob("*.html")} == set(READ)


def test_a_changed_original_is_named():
    assert changed(READ | {"flash.html": "another"}) == ["flash.html"]
    assert changed({name: READ[name] for name in READ if name != "init.html"}) == ["init.html"]
