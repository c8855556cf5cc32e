"""How often one network may post."""

from __future__ import annotations

import pytest

from app.api import pace
from app.api.pace import Pace, network_of


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("app.api.pace.monotonic", lambda: now[0])
    return now


def test_within_a_minute_no_more_than_so_many(clock: list[float]) -> None:
    made = Pace(2)
    assert [made.wait("10.0.0.1") for _ in range(2)] == [0, 0]
    clock[0] += 20
    assert 40 <= made.wait("10.0.0.1") <= 41
    assert made.wait("10.0.0.2") == 0
    clock[0] += 40
    assert made.wait("10.0.0.1") == 0


def test_who_is_refused_is_not_made_to_wait_longer(clock: list[float]) -> None:
    made = Pace(1)
    made.wait("10.0.0.1")
    for _ in range(50):
        clock[0] += 1
        assert made.wait("10.0.0.1") > 0
    clock[0] += 10
    assert made.wait("10.0.0.1") == 0


def test_an_ipv6_network_counts_as_one(clock: list[float]) -> None:
    made = Pace(1)
    assert made.wait("2001:db8:0:1::1") == 0
    assert made.wait("2001:db8:0:1:ffff::2") > 0
    assert made.wait("2001:db8:0:2::1") == 0
    assert network_of("10.0.0.1") == "10.0.0.1"
    assert network_of("") == ""


def test_memory_is_bounded(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_NETWORKS", 10)
    made = Pace(1)
    for number in range(100):
        made.wait(f"10.0.0.{number}")
    assert len(made._seen) <= 10
