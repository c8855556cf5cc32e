"""The board: its columns and their order, the list's filters, moves, and what a page costs."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

import pytest

from app.models import Lead
from app.models.claim import claim
from app.models.clock import today, utc_now
from app.roles import ROLES
from app.views.board import PAGE, Place
from tests.factories import make_campaign, make_lead, make_user
from tests.site import logged_in
from tests.views.pages import counted, keep, read, text_of

BOARD = "/leads/board/"
IN_PLACE = {"X-Board": "card"}


def card(session: Any, name: str, status: str = "new", at: Any = None, **changes: Any) -> Lead:
    lead = make_lead(session, last_name=name, **changes)
    lead.status, lead.next_contact_at = status, at
    return lead


def column(page: str, status: str) -> str:
    """The piece of the page that shows the column."""
    start = page.index(f'data-to="{status}"')
    return page[start : page.index("</section>", start)]


def names_in(piece: str) -> list[str]:
    return re.findall(r'<a id="n\d+"[^>]*>(?:Ivan )?([^<]+)</a>', piece)


def move(browser: Any, lead_id: int, to: str, **more: Any) -> Any:
    headers = more.pop("headers", {})
    address = more.pop("address", f"{BOARD}{lead_id}/move")
    values = {"form_key": secrets.token_urlsafe(24), "to": to} | more
    return browser.post(address, data=values, headers=headers)


# -- what stands there -----------------------------------------------------------------------------


def test_open_leads_stand_in_their_columns_and_closed_ones_are_counted(app: Any, client_as: Any):
    def make(session: Any) -> None:
        card(session, "Newov")
        card(session, "Workov", "in_work")
        card(session, "Qualov", "qualified")
        lost = card(session, "Lostov")
        lost.lose("other")
        card(session, "Awayov").put_away("spam")
        card(session, "Testerov").is_test = True

    keep(app, make)
    page = text_of(client_as("Operator").get(BOARD))
    assert names_in(column(page, "new")) == ["Newov"]
    assert names_in(column(page, "in_work")) == ["Workov"]
    assert names_in(column(page, "qualified")) == ["Qualov"]
    assert 'data-count="lost">1<' in page
    assert 'data-count="converted">0<' in page
    for absent in ("Lostov", "Awayov", "Testerov"):
        assert absent not in page


def test_due_leads_stand_first_then_those_who_asked_last(app: Any, client_as: Any) -> None:
    def make(session: Any) -> None:
        now = utc_now()
        card(session, "Laterov", "in_work", now + timedelta(days=3))
        card(session, "Overduev", "in_work", now - timedelta(days=3))
        card(session, "Oldov", "in_work").received_at = now - timedelta(days=9)
        card(session, "Freshov", "in_work").received_at = now - timedelta(days=1)

    keep(app, make)
    shown = names_in(column(text_of(client_as("Operator").get(BOARD)), "in_work"))
    assert shown == ["Overduev", "Laterov", "Freshov", "Oldov"]


def test_a_card_tells_what_is_due_by_a_word_and_not_by_colour_alone(app: Any, client_as: Any):
    def make(session: Any) -> None:
        card(session, "Overduev", "in_work", utc_now() - timedelta(days=2))
        card(session, "Forgottenov", "in_work")
        card(session, "Newov")

    keep(app, make)
    page = text_of(client_as("Operator").get(BOARD))
    assert "<i>Overdue</i>" in column(page, "in_work")
    assert ">Nothing planned</span>" in column(page, "in_work")
    assert "mark" not in column(page, "new")


def test_a_column_loads_more_where_it_ended(app: Any, client_as: Any) -> None:
    def make(session: Any) -> None:
        now = utc_now()
        for number in range(PAGE - 3):
            card(session, f"Planned{number:03}", at=now + timedelta(hours=number))
        for number in range(PAGE + 10):
            card(session, f"Unplanned{number:03}").received_at = now - timedelta(minutes=number)

    keep(app, make)
    operator = client_as("Operator")
    page = text_of(operator.get(BOARD))
    seen = names_in(column(page, "new"))
    assert len(seen) == PAGE
    assert 'data-count="new">47<' in page
    found = re.search(r'hx-get="([^"]+)"', column(page, "new"))
    while found:
        piece = text_of(operator.get(found[1].replace("&amp;", "&")))
        seen += names_in(piece)
        found = re.search(r'hx-get="([^"]+)"', piece)
    planned = [f"Planned{number:03}" for number in range(PAGE - 3)]
    assert seen == planned + [f"Unplanned{number:03}" for number in range(PAGE + 10)]


def test_without_a_script_the_next_cards_are_a_page_of_their_own(app: Any, client_as: Any) -> None:
    def make(session: Any) -> None:
        for number in range(PAGE + 2):
            card(session, f"Newov{number:03}").received_at = utc_now() - timedelta(hours=number)

    keep(app, make)
    operator = client_as("Operator")
    found = re.search(r'href="([^"]*page_new=[^"]*)"', text_of(operator.get(BOARD)))
    assert found
    page = text_of(operator.get(found[1].replace("&amp;", "&")))
    assert names_in(column(page, "new")) == ["Newov020", "Newov021"]


@pytest.mark.parametrize("text", ["", "~", "nonsense", "1-", "~9999999999999999999999-1", "-5"])
def test_a_place_that_no_board_has_written_is_the_beginning(app: Any, client_as: Any, text: str):
    assert Place.read(text) is None
    assert client_as("Operator").get(BOARD, query_string={"page_new": text}).status_code == 200


def test_a_place_is_read_as_it_was_written() -> None:
    place = Place(False, utc_now(), 17)
    assert Place.read(str(place)) == place


# -- filters ---------------------------------------------------------------------------------------


def test_the_filters_and_the_search_of_the_list_carry_over_both_ways(app: Any, client_as: Any):
    def make(session: Any) -> int:
        campaign = make_campaign(session)
        card(session, "Thisov", campaign=campaign)
        card(session, "Thiselsev", campaign=campaign)
        card(session, "Otherov", campaign=make_campaign(session))
        session.flush()
        return campaign.id

    number = keep(app, make)
    operator = client_as("Operator")
    asked = f"?_flt_0_campaign={number}&search=thisov&_oc_LeadView=name&_od_LeadView=asc"
    page = text_of(operator.get(BOARD + asked))
    assert names_in(column(page, "new")) == ["Thisov"]
    back = re.search(r'"switch".*?href="([^"]*)"', page, re.DOTALL)
    assert back
    for part in (f"_flt_0_campaign={number}", "search=thisov", "_oc_LeadView=name"):
        assert part in back[1]
    listed = text_of(operator.get(back[1].replace("&amp;", "&")))
    assert "Thisov" in listed
    assert "Thiselsev" not in listed


def test_the_board_has_the_filter_line_of_the_list(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    page = text_of(operator.get(BOARD + "?_flt_2_status=new&page_new=~1764050000250000-17"))
    assert "object at 0x" not in page
    chips = re.compile(r'id="chip-(\w+)"')
    assert chips.findall(page) == chips.findall(text_of(operator.get("/leadview/list/")))
    assert 'action="/leads/board/"' in page
    line = page[page.index('id="list-filters"') : page.index('id="board"')]
    assert "page_new" not in line  # other filters begin at the first card


def test_the_list_gives_the_board_its_filters(app: Any, client_as: Any) -> None:
    asked = "?_flt_2_status=new&search=ivan"
    page = text_of(client_as("Operator").get("/leadview/list/" + asked))
    there = re.search(r'href="(/leads/board/[^"]*)"', page)
    assert there
    for part in ("_flt_2_status=new", "search=ivan"):
        assert part in there[1]


def test_the_closed_ones_are_listed_with_the_filters_of_the_board(app: Any, client_as: Any):
    page = text_of(client_as("Manager").get(BOARD + "?search=ivan&_flt_2_status=new&whose=nobody"))
    for status in ("lost", "converted"):
        strip = re.search(rf'class="strip strip-{status}"[^>]*href="([^"]*)"', page)
        assert strip
        assert strip[1].startswith("/leadview/list/?")
        assert set(strip[1].partition("?")[2].split("&amp;")) == {
            "search=ivan", "whose=nobody", f"_flt_2_status={status}"
        }  # fmt: skip


def test_the_move_form_and_its_answer_keep_the_filters(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: _flushed(s, card(s, "Newov")).id)
    address = f"{BOARD}{number}/move?search=newov"
    answer = move(client_as("Operator"), number, "in_work", address=address)
    assert answer.location.endswith("/leads/board/?search=newov")


def _flushed(session: Any, lead: Lead) -> Lead:
    session.flush()
    return lead


# -- moving ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "to"),
    [("new", "in_work"), ("new", "qualified"), ("in_work", "qualified"), ("in_work", "new"),
     ("qualified", "in_work")],
)  # fmt: skip
def test_a_card_moves_between_the_columns(app: Any, client_as: Any, status: str, to: str) -> None:
    number = keep(app, lambda s: _flushed(s, card(s, "Movov", status)).id)
    answer = move(client_as("Operator"), number, to)
    assert answer.location.endswith(BOARD)
    assert read(app, lambda s: s.get(Lead, number).status) == to


def test_who_takes_a_lead_of_nobody_is_responsible_for_it(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: _flushed(s, card(s, "Newov")).id)
    move(client_as("Operator"), number, "in_work")
    assert read(app, lambda s: s.get(Lead, number).assignee.username) == "operator"


def test_the_answer_in_place_is_the_card_with_the_counts_and_an_undo(app: Any, client_as: Any):
    number = keep(app, lambda s: _flushed(s, card(s, "Newov")).id)
    operator = client_as("Operator")
    answer = move(operator, number, "qualified", headers=IN_PLACE)
    assert answer.location.endswith(f"{BOARD}{number}/card")
    page = text_of(operator.get(answer.location, headers=IN_PLACE))
    assert 'data-status="qualified"' in page
    assert '<data value="new">0</data>' in page
    assert '<data value="qualified">1</data>' in page
    assert "Moved to “Qualified”, 1 there." in page
    assert names_in(page) == ["Newov"]
    undo = re.search(r'action="(/undo[^"]*)"', page)
    assert undo
    operator.post(undo[1])
    assert read(app, lambda s: s.get(Lead, number).status) == "new"


def test_a_loss_needs_its_reason(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: _flushed(s, card(s, "Newov")).id)
    operator = client_as("Operator")
    refused = move(operator, number, "lost", headers=IN_PLACE)
    assert refused.status_code == 400
    assert 'data-status="new"' in text_of(refused)
    assert "Choose why the lead is lost." in text_of(refused)
    move(operator, number, "lost", lost_reason="no_need", text="Changed their mind")
    lead = read(app, lambda s: s.get(Lead, number))
    assert (lead.status, lead.lost_reason) == ("lost", "no_need")


def test_a_refused_move_says_why_and_leaves_the_card(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        lead = _flushed(session, card(session, "Heldov"))
        claim(session, lead, make_user(session, "Operator", first_name="Olga", last_name="K").id)
        return lead.id

    number = keep(app, make)
    refused = move(client_as("Operator"), number, "qualified", headers=IN_PLACE)
    assert refused.status_code == 409
    page = text_of(refused)
    assert 'data-status="new"' in page
    assert "Olga K" in page
    assert read(app, lambda s: s.get(Lead, number).status) == "new"


def test_a_card_that_a_colleague_closed_leaves_the_board(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        lead = _flushed(session, card(session, "Lostov"))
        lead.lose("other")
        return lead.id

    number = keep(app, make)
    refused = move(client_as("Operator"), number, "qualified", headers=IN_PLACE)
    assert refused.status_code == 409
    assert 'data-status=""' in text_of(refused)
    assert names_in(text_of(refused)) == []


@pytest.mark.parametrize("to", ["in_work", "new", "lost", "qualified"])
def test_a_card_that_a_colleague_moved_meanwhile_is_not_moved_unseen(
    app: Any, client_as: Any, to: str
) -> None:
    """Who drags what looks new must not take back what a colleague has qualified."""
    number = keep(app, lambda s: _flushed(s, card(s, "Movedov", "qualified")).id)
    operator = client_as("Operator")
    refused = move(operator, number, to, was="new", lost_reason="no_need", headers=IN_PLACE)
    assert refused.status_code == 409
    page = text_of(refused)
    assert 'data-status="qualified"' in page
    assert "Meanwhile a colleague moved it to “Qualified”." in page
    assert read(app, lambda s: s.get(Lead, number).status) == "qualified"
    form = text_of(operator.get(f"{BOARD}{number}/move"))
    assert re.search(r'name="was"[^>]*value="qualified"', form)


def test_nobody_converts_or_invents_a_status_by_the_board(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: _flushed(s, card(s, "Newov")).id)
    for to in ("converted", "archived", ""):
        assert move(client_as("Manager"), number, to).status_code == 400
    assert read(app, lambda s: s.get(Lead, number).status) == "new"


def test_without_a_script_the_button_of_a_card_leads_to_a_form(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: _flushed(s, card(s, "Newov")).id)
    operator = client_as("Operator")
    assert f'formaction="/leads/board/{number}/move"' in text_of(operator.get(BOARD))
    page = text_of(operator.get(f"{BOARD}{number}/move"))
    assert '<option value="qualified">' in page
    assert '<option value="new">' not in page  # it is there already


def test_a_new_lead_has_the_same_key_as_in_the_list(app: Any, client_as: Any) -> None:
    page = text_of(client_as("Operator").get(BOARD))
    assert re.search(r'href="/leadview/add"[^>]*data-key="a"', page)
    assert 'data-key="n"' not in page  # the next lead, everywhere


def test_only_managers_find_the_conversion_among_the_targets(app: Any, client_as: Any) -> None:
    assert 'data-to="converted"' in text_of(client_as("Manager").get(BOARD))
    page = text_of(client_as("Operator").get(BOARD))
    assert 'data-to="converted"' not in page
    assert 'data-move="converted"' not in page
    assert 'data-to="lost"' in page


def test_marketers_have_no_board(app: Any) -> None:
    found = {role: logged_in(app, role.lower()).get(BOARD).status_code for role in ROLES}
    assert found == {"Operator": 200, "Marketer": 403, "Manager": 200, "Admin": 200}


# -- what it costs ---------------------------------------------------------------------------------


def _many(session: Any, number: int) -> None:
    campaign = make_campaign(session, title="Яндекс, осень, поиск по услугам для бизнеса")
    colleague = make_user(session, "Operator", first_name="Екатерина", last_name="Воскресенская")
    for status in ("new", "in_work", "qualified"):
        for index in range(number):
            lead = card(
                session, f"Константинопольский{index}", status, utc_now() + timedelta(hours=index),
                first_name="Александр", middle_name="Владимирович", campaign=campaign,
            )  # fmt: skip
            lead.assignee = colleague


def test_a_full_board_asks_the_database_as_often_as_a_short_one(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    keep(app, lambda s: _many(s, 2))
    operator.get(BOARD)
    few = counted(app, lambda: operator.get(BOARD))
    keep(app, lambda s: _many(s, 18))
    many = counted(app, lambda: operator.get(BOARD))
    assert few == many
    assert many <= 10


def test_sixty_cards_are_at_most_sixty_kilobytes(app: Any, client_as: Any) -> None:
    keep(app, lambda s: _many(s, PAGE + 1))
    answer = client_as("Manager").get(BOARD)
    assert text_of(answer).count('class="board-card"') == 3 * PAGE
    assert len(answer.get_data()) <= 60 * 1024


def test_today_is_a_time_and_another_day_a_date(app: Any, client_as: Any) -> None:
    day = today() + timedelta(days=40)
    keep(app, lambda s: card(s, "Laterov", "in_work", utc_now() + timedelta(days=40)))
    shown = column(text_of(client_as("Operator").get(BOARD)), "in_work")
    assert re.search(rf"</i> {day.day} \w{{3}}", shown)
