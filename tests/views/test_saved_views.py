"""One's own views of a list: the address holds the state, and the reader's own rights apply."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from sqlalchemy import select

from app.models import Campaign, Lead
from app.models.saved_view import MOST_VIEWS, SavedView
from tests.factories import make_campaign, make_contract, make_lead
from tests.views.pages import keep, read, text_of

LIST = "/leadview/list/"
LOST = "_flt_2_status=lost"


def add(client: Any, name: str, query: str, screen: str = "LeadView") -> Any:
    return client.post("/views/add", data={"screen": screen, "name": name, "query": query})


def views_of(app: Any) -> list[tuple[str, str]]:
    ask = select(SavedView.name, SavedView.query).order_by(SavedView.position, SavedView.id)
    return [tuple(row) for row in read(app, lambda session: session.execute(ask).all())]


def state_of(page: str) -> str:
    """What stands beside the filters of a changed view."""
    found = re.search(r'<div class="list-state".*?\n</div>', page, re.DOTALL)
    return found[0] if found else ""


def tabs_of(page: str) -> list[tuple[str, bool]]:
    return [
        (words, "aria-current" in marks)
        for marks, words in re.findall(r'<a class="list-view"([^>]*)>([^<]+)</a>', page)
    ]


def test_a_list_as_it_was_made_offers_nothing_to_save(app: Any, client_as: Any) -> None:
    page = text_of(client_as("Operator").get(LIST))
    assert state_of(page) == ""
    assert tabs_of(page)[0] == ("All", True)


def test_a_view_is_saved_with_filters_order_and_columns(app: Any, client_as: Any) -> None:
    keep(app, lambda session: make_lead(session, last_name="Here"))
    operator = client_as("Operator")
    query = f"{LOST}&_oc_LeadView=name&_od_LeadView=asc&cols=name,email&psize_LeadView=50"
    page = text_of(operator.get(f"{LIST}?{query}"))
    assert "Save as a view" in state_of(page) or "Save as new" in state_of(page)
    answer = add(operator, "My lost ones", query)
    assert answer.status_code == 302
    page = text_of(operator.get(answer.location))
    assert ("My lost ones", True) in tabs_of(page)
    assert state_of(page) == ""
    assert "email" in answer.location
    assert views_of(app)[0][0] == "My lost ones"


def test_a_changed_view_is_called_modified_and_can_be_saved_or_reset(
    app: Any, client_as: Any
) -> None:
    operator = client_as("Operator")
    address = add(operator, "Lost", LOST).location
    page = text_of(operator.get(f"{address}&search=anna"))
    assert "modified" in state_of(page)
    for words in ("Save</button>", "Save as new", "Reset</a>"):
        assert words in state_of(page)
    assert f'href="{address.replace("&", "&amp;")}"' in state_of(page)
    pk = read(app, lambda session: session.scalar(select(SavedView.id)))
    sent = operator.post(f"/views/{pk}/save", data={"query": f"{LOST}&search=anna"})
    assert state_of(text_of(operator.get(sent.location))) == ""
    assert views_of(app) == [("Lost", f"{LOST}&search=anna")]


def test_a_built_in_view_is_changed_under_a_new_name_alone(app: Any, client_as: Any) -> None:
    page = text_of(client_as("Operator").get(f"{LIST}?view=lost&{LOST}&search=anna"))
    assert "modified" in state_of(page)
    assert "Save as new" in state_of(page)
    assert "/save" not in state_of(page)


def test_a_view_is_renamed_and_deleted_by_its_owner_alone(app: Any, client_as: Any) -> None:
    operator, manager = client_as("Operator"), client_as("Manager")
    add(operator, "Lost", LOST)
    pk = read(app, lambda session: session.scalar(select(SavedView.id)))
    assert "Lost" not in [words for words, _ in tabs_of(text_of(manager.get(LIST)))][6:]
    for act in ("save", "rename", "delete", "first"):
        assert manager.post(f"/views/{pk}/{act}", data={"name": "Mine"}).status_code == 404
        assert operator.get(f"/views/{pk}/{act}").status_code == 405
    assert operator.post(f"/views/{pk}/rename", data={"name": "Given up"}).status_code == 302
    assert views_of(app) == [("Given up", LOST)]
    assert operator.post(f"/views/{pk}/delete").status_code == 302
    assert views_of(app) == []


def test_a_name_is_needed_and_is_taken_once(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    add(operator, "Lost", LOST)
    for name in ("", "   ", "Lost", "x" * 61):
        add(operator, name, "search=anna")
    assert views_of(app) == [("Lost", LOST)]
    assert "You have a view of this name already." in text_of(operator.get(LIST))
    add(client_as("Manager"), "Lost", LOST)  # another's own
    assert len(views_of(app)) == 2


def test_no_more_views_than_a_person_can_read(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    for n in range(MOST_VIEWS + 2):
        add(operator, f"View {n}", f"search={n}")
    assert len(views_of(app)) == MOST_VIEWS


def test_only_what_the_list_knows_is_kept(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    add(operator, "Odd", f"{LOST}&next=http://elsewhere.example&_flt_9_password=x&page_LeadView=7")
    assert views_of(app) == [("Odd", LOST)]
    assert add(operator, "Other", LOST, screen="UserView").status_code in (403, 404)
    assert add(operator, "Other", LOST, screen="ContractView").status_code == 403
    assert add(operator, "Other", LOST, screen="Nothing").status_code == 404


def test_a_shared_link_shows_what_the_reader_may_see(app: Any, client_as: Any) -> None:
    """A link with the state changes nothing of the receiver's, and opens no doors."""
    keep(app, lambda session: make_contract(session))
    manager, operator = client_as("Manager"), client_as("Operator")
    page = text_of(manager.get(f"{LIST}?search=anna"))
    shared = re.search(r'data-copy="([^"]+)"', page)
    assert shared
    assert shared[1].endswith(f"{LIST}?search=anna")
    assert "view=" not in shared[1]
    before = views_of(app)
    assert operator.get(f"{LIST}?search=anna").status_code == 200
    assert views_of(app) == before
    assert operator.get("/contractview/list/?search=1").status_code in (302, 403)


# -- the view that opens first ---------------------------------------------------------------------


def test_the_view_that_opens_first_is_the_readers_own_choice(app: Any, client_as: Any) -> None:
    operator, manager = client_as("Operator"), client_as("Manager")
    add(operator, "Anna", "search=anna")
    address = add(operator, "Lost", LOST).location
    pk = read(app, lambda s: s.scalar(select(SavedView.id).where(SavedView.name == "Lost")))
    assert operator.get(LIST).status_code == 200
    assert "Open the list with this view" in text_of(operator.get(address))
    assert operator.post(f"/views/{pk}/first").status_code == 302
    opened = operator.get(LIST)
    assert opened.status_code == 302
    assert opened.location == address
    assert manager.get(LIST).status_code == 200
    # Every row stays one click away, and a link with a state says what it says.
    page = text_of(operator.get(address))
    assert f'href="{LIST}?view=all"' in page
    assert tabs_of(text_of(operator.get(f"{LIST}?view=all")))[0] == ("All", True)
    assert operator.get(f"{LIST}?search=anna").status_code == 200
    assert [name for name, _ in views_of(app)] == ["Lost", "Anna"]
    # The same act takes it back.
    assert "Open the list with all records" in page
    assert operator.post(f"/views/{pk}/first", data={"no": "1"}).status_code == 302
    assert operator.get(LIST).status_code == 200


def test_one_view_alone_opens_first(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    for name in ("One", "Two"):
        add(operator, name, f"search={name}")
        pk = read(app, lambda s, name=name: s.scalar(
            select(SavedView.id).where(SavedView.name == name)))  # fmt: skip
        operator.post(f"/views/{pk}/first")
    first = select(SavedView.name).where(SavedView.position == 0)
    assert read(app, lambda session: list(session.scalars(first))) == ["Two"]


# -- nothing to show -------------------------------------------------------------------------------


def test_nothing_yet_says_how_the_first_one_comes(app: Any, client_as: Any) -> None:
    page = text_of(client_as("Operator").get(LIST))
    assert "No leads yet" in page
    assert 'href="/leadview/add"' in page


def test_nothing_that_matches_offers_to_reset(app: Any, client_as: Any) -> None:
    keep(app, lambda session: make_lead(session))
    operator = client_as("Operator")
    page = text_of(operator.get(f"{LIST}?search=nobodyhere"))
    assert "Nothing matches" in page
    assert re.search(rf'<a class="btn" href="{LIST}">Reset filters</a>', page)
    assert "New lead “nobodyhere”" in page


# -- the file --------------------------------------------------------------------------------------


def rows_of_file(answer: Any, delimiter: str = ",") -> list[list[str]]:
    text = answer.get_data(as_text=True).removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def test_the_file_holds_the_rows_and_columns_of_the_list(app: Any, client_as: Any) -> None:
    def make(session: Any) -> None:
        campaign: Campaign = make_campaign(session)
        for name in ("=1+1", "@sum", "Plain"):
            lead: Lead = make_lead(session, campaign=campaign, last_name="Ivanov", first_name="A")
            lead.last_name = name
        make_lead(session, campaign=campaign, last_name="Other")

    keep(app, make)
    manager = client_as("Manager")
    query = "cols=name,status&_flt_2_status=new"
    page = text_of(manager.get(f"{LIST}?{query}"))
    link = re.search(r'href="(/leadview/export\.csv[^"]*)"', page)
    assert link
    found = rows_of_file(manager.get(link[1].replace("&amp;", "&")))
    assert found[0] == ["Name", "Status"]
    assert len(found) == 5
    for row in found:
        assert not row[0].startswith(("=", "+", "-", "@")), row
    with manager.session_transaction() as kept:
        kept["locale"] = "ru"
    assert len(rows_of_file(manager.get(link[1].replace("&amp;", "&")), ";")[0]) == 2


def test_who_may_not_export_is_offered_no_file(app: Any, client_as: Any) -> None:
    for role in ("Operator", "Marketer", "Manager", "Admin"):
        client = client_as(role)
        for name in ("leadview", "clientview", "contractview", "spendview"):
            listed = client.get(f"/{name}/list/")
            if listed.status_code != 200:
                continue
            offered = f"/{name}/export.csv" in text_of(listed)
            assert (client.get(f"/{name}/export.csv").status_code == 200) is offered, (role, name)


# -- order -----------------------------------------------------------------------------------------


def test_the_sorted_column_alone_says_its_order(app: Any, client_as: Any) -> None:
    keep(app, lambda session: make_lead(session))
    page = text_of(client_as("Operator").get(f"{LIST}?_oc_LeadView=name&_od_LeadView=asc"))
    assert re.findall(r'aria-sort="(\w+)"', page) == ["ascending"]
