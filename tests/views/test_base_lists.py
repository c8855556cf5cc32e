"""Lists: what an address may ask for, how much is read, and whose filters apply."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest
from flask import Flask

from app.models import Campaign
from tests.views.toys import counted, log_in, make_campaign, make_service, rows_of

JUNK = ["abc", "-1", "0", "99999999999999999999", "1_0", "%D9%A1%D9%A2", "%00", "1e3"]


def fill(app: Flask, number: int, **changes: Any) -> list[int]:
    with rows_of(app) as session:
        service = make_service(session, f"Service of {number}")
        return [make_campaign(session, f"Row {n:04}", service, **changes).id for n in range(number)]


def page(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return str(answer.get_data(as_text=True))


# -- arguments of the address ----------------------------------------------------------------------


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("argument", ["page", "psize"])
@pytest.mark.parametrize("screen", ["CampaignView", "PlainView"])
def test_a_page_number_is_never_an_error(
    toy_app: Flask, boss: Any, screen: str, argument: str, junk: str
) -> None:
    fill(toy_app, 3)
    assert "Row 0001" in page(boss, f"/{screen.lower()}/list/?{argument}_{screen}={junk}")


def test_stock_fails_on_a_page_number_that_is_none(toy_app: Flask, boss: Any) -> None:
    assert boss.get("/stockview/list/?page_StockView=abc").status_code == 500


def test_a_page_holds_a_hundred_rows_at_most(toy_app: Flask, boss: Any) -> None:
    fill(toy_app, 130)
    assert page(boss, "/campaignview/list/?psize_CampaignView=1000000").count(">Row 0") == 100
    assert page(boss, "/plainview/list/?psize_PlainView=-1").count(">Row 0") == 25
    assert page(boss, "/stockview/list/?psize_StockView=1000000").count("Row 0") >= 130


def test_a_page_behind_the_last_is_the_last(toy_app: Flask, boss: Any) -> None:
    fill(toy_app, 30)
    assert "Row 0000" in page(boss, "/campaignview/list/?page_CampaignView=999999")


@pytest.mark.parametrize("screen", ["CampaignView", "PlainView"])
def test_only_offered_columns_sort(toy_app: Flask, boss: Any, screen: str) -> None:
    fill(toy_app, 3)
    base = f"/{screen.lower()}/list/?_od_{screen}=asc&_oc_{screen}="
    with counted(toy_app) as statements:
        for column in ("budget", "service.currency", "password", "__class__", "name;drop", "%00"):
            page(boss, base + column)
    orders = [s.rsplit("ORDER BY", 1)[-1] for s in statements if "ORDER BY" in s]
    assert not [order for order in orders if "budget" in order or "currency" in order]
    page(boss, base + "title")


def test_stock_sorts_by_anything(toy_app: Flask, boss: Any) -> None:
    assert boss.get("/stockview/list/?_od_StockView=asc&_oc_StockView=name;drop").status_code == 500


def test_a_column_of_a_related_row_sorts_when_offered(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        first, second = make_service(session, "A service"), make_service(session, "B service")
        make_campaign(session, "Second", second)
        make_campaign(session, "First", first)
    shown = page(boss, "/campaignview/list/?_oc_CampaignView=service.title&_od_CampaignView=asc")
    assert shown.index(">First<") < shown.index(">Second<")


@pytest.mark.parametrize(
    "filters",
    [
        "_flt_0_budget=abc",
        "_flt_9_budget=1",
        "_flt_0_budget=99999999999999999999",
        "_flt_0_budget=1e999",
        "_flt_0_starts_on=2026-99-99",
        "_flt_0_starts_on=0000-00-00",
        "_flt_0_created_at=9999-12-31",
        "_flt_0_created_at=junk",
        "_flt_1_created_at=2026-11-05T25:00",
        "_flt_0_service=abc",
        "_flt_0_service=99999999999999999999",
        "_flt_1_service=x",
        "_flt_7_service=1",
        "_flt_0_nothing=1",
        "_flt_0_service.title=x",
        "_flt_=1",
        "_flt_x_title=1",
        "_flt_0_title=%00",
        "_flt_0_title=" + "x" * 5000,
        "_flt_0_title=100%25",
        "_flt_0_lock_version=1",
    ],
)
@pytest.mark.parametrize("screen", ["CampaignView", "PlainView"])
def test_no_filter_is_an_error(toy_app: Flask, boss: Any, screen: str, filters: str) -> None:
    fill(toy_app, 1)
    page(boss, f"/{screen.lower()}/list/?{filters}")
    page(boss, f"/{screen.lower()}/add?{filters}")


def test_stock_fails_on_an_unknown_filter_number(toy_app: Flask, boss: Any) -> None:
    assert boss.get("/stockview/list/?_flt_9_budget=1").status_code == 500


def test_a_filter_that_cannot_be_read_says_so_and_is_left_out(toy_app: Flask, boss: Any) -> None:
    fill(toy_app, 1)
    shown = page(boss, "/campaignview/list/?_flt_0_budget=abc")
    assert "Row 0000" in shown
    assert "The filter “Budget” could not be read" in shown


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("_flt_0_budget=1+234,50", {"Rich"}),
        ("_flt_0_budget=1,234.50", {"Rich"}),
        ("_flt_1_budget=1234.49", {"Poor"}),
        ("_flt_2_budget=10", {"Poor"}),
        ("_flt_0_title=rIc", {"Rich"}),
        ("_flt_0_title=", {"Rich", "Poor"}),
        ("_flt_0_starts_on=2026-11-05", {"Rich"}),
        ("_flt_1_starts_on=04.11.2026", {"Poor"}),
        ("_flt_0_created_at=2020-01-01&_flt_1_created_at=2021-01-01", set()),
    ],
)
def test_filters_read_what_people_write(
    toy_app: Flask, boss: Any, filters: str, found: set[str]
) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session)
        rich, poor = ("2026-11-05", "1234.50"), ("2026-11-04", "10")
        for title, (day, budget) in {"Rich": rich, "Poor": poor}.items():
            from datetime import date
            from decimal import Decimal

            make_campaign(session, title, service, starts_on=date.fromisoformat(day),
                          budget=Decimal(budget))  # fmt: skip
    shown = page(boss, f"/campaignview/list/?{filters}")
    assert {title for title in ("Rich", "Poor") if f">{title}<" in shown} == found


def test_an_instant_is_filtered_by_the_companys_day(toy_app: Flask, boss: Any) -> None:
    from datetime import UTC, datetime

    with rows_of(toy_app) as session:
        campaign = make_campaign(session, "Late", make_service(session))
        campaign.created_at = datetime(2026, 11, 4, 21, 30, tzinfo=UTC)  # 00:30 on the 5th here
    day = "/campaignview/list/?_flt_0_created_at={0}&_flt_1_created_at={0}"
    assert ">Late<" in page(boss, day.format("2026-11-05"))
    assert ">Late<" not in page(boss, day.format("2026-11-04"))


# -- whose filters ---------------------------------------------------------------------------------


def test_each_request_has_its_own_filters(toy_app: Flask) -> None:
    """Two people filter one screen at once, with threads switching as often as they can."""
    with rows_of(toy_app) as session:
        service = make_service(session)
        for title in ("Alpha", "Beta"):
            make_campaign(session, title, service)
    wrong: list[str] = []

    def ask(client: Any, mine: str, other: str) -> None:
        for _ in range(12):
            shown = page(client, f"/campaignview/list/?_flt_0_title={mine}")
            if f">{other}<" in shown or f">{mine}<" not in shown:
                wrong.append(mine)

    threads = [
        threading.Thread(target=ask, args=(log_in(toy_app, "boss"), *names))
        for names in (("Alpha", "Beta"), ("Beta", "Alpha"))
        for _ in range(2)
    ]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert wrong == []


@pytest.mark.parametrize(("screen", "index", "leaks"), [
    ("StockView", 2, True), ("PlainView", 0, False), ("CampaignView", 0, False),
])  # fmt: skip
def test_a_request_stopped_in_its_filters_keeps_them(
    toy_app: Flask, monkeypatch: pytest.MonkeyPatch, screen: str, index: int, leaks: bool
) -> None:
    """The first request waits after its filters are set, until the second has set other ones."""
    with rows_of(toy_app) as session:
        service = make_service(session)
        for title in ("Alpha", "Beta"):
            make_campaign(session, title, service)
    view = next(v for v in toy_app.extensions["appbuilder"].baseviews if type(v).__name__ == screen)
    first_waits, second_done = threading.Event(), threading.Event()
    original = view._get_list_widget

    def stop_the_first(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread().name == "first":
            first_waits.set()
            assert second_done.wait(10)
        return original(*args, **kwargs)

    monkeypatch.setattr(view, "_get_list_widget", stop_the_first)
    shown: dict[str, str] = {}
    first_client, second_client = log_in(toy_app, "boss"), log_in(toy_app, "boss")

    def first() -> None:
        address = f"/{screen.lower()}/list/?_flt_{index}_title=Alpha"
        shown["first"] = first_client.get(address).get_data(as_text=True)

    thread = threading.Thread(target=first, name="first")
    thread.start()
    assert first_waits.wait(10)
    second_client.get(f"/{screen.lower()}/list/?_flt_{index}_title=Beta")
    second_done.set()
    thread.join()
    assert (">Beta<" in shown["first"]) is leaks
    assert (">Alpha<" in shown["first"]) is not leaks


# -- how much is read ------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", ["campaignview", "leadview"])
def test_fifty_rows_take_as_many_queries_as_five(toy_app: Flask, boss: Any, screen: str) -> None:
    from app.models import Channel, Lead

    with rows_of(toy_app) as session:
        for n in range(60):
            channel = Channel()
            session.add(channel)
            with session.no_autoflush:
                channel.change(title=f"Channel {n}")
            campaign = make_campaign(session, f"Row {n:04}", make_service(session, f"Service {n}"),
                                     channel=channel)  # fmt: skip
            session.add(Lead(first_name="Ivan", last_name=f"Row {n:04}", campaign=campaign))
    numbers = {}
    name = {"campaignview": "CampaignView", "leadview": "LeadView"}[screen]
    for size in (5, 50):
        with counted(toy_app) as statements:
            shown = page(boss, f"/{screen}/list/?psize_{name}={size}")
        assert shown.count("Row 00") >= size
        numbers[size] = len([s for s in statements if s.startswith("SELECT")])
    assert numbers[5] == numbers[50] <= 10, numbers


def test_stock_asks_again_for_every_row(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        for n in range(40):
            make_campaign(session, f"Row {n:04}", make_service(session, f"Service {n}"))
    numbers = []
    for size in (5, 25):
        with counted(toy_app) as statements:
            page(boss, f"/stockview/list/?psize_StockView={size}")
        numbers.append(len(statements))
    assert numbers[0] < numbers[1]


def test_only_shown_columns_are_read(toy_app: Flask, boss: Any) -> None:
    fill(toy_app, 2)
    with counted(toy_app) as statements:
        page(boss, "/campaignview/list/")
        page(boss, "/serviceview/list/")
    rows = [s for s in statements if "FROM campaign LEFT" in s or "\nFROM service" in s]
    assert len(rows) >= 2
    # Long texts are read neither of the row nor of its related rows.
    for unseen in ("search_text", "description", "campaign.batch_id", "campaign.ends_on"):
        assert not [s for s in rows if unseen in s], unseen


def test_a_count_ends_at_a_thousand(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session)
        session.flush()
        session.execute(
            Campaign.__table__.insert(),
            [{"title": f"Row {n}", "service_id": service.id, "search_text": "", "currency": "RUB",
              "lock_version": 1} for n in range(1005)],
        )  # fmt: skip
    with counted(toy_app) as statements:
        assert "1–25 of 1,000+ campaigns" in page(boss, "/campaignview/list/")
    counts = [s for s in statements if "count(" in s.lower()]
    assert len(counts) == 1
    assert "LIMIT" in counts[0]
    with boss.session_transaction() as kept:
        kept["locale"] = "ru"
    assert "1\u00a0000+" in page(boss, "/campaignview/list/")


def test_a_count_of_few_is_exact(toy_app: Flask, boss: Any) -> None:
    fill(toy_app, 7)
    assert ">7 campaigns<" in page(boss, "/campaignview/list/")


# -- search and rows put away ----------------------------------------------------------------------


def test_the_search_box_finds_by_folded_words(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session)
        for title in ("Ёлки зимой", "Берёзы летом", "100% скидка", "100 рублей"):
            make_campaign(session, title, service)
    assert ">Ёлки зимой<" in page(boss, "/campaignview/list/?search=ЗИМ+елк")
    found = page(boss, "/campaignview/list/?search=100%25")
    assert ">100% скидка<" in found
    assert ">100 рублей<" not in found
    for junk in ("%00", "\\", "'", "_", "x" * 5000, "%25%25%25"):
        page(boss, f"/campaignview/list/?search={junk}")
    assert 'name="search"' not in page(boss, "/channelview/list/")


def test_rows_put_away_are_there_for_those_who_may_restore(
    toy_app: Flask, boss: Any, clerk: Any
) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session)
        make_campaign(session, "Here", service)
        away = make_campaign(session, "Away", service)
        away.put_away("mistake")
        number = away.id
    assert ">Away<" not in page(boss, "/campaignview/list/")
    shown = page(boss, "/campaignview/list/?put_away=1")
    assert ">Away<" in shown
    assert ">Here<" not in shown
    assert ">Away<" not in page(clerk, "/campaignview/list/?put_away=1")
    assert clerk.get(f"/campaignview/show/{number}").status_code == 404
    assert "Bring back" in page(boss, f"/campaignview/show/{number}")
    assert boss.get(f"/campaignview/edit/{number}").status_code == 404
    assert clerk.post(f"/campaignview/{number}/restore").status_code == 403
    assert boss.get(f"/campaignview/{number}/restore").status_code == 405
    assert boss.post(f"/campaignview/{number}/restore").status_code == 302
    assert ">Away<" in page(boss, "/campaignview/list/")


def test_base_filters_hide_rows_everywhere(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        hidden = make_campaign(session, "Foreign", make_service(session), currency="USD").id
    assert ">Foreign<" not in page(boss, "/campaignview/list/")
    for address in ("show", "edit", "delete"):
        assert boss.get(f"/campaignview/{address}/{hidden}").status_code == 404


@pytest.mark.parametrize("junk", [*JUNK, "x'--"])
def test_an_id_that_is_none_is_not_found(toy_app: Flask, boss: Any, junk: str) -> None:
    for screen in ("campaignview", "plainview"):
        for address in ("show", "edit", "delete"):
            got = boss.get(f"/{screen}/{address}/{junk}").status_code
            assert got in (404, 302), (screen, address, got)


# -- related lists ---------------------------------------------------------------------------------


def test_related_lists_are_paged_and_sorted_by_the_same_rules(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session)
        for n in range(130):
            make_campaign(session, f"Row {n:04}", service)
        number = service.id
    base = f"/serviceview/show/{number}?"
    assert page(boss, base).count(">Row 0") == 10
    assert page(boss, base + "psize_CampaignView=1000").count(">Row 0") == 100
    for junk in JUNK:
        page(boss, base + f"page_CampaignView={junk}&psize_CampaignView={junk}")
    with counted(toy_app) as statements:
        page(boss, base + "_oc_CampaignView=budget&_od_CampaignView=asc")
    assert not [s for s in statements if "ORDER BY campaign.budget" in s]
    shown = page(boss, base + "_oc_CampaignView=title&_od_CampaignView=asc")
    assert ">Row 0000<" in shown


def test_a_related_list_is_absent_for_who_may_not_list_it(toy_app: Flask) -> None:
    fill(toy_app, 1)
    with rows_of(toy_app) as session:
        number = session.query(Campaign.id).scalar()
    assert 'id="SpendView"' in page(log_in(toy_app, "boss"), f"/campaignview/show/{number}")
    shown = page(log_in(toy_app, "outsider"), f"/campaignview/show/{number}")
    assert 'id="SpendView"' not in shown
    # Nor may the outsider see services: the name is neither linked nor shown.
    assert "Service of 1" not in shown


def test_what_people_wrote_is_text_on_the_page(toy_app: Flask, boss: Any) -> None:
    evil = '<script>alert("x")</script>'
    with rows_of(toy_app) as session:
        number = make_campaign(session, evil, make_service(session, evil + "2")).id
    for address in ("list/", f"show/{number}", f"edit/{number}", f"delete/{number}"):
        shown = page(boss, f"/campaignview/{address}")
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert" in shown
