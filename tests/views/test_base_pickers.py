"""Choosing related rows: remotely, and only what one may see; the same when the form is sent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from app.models import Campaign
from tests.views.toys import counted, hidden, log_in, make_campaign, make_service, rows_of


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def found(client: Any, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return [row["text"] for row in answer.json["results"]]


def send(client: Any, address: str, **values: Any) -> Any:
    return client.post(address, data=hidden(text(client.get(address))) | values)


def campaigns(app: Flask) -> list[tuple[Any, ...]]:
    with rows_of(app) as session:
        query = session.query(Campaign.title, Campaign.service_id).order_by(Campaign.id)
        return [tuple(row) for row in query]


# -- the remote picker -----------------------------------------------------------------------------


def test_a_picker_finds_twenty_at_most(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        for n in range(30):
            make_service(session, f"Ёлка {n}")
    with counted(toy_app) as statements:
        assert len(found(boss, "/picker/service")) == 20
    asked = [s for s in statements if "\nFROM service" in s]
    assert len(asked) == 1
    assert "LIMIT" in asked[0]
    assert "description" not in asked[0].split("\nFROM")[0] or "service.title" in asked[0]
    assert found(boss, "/picker/service?q=елка 29") == ["Ёлка 29"]
    assert found(boss, "/picker/service?q=%25") == []
    for junk in ("%00", "'", "\\", "x" * 5000):
        found(boss, f"/picker/service?q={junk}")


def test_a_picker_asks_who_may_list_the_noun(toy_app: Flask, boss: Any, clerk: Any) -> None:
    outsider, visitor = log_in(toy_app, "outsider"), toy_app.test_client()
    assert boss.get("/picker/lead").status_code == 200
    assert clerk.get("/picker/lead").status_code == 403
    assert outsider.get("/picker/service").status_code == 403
    assert visitor.get("/picker/service").status_code == 401
    assert boss.get("/picker/password").status_code == 404
    assert boss.get("/picker/ab_role").status_code == 404


def test_a_picker_offers_what_the_screen_offers(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session, "Sold")
        make_service(session, "Retired", active=False)
        make_service(session, "Away").put_away("mistake")
        make_campaign(session, "Ours", service)
        make_campaign(session, "Foreign", service, currency="USD")
    assert found(boss, "/picker/service") == ["Sold"]
    assert found(boss, "/picker/service?every=1") == ["Retired", "Sold"]
    assert found(boss, "/picker/campaign") == ["Ours"]


def test_colleagues_are_offered_to_those_who_work(toy_app: Flask, boss: Any, clerk: Any) -> None:
    assert found(boss, "/picker/ab_user?q=CLE") == ["Clerk Test"]
    assert clerk.get("/picker/ab_user").status_code == 403


# -- on POST ---------------------------------------------------------------------------------------


@pytest.fixture
def chosen(toy_app: Flask) -> dict[str, int]:
    with rows_of(toy_app) as session:
        return {
            "good": make_service(session, "Good").id,
            "retired": make_service(session, "Retired", active=False).id,
            "away": _put_away(make_service(session, "Away")),
        }


def _put_away(row: Any) -> int:
    row.put_away("mistake")
    return int(row.id)


@pytest.mark.parametrize("what", ["retired", "away", "999999", "x", "", "99999999999999999999"])
def test_what_is_not_offered_is_not_accepted(
    toy_app: Flask, boss: Any, chosen: dict[str, int], what: str
) -> None:
    shown = text(boss.get("/campaignview/add"))
    assert ">Good</option>" in shown
    assert ">Away</option>" not in shown
    assert ">Retired</option>" not in shown
    sent = send(boss, "/campaignview/add", title="C", service=str(chosen.get(what, what)))
    assert sent.status_code == 400
    assert campaigns(toy_app) == []


def test_stock_offers_and_accepts_what_is_put_away(
    toy_app: Flask, boss: Any, chosen: dict[str, int]
) -> None:
    assert ">Away</option>" in text(boss.get("/stockview/add"))
    boss.post("/stockview/add", data={"title": "C", "service": chosen["away"]})
    assert campaigns(toy_app) == [("C", chosen["away"])]


def test_what_the_record_has_already_stays_acceptable(
    toy_app: Flask, boss: Any, chosen: dict[str, int]
) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session, "Later away")
        number, kept = make_campaign(session, "C", service).id, service.id
        service.put_away("mistake")
    address = f"/campaignview/edit/{number}"
    assert ">Later away</option>" in text(boss.get(address))
    assert send(boss, address, title="D", service=str(kept)).status_code == 302
    assert send(boss, address, title="D", service=str(chosen["away"])).status_code == 400
    assert campaigns(toy_app) == [("D", kept)]


def test_a_field_that_one_may_not_see_keeps_its_value(toy_app: Flask) -> None:
    with rows_of(toy_app) as session:
        service, other = make_service(session, "Secret"), make_service(session, "Other")
        number, kept, other_id = make_campaign(session, "C", service).id, service.id, other.id
    outsider = log_in(toy_app, "outsider")
    address = f"/campaignview/edit/{number}"
    shown = text(outsider.get(address))
    assert "Secret" not in shown
    assert "Not shown to your role" in shown
    assert send(outsider, address, title="D").status_code == 302
    for forged in (str(other_id), ""):
        assert send(outsider, address, title="E", service=forged).status_code == 400
    assert campaigns(toy_app) == [("D", kept)]


# -- without JavaScript ----------------------------------------------------------------------------


@pytest.fixture
def many(toy_app: Flask) -> int:
    with rows_of(toy_app) as session:
        return [make_service(session, f"Service {n:02}").id for n in range(30)][7]


def test_a_large_choice_is_a_search_box(toy_app: Flask, boss: Any, many: int) -> None:
    shown = text(boss.get("/campaignview/add"))
    assert 'data-picker="/picker/service"' in shown
    assert 'name="service-text"' in shown


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("Service 07", 302),
        ("service 07", 302),
        ("07", 302),
        ("Service", 400),
        ("Nothing", 400),
        ("", 400),
    ],
)
def test_a_typed_name_is_looked_up_on_the_server(
    toy_app: Flask, boss: Any, many: int, typed: str, status: int
) -> None:
    values = {"service": "", "service-was": "", "service-text": typed, "title": "C"}
    answer = send(boss, "/campaignview/add", **values)
    assert answer.status_code == status
    if status == 302:
        assert campaigns(toy_app) == [("C", many)]
    elif typed == "Service":
        assert "Several records match “Service”. Choose one." in text(answer)
        assert f'<option value="{many + 22}">Service 29</option>' in text(answer)
    elif typed == "Nothing":
        assert "Nothing matches “Nothing”." in text(answer)
        assert 'value="Nothing"' in text(answer)


def test_an_id_counts_while_the_text_is_untouched(toy_app: Flask, boss: Any, many: int) -> None:
    named = {"service-was": "Service 07", "service-text": "Service 07"}
    sent = send(boss, "/campaignview/add", title="C", service=str(many), **named)
    assert sent.status_code == 302
    assert campaigns(toy_app) == [("C", many)]


def test_filters_use_the_same_pickers(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        first, second = make_service(session, "First"), make_service(session, "Second")
        make_campaign(session, "Of first", first)
        make_campaign(session, "Of second", second)
        number = first.id
    base = "/campaignview/list/?_flt_0_service="
    for address in (
        f"{base}{number}",
        f"{base}&_flt_0_service-text=first",
        f"{base}{number}&_flt_0_service-text=First&_flt_0_service-was=First",
    ):
        shown = text(boss.get(address, follow_redirects=True))  # to the address by the id alone
        assert ">Of first<" in shown
        assert ">Of second<" not in shown
        assert 'value="First"' in shown
    shown = text(boss.get(f"/campaignview/list/?_flt_1_service={number}"))
    assert ">Of first<" not in shown
    assert ">Of second<" in shown


def test_a_filter_by_a_row_that_one_may_not_see_is_left_out(toy_app: Flask) -> None:
    with rows_of(toy_app) as session:
        first, second = make_service(session, "First"), make_service(session, "Second")
        make_campaign(session, "Of first", first)
        make_campaign(session, "Of second", second)
        number = first.id
    shown = text(log_in(toy_app, "outsider").get(f"/campaignview/list/?_flt_0_service={number}"))
    assert ">Of second<" in shown
    assert "could not be read" in shown
    assert "First" not in shown.replace("Of first", "")


def test_pages_take_few_queries_however_many_rows_there_are_to_choose(
    toy_app: Flask, boss: Any, many: int
) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session, "S")
        number = make_campaign(session, "C", service, starts_on=date(2026, 11, 5)).id
    for address in ("add", f"edit/{number}", f"show/{number}", "list/"):
        with counted(toy_app) as statements:
            assert boss.get(f"/campaignview/{address}").status_code == 200
        assert len([s for s in statements if s.startswith("SELECT")]) <= 10, address
