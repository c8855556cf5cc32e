"""Leads: the list and its search, the page with its acts, and who may do what there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.database import writing
from app.intake import Arrival, receive
from app.models import Lead, Note
from app.models.actor import Actor, acting_as
from app.models.claim import claim
from app.models.clock import local, utc_now
from app.views.base import csv_pages
from tests.factories import make_campaign, make_client, make_lead, make_user
from tests.views.browsing import stored
from tests.views.pages import counted, keep, opened, read, text_of

NAMES = ("O'Toole", "<script>alert(1)</script>")


def lead_id(app: Any, **changes: Any) -> int:
    return int(keep(app, lambda session: make_lead(session, **changes).id))


def made_as_test(app: Any) -> int:
    """Of a lead as a sender's "send a test" makes it."""

    def make(session: Any) -> int:
        lead = make_lead(session, last_name="Testov")
        lead.is_test = True
        return int(lead.id)

    return int(keep(app, make))


def notes_of(app: Any, number: int) -> list[tuple[str, str]]:
    """What users did; factories act as the system."""
    asked = select(Note.kind, Note.author).where(Note.lead_id == number, Note.author_kind == "user")
    asked = asked.order_by(Note.id)
    return read(app, lambda session: [tuple(row) for row in session.execute(asked)])


# -- the list --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Operator", "Manager", "Admin"])
def test_who_works_leads_sees_the_list(app: Any, client_as: Any, role: str) -> None:
    lead_id(app, last_name=NAMES[0])
    lead_id(app, last_name=NAMES[1])
    page = text_of(client_as(role).get("/leadview/list/"))
    assert "O&#39;Toole" in page
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_a_test_lead_is_marked_and_can_be_left_out(app: Any, client_as: Any) -> None:
    real = lead_id(app, last_name="Realov")
    test = made_as_test(app)
    operator = client_as("Operator")

    def listed(query: str) -> set[int]:
        page = text_of(operator.get(f"/leadview/list/{query}"))
        return {number for number in (real, test) if f"/leadview/show/{number}" in page}

    assert listed("") == {real, test}
    assert listed("?tests=none") == {real}
    assert listed("?tests=only") == {test}
    mark = '<span class="pill pill-grey">Test</span>'
    assert text_of(operator.get("/leadview/list/")).count(mark) == 1
    assert "in no queue" in text_of(operator.get(f"/leadview/show/{test}"))
    assert "in no queue" not in text_of(operator.get(f"/leadview/show/{real}"))


def test_the_mark_of_a_test_stays_out_of_exports(app: Any, client_as: Any) -> None:
    made_as_test(app)
    text = text_of(client_as("Admin").get("/leadview/export.csv"))
    assert ",New," in text.replace(";", ",")


def test_a_download_under_way_keeps_no_writer_waiting(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_pages, "BATCH", 1)
    with stored(app) as session:
        for _ in range(3):
            make_lead(session)
    answer = client_as("Admin").get("/leadview/export.csv")
    begun = [next(answer.response) for _ in range(2)]
    with writing(), stored(app) as session:  # as another process would
        make_lead(session)
    answer.close()
    assert len(begun) == 2


def test_marketers_see_no_leads(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    marketer = client_as("Marketer")
    for address in ("list/", "add", f"show/{number}", f"edit/{number}", f"{number}/log_call"):
        assert marketer.get(f"/leadview/{address}").status_code == 403
    assert marketer.post(f"/leadview/{number}/take").status_code == 403


@pytest.mark.parametrize("typed", ["o'tool", "912 555", "+7 (912) 555-66", "toole@exa"])
def test_a_lead_is_found_by_any_part_of_name_phone_and_email(sqlite_app: Any, typed: str) -> None:
    from tests.site import logged_in

    lead_id(sqlite_app, last_name="O'Toole", phone="+79125556677", email="toole@example.com")
    lead_id(sqlite_app, last_name="Somebody else")
    page = logged_in(sqlite_app, "operator").get("/leadview/list/", query_string={"search": typed})
    assert "O&#39;Toole" in text_of(page)
    assert "Somebody else" not in text_of(page)


def test_what_is_searched_in_vain_is_offered_as_a_new_lead(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    page = text_of(operator.get("/leadview/list/?search=Ivanova+Anna"))
    assert "New lead “Ivanova Anna”" in page
    assert 'value="Ivanova"' in text_of(operator.get("/leadview/add?search=Ivanova+Anna"))
    by_phone = text_of(operator.get("/leadview/add?search=8+992+328-83-41"))
    assert 'value="8 992 328-83-41"' in by_phone


def test_the_list_filters_by_status_and_hides_what_was_put_away(app: Any, client_as: Any) -> None:
    lead_id(app, last_name="Newcomer")

    def qualified(session: Any) -> None:
        make_lead(session, last_name="Qualifova").qualify()
        make_lead(session, last_name="Spamova").put_away("spam")

    keep(app, qualified)
    operator = client_as("Operator")
    page = text_of(operator.get("/leadview/list/?_flt_2_status=qualified"))
    assert "Qualifova" in page
    assert "Newcomer" not in page
    everything = text_of(operator.get("/leadview/list/"))
    assert "Newcomer" in everything
    assert "Spamova" not in everything
    assert "Spamova" not in text_of(operator.get("/leadview/list/?put_away=1"))
    assert "Spamova" in text_of(client_as("Manager").get("/leadview/list/?put_away=1"))


def test_the_list_opens_with_the_newest_and_sorts_by_name(app: Any, client_as: Any) -> None:
    lead_id(app, last_name="Aaronov")
    lead_id(app, last_name="Yablokov")
    operator = client_as("Operator")
    page = text_of(operator.get("/leadview/list/"))
    assert page.index("Yablokov") < page.index("Aaronov")
    sorted_page = text_of(operator.get("/leadview/list/?_oc_LeadView=name&_od_LeadView=asc"))
    assert sorted_page.index("Aaronov") < sorted_page.index("Yablokov")
    assert operator.get("/leadview/list/?_oc_LeadView=search_text").status_code == 200


def test_a_list_needs_few_statements_however_many_rows(app: Any, client_as: Any) -> None:
    campaign = keep(app, lambda s: make_campaign(s).id)

    def fill(count: int) -> None:
        from app.models import Campaign

        def make(session: Any) -> None:
            for _ in range(count):
                make_lead(session, campaign=session.get(Campaign, campaign))

        keep(app, make)

    operator = client_as("Operator")
    fill(5)
    few = counted(app, lambda: operator.get("/leadview/list/?psize_LeadView=100"))
    fill(45)
    many = counted(app, lambda: operator.get("/leadview/list/?psize_LeadView=100"))
    assert few == many
    assert many <= 10


# -- new and changed -------------------------------------------------------------------------------

NEW = {"last_name": "Petrova", "first_name": "Anna", "phone": "8 912 123-45-67"}


def test_a_new_lead_comes_through_the_intake(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    answer = operator.post("/leadview/add", data=NEW)
    assert answer.status_code == 302
    lead = read(app, lambda s: s.scalars(select(Lead)).one())
    assert lead.phone_key == "+79121234567"
    assert answer.location.endswith(f"/leadview/show/{lead.id}")
    assert notes_of(app, lead.id) == [("created", "Operator Test")]
    page = text_of(operator.get(f"/leadview/show/{lead.id}"))
    assert "Petrova" in page


def test_a_repeated_lead_leads_to_the_open_one(app: Any, client_as: Any) -> None:
    number = lead_id(app, phone="+79121234567")
    answer = client_as("Operator").post("/leadview/add", data=NEW, follow_redirects=True)
    assert "has an open lead already" in text_of(answer)
    assert answer.request.path == f"/leadview/show/{number}"
    assert read(app, lambda s: s.scalar(select(func.count()).select_from(Lead))) == 1


def test_a_lead_without_a_good_contact_comes_back_with_what_was_typed(
    app: Any, client_as: Any
) -> None:
    answer = client_as("Operator").post(
        "/leadview/add", data={"last_name": "Petrova", "phone": "call me", "email": "nobody"}
    )
    page = text_of(answer)
    assert answer.status_code == 400
    assert 'value="call me"' in page
    assert page.count("crm-fault") >= 2
    assert read(app, lambda s: s.scalar(select(func.count()).select_from(Lead))) == 0


def test_an_edit_leaves_a_note_with_its_author(app: Any, client_as: Any) -> None:
    number = lead_id(app, last_name="Petrova")
    operator = client_as("Operator")
    form = opened(operator, f"/leadview/edit/{number}")
    answer = operator.post(f"/leadview/edit/{number}", data=form | {"last_name": "O'Toole"})
    assert answer.status_code == 302
    assert notes_of(app, number)[-1] == ("changed", "Operator Test")
    assert read(app, lambda s: s.get(Lead, number).last_name) == "O'Toole"


def test_an_unreadable_phone_does_not_block_other_fields(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        lead = make_lead(session, email="a@example.com")
        lead.phone, lead.phone_key = "ask my mother", None
        return int(lead.id)

    number = keep(app, make)
    operator = client_as("Operator")
    form = opened(operator, f"/leadview/edit/{number}")
    answer = operator.post(f"/leadview/edit/{number}", data=form | {"first_name": "Vera"})
    assert answer.status_code == 302
    assert read(app, lambda s: s.get(Lead, number).first_name) == "Vera"


def test_an_edit_that_makes_a_second_open_lead_is_refused_with_its_link(
    app: Any, client_as: Any
) -> None:
    first = lead_id(app, phone="+79121112233")
    second = lead_id(app)
    operator = client_as("Operator")
    form = opened(operator, f"/leadview/edit/{second}")
    answer = operator.post(f"/leadview/edit/{second}", data=form | {"phone": "+79121112233"})
    assert answer.status_code == 409
    assert f"/leadview/show/{first}" in text_of(answer)


def test_two_editors_the_second_gets_both_values(app: Any, client_as: Any) -> None:
    number = lead_id(app, last_name="Petrova")
    operator, manager = client_as("Operator"), client_as("Manager")
    mine = opened(operator, f"/leadview/edit/{number}")
    theirs = opened(manager, f"/leadview/edit/{number}")
    manager.post(f"/leadview/edit/{number}", data=theirs | {"last_name": "Sidorova"})
    answer = operator.post(f"/leadview/edit/{number}", data=mine | {"last_name": "Ivanova"})
    assert answer.status_code == 409
    assert "Sidorova" in text_of(answer)
    assert "Ivanova" in text_of(answer)


def test_what_a_repeat_filled_while_the_form_was_open_stays(app: Any, client_as: Any) -> None:
    number = lead_id(app, phone="+79000000001")
    operator = client_as("Operator")
    address = f"/leadview/edit/{number}"
    form = opened(operator, address)
    repeat = Arrival(door="leads", phone="+79000000001", email="new@example.com")
    keep(app, lambda session: receive(session, repeat).lead_id)

    typed = operator.post(address, data=form | {"email": "typed@example.com"})
    assert typed.status_code == 409
    assert "new@example.com" in text_of(typed)
    assert operator.post(address, data=form | {"last_name": "Ivanova"}).status_code == 302
    lead = read(app, lambda s: (s.get(Lead, number).last_name, s.get(Lead, number).email))
    assert lead == ("Ivanova", "new@example.com")


# -- put away and brought back ---------------------------------------------------------------------


def test_operators_put_away_and_managers_bring_back(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    operator, manager = client_as("Operator"), client_as("Manager")
    assert manager.get(f"/leadview/delete/{number}").status_code == 403
    answer = operator.post(f"/leadview/delete/{number}", data={"reason": "spam"})
    assert answer.status_code == 302
    assert read(app, lambda s: s.get(Lead, number).archived_reason) == "spam"
    assert operator.get(f"/leadview/show/{number}").status_code == 404
    assert operator.post(f"/leadview/{number}/restore").status_code == 403
    assert manager.post(f"/leadview/{number}/restore").status_code == 302
    assert [kind for kind, _ in notes_of(app, number)] == ["put_away", "brought_back"]


def test_nothing_is_put_away_without_a_reason(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    answer = client_as("Operator").post(f"/leadview/delete/{number}", data={"reason": "bored"})
    assert answer.status_code == 400
    assert read(app, lambda s: s.get(Lead, number).archived_at) is None


# -- work ------------------------------------------------------------------------------------------


def test_a_call_is_one_save(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    answer = client_as("Operator").post(
        f"/leadview/{number}/log_call",
        data={"outcome": "no_answer", "text": "rang long", "when": "tomorrow"},
        follow_redirects=True,
    )
    page = text_of(answer)
    for words in ("Saved: no answer, next", 'value="no_answer"', "Tomorrow 10:00", "Undo"):
        assert words in page
    assert "rang long" in page
    lead = read(app, lambda s: s.get(Lead, number))
    assert (lead.status, lead.last_outcome, lead.calls) == ("in_work", "no_answer", 1)
    planned = local(lead.next_contact_at)
    assert (planned.hour, planned.minute) == (10, 0)
    assert planned.date() == (local(utc_now()) + timedelta(days=1)).date()
    assert notes_of(app, number) == [("call", "Operator Test")]


def test_a_call_can_lose_the_lead_and_needs_the_reason(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    operator = client_as("Operator")
    address, form = f"/leadview/{number}/log_call", {"outcome": "answered", "status": "lost"}
    refused = operator.post(address, data=form)
    assert refused.status_code == 400
    assert "Choose why the lead is lost." in text_of(refused)
    assert operator.post(address, data=form | {"lost_reason": "no_need"}).status_code == 302
    assert read(app, lambda s: s.get(Lead, number).lost_reason) == "no_need"


def test_after_a_call_the_next_lead_opens(app: Any, client_as: Any) -> None:
    first, second = lead_id(app), lead_id(app)
    answer = client_as("Operator").post(
        f"/leadview/{first}/log_call",
        data={"outcome": "busy", "when": "three_days", "then": "next"},
    )
    assert answer.location.endswith(f"/leadview/show/{second}")
    assert read(app, lambda s: s.get(Lead, second).claimed_by_id) is not None


@pytest.mark.parametrize(
    ("form", "status"),
    [({"when": "next_week"}, 302), ({"when": ""}, 302), ({"when": "date"}, 400),
     ({"when": "date", "next_contact_at": "2020-01-01T10:00"}, 400),
     ({"when": "date", "next_contact_at": "2199-01-01T10:00"}, 302),
     ({"when": "date", "next_contact_at": "soon"}, 400), ({"when": "whenever"}, 400)],
)  # fmt: skip
def test_the_next_contact_is_planned(
    app: Any, client_as: Any, form: dict[str, str], status: int
) -> None:
    number = lead_id(app)
    answer = client_as("Operator").post(f"/leadview/{number}/plan", data=form)
    assert answer.status_code == status


def test_each_act_leaves_its_note_with_the_author(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    colleague = keep(app, lambda s: make_user(s, "Operator").id)
    operator = client_as("Operator")
    for act, form in (
        ("take", {}),
        ("assign", {"assignee": colleague}),
        ("write_note", {"text": "nice person"}),
        ("qualify", {}),
        ("lose", {"lost_reason": "other", "text": "went silent"}),
        ("reopen", {}),
    ):
        answer = operator.post(f"/leadview/{number}/{act}", data=form)
        assert answer.status_code == 302, act
    kinds = [kind for kind, _ in notes_of(app, number)]
    assert kinds == ["changed", "assigned", "assigned", "person", "qualified", "lost", "reopened"]
    assert {author for _, author in notes_of(app, number)} == {"Operator Test"}
    page = text_of(operator.get(f"/leadview/show/{number}"))
    assert "nice person" in page
    assert "went silent" in page


def test_only_those_who_may_work_leads_can_be_responsible(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    marketer = keep(app, lambda s: make_user(s, "Marketer").id)
    retired = keep(app, lambda s: make_user(s, "Operator", active=False).id)
    for stranger in (marketer, retired, 99999, "x"):
        answer = client_as("Operator").post(
            f"/leadview/{number}/assign", data={"assignee": stranger}
        )
        assert answer.status_code == 400
    assert read(app, lambda s: s.get(Lead, number).assignee_id) is None


def test_status_is_never_a_free_field(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    operator = client_as("Operator")
    form = opened(operator, f"/leadview/edit/{number}")
    operator.post(f"/leadview/edit/{number}", data=form | {"status": "converted", "client": "1"})
    assert read(app, lambda s: s.get(Lead, number).status) == "new"


def claimed_by_colleague(app: Any) -> int:
    def make(session: Any) -> int:
        lead, colleague = make_lead(session), make_user(session, "Operator", last_name="Busy")
        with acting_as(Actor("user", "Busy", colleague.id)):
            claim(session, lead, colleague.id)
        return int(lead.id)

    return int(keep(app, make))


def test_whoever_works_with_a_person_is_named_and_not_disturbed(app: Any, client_as: Any) -> None:
    number = claimed_by_colleague(app)
    operator = client_as("Operator")
    page = text_of(operator.get(f"/leadview/show/{number}"))
    assert "User Busy is working with this person" in page
    assert "Take over" not in page
    answer = operator.post(f"/leadview/{number}/log_call", data={"outcome": "busy"})
    assert answer.status_code == 409
    assert "User Busy is working with this person" in text_of(answer)
    assert operator.post(f"/leadview/{number}/take_over").status_code == 403


def test_a_manager_takes_over_with_a_note(app: Any, client_as: Any) -> None:
    number = claimed_by_colleague(app)
    manager = client_as("Manager")
    assert "Take over" in text_of(manager.get(f"/leadview/show/{number}"))
    assert manager.post(f"/leadview/{number}/take_over").status_code == 302
    assert notes_of(app, number) == [("claim_taken", "Manager Test")]
    assert "You are working with this person" in text_of(manager.get(f"/leadview/show/{number}"))


def test_the_page_names_others_with_the_same_phone_or_email(app: Any, client_as: Any) -> None:
    number = lead_id(app, phone="+79121112233", email="one@example.com")
    keep(app, lambda s: make_lead(s, last_name="Samemailov", email="one@example.com"))
    keep(app, lambda s: make_client(s, last_name="Samephonov", phone="+79121112233"))
    page = text_of(client_as("Operator").get(f"/leadview/show/{number}"))
    assert "Samemailov" in page
    assert "Samephonov" in page


def test_a_double_click_logs_one_call(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    form = {"outcome": "busy", "form_key": "a-form-key-of-some-length"}
    operator = client_as("Operator")
    for _ in range(2):
        assert operator.post(f"/leadview/{number}/log_call", data=form).status_code == 302
    assert read(app, lambda s: s.get(Lead, number).calls) == 1


# -- what a call suggests --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "status", "days"),
    [("answered", "in_work", 3), ("no_answer", "in_work", 1), ("call_later", "in_work", 1)],
)
def test_what_an_outcome_suggests_is_taken_where_nothing_was_chosen(
    app: Any, client_as: Any, outcome: str, status: str, days: int
) -> None:
    number = lead_id(app)
    client_as("Operator").post(f"/leadview/{number}/log_call", data={"outcome": outcome})
    lead = read(app, lambda s: s.get(Lead, number))
    assert lead.status == status
    assert local(lead.next_contact_at).date() == local(utc_now()).date() + timedelta(days=days)
    assert local(lead.next_contact_at).hour == 10


def test_a_busy_line_is_tried_again_in_an_hour(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    client_as("Operator").post(f"/leadview/{number}/log_call", data={"outcome": "busy"})
    at = read(app, lambda s: s.get(Lead, number).next_contact_at)
    assert timedelta(minutes=55) < at - utc_now() <= timedelta(hours=1)


def test_a_wrong_number_loses_who_cannot_be_reached_otherwise(app: Any, client_as: Any) -> None:
    alone, other = lead_id(app), lead_id(app, email="other@example.com")
    operator = client_as("Operator")
    for number in (alone, other):
        operator.post(f"/leadview/{number}/log_call", data={"outcome": "wrong_number"})
    lost = read(app, lambda s: s.get(Lead, alone))
    assert (lost.status, lost.lost_reason) == ("lost", "wrong_contact")
    assert read(app, lambda s: s.get(Lead, other).status) == "in_work"


def test_what_was_chosen_goes_before_what_is_suggested(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    client_as("Operator").post(
        f"/leadview/{number}/log_call",
        data={"outcome": "no_answer", "when": "none", "status": "qualified"},
    )
    lead = read(app, lambda s: s.get(Lead, number))
    assert (lead.status, lead.next_contact_at) == ("qualified", None)


def test_a_lead_that_waits_for_a_manager_stays_so_after_a_call(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        lead = make_lead(session)
        lead.qualify()
        return int(lead.id)

    number = keep(app, make)
    client_as("Operator").post(f"/leadview/{number}/log_call", data={"outcome": "no_answer"})
    assert read(app, lambda s: s.get(Lead, number).status) == "qualified"


# -- the page --------------------------------------------------------------------------------------


def test_the_strip_says_where_the_lead_is_and_where_it_can_go(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    page = text_of(client_as("Operator").get(f"/leadview/show/{number}"))
    strip = page[page.index('class="strip"') :].split("</ol>")[0]
    now = strip[strip.index('aria-current="step"') :].split("</span>")[0]
    assert now.endswith("New")
    for act in ("take", "qualify", "lose"):
        assert f"/leadview/{number}/{act}" in strip
    assert "convert" not in strip.replace("strip-converted", "")
    managers = text_of(client_as("Manager").get(f"/leadview/show/{number}"))
    assert f'href="/leadview/{number}/convert"' in managers


def test_a_lead_comes_back_from_the_managers(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    operator = client_as("Operator")
    operator.post(f"/leadview/{number}/qualify")
    assert operator.post(f"/leadview/{number}/take").status_code == 302
    assert read(app, lambda s: s.get(Lead, number).status) == "in_work"


def test_what_the_person_asked_for_stands_on_the_page(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        arrival = Arrival(
            door="leads", phone="+79000000001", answers={"Size <of> boat": "9 m"},
            click_id="abc-1", utm={"utm_source": "yandex"},
        )  # fmt: skip
        return int(receive(session, arrival).lead_id or 0)

    page = text_of(client_as("Operator").get(f"/leadview/show/{keep(app, make)}"))
    for words in ("Size &lt;of&gt; boat", "9 m", "abc-1", "utm_source"):
        assert words in page


def test_the_page_leads_through_the_list_that_was_open(app: Any, client_as: Any) -> None:
    numbers = [lead_id(app) for _ in range(3)]
    operator = client_as("Operator")
    assert "1 of 3" not in text_of(operator.get(f"/leadview/show/{numbers[1]}"))
    operator.get("/queueview/list/?group=new")
    page = text_of(operator.get(f"/leadview/show/{numbers[1]}"))
    assert "2 of 3" in page
    assert f'rel="prev" href="/leadview/show/{numbers[0]}"' in page
    assert f'rel="next" href="/leadview/show/{numbers[2]}"' in page


def test_not_the_same_person_is_remembered_and_can_be_taken_back(app: Any, client_as: Any) -> None:
    number = lead_id(app, phone="+79121112233", email="one@example.com")
    other = lead_id(app, last_name="Samemailov", email="one@example.com")
    client = keep(app, lambda s: make_client(s, last_name="Samephonov", phone="+79121112233").id)
    operator = client_as("Operator")
    for who in (f"lead-{other}", f"client-{client}"):
        answer = operator.post(f"/leadview/{number}/not_same", data={"other": who})
        assert answer.status_code == 302
    page = text_of(operator.get(f"/leadview/show/{number}"))
    assert "2 other people" in page
    assert page.index("2 other people") < page.index("Samemailov")
    assert "2 other people" not in text_of(operator.get(f"/leadview/show/{other}"))
    assert "1 other person" in text_of(operator.get(f"/leadview/show/{other}"))
    operator.post(f"/leadview/{number}/maybe_same", data={"other": f"client-{client}"})
    assert "1 other person" in text_of(operator.get(f"/leadview/show/{number}"))


@pytest.mark.parametrize("other", ["", "lead-", "lead-99999", "contract-1", "client-x"])
def test_only_somebody_who_is_there_can_be_told_apart(app: Any, client_as: Any, other: str) -> None:
    number = lead_id(app)
    answer = client_as("Operator").post(f"/leadview/{number}/not_same", data={"other": other})
    assert answer.status_code == 404


def test_the_page_needs_few_statements_however_long_the_story(app: Any, client_as: Any) -> None:
    number = lead_id(app, phone="+79121112233", email="one@example.com")
    operator = client_as("Operator")

    def fill(count: int) -> None:
        def make(session: Any) -> None:
            for _ in range(count):
                make_lead(session, email="one@example.com", campaign=make_campaign(session))
                make_client(session, phone="+79121112233")
                session.get(Lead, number).log_call("busy", "words")

        keep(app, make)

    fill(2)
    few = counted(app, lambda: operator.get(f"/leadview/show/{number}"))
    fill(20)
    many = counted(app, lambda: operator.get(f"/leadview/show/{number}"))
    # Of more namesakes than those who share a phone or e-mail two statements more are read.
    assert many <= few + 2
    assert many <= 20
