"""Bars drawn on the server as SVG: no script, nothing from the internet, sharp in print.

Colours come from the style sheet by class; the table of the same figures always stands below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WIDTH, LABEL, VALUE = 720, 220, 110
BAR, GAP, GROUP_GAP = 16, 2, 10


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `value` None draws nothing but the words, which then say why."""

    value: Decimal | int | None
    words: str
    # first, second: the series; or a state: new, work, qualified, good, grey. A class of the sheet.
    kind: str = "first"


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A bar with its place: what the template writes as a rectangle and its words."""

    x: float
    y: int
    width: float
    height: int
    kind: str
    words: str
    words_y: int


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    y: int


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars around a zero line, so that losses grow to the left."""

    finding: str
    width: int
    height: int
    zero: float
    labels: list[Label]
    bars: list[Drawn]
    series: Sequence[tuple[str, Any]] = ()


def bar_chart(
    finding: str, groups: Sequence[Group], series: Sequence[tuple[str, Any]] = ()
) -> BarChart:
    """`finding` says in words what the picture shows; `series` are (kind, name) for the key."""
    values = [Decimal(bar.value) for group in groups for bar in group.bars if bar.value is not None]
    most = max([*values, Decimal(0)])
    least = min([*values, Decimal(0)])
    room = WIDTH - LABEL - VALUE
    scale = room / float(most - least) if most != least else 0.0
    zero = LABEL - float(least) * scale
    labels: list[Label] = []
    bars: list[Drawn] = []
    y = GROUP_GAP
    for group in groups:
        labels.append(Label(_short(group.label), y + BAR - 4))
        for bar in group.bars:
            length = float(bar.value or 0) * scale
            bars.append(
                Drawn(
                    x=round(zero + min(length, 0.0), 1),
                    y=y,
                    width=round(abs(length), 1),
                    height=BAR,
                    kind="loss" if length < 0 else bar.kind,
                    words=bar.words,
                    words_y=y + BAR - 4,
                )
            )
            y += BAR + GAP
        y += GROUP_GAP
    return BarChart(finding, WIDTH, y, round(zero, 1), labels, bars, series)


@dataclass(frozen=True, slots=True)
class SmallBar:
    """A bar within a cell, beside its number: to the right of zero, a loss to the left."""

    x: float
    width: float
    zero: float
    kind: str


SMALL_WIDTH = 40


def small_bars(values: Sequence[Decimal | None]) -> list[SmallBar | None]:
    """All on one scale; nothing where there is no value."""
    known = [value for value in values if value is not None]
    most, least = max([*known, Decimal(0)]), min([*known, Decimal(0)])
    scale = SMALL_WIDTH / float(most - least) if most != least else 0.0
    zero = round(-float(least) * scale, 1)
    bars: list[SmallBar | None] = []
    for value in values:
        if value is None:
            bars.append(None)
            continue
        length = float(value) * scale
        start = round(zero + min(length, 0.0), 1)
        bars.append(SmallBar(start, round(abs(length), 1), zero, "loss" if value < 0 else "first"))
    return bars


def _short(text: str, limit: int = 32) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
