"""What the READMEs and the docs promise is there: commands, settings, addresses, examples."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from flask_appbuilder.cli import fab
from sqlalchemy import select
from werkzeug.serving import make_server

import app.commands  # noqa: F401 -- adds our commands to FAB's group
from app.extensions import db
from app.models import Campaign, Lead, Service, Submission
from tests.site import logged_in, visitor

ROOT = Path(__file__).resolve().parents[1]
READMES = (ROOT / "README.md", ROOT / "README.ru.md")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEMPLATE = (ROOT / ".env.template").read_text()
MOST_LINES = 160

readmes = pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def code_of(page: Path) -> list[str]:
    """The words set as code, in text and tables."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", text)


def named(page: Path, pattern: str) -> set[str]:
    return set(re.findall(pattern, page.read_text()))


# -- links, commands, settings ---------------------------------------------------------------------


@pages
def test_every_link_leads_somewhere(page):
    for target in named(page, r"\]\(([^)#\s]+)"):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pages
def test_every_command_exists(page):
    for command in named(page, r"flask (?:fab|crm) ([a-z][a-z-]+)"):
        assert command in fab.commands, command
    for program in named(page, r"(?<![/\w])(bin/[a-z]+)"):
        assert os.access(ROOT / program, os.X_OK), program


@readmes
def test_every_setting_stands_in_the_template(readme):
    known = set(re.findall(r"^#? ?(\w+)=", TEMPLATE, re.MULTILINE))
    words = {word for code in code_of(readme) for word in re.findall(r"\b[A-Z]+_?[A-Z_]+\b", code)}
    assert words - known - {"GET", "POST", "NAME"} == set()


@readmes
def test_every_service_of_compose_exists(readme):
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    used = named(readme, r"docker compose (?:logs|exec -T|run --rm) ([a-z]+)")
    assert used | named(readme, r"(?:--scale| )([a-z]+)=\d") <= set(services)


@readmes
def test_what_is_to_be_uncommented_is_there(readme):
    for file in ("docker-compose.yml", "deploy/nginx.conf"):
        assert re.search(r"^\s*# .*443", (ROOT / file).read_text(), re.MULTILINE), file


def test_both_readmes_say_the_same():
    english, russian = READMES
    for part in (r"^#+ ", r"^\|", r"^```", r"^- "):
        counts = [len(re.findall(part, page.read_text(), re.MULTILINE)) for page in READMES]
        assert counts[0] == counts[1], part
    assert sorted(code_of(english)) == sorted(code_of(russian))
    for page in READMES:
        assert len(page.read_text().splitlines()) <= MOST_LINES


# -- addresses -------------------------------------------------------------------------------------


@readmes
def test_every_door_is_open(readme, sqlite_app):
    doors = {tuple(code.split()) for code in code_of(readme) if re.match(r"(GET|POST) /", code)} - {
        ("GET", "/clients/potential/api/")
    }  # listed everybody in the older product
    assert len(doors) == 7
    for method, address in doors:
        address = re.sub("<.*>", "1", address)
        answer = visitor(sqlite_app).open(address, method=method)
        assert answer.status_code == (403 if address.startswith("/in/") else 401), address


def test_the_older_door_lists_nobody(sqlite_app):
    assert visitor(sqlite_app).get("/clients/potential/api/").status_code == 405


@readmes
def test_the_older_addresses_lead_to_ours(readme, sqlite_app):
    old = {code for code in code_of(readme) if re.fullmatch(r"/[a-z/]+", code)}
    assert len(old) == 6
    admin = logged_in(sqlite_app, "admin")
    for address in old:
        assert admin.get(address).status_code == 302, address
    assert "queue" in admin.get("/clients/potential/?today_interaction=true").location
    assert "search=anna" in admin.get("/clients/active/?search=anna").location


# -- the examples, as they are typed ---------------------------------------------------------------


@pytest.fixture
def served(sqlite_app: Flask) -> Iterator[str]:
    """The application at a port of its own, with the campaign of the examples."""
    with sqlite_app.app_context():
        session = db.session()
        service = Service()
        session.add(service)
        service.change(title="Consulting", price=100)
        campaign = Campaign(id=2)
        session.add(campaign)
        campaign.change(title="Autumn", service=service)
        session.commit()
    server = make_server("127.0.0.1", 0, sqlite_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@readmes
def test_the_examples_work_as_they_are_typed(readme, served, sqlite_app):
    examples = "".join(blocks(readme, "bash"))
    assert examples.count("curl ") == 2
    script = examples.replace("127.0.0.1:8000", served).replace(
        "curl ", "curl --silent --show-error "
    )
    script = script.replace(".venv/bin/flask", str(Path(sys.executable).with_name("flask")))
    environment = os.environ | {"DATABASE_URL": sqlite_app.config["SQLALCHEMY_DATABASE_URI"]}
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    older, newer = _answers(done.stdout)
    assert older["phone_number"] == "+79910000001"
    assert list(older) == [
        "first_name", "last_name", "middle_name", "phone_number", "email", "advertising_company",
        "id",
    ]  # fmt: skip
    assert (newer["campaign"], newer["warnings"]) == (2, {})
    with sqlite_app.app_context():
        assert set(db.session.scalars(select(Lead.id))) == {older["id"], newer["id"]}
        assert len(db.session.scalars(select(Submission.id)).all()) == 2


def _answers(text: str) -> list[dict[str, Any]]:
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, end = decoder.raw_decode(text, at)
        found.append(value)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return found
