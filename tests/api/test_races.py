"""Posts at one moment: the database decides, and every sender reads the same success."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Lead, Note, Submission
from tests.api.doors import BATCH, EXAMPLE, SEED, Sending, leads, make_campaigns

TOGETHER = 20


def at_once(posts: list[Any]) -> list[Any]:
    answers: list[Any] = [None] * len(posts)
    barrier = Barrier(len(posts))

    def run(place: int) -> None:
        barrier.wait()
        answers[place] = posts[place]()

    threads = [Thread(target=run, args=(place,)) for place in range(len(posts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("has_campaign", [True, False])
def test_twenty_posts_of_one_person_make_one_lead(app: Flask, has_campaign: bool) -> None:
    sender = Sending(app)
    both = EXAMPLE | {"advertising_company": make_campaigns(app)[1] if has_campaign else None}
    mail = {name: value for name, value in both.items() if name != "phone_number"}
    posts = [
        (lambda body=both if place % 2 else mail: sender.post(SEED, body))
        for place in range(TOGETHER)
    ]
    answers = at_once(posts)
    assert [answer.status_code for answer in answers] == [201] * TOGETHER
    assert len({answer.json["id"] for answer in answers}) == 1
    with app.app_context():
        lead = db.session.scalars(select(Lead)).one()
        assert (lead.phone_key, lead.email_key) == (both["phone_number"], both["email"])
        assert len(list(db.session.scalars(select(Submission)))) == TOGETHER
        kinds = [note.kind for note in db.session.scalars(select(Note).order_by(Note.id))]
        assert sorted(kinds) == ["asked_again"] * (TOGETHER - 1) + ["created"]


def test_one_external_id_at_one_moment_is_one_request(app: Flask) -> None:
    sender = Sending(app)
    posts = [
        lambda number=number: sender.post(
            "/api/v1/leads", {"email": f"a{number}@example.com", "external_id": "one"}
        )
        for number in range(8)
    ]
    answers = at_once(posts)
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.json["id"] for answer in answers}) == 1
    assert leads(app) == 1


def test_batches_that_share_people_wait_for_each_other_without_a_deadlock(app: Flask) -> None:
    sender = Sending(app)
    people = [{"phone": f"+799100000{n:02}", "email": f"a{n}@example.com"} for n in range(40)]
    orders = [people, people[::-1], people[20:] + people[:20], people[::2] + people[1::2]]
    answers = at_once([lambda order=order: sender.post(BATCH, order) for order in orders * 2])
    assert [answer.status_code for answer in answers] == [200] * 8
    assert {one["status"] for answer in answers for one in answer.json["results"]} == {201}
    assert leads(app) == 40
