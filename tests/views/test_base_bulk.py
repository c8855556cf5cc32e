"""One act upon many leads: shown first, done row by row, the refused named, all undone at once."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Job, JobPart, Lead, Note, UndoStep
from app.models.lead import NewPerson
from app.views.base import bulk
from tests.factories import make_campaign, make_lead, make_user
from tests.views.pages import keep, read, text_of

ADDRESS = "/leadview/bulk"


def leads_of(app: Any, number: int, **changes: Any) -> list[int]:
    def make(session: Session) -> list[int]:
        return [make_lead(session, **changes).id for _ in range(number)]

    made: list[int] = keep(app, make)
    return made


def statuses(app: Any, ids: list[int]) -> list[str]:
    found = read(app, lambda s: dict(s.execute(select(Lead.id, Lead.status)).all()))
    return [found[one] for one in ids]


def notes_of(app: Any, kind: str) -> int:
    number: int = read(
        app, lambda s: s.scalar(select(func.count(Note.id)).where(Note.kind == kind))
    )
    return number


def run(browser: Any, act: str, ids: list[int], query: str = "", **form: Any) -> Any:
    sent = {"act": act, "rowid": ids, "run": "1"} | form
    return browser.post(ADDRESS + query, data=sent, follow_redirects=True)


def work(app: Any, turns: int = 1000) -> int:
    """What the worker does between two documents, until nothing waits."""
    for turn in range(turns):
        if not app.extensions["crm_turn"]():
            return turn
    return turns


def job_of(app: Any) -> Any:
    return read(app, lambda session: session.scalars(select(Job).order_by(Job.id.desc())).first())


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 4)
    monkeypatch.setattr(bulk, "PART", 5)


# -- at once ---------------------------------------------------------------------------------------


def test_the_list_offers_its_acts_to_who_may_do_them(app: Any, client_as: Any) -> None:
    leads_of(app, 2)
    page = text_of(client_as("Operator").get("/leadview/list/?search=Testov"))
    assert re.findall(r'name="act" value="(\w+)"', page) == [
        "assign", "plan", "take", "qualify", "lose", "reopen", "delete",
    ]  # fmt: skip
    assert 'action="/leadview/bulk?search=Testov"' in page
    assert page.count('name="rowid"') == 2
    managers = text_of(client_as("Manager").get("/leadview/list/"))
    assert 'value="delete"' not in managers  # a manager puts no lead away


def test_the_page_before_the_act_says_to_how_many(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 7)
    page = text_of(client_as("Operator").post(ADDRESS, data={"act": "lose", "rowid": ids}))
    assert "Lost: 7 records" in page
    assert "and 2 more" in page
    assert 'name="lost_reason"' in page
    assert statuses(app, ids) == ["new"] * 7


def test_each_ticked_row_goes_through_the_verb(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 3)
    other = leads_of(app, 1)
    answer = run(client_as("Operator"), "lose", ids, "?search=Testov", lost_reason="no_need")
    assert answer.request.full_path == "/leadview/list/?search=Testov"
    assert "3 records changed." in text_of(answer)
    assert statuses(app, ids + other) == ["lost"] * 3 + ["new"]
    assert notes_of(app, "lost") == 3


def test_those_that_cannot_be_changed_are_skipped_and_named(app: Any, client_as: Any) -> None:
    def make(session: Session) -> list[int]:
        leads = [make_lead(session) for _ in range(3)]
        leads[0].convert(NewPerson())
        leads[1].lose("no_need")
        return [lead.id for lead in leads]

    ids = keep(app, make)
    page = text_of(run(client_as("Operator"), "qualify", ids))
    assert "1 record changed. 2 were skipped:" in page
    assert "This lead has been converted already. (1)" in page
    assert "This lead is closed. Reopen it first. (1)" in page
    assert statuses(app, ids) == ["converted", "lost", "qualified"]


def test_a_colleagues_claim_is_respected(app: Any, client_as: Any) -> None:
    from app.models.claim import claim

    def make(session: Session) -> list[int]:
        leads = [make_lead(session) for _ in range(2)]
        claim(session, leads[0], make_user(session, "Operator").id)
        return [lead.id for lead in leads]

    ids = keep(app, make)
    page = text_of(run(client_as("Operator"), "qualify", ids))
    assert "1 record changed. 1 was skipped:" in page
    assert "is working with this person until" in page


def test_what_is_wrong_in_the_form_changes_no_row(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 3)
    answer = run(
        client_as("Operator"), "plan", ids, when="date", next_contact_at="2020-01-01T10:00"
    )
    assert answer.status_code == 400
    assert "Choose a time that is still to come." in text_of(answer)
    assert read(app, lambda s: s.scalars(select(Lead.next_contact_at)).all()) == [None] * 3


@pytest.mark.parametrize(("act", "told"), [
    ("plan", "Choose when to talk again."), ("lose", "Choose why the lead is lost."),
])  # fmt: skip
def test_an_act_upon_many_leads_chooses_nothing_by_itself(
    app: Any, client_as: Any, act: str, told: str
) -> None:
    """Else one click would take the plans of many leads away."""
    ids = leads_of(app, 3)
    operator = client_as("Operator")
    run(operator, "plan", ids, when="tomorrow")
    planned = read(app, lambda s: s.scalars(select(Lead.next_contact_at)).all())
    answer = run(operator, act, ids)
    assert answer.status_code == 400
    assert told in text_of(answer)
    assert read(app, lambda s: s.scalars(select(Lead.next_contact_at)).all()) == planned
    assert statuses(app, ids) == ["new"] * 3
    if act == "plan":
        assert "No contact" not in text_of(run(operator, "plan", ids, when="none"))
        assert read(app, lambda s: s.scalars(select(Lead.next_contact_at)).all()) == [None] * 3


def test_many_rows_are_undone_by_one_click(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 3)
    browser = client_as("Operator")
    page = text_of(run(browser, "assign", ids, assignee=str(user_id(app, "operator"))))
    found = re.search(r'action="(/undo/\d+)"', page)
    assert found is not None
    keep(app, lambda session: session.get_one(Lead, ids[1]).change(company_name="Romashka"))
    page = text_of(browser.post(found[1], follow_redirects=True))
    assert "Undone for 2 records, not for 1" in page
    whose = read(app, lambda s: s.scalars(select(Lead.assignee_id).order_by(Lead.id)).all())
    assert whose == [None, user_id(app, "operator"), None]


def user_id(app: Any, name: str) -> int:
    found: int = read(app, lambda s: s.scalars(select(User.id).where(User.username == name)).one())
    return found


def test_put_away_and_brought_back_in_bulk(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 3)
    admin = client_as("Admin")
    run(admin, "delete", ids, reason="spam")
    reasons = read(app, lambda s: s.scalars(select(Lead.archived_reason)).all())
    assert reasons == ["spam"] * 3
    page = text_of(admin.get("/leadview/list/?put_away=1"))
    assert re.findall(r'name="act" value="(\w+)"', page) == ["restore"]
    run(admin, "restore", ids, "?put_away=1")
    assert read(app, lambda s: s.scalars(select(Lead.archived_at)).all()) == [None] * 3


def test_the_same_page_sent_twice_acts_once(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 2)
    browser = client_as("Operator")
    page = text_of(browser.post(ADDRESS, data={"act": "lose", "rowid": ids}))
    found = re.search(r'name="form_key"[^>]*value="([^"]+)"', page)
    assert found is not None
    for _ in range(2):
        run(browser, "lose", ids, lost_reason="no_need", form_key=found[1])
    assert notes_of(app, "lost") == 2


@pytest.mark.parametrize(
    ("role", "act", "status"),
    [("Operator", "sign", 404), ("Operator", "convert", 404), ("Manager", "delete", 403)],
)
def test_no_act_that_is_not_offered(
    app: Any, client_as: Any, role: str, act: str, status: int
) -> None:
    ids = leads_of(app, 1)
    assert run(client_as(role), act, ids).status_code == status
    assert statuses(app, ids) == ["new"]


def test_without_ticks_nothing_happens(app: Any, client_as: Any) -> None:
    answer = run(client_as("Operator"), "take", [])
    assert "Tick the rows first." in text_of(answer)


# -- all that match --------------------------------------------------------------------------------


def test_all_that_match_are_those_that_the_list_shows(app: Any, client_as: Any) -> None:
    def make(session: Session) -> tuple[list[int], list[int], int]:
        campaign = make_campaign(session)
        here = [make_lead(session, campaign=campaign).id for _ in range(30)]
        return here, [make_lead(session).id for _ in range(3)], campaign.id

    here, others, campaign = keep(app, make)
    query = f"?_flt_0_campaign={campaign}"
    browser = client_as("Operator")
    page = text_of(browser.post(ADDRESS + query, data={"act": "lose", "all": "1"}))
    assert "Lost: 30 records" in page
    run(browser, "lose", [], query, all="1", lost_reason="no_need")
    assert statuses(app, here) == ["lost"] * 30
    assert statuses(app, others) == ["new"] * 3


def test_who_arrived_after_the_page_is_left_out(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 3)
    browser = client_as("Operator")
    page = text_of(browser.post(ADDRESS, data={"act": "lose", "all": "1"}))
    found = re.search(r'name="last" value="(\d+)"', page)
    assert found is not None
    late = leads_of(app, 1)
    run(browser, "lose", [], all="1", last=found[1], lost_reason="no_need")
    assert statuses(app, ids + late) == ["lost"] * 3 + ["new"]


@pytest.mark.parametrize("query", ["?whose=nobody", "?due=nothing", "?search=nowhere"])
def test_each_way_to_narrow_the_list_narrows_the_act(app: Any, client_as: Any, query: str) -> None:
    def make(session: Session) -> list[int]:
        leads = [make_lead(session) for _ in range(2)]
        leads[0].assign_to(make_user(session, "Operator"))
        return [lead.id for lead in leads]

    ids = keep(app, make)
    browser = client_as("Operator")
    shown = text_of(browser.get(f"/leadview/list/{query}")).count('name="rowid"')
    run(browser, "lose", [], query, all="1", lost_reason="no_need")
    assert statuses(app, ids).count("lost") == shown < 2


def test_more_than_a_job_may_hold_are_refused(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_IN_A_JOB", 3)
    ids = leads_of(app, 5)
    answer = run(client_as("Operator"), "lose", [], all="1", lost_reason="no_need")
    assert answer.status_code == 400
    assert "More than 3 records match." in text_of(answer)
    assert statuses(app, ids) == ["new"] * 5


# -- jobs ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_at_once")
def test_many_rows_become_a_job_with_a_report(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 12)
    keep(app, lambda session: session.get_one(Lead, ids[3]).convert(NewPerson()).id)
    browser = client_as("Operator")
    answer = run(browser, "lose", [], "?search=Testov", all="1", lost_reason="no_need")
    page = text_of(answer)
    assert answer.request.path.startswith("/jobview/show/")
    assert 'hx-trigger="every 2s"' in page
    assert statuses(app, ids).count("lost") == 0

    assert app.extensions["crm_turn"]()
    assert statuses(app, ids).count("lost") == 4
    assert "5 of 12" in text_of(browser.get(f"{answer.request.path.replace('show/', '')}/progress"))
    work(app)

    page = text_of(browser.get(answer.request.path))
    assert statuses(app, ids).count("lost") == 11
    assert "every 2s" not in page
    assert "This lead has been converted already." in page
    assert 'href="/leadview/list/?search=Testov"' in page
    author = read(app, lambda s: set(s.scalars(select(Note.author).where(Note.kind == "lost"))))
    assert author == {"Operator Test"}
    assert read(app, lambda s: s.scalars(select(JobPart)).all()) == []
    assert answer.request.path in text_of(browser.get("/jobview/list/"))


@pytest.mark.usefixtures("few_at_once")
def test_a_job_is_undone_as_a_whole_once(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 12)
    browser = client_as("Operator")
    path = run(browser, "lose", ids, lost_reason="no_need").request.path
    work(app)
    number = path.rsplit("/", 1)[1]
    keep(app, lambda session: session.get_one(Lead, ids[5]).change(company_name="Romashka"))

    answer = browser.post(f"/jobview/{number}/undo", follow_redirects=True)
    assert "Undo: Lost" in text_of(answer)
    again = text_of(browser.post(f"/jobview/{number}/undo", follow_redirects=True))
    assert "This has been undone already." in again
    work(app)

    assert Counter(statuses(app, ids))["new"] == 11
    report = text_of(browser.get(answer.request.path))
    assert "the record was changed meanwhile" in report
    assert len(read(app, lambda s: s.scalars(select(Job)).all())) == 2


@pytest.mark.usefixtures("few_at_once")
def test_a_stopped_job_leaves_what_it_did_and_can_be_undone(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 12)
    browser = client_as("Operator")
    path = run(browser, "lose", ids, lost_reason="no_need").request.path
    app.extensions["crm_turn"]()
    number = path.rsplit("/", 1)[1]
    page = text_of(browser.post(f"/jobview/{number}/cancel", follow_redirects=True))
    assert "What was done so far has stayed." in page
    assert work(app) == 0
    assert statuses(app, ids).count("lost") == 5
    browser.post(f"/jobview/{number}/undo")
    work(app)
    assert statuses(app, ids) == ["new"] * 12


@pytest.mark.usefixtures("few_at_once")
def test_a_job_stops_when_its_owner_may_not_act_any_more(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 12)
    run(client_as("Operator"), "lose", ids, lost_reason="no_need")
    app.extensions["crm_turn"]()

    def dismiss(session: Session) -> None:
        session.scalars(select(User).where(User.username == "operator")).one().active = False

    keep(app, dismiss)
    work(app)
    assert job_of(app).state == "failed"
    assert statuses(app, ids).count("lost") == 5


@pytest.mark.usefixtures("few_at_once")
def test_a_job_is_seen_by_its_owner_alone(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 12)
    path = run(client_as("Operator"), "lose", ids, lost_reason="no_need").request.path
    number = path.rsplit("/", 1)[1]
    admin = client_as("Admin")
    assert admin.get(path).status_code == 404
    assert admin.get(f"/jobview/{number}/progress").status_code == 404
    assert admin.post(f"/jobview/{number}/cancel").status_code == 404
    assert admin.post(f"/jobview/{number}/undo").status_code == 404
    work(app)
    assert job_of(app).state == "done"


@pytest.mark.usefixtures("few_at_once")
def test_what_is_wrong_in_the_form_makes_no_job(app: Any, client_as: Any) -> None:
    ids = leads_of(app, 12)
    answer = run(
        client_as("Operator"), "plan", ids, when="date", next_contact_at="2020-01-01T10:00"
    )
    assert answer.status_code == 400
    assert job_of(app) is None


def test_no_step_outlives_the_undo_of_its_row_by_another_way(app: Any, client_as: Any) -> None:
    """An undo of many rows after one of them was undone apart: that one is left."""
    ids = leads_of(app, 2)
    browser = client_as("Operator")
    page = text_of(run(browser, "take", ids))
    address = re.search(r'action="(/undo/\d+)"', page)
    assert address is not None
    browser.post(f"/leadview/{ids[0]}/lose", data={"lost_reason": "no_need"})
    browser.post(address[1])
    assert statuses(app, ids) == ["lost", "new"]
    assert read(app, lambda s: s.scalar(select(func.count(UndoStep.id)))) == 2
