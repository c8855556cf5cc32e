"""On duty: the switch on one's own page, the rule of a source, and leads that wait too long."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select

from app.models import Company, Lead, Source
from app.models.clock import travel, utc_now
from app.models.duty import Duty, people_on_duty
from tests.factories import make_lead, make_source, make_user
from tests.views.browsing import form_of, send
from tests.views.pages import keep, read, text_of

OFFICE = ["09:00", "18:00"] * 5 + ["", ""] * 2


def duty_of(app: Any, username: str) -> Any:
    def ask(session: Any) -> Any:
        user = session.scalars(select(User).where(User.username == username)).one()
        row = session.get(Duty, user.id)
        return (row.on_duty, row.week) if row else None

    return read(app, ask)


def test_an_operator_says_when_they_are_on_duty(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    values = form_of(operator, "/settings/")
    answer = operator.post("/settings/", data=values | {"on_duty": "y", "week": OFFICE})
    assert answer.status_code == 302
    week = ";".join(["09:00-18:00"] * 5 + ["", ""])
    assert duty_of(app, "operator") == (True, week)
    page = text_of(operator.get("/settings/"))
    assert page.count('value="09:00"') == 5
    operator.post("/settings/", data=form_of(operator, "/settings/") | {"week": [""] * 14})
    assert duty_of(app, "operator") == (True, "")
    values = form_of(operator, "/settings/")
    values.pop("on_duty")
    operator.post("/settings/", data=values | {"week": [""] * 14})
    assert duty_of(app, "operator") == (False, "")


def test_half_of_the_hours_are_said_and_kept(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    half = ["09:00", ""] + [""] * 12
    answer = operator.post("/settings/", data=form_of(operator, "/settings/") | {"week": half})
    assert answer.status_code == 400
    assert "Write hours such as" in text_of(answer)
    assert 'value="09:00"' in text_of(answer)


def test_marketers_have_no_duty(app: Any, client_as: Any) -> None:
    marketer = client_as("Marketer")
    assert "on_duty" not in text_of(marketer.get("/settings/"))
    values = form_of(marketer, "/settings/")
    assert marketer.post("/settings/", data=values | {"on_duty": "y"}).status_code == 302
    assert duty_of(app, "marketer") is None


def test_who_may_not_work_leads_any_more_is_off_duty(app: Any, client_as: Any) -> None:
    def make(session: Any) -> tuple[int, int]:
        user = make_user(session, "Operator")
        Duty.set(session, user.id, on_duty=True, week="")
        return user.id, session.scalars(select(Role.id).where(Role.name == "Marketer")).one()

    number, role = keep(app, make)
    admin = client_as("Admin")
    answer = send(admin, f"/users/edit/{number}", roles=[role])
    assert answer.status_code == 302
    assert read(app, people_on_duty) == []


def test_the_rule_of_a_source_is_chosen(app: Any, client_as: Any) -> None:
    number, anna = keep(app, lambda s: (make_source(s).id, make_user(s, "Operator").id))
    marketer = client_as("Marketer")
    address = f"/sourceview/edit/{number}"
    refused = send(marketer, address, assignment="person")
    assert refused.status_code == 400
    assert "Choose who is responsible" in text_of(refused)
    assert send(marketer, address, assignment="person", assignee=anna).status_code == 302
    assert read(app, lambda s: s.get(Source, number).assignment) == "person"
    assert read(app, lambda s: s.get(Source, number).assignee_id) == anna
    assert send(marketer, address, assignment="in_turn").status_code == 302
    assert "Operators on duty, in turn" in text_of(marketer.get(f"/sourceview/show/{number}"))


def test_the_company_says_when_it_works(app: Any, client_as: Any) -> None:
    admin = client_as("Admin")
    values = form_of(admin, "/companyview/edit")
    answer = admin.post("/companyview/edit", data=values | {
        "working_week": ["10:00", "19:00"] * 5 + [""] * 4, "days_off": "31.12.2026 New Year",
        "response_minutes": "15",
    })  # fmt: skip
    assert answer.status_code == 302, text_of(answer)
    page = text_of(admin.get("/companyview/"))
    assert "Mon–Fri 10:00–19:00" in page
    assert "2026-12-31 New Year" in page
    wrong = admin.post("/companyview/edit", data=form_of(admin, "/companyview/edit") | {
        "working_week": ["10:00", "19:00"] * 7, "days_off": "some day",
    })  # fmt: skip
    assert wrong.status_code == 400
    assert "Not a day: some day" in text_of(wrong)


@pytest.fixture
def waiting(app: Any) -> dict[str, int]:
    """A late lead, one in time, and one that was promised a call a minute ago."""

    def make(session: Any) -> dict[str, int]:
        Company.of(session).change(working_week=";".join(["00:00-00:00"] * 7))
        now = utc_now()
        late = make_lead(session, last_name="Late")
        late.respond_by = now - timedelta(minutes=25)
        in_time = make_lead(session, last_name="Intime")
        in_time.respond_by = now + timedelta(minutes=5)
        promised = make_lead(session, last_name="Promised")
        promised.plan_contact(now - timedelta(minutes=1))
        session.flush()
        return {"late": late.id, "in_time": in_time.id, "promised": promised.id}

    made: dict[str, int] = keep(app, make)
    return made


def test_late_leads_rise_in_the_queue(app: Any, client_as: Any, waiting: Any) -> None:
    operator = client_as("Operator")
    page = text_of(operator.get("/queueview/list/"))
    order = [page.index(f"/leadview/show/{waiting[name]}") for name in waiting]
    assert order[0] < order[2] < order[1]
    assert "Answer is late" in page
    assert "−25" in page
    assert "answer by" in page
    answer = operator.post("/queueview/next")
    assert answer.location == f"/leadview/show/{waiting['late']}"
    page = text_of(operator.get(answer.location))
    assert "−25" in page
    page = text_of(operator.get("/queueview/list/?group=new"))
    assert "Late" not in page.split("<tbody")[1]


def test_a_call_stops_the_clock_and_its_undo_starts_it_again(
    app: Any, client_as: Any, waiting: Any
) -> None:
    number = waiting["late"]

    def stopped(session: Any) -> bool:
        return session.get(Lead, number).respond_by is None

    operator = client_as("Operator")
    send(operator, f"/leadview/{number}/log_call", outcome="no_answer", when="tomorrow")
    assert read(app, stopped)
    page = text_of(operator.get(f"/leadview/show/{number}"))
    step = re.search(r'action="(/undo/\d+)"', page)
    assert step is not None
    operator.post(step[1])
    assert not read(app, stopped)


def test_the_board_marks_late_leads(app: Any, client_as: Any, waiting: Any) -> None:
    assert "Answer is late" in text_of(client_as("Operator").get("/leads/board/"))


def test_lateness_is_working_time(app: Any, waiting: Any) -> None:
    def ask(session: Any) -> Any:
        company, lead = Company.of(session), session.get(Lead, waiting["late"])
        with travel(lead.respond_by + timedelta(hours=1)):
            return company.calendar.between(lead.respond_by, utc_now())

    assert read(app, ask) == timedelta(hours=1)


def test_the_queue_says_whether_one_is_on_duty(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    assert "Off duty" in text_of(operator.get("/queueview/list/"))
    operator.post("/settings/", data=form_of(operator, "/settings/") | {"on_duty": "y"})
    assert "On duty" in text_of(operator.get("/queueview/list/"))
