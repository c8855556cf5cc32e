"""The examples of docs/api.md, as they are typed, against the product as people run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.served import ROOT, Server, served

PAGES = (ROOT / "docs/api.md", ROOT / "docs/api.ru.md")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "-- answer --"


def blocks(page: Path) -> list[tuple[str, str]]:
    return FENCE.findall(page.read_text())


def test_both_languages_have_the_same_examples_and_parts() -> None:
    english, russian = PAGES
    assert blocks(english) == blocks(russian)
    for part in (r"^#+ ", r"^\|"):
        counts = {len(re.findall(part, page.read_text(), re.MULTILINE)) for page in PAGES}
        assert len(counts) == 1, part


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("api-docs")) as running:
        yield running


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_examples_work_as_they_are_typed(server: Server) -> None:
    found = blocks(PAGES[0])
    promised = [json.loads(text) for kind, text in found if kind == "json"]
    script = [text for kind, text in found if kind == "bash"]
    told = _run(server, ["bash", "-euc", f"echo\necho '{MARK}'\n".join(script) + '\necho "$TOKEN"'])
    token = told.strip().splitlines()[-1]
    by_curl = [json.loads(text.splitlines()[0]) for text in re.split(rf"{MARK}\n", told)[1:]]
    assert len(by_curl) == len(promised)
    program = [text for kind, text in found if kind == "python"]
    by_python = _run(server, [sys.executable, "-c", "\n".join(program)], TOKEN=token)
    # The last one, /health, is for curl alone.
    answers = [json.loads(line) for line in by_python.splitlines()]
    assert len(answers) == len(promised) - 1
    for answer, wanted in [*zip(by_curl, promised, strict=True), *zip(answers, promised)]:  # noqa: B905
        assert shape(answer) == shape(wanted)
    assert [one.get("id") for one in answers if "id" in one] == [
        one.get("id") for one in by_curl if "id" in one
    ]  # whatever is sent again makes no second lead


def _run(server: Server, command: list[str], **environment: str) -> str:
    program = str(Path(sys.executable).with_name("flask"))
    command = [
        part.replace("http://127.0.0.1:8000", server.url).replace(".venv/bin/flask", program)
        for part in command
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | server.env | {"CRM": server.url} | environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def shape(value: Any, name: str = "") -> Any:
    """Names and types; figures may be empty, and sentences are not compared."""
    if isinstance(value, dict) and name in {"reasons"}:
        return "reasons"
    if isinstance(value, dict):
        return {key: shape(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    if value is None or isinstance(value, str):
        return "text"
    return type(value).__name__
