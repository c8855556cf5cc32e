"""A number of rows is said with its noun, in the language's own plural."""

from __future__ import annotations

from typing import Any

from app.ui.formatters import Count
from app.ui.nouns import counted


def test_rows_are_counted_by_their_noun_or_as_records(reader: Any) -> None:
    with reader("en"):
        assert counted("lead", Count(1)) == "1 lead"
        assert counted("lead", Count(1000, more=True)) == "1,000+ leads"
        assert counted("spend", Count(449)) == "449 records"
    with reader("ru"):
        assert [counted("lead", Count(n)) for n in (1, 2, 5, 11, 21)] == [
            "1 лид", "2 лида", "5 лидов", "11 лидов", "21 лид",
        ]  # fmt: skip
        assert counted("spend", Count(1000, more=True)) == "1\u00a0000+ записей"
