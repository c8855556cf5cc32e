"""The commands around the seed: setup, create-token, and how `flask` finds them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_appbuilder.cli import fab
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import commands
from app.models import Source, SourceToken
from app.models.clock import travel, utc_now
from app.models.source import digest_of

Run = Callable[..., Result]
OURS = {"setup", "seed", "unseed", "create-token", "worker", "check"}


def test_fab_knows_our_commands_too() -> None:
    assert set(commands.crm.commands) >= OURS
    for name, command in commands.crm.commands.items():
        if name in OURS:
            assert fab.commands[name] is command


def test_the_module_stays_light() -> None:
    """Every call of `flask` loads it, and a module that fails there breaks every command."""
    allowed = {"__future__", "click", "flask", "flask.cli", "flask_appbuilder.cli"}
    tree = ast.parse(Path(commands.__file__).read_text())
    modules = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in tree.body if isinstance(node, ast.Import)
                for alias in node.names}  # fmt: skip
    assert {m for m in modules if m and m.split(".")[0] not in sys.stdlib_module_names} <= allowed


def test_setup_may_run_again(run: Run) -> None:
    run("setup")
    again = run("setup")
    assert (again.exit_code, again.output) == (0, "All is set up.\n")


def test_create_token_prints_the_token_alone_on_its_last_line(run: Run, session: Session) -> None:
    told = run("create-token", "Site form")
    assert told.exit_code == 0
    token = told.output.splitlines()[-1]
    assert len(token) >= 43
    assert " " not in token
    stored = session.scalars(select(SourceToken)).one()
    assert stored.digest == digest_of(token)
    assert (stored.source.name, stored.scopes) == ("Site form", ["push_leads"])
    session.rollback()

    assert run("create-token", "Site form", "--per-minute", "0").exit_code == 1
    limited = ("--scope", "read_statistics", "--per-minute", "120")
    more = run("create-token", "Site form", *limited)
    assert more.output.count("\n") == 1
    named = select(Source.id).where(Source.name == "Site form")
    assert len(session.scalars(named).all()) == 1
    tokens = session.scalars(select(SourceToken).order_by(SourceToken.id)).all()
    assert [one.per_minute for one in tokens] == [None, 120]
    assert tokens[1].scopes == ["read_statistics"]


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_create_token_refuses_a_name_that_no_source_can_have(run: Run, name: str) -> None:
    told = run("create-token", name)
    assert told.exit_code == 1
    assert told.output.startswith("Error: ")


def test_a_put_away_source_gets_no_token(run: Run, session: Session) -> None:
    source = Source()
    session.add(source)
    source.change(name="Gone")
    source.put_away("other")
    session.commit()
    assert run("create-token", "Gone").exit_code == 1


def test_the_clock_travels_and_comes_back(app: Flask) -> None:
    there = utc_now() - timedelta(days=400)
    with travel(there):
        assert utc_now() == there
        with travel(there + timedelta(days=1)):
            assert utc_now() == there + timedelta(days=1)
        assert utc_now() == there
    assert utc_now() > there + timedelta(days=399)
    with pytest.raises(ValueError, match="time zone"), travel(there.replace(tzinfo=None)):
        pass
