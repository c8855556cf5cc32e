"""How often a token may come, and how often an address may guess: refused, and nothing kept."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.api.limits import EXTENSION, Buckets, Limits
from app.extensions import db
from app.models.source import Scope, SourceFormat
from tests.api.doors import (
    BATCH,
    LEADS,
    SEED,
    SUBMISSIONS,
    Sending,
    leads,
    make_campaigns,
    submissions,
)
from tests.site import visitor

BODY = {"email": "a@example.com"}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limited(app: Flask, per_minute: int, *scopes: str, **source: Any) -> Sending:
    """A sender whose token has a limit of its own."""
    sender = Sending(app, *scopes, **source)
    with app.app_context():
        sender.token = sender.source().issue_token(
            tuple(scopes) or (Scope.PUSH_LEADS,), per_minute=per_minute
        )
        db.session.commit()
    return sender


# -- buckets ---------------------------------------------------------------------------------------


def test_as_many_come_at_once_as_in_a_minute_and_then_evenly() -> None:
    clock = Clock()
    buckets = Buckets(clock=clock)
    assert [buckets.take("a", 3) for _ in range(4)] == [0, 0, 0, 20]
    assert buckets.take("b", 3) == 0
    clock.now += 19
    assert buckets.take("a", 3) == pytest.approx(1)
    clock.now += 1
    assert buckets.take("a", 3) == 0
    assert buckets.take("a", 3) == pytest.approx(20)
    clock.now += 3600
    assert [buckets.take("a", 3) for _ in range(4)] == [0, 0, 0, 20]


def test_a_changed_limit_holds_from_the_next_request() -> None:
    buckets = Buckets(clock=Clock())
    for _ in range(10):
        assert buckets.take("a", 10) == 0
    assert buckets.take("a", 60) == pytest.approx(1)
    assert buckets.take("a", 1) == pytest.approx(60)


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    buckets = Buckets(most=2, clock=Clock())
    for name in ("a", "b", "a", "c"):
        buckets.take(name, 2)
    assert set(buckets._kept) == {"a", "c"}


def test_each_process_gives_out_its_share() -> None:
    limits = Limits(per_minute=9, wrong_per_minute=1, processes=4)
    assert [limits.count("token", "here", None) > 0 for _ in range(3)] == [False, False, True]
    assert [limits.count("other", "here", 1) > 0 for _ in range(2)] == [False, True]


def test_no_limit_is_none() -> None:
    limits = Limits(per_minute=0, wrong_per_minute=0, processes=1)
    assert {limits.count("token", "here", None) for _ in range(1000)} == {0}
    for _ in range(1000):
        limits.refused("here")
    assert limits.guessing("token", "here") == 0


# -- the doors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("door", "body"), [(SEED, BODY), (LEADS, BODY), (BATCH, [BODY] * 3), (SUBMISSIONS, BODY)]
)
def test_who_comes_too_often_waits_and_nothing_is_kept(app: Flask, door: str, body: Any) -> None:
    sender = limited(app, 2)
    assert [sender.post(door, body).status_code for _ in range(2)] in ([201, 201], [200, 200])
    kept = (leads(app), submissions(app))
    answer = sender.post(door, body)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 30
    assert "detail" in answer.json
    assert (leads(app), submissions(app)) == kept


def test_the_others_go_on(app: Flask) -> None:
    quick, other = limited(app, 1), Sending(app)
    assert [quick.post(LEADS, BODY).status_code for _ in range(2)] == [201, 429]
    assert other.post(LEADS, BODY).status_code == 201


def test_statistics_are_limited_too(app: Flask) -> None:
    reader = limited(app, 1, Scope.READ_STATISTICS)
    address = f"/api/v1/campaigns/{make_campaigns(app, 1)[0]}/statistics"
    client = visitor(app)
    told = [client.get(address, headers={"Token": reader.token}).status_code for _ in range(2)]
    assert told == [200, 429]


@pytest.mark.parametrize(
    ("name", "status"), [(SourceFormat.GENERIC, 429), (SourceFormat.FORM, 429),
                         (SourceFormat.TILDA, 503), (SourceFormat.TIKTOK, 503)]
)  # fmt: skip
def test_a_platform_is_told_in_a_way_that_lets_it_come_again(
    app: Flask, name: str, status: int
) -> None:
    sender = limited(app, 1, format=name)
    address = f"/in/{sender.token}"
    assert sender.post(address, BODY).status_code < 400
    answer = sender.post(address, BODY)
    assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) > 0


def test_the_limit_of_all_holds_for_tokens_without_their_own(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions[EXTENSION], "per_minute", 1)
    sender, generous = Sending(app), limited(app, 100)
    assert [sender.post(LEADS, BODY).status_code for _ in range(2)] == [201, 429]
    assert [generous.post(LEADS, BODY).status_code for _ in range(2)] == [201, 201]


# -- guessing --------------------------------------------------------------------------------------


def test_who_guesses_at_tokens_waits(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions[EXTENSION], "wrong_per_minute", 3)
    known, new = Sending(app), Sending(app)
    assert known.post(LEADS, BODY).status_code == 201
    wrong = {"Token": "wrong"}
    assert [known.post(LEADS, BODY, headers=wrong).status_code for _ in range(4)] == [401] * 3 + [
        429
    ]
    answer = known.post(f"/in/{'x' * 43}", BODY, headers=wrong)
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    # A right token that was never seen from there waits too; one that was is let in.
    assert new.post(LEADS, BODY).status_code == 429
    assert known.post(LEADS, BODY).status_code == 201
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert new.post(LEADS, BODY, environ_base=elsewhere).status_code == 201


def test_wrong_keys_of_webhooks_count_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions[EXTENSION], "wrong_per_minute", 2)
    sender = Sending(app)
    told = [sender.post(f"/in/wrong-{number}", BODY).status_code for number in range(3)]
    assert told == [403, 403, 429]


def test_one_network_of_ipv6_is_one_guesser(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions[EXTENSION], "wrong_per_minute", 1)
    sender, wrong = Sending(app), {"Token": "wrong"}

    def guess(address: str) -> int:
        place = {"REMOTE_ADDR": address}
        status: int = sender.post(LEADS, BODY, headers=wrong, environ_base=place).status_code
        return status

    assert [guess("2001:db8::1"), guess("2001:db8::2"), guess("2001:db8:0:1::1")] == [401, 429, 401]
