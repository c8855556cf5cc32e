"""At the end of a run: one line for each shared case of tests/cases, with the doors it has passed.

A test that tries a case says so by `passes(case, door)`; whatever is not passed at some door, or
was tried at none, is told as well. Loaded as a plugin by conftest.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "cases"
MARK = "shared case"

Passes = Callable[[str, str], None]


@pytest.fixture
def passes(record_property: Callable[[str, Any], None]) -> Passes:
    """`passes("files/a.csv", "import by page")` at the beginning of a test that tries the case."""

    def tell(case: str, door: str) -> None:
        record_property(MARK, [case, door])

    return tell


def pytest_runtest_setup(item: Any) -> None:
    """`test_report_07_…` tries the report of this number, at the door that its module names."""
    number = re.match(r"test_report_(\d\d)_", item.name)
    if number:
        door = getattr(item.module, "DOOR", "web and API")
        item.user_properties.append((MARK, [f"bug_reports.md {number[1]}", door]))


def all_cases() -> list[str]:
    """Their names as the summary lists them."""
    names = [
        f"{folder}/{path.name}"
        for folder in ("webhooks", "files")
        for path in sorted((FOLDER / folder).iterdir())
        if not path.name.endswith(".expect.json")
    ]
    contacts = json.loads((FOLDER / "contacts.json").read_text())["contacts"]
    names += [f"contacts.json {one['id']}" for one in contacts]
    numbers = re.findall(r"^(\d+)\. ", (FOLDER / "bug_reports.md").read_text(), re.MULTILINE)
    return names + [f"bug_reports.md {int(number):02}" for number in numbers]


def outcomes(reports: Iterable[tuple[str, Any]]) -> dict[str, dict[str, set[str]]]:
    """{case: {door: {passed, failed}}} of (outcome, report)."""
    found: dict[str, dict[str, set[str]]] = {}
    for outcome, report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == MARK:
                found.setdefault(value[0], {}).setdefault(value[1], set()).add(outcome)
    return found


def line_of(case: str, doors: dict[str, set[str]]) -> str:
    if not doors:
        return f"case {case}: NOT TRIED"
    told = (
        f"{door} {'passed' if results == {'passed'} else 'FAILED'}"
        for door, results in sorted(doors.items())
    )
    return f"case {case}: {', '.join(told)}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [
        (outcome, report)
        for outcome in ("passed", "failed", "error")
        for report in terminalreporter.stats.get(outcome, ())
    ]
    found = outcomes(reports)
    if not found:
        return
    cases = all_cases()
    terminalreporter.write_sep("=", "shared cases")
    for case in cases:
        # A run of a few tests says nothing of the other cases.
        if case in found or len(found) > len(cases) // 2:
            terminalreporter.write_line(line_of(case, found.get(case, {})))
    good = sum(
        all(results == {"passed"} for results in found[case].values())
        for case in cases
        if case in found
    )
    terminalreporter.write_line(
        f"{good} of {len(cases)} shared cases passed at each of their doors"
    )
