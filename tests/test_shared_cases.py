"""The summary of the shared cases says what passed where, and what was not tried."""

from __future__ import annotations

from types import SimpleNamespace

from tests.shared_cases import MARK, all_cases, line_of, outcomes


def test_each_case_is_listed_once() -> None:
    cases = all_cases()
    assert len(cases) == len(set(cases)) == 22 + 17 + 15 + 25


def test_a_case_has_passed_a_door_when_no_test_of_it_failed() -> None:
    def report(door: str) -> SimpleNamespace:
        return SimpleNamespace(user_properties=[(MARK, ["files/a.csv", door]), ("other", 1)])

    found = outcomes(
        [
            ("passed", report("page")),
            ("failed", report("page")),
            ("passed", report("command")),
            ("passed", SimpleNamespace()),
        ]
    )
    assert line_of("a", found["files/a.csv"]) == "case a: command passed, page FAILED"
    assert line_of("b", found.get("b", {})) == "case b: NOT TRIED"
