"""Runs a command as a person at the terminal would, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from app.commands import crm


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    """`run("seed", "--if-empty")`; a failure other than a sentence to the user is raised."""

    def invoke(*arguments: str, **options: Any) -> Result:
        script = ScriptInfo(create_app=lambda: app)
        result = CliRunner().invoke(crm, list(arguments), obj=script, **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke
