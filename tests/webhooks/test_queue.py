"""What is told when, that it is never lost, and that nobody is kept waiting by a bad receiver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.errors import NotAllowedNow
from app.extensions import db
from app.intake import Arrival, CampaignSent, receive
from app.models import Contract, Lead, Webhook, WebhookDelivery
from app.models.base import Archive
from app.models.clock import travel, utc_now
from app.models.lead import NewPerson
from app.models.merge import merge
from app.models.passing import forget_old
from app.models.sealing import unseal
from app.models.webhook import HookEvent
from app.webhooks import queue
from app.webhooks.courier import Courier
from app.webhooks.queue import GIVES_UP_AFTER, MOST_TRIES, PAUSES
from app.webhooks.signing import signature
from tests.factories import (
    complete_company,
    make_campaign,
    make_client,
    make_contract,
    make_signed_contract,
    make_webhook,
)  # fmt: skip
from tests.webhooks.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(session: Session) -> Engine:
    return db.engine


def told(session: Session) -> list[Any]:
    """(event, data) of what waits, in order."""
    session.flush()
    rows = session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)).all()
    return [(row.event, json.loads(row.body)["data"]) for row in rows]


def events(session: Session) -> list[str]:
    return [event for event, _data in told(session)]


def only(session: Session) -> WebhookDelivery:
    session.rollback()
    return session.scalars(select(WebhookDelivery).execution_options(populate_existing=True)).one()


def hook_of(session: Session, path: str, receiver: Receiver, **changes: Any) -> Webhook:
    made = make_webhook(session, address=receiver.address(path), **changes)
    session.commit()
    return made


def deliver_one(engine: Engine) -> bool:
    """SQLite's one writer must be free, as it is for the worker's own process."""
    db.session.rollback()
    return queue.deliver_one(engine)


def due_now(session: Session) -> None:
    for row in session.scalars(select(WebhookDelivery)):
        row.next_try_at = utc_now()
    session.commit()


def asked(session: Session, **marks: str) -> Lead:
    campaign = make_campaign(session, title="Autumn")
    campaign.add_external_id("google", "77")
    receipt = receive(
        session,
        Arrival(
            first_name="Анна", last_name="Пробная", phone="+79161234567", email="a@example.com",
            campaign=CampaignSent(str(campaign.id)), utm=marks,
        ),
    )  # fmt: skip
    return session.get_one(Lead, receipt.lead_id)


# -- what is told ----------------------------------------------------------------------------------


def test_a_conversion_is_told_in_its_own_transaction(session: Session) -> None:
    make_webhook(session)
    lead = asked(session, gclid="Cj0Kq", utm_source="google")
    session.commit()
    lead.convert(NewPerson())
    session.rollback()
    assert told(session) == []
    client = lead.convert(NewPerson())
    session.commit()
    ((event, data),) = told(session)
    assert event == "lead.converted"
    assert data["client"] == {"id": client.id, "kind": "person", "is_new": True}
    assert (data["lead"]["id"], data["lead"]["status"]) == (lead.id, "converted")
    assert data["lead"]["campaign"]["external_ids"] == [{"platform": "google", "id": "77"}]
    assert [(one["kind"], one["id"]) for one in data["lead"]["clicks"]] == [("gclid", "Cj0Kq")]


def test_personal_data_goes_only_where_it_is_asked_for(session: Session) -> None:
    make_webhook(session)
    make_webhook(session, with_contacts=True)
    lead = asked(session)
    lead.convert(NewPerson())
    session.flush()
    bare, full = (row.body for row in session.scalars(select(WebhookDelivery)))
    for personal in ("Анна", "Пробная", "79161234567", "a@example.com"):
        assert personal not in bare
        assert personal in full
    assert json.loads(full)["data"]["contacts"]["phones"] == ["+79161234567"]
    assert json.loads(bare)["id"] == json.loads(full)["id"]


def test_a_signed_contract_is_told_with_its_sums_as_text(session: Session) -> None:
    make_webhook(session)
    lead = asked(session)
    client = lead.convert(NewPerson())
    contract = make_contract(session, client=client, lead=lead, amount=Decimal("1185.10"))
    complete_company(session)
    assert events(session) == ["lead.converted"]
    contract.sign()
    session.commit()
    event, data = told(session)[-1]
    assert event == "contract.signed"
    said = data["contract"]
    assert (said["id"], said["number"], said["status"]) == (contract.id, contract.number, "signed")
    assert (said["amount"], said["revenue"], said["currency"]) == ("1185.10", "1185.10", "RUB")
    assert data["lead"]["id"] == lead.id
    assert session.scalars(select(WebhookDelivery.body)).all()[-1].count('"amount":"1185.10"') == 1


def test_a_savepoint_that_is_rolled_back_tells_nothing(session: Session) -> None:
    make_webhook(session)
    complete_company(session)
    contract = make_contract(session)
    session.commit()
    with session.begin_nested() as attempt:
        contract.sign()
        session.flush()
        attempt.rollback()
    session.commit()
    assert told(session) == []


def test_the_whole_life_of_a_contract_is_told(session: Session) -> None:
    make_webhook(session)
    contract = make_signed_contract(session, amount=100)
    session.commit()
    contract.amend("more work", amount=Decimal(150))
    session.commit()
    contract.void("mistake")
    session.commit()
    contract.bring_back()
    session.commit()
    contract.terminate(None, "no money", kept=30)
    session.commit()
    other = make_signed_contract(session)
    session.commit()
    other.complete()
    session.commit()
    assert events(session) == [
        "contract.signed", "contract.amended", "contract.voided", "contract.restored",
        "contract.terminated", "contract.signed", "contract.completed",
    ]  # fmt: skip
    sums = [data["contract"]["revenue"] for _event, data in told(session)][:5]
    assert sums == ["100.00", "150.00", "0.00", "150.00", "30.00"]
    assert told(session)[2][1]["contract"]["voided"] is True


def test_only_what_was_ticked_is_told(session: Session) -> None:
    make_webhook(session, events=[HookEvent.CONTRACT_VOIDED.value])
    contract = make_signed_contract(session)
    session.commit()
    assert told(session) == []
    contract.void("mistake")
    session.commit()
    assert events(session) == ["contract.voided"]


@pytest.mark.parametrize("how", ["off", "away"])
def test_who_is_off_is_not_told(session: Session, how: str) -> None:
    hook = make_webhook(session)
    hook.switch_off() if how == "off" else hook.put_away(Archive.OTHER)
    make_signed_contract(session)
    session.commit()
    assert told(session) == []


def test_drafts_edits_and_merges_tell_nothing(session: Session) -> None:
    make_webhook(session)
    one, two = make_client(session), make_client(session)
    contract = make_contract(session, client=one)
    contract.change(amount=5)
    session.commit()
    merge(two, one, {})
    session.commit()
    assert told(session) == []


def test_a_contract_that_comes_signed_is_told_with_its_id(session: Session) -> None:
    make_webhook(session)
    complete_company(session)
    contract = make_contract(session)
    session.expunge(contract)
    made = Contract.draft(session, client=make_client(session), service=contract.service)
    made.status, made.number, made.signed_on = "signed", 900, utc_now().date()
    session.commit()
    ((event, data),) = told(session)
    assert (event, data["contract"]["id"]) == ("contract.signed", made.id)


# -- how it is delivered ---------------------------------------------------------------------------


def test_what_is_accepted_is_over(session: Session, engine: Engine, receiver: Receiver) -> None:
    hook = hook_of(session, "/ok", receiver)
    make_signed_contract(session)
    session.commit()
    assert deliver_one(engine)
    assert not deliver_one(engine)
    row = only(session)
    assert (row.state, row.attempts, row.status, row.answer) == ("delivered", 1, 200, "thanks")
    assert row.finished_at is not None
    path, headers, body = receiver.got[0]
    secret = unseal(session.get_one(Webhook, hook.id).sealed)
    right = signature(row.event_id, int(headers["webhook-timestamp"]), body, secret)
    assert (path, headers["webhook-signature"]) == ("/ok", f"v1,{right}")
    assert json.loads(body)["id"] == headers["webhook-id"] == row.event_id
    assert headers["content-type"] == "application/json"


def test_a_failure_waits_longer_each_time_and_is_sent_again_on_request(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook_of(session, "/fail", receiver)
    make_signed_contract(session)
    session.commit()
    assert timedelta(hours=23) < sum(PAUSES, timedelta()) < timedelta(hours=26)
    for pause in PAUSES:
        assert deliver_one(engine)
        row = only(session)
        assert (row.state, row.reason, row.status) == ("waiting", "refused", 500)
        assert timedelta(seconds=-5) < row.next_try_at - utc_now() - pause < timedelta(seconds=1)
        assert not deliver_one(engine)
        with pytest.raises(NotAllowedNow):
            row.send_again()
        due_now(session)
    assert deliver_one(engine)
    row = only(session)
    assert (row.state, row.attempts) == ("failed", MOST_TRIES)
    row.webhook.change(address=receiver.address("/ok"))
    row.send_again()
    session.commit()
    assert deliver_one(engine)
    assert only(session).state == "delivered"
    assert len(set(receiver.ids)) == 1
    assert len({body for _path, _headers, body in receiver.got}) == 1
    assert len(receiver.got) == MOST_TRIES + 1


def test_a_receiver_may_put_it_off_for_a_while(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook_of(session, "/busy", receiver)
    make_signed_contract(session)
    session.commit()
    deliver_one(engine)
    assert only(session).next_try_at - utc_now() > timedelta(seconds=890)


def test_who_wants_nothing_more_is_switched_off_at_once(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook = hook_of(session, "/gone", receiver)
    make_signed_contract(session)
    session.commit()
    version = hook.lock_version
    deliver_one(engine)
    assert only(session).state == "failed"
    assert (hook.off_because, hook.lock_version) == ("gone", version + 1)
    with pytest.raises(NotAllowedNow):
        only(session).send_again()


def test_who_accepts_nothing_for_days_is_switched_off_and_loses_nothing_that_waits(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook = hook_of(session, "/say", receiver)
    version = hook.lock_version
    receiver.says = 503
    make_signed_contract(session)
    session.commit()
    deliver_one(engine)
    session.expire_all()
    first = hook.failing_since
    assert first is not None
    assert (hook.off_because, hook.lock_version) == (None, version)
    with travel(utc_now() + GIVES_UP_AFTER + timedelta(minutes=1)):
        deliver_one(engine)
        session.expire_all()
        assert (hook.off_because, hook.failing_since) == ("failing", first)
        due_now(session)
        assert not deliver_one(engine)
        receiver.says = 200
        hook.tell_test()
        session.commit()
        assert deliver_one(engine), "a test goes to one that is off"
        session.expire_all()
        assert hook.off_because == "failing", "a person switches it on again"
        hook.switch_on()
        session.commit()
        assert deliver_one(engine)
    states = session.scalars(select(WebhookDelivery.state)).all()
    assert states == ["delivered", "delivered"]


def test_one_accepted_event_ends_the_failing(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook = hook_of(session, "/say", receiver)
    receiver.says = 500
    make_signed_contract(session)
    session.commit()
    deliver_one(engine)
    receiver.says = 200
    due_now(session)
    deliver_one(engine)
    session.expire_all()
    assert hook.failing_since is None


def test_a_test_is_tried_once_and_says_nothing_of_the_webhook(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook = hook_of(session, "/fail", receiver)
    hook.tell_test()
    session.commit()
    deliver_one(engine)
    row = only(session)
    assert (row.event, row.state, row.attempts) == ("test", "failed", 1)
    assert hook.failing_since is None


def test_both_secrets_sign_until_the_overlap_ends(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook = hook_of(session, "/ok", receiver)
    old = unseal(hook.sealed)
    new = hook.draw_secret(timedelta(hours=1))
    hook.tell_test()
    session.commit()
    deliver_one(engine)
    _path, headers, body = receiver.got[0]
    at = int(headers["webhook-timestamp"])
    expected = [f"v1,{signature(receiver.ids[0], at, body, one)}" for one in (new, old)]
    assert headers["webhook-signature"].split() == expected
    with travel(utc_now() + timedelta(hours=2)):
        hook.tell_test()
        session.commit()
        deliver_one(engine)
    assert len(receiver.got[1][1]["webhook-signature"].split()) == 1
    hook.draw_secret()
    assert hook.old_sealed is None


def test_a_worker_that_dies_in_the_last_try_leaves_a_failure(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook_of(session, "/ok", receiver)
    make_signed_contract(session)
    row = session.scalars(select(WebhookDelivery)).one()
    row.attempts = MOST_TRIES
    session.commit()
    deliver_one(engine)
    row = only(session)
    assert (row.state, row.reason, receiver.got) == ("failed", "lost", [])


def test_who_comes_too_late_writes_nothing(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook_of(session, "/ok", receiver)
    make_signed_contract(session)
    session.commit()
    work = queue.claim(engine)
    assert work is not None
    assert queue.claim(engine) is None, "it is under way"
    with travel(utc_now() + queue.LEASE + timedelta(seconds=1)):
        again = queue.claim(engine)
        assert again is not None
        assert again.event_id == work.event_id
        assert not queue.record(engine, work, work.try_it())
        assert queue.record(engine, again, again.try_it())
    assert (only(session).state, only(session).attempts) == ("delivered", 2)


def test_what_is_old_is_forgotten(session: Session) -> None:
    make_webhook(session)
    make_signed_contract(session)
    session.commit()
    with travel(utc_now() + timedelta(days=29)):
        forget_old(session)
    assert len(told(session)) == 1
    with travel(utc_now() + timedelta(days=31)):
        forget_old(session)
    assert told(session) == []


# -- the courier and its end -----------------------------------------------------------------------


def wait_until(true: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def test_a_receiver_that_hangs_keeps_no_other_waiting(
    session: Session, engine: Engine, receiver: Receiver
) -> None:
    hook_of(session, "/hang", receiver)
    hook_of(session, "/ok", receiver)
    for _ in range(3):
        make_signed_contract(session)
    session.commit()
    with Courier(engine):
        wait_until(lambda: [path for path, *_ in receiver.got].count("/ok") == 3)
        assert [path for path, *_ in receiver.got].count("/hang") == 1, "one at a time"
        receiver.let_go()
        wait_until(lambda: len(receiver.got) == 6)
    session.rollback()
    assert set(session.scalars(select(WebhookDelivery.state))) == {"delivered"}


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_the_receiver_can_tell_what_came_twice(
    app: Flask, receiver: Receiver
) -> None:
    with app.app_context():
        session = db.session()
        hook_of(session, "/hang", receiver)
        hook_of(session, "/ok", receiver)
        for _ in range(3):
            make_signed_contract(session)
        session.commit()
        ordered = sorted(session.scalars(select(WebhookDelivery.event_id)))
        url = db.engine.url.render_as_string(hide_password=False)

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.webhooks.worker_process", url],
            cwd=ROOT, env=dict(os.environ), stderr=subprocess.DEVNULL,
        )  # fmt: skip

    worker = start()
    try:
        wait_until(lambda: "/hang" in [path for path, *_ in receiver.got])
    finally:
        worker.kill()
        worker.wait()
    receiver.let_go()
    worker = start()

    def states() -> set[str]:
        with app.app_context():
            return set(db.session.scalars(select(WebhookDelivery.state)))

    try:
        wait_until(lambda: states() == {"delivered"})
    finally:
        worker.terminate()
        assert worker.wait(timeout=40) == 0
    assert sorted(
        {f"{path}{headers['webhook-id']}" for path, headers, _ in receiver.got}
    ) == sorted([f"{path}{one}" for one in set(ordered) for path in ("/hang", "/ok")])
    assert len(receiver.got) >= len(ordered) + 1, "the try that was killed came twice"
