"""The rules of the house that a reader could break without noticing, held over the whole tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"
FILES = sorted(APP.rglob("*.py"))

# Who may import whom: each layer the ones named after it. `app` alone is the wiring.
DOORS = {"views", "api", "commands"}
LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "models": {"errors", "models"},
    "documents": {"documents", "models", "errors", "database"},
    "intake": {"intake", "models", "errors", "database"},
    "statistics": {"statistics", "models", "errors"},
    "jobs": {"jobs", "models", "errors", "database"},
    "webhooks": {"webhooks", "models", "errors", "database"},
    "imports": {"imports", "intake", "models", "errors"},
    "ui": {"ui", "intake", "documents", "statistics", "models", "errors"},
    "listeners": {"documents", "models", "errors"},
    "roles": set(),
    "database": set(),
    "extensions": {"models"},
}
BELOW_DOORS = {
    "ui", "intake", "documents", "statistics", "models", "errors", "extensions", "database",
    "roles", "listeners", "jobs", "imports", "webhooks",
}  # fmt: skip
for _door in DOORS:
    LAYERS[_door] = BELOW_DOORS | {_door}
# What commands do beside the verbs: demo data, the laws over all data, the set-up step.
for _work in ("seed", "laws"):
    LAYERS[_work] = LAYERS["commands"] - {"commands"} | {_work}
LAYERS["commands_import"] = LAYERS["commands"]
LAYERS["commands"] |= {"seed", "laws", "setup", "i18n", "commands_import"}


def layer_of(file: Path) -> str:
    first = file.relative_to(APP).parts[0]
    return first.removesuffix(".py")


def imports_of(file: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of each import, those inside functions too; not those for types alone."""
    tree = ast.parse(file.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the direction"
            yield node.lineno, node.module or ""
            if node.module == "app":
                yield from ((node.lineno, f"app.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_imports_run_one_way(layer):
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in FILES
        if layer_of(file) == layer
        for line, name in imports_of(file)
        if name.startswith("app.") and name.split(".")[1] not in LAYERS[layer]
    ]
    assert wrong == []


def test_every_file_belongs_to_a_layer():
    wiring = {"__init__", "security", "setup", "web", "i18n", "start"}
    assert {layer_of(file) for file in FILES} <= set(LAYERS) | wiring


@pytest.mark.parametrize(
    "layer",
    ["errors", "models", "documents", "intake", "imports", "jobs", "statistics", "webhooks"],
)
def test_what_people_mean_knows_no_web(layer):
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in FILES
        if layer_of(file) == layer
        for line, name in imports_of(file)
        if name.split(".")[0] in {"flask", "flask_login", "flask_restful", "flask_wtf", "config"}
    ]
    assert wrong == []


def test_settings_are_read_by_the_wiring_and_the_doors_only():
    allowed = DOORS | {"__init__", "security", "setup", "web", "i18n", "ui", "seed", "start"}
    wrong = [
        str(file.relative_to(ROOT))
        for file in FILES
        if layer_of(file) not in allowed
        and re.search(r"^(import config|from config)|current_app\.config", file.read_text(), re.M)
    ]
    assert wrong == []


# -- writes that pass the verbs by -----------------------------------------------------------------


def places(pattern: str, *, outside: tuple[str, ...] = ()) -> list[str]:
    found = []
    for file in FILES:
        name = str(file.relative_to(APP))
        if any(name == place or name.startswith(place) for place in outside):
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if re.search(pattern, line.split("#", 1)[0]):
                found.append(f"app/{name}:{number}: {line.strip()}")
    return found


def test_leads_are_made_by_intake_alone():
    assert places(r"\binsert\(\s*Lead\b", outside=("intake/",)) == []
    assert places(r"(?<!class )\bLead\(", outside=("intake/", "models/lead.py")) == []


def test_no_bulk_writes():
    assert places(r"\.bulk_(save|insert|update)|bulk_allowed\(", outside=("listeners.py",)) == [
        line for line in places(r"bulk_allowed\(", outside=("listeners.py",)) if "unseed" in line
    ]


def test_no_statement_on_a_bare_table():
    assert places(r"__table__\s*\.\s*(insert|update|delete)\b") == []
    assert places(r"\b(insert|update|delete)\(\s*\w+\.__table__") == []


def test_raw_sql_stands_in_no_door():
    allowed = ("models/", "intake/", "statistics/", "database.py", "documents/queue.py", "seed/")
    assert places(r"(?<![\w.])(?:sa\.)?text\(\s*[\"']", outside=allowed) == []


def test_only_doors_commit():
    doors = (
        "views/",
        "api/",
        "commands.py",
        "commands_import.py",
        "security.py",
        "setup.py",
        "database.py",
    )
    workers = ("documents/queue.py", "documents/worker.py", "jobs/queue.py", "seed/", "intake/")
    assert places(r"\.commit\(\)", outside=doors + workers) == []


def test_whoever_catches_everything_says_why_or_raises_again():
    wrong = []
    for file in FILES:
        lines = file.read_text().splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = ast.unparse(node.type) if node.type else "BaseException"
            everything = caught in {"Exception", "BaseException"}
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            if everything and not raises and "#" not in lines[node.lineno - 1]:
                wrong.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_templates_hide_nothing_from_the_escaper_and_the_policy():
    wrong = []
    for file in sorted((APP / "templates").rglob("*.html")):
        source = file.read_text()
        for pattern in (
            r"\|\s*safe\b",
            r"\bautoescape\s+false",
            r"\son[a-z]+=\"",
            r"javascript:",
            r"<script(?![^>]*src=)",
            r"<style",
            r"\sstyle=",
            r"\bnonce\b",
            r"https?://(?!www\.w3\.org)",
        ):
            wrong += [f"{file.relative_to(ROOT)}: {m}" for m in re.findall(pattern, source)]
    assert wrong == []


def test_every_module_says_why_it_exists():
    silent = [
        str(file.relative_to(ROOT))
        for file in FILES
        if not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert silent == []


def test_no_test_looks_for_a_word_that_a_random_token_of_the_page_may_hold():
    """Nonces and form keys are 22 to 32 random letters: "C3" stands in one of a hundred."""
    pages = "page|text|shown|rows|body|html"
    short = rf'(?:assert|assert not|and|or) "[\w-]{{1,3}}" (?:not )?in (?:{pages})'
    place = r'(?<!words)\.(?:index|count|find)\("[A-Za-z0-9_-]{1,3}"\)'
    wrong = []
    for file in sorted((ROOT / "tests").rglob("*.py")):
        source = file.read_text()
        for pattern in (short, place):
            wrong += [f"{file.relative_to(ROOT)}: {m}" for m in re.findall(pattern, source)]
    assert wrong == []
