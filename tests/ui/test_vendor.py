"""The vendor folders: what they say they are, nothing from outside, and nothing missing in them."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVED, TESTS = ROOT / "app/static/vendor", ROOT / "tests/vendor"
SOURCES = {
    path: path.read_text()
    for pattern in ("app/templates/**/*.html", "app/**/*.py", "app/static/js/*.js")
    for path in sorted(ROOT.glob(pattern))
}
STYLES = {path: path.read_text() for path in sorted(ROOT.glob("app/static/css/*.css"))}
SHEET = (SERVED / "tabler.css").read_text()
REFRESH = "run tools/vendor"
MOST_CSS = 120 * 1024  # bytes, before compression
# Where a class is named: an attribute (with expressions in it), a script's list, a keyword.
NAMED = (
    re.compile(r'class="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{])*)"', re.DOTALL),
    re.compile(r"classList\.\w+\(([^)]*)\)"),
    re.compile(r"className\s*=([^;]*);"),
    re.compile(r"""(?:class_|css|["']class["'])\s*[:=]\s*["']([^"']*)["']"""),
)


def entries(folder: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((folder / "VENDOR.json").read_text())
    return listed


# -- what they are ---------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [SERVED, TESTS], ids=["served", "tests"])
def test_every_file_is_listed_with_its_digest(folder):
    listed = {file: sha for entry in entries(folder) for file, sha in entry["files"].items()}
    there = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "VENDOR.json"
    }
    assert there == listed, REFRESH


@pytest.mark.parametrize("folder", [SERVED, TESTS], ids=["served", "tests"])
def test_every_package_has_its_licence_and_the_version_that_the_script_takes(folder):
    wanted = json.loads((ROOT / "tools/package.json").read_text())["dependencies"]
    fixed = json.loads((ROOT / "tools/package-lock.json").read_text())["packages"]
    for entry in entries(folder):
        name = entry["name"]
        assert entry["version"] == wanted[name] == fixed[f"node_modules/{name}"]["version"]
        assert entry["licence"] in {"MIT", "0BSD", "MPL-2.0"}
        [licence] = [file for file in entry["files"] if file.startswith("licences/")]
        assert len((folder / licence).read_text()) > 400


def test_every_package_is_fixed_by_its_hash_and_no_registry_is_named():
    lock = json.loads((ROOT / "tools/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


# -- nothing from outside --------------------------------------------------------------------------


def test_style_sheets_fetch_nothing():
    for path, text in {SERVED / "tabler.css": SHEET, **STYLES}.items():
        assert "@import" not in text, path
        assert "sourceMappingURL" not in text, path
        fetched = re.findall(r"url\(\s*[\"']?(.{5})", text)
        assert set(fetched) <= {"data:"}, path


def test_pictures_hold_shapes_alone():
    sprite = (SERVED / "icons.svg").read_text()
    assert re.findall(r"(?:href|src)=|<(?:script|style|image|foreignObject)|\son\w+=", sprite) == []


def test_the_style_sheets_together_are_small():
    assert sum(len(text.encode()) for text in [SHEET, *STYLES.values()]) <= MOST_CSS, REFRESH


# -- nothing missing -------------------------------------------------------------------------------


def test_every_icon_that_a_source_names_is_in_the_sprite():
    there = set(re.findall(r'<symbol id="([^"]+)"', (SERVED / "icons.svg").read_text()))
    assert sorted(there) == (ROOT / "tools/vendor-icons.txt").read_text().split(), REFRESH
    named = re.compile(r"""\bicon\(([^)]*)\)|\bicon=(["'][^"']*["'])|icons\.svg#([\w-]+)""")
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in SOURCES.items()
        for call, value, link in named.findall(text)
        for name in [*re.findall(r"""(?<!== )["']([a-z0-9-]+)["']""", call + value), link]
        if name and name not in there
    }
    assert missing == set(), "add them to tools/vendor-icons.txt and " + REFRESH


def test_every_class_of_tablers_that_a_source_uses_is_shipped():
    tablers = set((TESTS / "tabler-classes.txt").read_text().split())
    shipped = set(re.findall(r"\.([a-z][\w-]*)", SHEET))
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in SOURCES.items()
        for name in classes(text) & tablers - shipped
    }
    assert missing == set(), REFRESH


def classes(text: str) -> set[str]:
    """The words in the class attributes of markup, and in what a script or Python sets a class to.

    Words of an expression inside the attribute are taken along: `{{ 'active' if here }}`.
    """
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    found = [match for pattern in NAMED for match in pattern.findall(text)]
    return set(re.findall(r"(?<![\w-])[a-z][\w-]*", " ".join(found)))


def test_every_variable_that_our_style_sheets_read_is_defined():
    defined = set(re.findall(r"(--[\w-]+)\s*:", SHEET + "".join(STYLES.values())))
    missing = {
        f"{path.name}: {name}"
        for path, text in STYLES.items()
        for name in re.findall(r"var\(\s*(--[\w-]+)\s*\)", text)
        if name not in defined
    }
    assert missing == set(), REFRESH


def test_tablers_own_variables_survive_the_purge():
    """What is read without anything to fall back on is defined somewhere."""
    defined = set(re.findall(r"(--[\w-]+)\s*:", SHEET + "".join(STYLES.values())))
    read = set(re.findall(r"var\(\s*(--[\w-]+)\s*\)", SHEET))
    assert read - defined == set()
