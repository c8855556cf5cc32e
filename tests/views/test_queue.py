"""The queue: groups, their order, whose leads, and the next one by a click."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.models import Lead
from app.models.clock import start_of_day, today, travel, utc_now
from tests.factories import make_campaign, make_lead, make_user
from tests.site import logged_in
from tests.views.pages import counted, keep, read, text_of


def planned(session: Any, name: str, at: Any, **changes: Any) -> Lead:
    lead = make_lead(session, last_name=name, **changes)
    lead.next_contact_at, lead.status = at, "in_work"
    return lead


@pytest.fixture
def filled(app: Any) -> Any:
    """A lead in each group, and one of a colleague; at noon, so that today has a later."""

    def make(session: Any) -> None:
        now = utc_now()
        planned(session, "Overduev", now - timedelta(hours=2))
        planned(session, "Longoverduev", now - timedelta(days=9))
        planned(session, "Todayev", start_of_day(today()) + timedelta(hours=23, minutes=59))
        planned(session, "Laterov", now + timedelta(days=5))
        make_lead(session, last_name="Newov")
        planned(session, "Forgottenov", None)
        colleague = make_user(session, "Operator")
        planned(session, "Theirsov", now - timedelta(hours=1)).assignee = colleague
        lost = make_lead(session, last_name="Lostov")
        lost.lose("other")

    keep(app, make)
    return app


def test_the_queue_opens_with_overdue_then_new_then_today(filled: Any, client_as: Any) -> None:
    page = text_of(client_as("Operator").get("/queueview/list/"))
    places = [page.index(name) for name in ("Longoverduev", "Overduev<", "Newov", "Todayev")]
    assert places == sorted(places)
    for absent in ("Laterov", "Forgottenov", "Theirsov", "Lostov"):
        assert absent not in page


@pytest.mark.parametrize(
    ("group", "name"),
    [("overdue", "Overduev"), ("today", "Todayev"), ("new", "Newov"), ("later", "Laterov"),
     ("nothing", "Forgottenov")],
)  # fmt: skip
def test_each_group_has_its_page(filled: Any, client_as: Any, group: str, name: str) -> None:
    page = text_of(client_as("Operator").get(f"/queueview/list/?group={group}"))
    assert name in page
    assert "Theirsov" not in page


def test_everyones_leads_are_seen_on_request(filled: Any, client_as: Any) -> None:
    page = text_of(client_as("Manager").get("/queueview/list/?whose=everyone"))
    assert "Theirsov" in page


def test_the_start_page_of_an_operator_is_the_queue(app: Any, client_as: Any) -> None:
    assert client_as("Operator").get("/").location.endswith("/queueview/list/")
    assert client_as("Marketer").get("/queueview/list/").status_code == 403


def test_the_next_lead_is_claimed_and_opened(filled: Any, client_as: Any) -> None:
    operator, manager = client_as("Operator"), client_as("Manager")
    first = operator.post("/queueview/next").location
    assert first == operator.post("/queueview/next").location  # a second click changes nothing
    second = manager.post("/queueview/next").location
    assert first != second
    number = int(first.rsplit("/", 1)[1])
    lead = read(filled, lambda s: s.get(Lead, number))
    assert lead.last_name == "Longoverduev"
    assert lead.claimed_until > utc_now()
    assert operator.get("/queueview/next").status_code == 405


def test_an_empty_queue_is_a_success_and_names_the_next_call(app: Any, client_as: Any) -> None:
    keep(app, lambda s: planned(s, "Laterov", utc_now() + timedelta(days=2)).id)
    operator = client_as("Operator")
    page = text_of(operator.get("/queueview/list/"))
    assert "All calls that were due have been made." in page
    assert "The next one:" in page
    answer = operator.post("/queueview/next", follow_redirects=True)
    assert "All calls that were due have been made." in text_of(answer)


def test_a_lead_for_which_nothing_is_planned_is_not_the_next(app: Any, client_as: Any) -> None:
    keep(app, lambda s: planned(s, "Forgottenov", None).id)
    new = keep(app, lambda s: make_lead(s).id)
    operator = client_as("Operator")
    assert operator.post("/queueview/next").location.endswith(f"/leadview/show/{new}")
    operator.post(f"/leadview/{new}/log_call", data={"outcome": "busy", "when": "tomorrow"})
    assert operator.post("/queueview/next").location.endswith("/queueview/list/?group=now")


def test_two_leads_of_one_person_are_claimed_together(app: Any, client_as: Any) -> None:
    def make(session: Any) -> tuple[int, int]:
        first = make_lead(session, phone="+79121112233", campaign=make_campaign(session))
        second = make_lead(session, phone="+79121112233", campaign=make_campaign(session))
        return first.id, second.id

    first, second = keep(app, make)
    operator, manager = client_as("Operator"), client_as("Manager")
    assert operator.post("/queueview/next").location.endswith(f"/leadview/show/{first}")
    assert manager.post("/queueview/next").location.endswith("/queueview/list/?group=now")
    page = text_of(manager.get(f"/leadview/show/{second}"))
    assert "Operator Test is working with this person" in page


def test_who_has_asked_again_rises_until_somebody_calls(filled: Any, client_as: Any) -> None:
    def make(session: Any) -> None:
        for number in range(30):  # more new ones than a page holds stand before it by age
            make_lead(session, last_name=f"Crowdov{number}")
        lead = planned(session, "Againov", utc_now() + timedelta(days=5))
        lead.asked_again_at = utc_now()

    keep(filled, make)
    client = client_as("Operator")
    page = text_of(client.get("/queueview/list/"))
    assert page.index("Againov") < page.index("Longoverduev")
    assert "Againov" not in text_of(client.get("/queueview/list/?group=later"))
    opened = client.post("/queueview/next", follow_redirects=True)
    assert "Againov" in text_of(opened)

    def call(session: Any) -> None:
        lead = session.scalars(select(Lead).where(Lead.last_name == "Againov")).one()
        lead.log_call("answered", next_contact_at=utc_now() + timedelta(days=6))

    keep(filled, call)
    assert "Againov" not in text_of(client.get("/queueview/list/?group=now"))
    assert "Againov" in text_of(client.get("/queueview/list/?group=later"))


def test_many_at_once_get_a_lead_each(app: Any) -> None:
    def make(session: Any) -> list[str]:
        for _ in range(6):
            make_lead(session)
        return [make_user(session, "Operator").username for _ in range(6)]

    browsers = [logged_in(app, name) for name in keep(app, make)]
    barrier, opened = threading.Barrier(len(browsers)), []

    def click(browser: Any) -> None:
        barrier.wait(timeout=60)
        opened.append(browser.post("/queueview/next").location)

    threads = [threading.Thread(target=click, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(set(opened)) == 6
    assert all("/leadview/show/" in place for place in opened)


def test_names_are_shown_as_text(app: Any, client_as: Any) -> None:
    keep(app, lambda s: make_lead(s, last_name="<script>alert(1)</script>").id)
    keep(app, lambda s: make_lead(s, last_name="O'Toole").id)
    page = text_of(client_as("Operator").get("/queueview/list/"))
    assert "<script>alert" not in page
    assert "O&#39;Toole" in page


@pytest.mark.parametrize(
    "junk", ["?page=-1", "?page=abc", "?group=drop", "?whose=%00", "?page=9999999999"]
)
def test_junk_in_the_address_is_no_error(app: Any, client_as: Any, junk: str) -> None:
    assert client_as("Operator").get(f"/queueview/list/{junk}").status_code == 200


def test_the_oldest_new_lead_comes_first(app: Any, client_as: Any) -> None:
    for days, name in ((1, "Younger"), (9, "Older")):
        with travel(utc_now() - timedelta(days=days)):
            keep(app, lambda s, name=name: make_lead(s, last_name=name).id)
    page = text_of(client_as("Operator").get("/queueview/list/?group=new"))
    assert page.index("Older") < page.index("Younger")


def test_few_statements_however_many_leads(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")

    def fill(count: int) -> None:
        def make(session: Any) -> None:
            for number in range(count):
                planned(session, f"Name{number}", utc_now() - timedelta(minutes=number))
                make_lead(session)

        keep(app, make)

    fill(3)
    few = counted(app, lambda: operator.get("/queueview/list/"))
    fill(30)
    many = counted(app, lambda: operator.get("/queueview/list/"))
    assert few == many
    assert many <= 10
    assert read(app, lambda s: len(s.scalars(select(Lead)).all())) == 66


def test_the_group_is_remembered_until_it_is_worked_off(filled: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    operator.get("/queueview/list/?group=later")
    assert "Laterov" in text_of(operator.get("/queueview/list/"))
    assert "Overduev" in text_of(operator.get("/queueview/list/?group=now"))
    operator.get("/queueview/list/?group=nothing")
    keep(
        filled,
        lambda s: (
            s.scalars(select(Lead).where(Lead.last_name == "Forgottenov")).one().lose("other")
        ),
    )
    assert "Overduev" in text_of(operator.get("/queueview/list/"))


def test_everyones_leads_are_not_an_operators_to_see(filled: Any, client_as: Any) -> None:
    page = text_of(client_as("Operator").get("/queueview/list/?whose=everyone"))
    assert "Theirsov" not in page
    assert "Everyone" not in page


def test_a_row_shows_how_late_who_is_on_it_and_the_last_words(app: Any, client_as: Any) -> None:
    def make(session: Any) -> None:
        lead = planned(session, "Overduev", utc_now() - timedelta(minutes=25))
        lead.write_note("a" * 200)
        lead.assignee = make_user(session, "Operator", first_name="Anna", last_name="Kim")
        lead.claimed_by, lead.claimed_until = lead.assignee, utc_now() + timedelta(minutes=5)

    keep(app, make)
    page = text_of(client_as("Manager").get("/queueview/list/?whose=everyone"))
    assert "−25 min" in page
    assert "Anna is on it" in page
    assert f"{'a' * 90}…" in page
    assert "a" * 91 not in page
    assert ">AK</abbr>" in page


def test_the_poll_answers_counters_and_what_has_arrived_but_no_rows(
    filled: Any, client_as: Any
) -> None:
    operator = client_as("Operator")
    opened = int(utc_now().timestamp()) - 5
    page = text_of(operator.get(f"/queueview/counts?since={opened}"))
    assert "1 new: show" in page  # who was received since
    assert "<tr" not in page
    assert "Newov" not in page
    assert 'id="queue-chips"' in page
    later = int(utc_now().timestamp()) + 60
    assert "new: show" not in text_of(operator.get(f"/queueview/counts?since={later}"))


@pytest.mark.parametrize("junk", ["", "x", "-1", "99999999999999999999", "0"])
def test_a_poll_with_junk_is_no_error(app: Any, client_as: Any, junk: str) -> None:
    answer = client_as("Operator").get(f"/queueview/counts?since={junk}&group=drop&whose=x")
    assert answer.status_code == 200


def test_the_first_page_holds_one_page_of_rows_and_a_few_of_each_group(
    app: Any, client_as: Any
) -> None:
    def make(session: Any) -> None:
        for number in range(40):
            planned(session, f"Overduev{number}", utc_now() - timedelta(days=number + 1))
            make_lead(session, last_name=f"Newov{number}")

    keep(app, make)
    page = text_of(client_as("Operator").get("/queueview/list/?group=now"))
    assert page.count("data-row>") == 25
    assert len(re.findall(r"Overduev\d+</a>", page)) == 22
    assert len(re.findall(r"Newov\d+</a>", page)) == 3
    assert "Overdue: all 40" in page
    assert "New: all 40" in page
    assert len(page) < 60 * 1024
