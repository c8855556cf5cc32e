"""Bars: on one scale around zero, and nothing where there is no value."""

from __future__ import annotations

from decimal import Decimal

from app.ui.charts import SMALL_WIDTH, Bar, Group, bar_chart, small_bars


def test_small_bars_share_a_scale_and_diverge_at_zero() -> None:
    gain, loss, none = small_bars([Decimal("3"), Decimal("-1"), None])
    assert none is None
    assert gain is not None
    assert loss is not None
    assert (gain.x, gain.width, gain.kind) == (gain.zero, SMALL_WIDTH * 3 / 4, "first")
    assert (loss.x, loss.width, loss.kind) == (0, SMALL_WIDTH / 4, "loss")
    assert gain.zero == loss.zero == SMALL_WIDTH / 4


def test_small_bars_of_nothing_have_no_width() -> None:
    assert small_bars([]) == []
    (zero,) = small_bars([Decimal(0)])
    assert zero is not None
    assert zero.width == 0


def test_losses_grow_to_the_left_of_the_zero_line() -> None:
    chart = bar_chart(
        "", [Group("a", [Bar(Decimal(2), "2")]), Group("b", [Bar(Decimal(-2), "-2")])]
    )
    gain, loss = chart.bars
    assert gain.x == chart.zero == loss.x + loss.width
    assert gain.width == loss.width
