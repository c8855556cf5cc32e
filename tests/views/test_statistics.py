"""The statistics pages: open to every role, explained to the last row, nameless where due."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import Campaign
from app.models.clock import today
from app.roles import ROLES
from app.statistics import Period
from tests.factories import make_campaign, make_client, make_spend
from tests.statistics.world import ask, sign

ClientAs = Callable[[str], Any]
PAGES = (
    "/statistics/",
    "/statistics/rows?figure=leads",
    "/statistics/roi/chart/",
    "/statistics/leads/chart/",
    "/statistics/months/chart/",
)


def page(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return str(answer.get_data(as_text=True))


def text_of(html: str) -> str:
    return re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.fixture
def campaign_id(app: Flask) -> int:
    """A campaign that cost 100 and brought two leads, one of them a contract of 300."""
    with app.app_context():
        session = db.session()
        campaign = make_campaign(session, title="Spring <b>")
        make_spend(session, campaign=campaign, amount=100)
        ask(session, campaign, today().isoformat(), last_name="Nameless")
        sign(session, 300, today().isoformat(), lead=ask(session, campaign, today().isoformat()))
        make_campaign(session, title="Quiet")
        session.commit()
        return int(campaign.id)


@pytest.mark.parametrize("address", PAGES)
def test_every_role_sees_the_statistics(
    app: Flask, client_as: ClientAs, campaign_id: int, address: str
) -> None:
    for role in ROLES:
        html = page(client_as(role), address)
        assert "google" not in html
        assert "style=" not in html.split("<h1>")[1]


@pytest.mark.parametrize("address", PAGES)
def test_a_visitor_is_asked_to_log_in(client: Any, address: str) -> None:
    assert client.get(address).status_code == 302


def test_the_table_says_period_basis_formula_and_reason(
    client_as: ClientAs, campaign_id: int
) -> None:
    html = page(client_as("Marketer"), "/statistics/?basis=signing")
    words = text_of(html)
    assert "This month, 1 " in words
    assert "By signing: the month in which the contract was signed" in words
    # The formula opens from a button of its head cell.
    assert 'popovertarget="formula-roi" aria-label="What is “ROI”?"' in html
    assert '<div class="stat-formula" id="formula-roi" popover>' in html
    assert "(Revenue − spend) / spend." in words
    assert "200%" in words
    assert "— no spend" in words
    assert words.index("Spring <b>") < words.index("Quiet") < words.index("Without campaign")


def test_a_plan_is_written_as_such(app: Flask, client_as: ClientAs) -> None:
    with app.app_context():
        make_campaign(db.session(), budget=50)
        db.session.commit()
    html = page(client_as("Operator"), "/statistics/")
    assert re.search(r"<i>₽50</i></a>\s*<small><i>plan</i>", html)


def test_an_empty_company_has_pages_too(app: Flask, client_as: ClientAs) -> None:
    for address in PAGES:
        page(client_as("Operator"), address)


FIGURES = (
    "spend", "leads", "cpl", "qualified", "converted", "conversion", "clients", "cac", "contracts",
    "expected", "revenue", "profit", "roi", "roas", "payback",
)  # fmt: skip


@pytest.mark.parametrize("basis", ["cohort", "signing"])
@pytest.mark.parametrize("campaign", ["all", "none", "put_away", "one"])
def test_every_figure_opens_its_rows(
    client_as: ClientAs, campaign_id: int, campaign: str, basis: str
) -> None:
    which = str(campaign_id) if campaign == "one" else campaign
    operator = client_as("Operator")
    for figure in FIGURES:
        asked = f"figure={figure}&campaign={which}&basis={basis}&period=year"
        page(operator, f"/statistics/rows?{asked}")


def test_the_rows_of_the_table_are_where_its_links_lead(
    client_as: ClientAs, campaign_id: int
) -> None:
    admin = client_as("Admin")
    html = page(admin, "/statistics/")
    links = set(re.findall(r'href="(/statistics/rows[^"]+)"', html))
    assert len(links) > 20
    for link in sorted(links)[:40]:
        page(admin, unescape(link))


def test_who_may_not_see_the_noun_gets_no_name_and_no_link(
    app: Flask, client_as: ClientAs, campaign_id: int
) -> None:
    for role, figure, sees in (
        ("Marketer", "leads", False),
        ("Operator", "leads", True),
        ("Operator", "contracts", False),
        ("Operator", "revenue", False),
        ("Manager", "contracts", True),
        ("Operator", "spend", False),
        ("Marketer", "spend", True),
    ):
        html = page(client_as(role), f"/statistics/rows?figure={figure}")
        table = html.split("<tbody>")[1].split("</tbody>")[0]
        assert ("<a " in table) == sees, (role, figure)
        assert table.count("<tr>") >= 1
        for private in ("Nameless", "Testov", "+7991", "@"):
            assert private not in table


def test_a_long_list_is_read_page_by_page(app: Flask, client_as: ClientAs) -> None:
    with app.app_context():
        session = db.session()
        for _ in range(120):
            ask(session, None, today().isoformat())
        session.commit()
    operator = client_as("Operator")
    address: str | None = "/statistics/rows?figure=leads&campaign=none"
    numbers: list[str] = []
    while address:
        html = page(operator, address)
        numbers += re.findall(r"<td><a [^>]*>(\d+)</a></td>", html)
        later = re.search(r'href="([^"]+)">Earlier', html)
        address = unescape(later[1]) if later else None
    assert len(numbers) == len(set(numbers)) == 120


@pytest.mark.parametrize(
    "asked",
    [
        "period=never",
        "basis=guess",
        "campaign=-1",
        "campaign=9999999999",
        "campaign=٣",
        "from=2026-13-01&to=2026-01-01",
        "from=2026-02-01&to=2026-01-01",
        "from=1066-01-01&to=2026-01-01",
        "period=custom",
        "sort=password",
        "figure=secret",
        "figure=leads&part=revenue",
        "figure=leads&after=x",
        "figure=leads&after=2026-01-01_99999999999",
        "figure=spend&after=0001-01-01T00:00:00",
        "figure=leads&after=0001-01-01T00:00:00%2B23:00_1",
        "figure=spend&part=planned&after=%00",
        "campaign=%00",
    ],
)
def test_what_cannot_be_asked_is_answered_as_such(
    client_as: ClientAs, campaign_id: int, asked: str
) -> None:
    operator = client_as("Operator")
    for address in ("/statistics/", "/statistics/rows", "/statistics/months/chart/"):
        status = operator.get(f"{address}?{asked}").status_code
        assert status in (200, 400, 404), address
    address = "/statistics/" if "sort" in asked else "/statistics/rows"
    assert operator.get(f"{address}?{asked}").status_code in (400, 404)


@pytest.mark.parametrize("junk", ["abc", "-1", "99999999999999999999", "%00"])
def test_a_page_number_is_never_an_error(client_as: ClientAs, campaign_id: int, junk: str) -> None:
    assert "Spring" in page(client_as("Operator"), f"/statistics/?page={junk}")
    assert "Spring" in page(client_as("Operator"), f"/statistics/roi/chart/?page={junk}")


def test_an_unknown_chart_or_campaign_is_not_found(client_as: ClientAs) -> None:
    operator = client_as("Operator")
    for address in (
        "/statistics/roi/chart/7",
        "/statistics/rows?campaign=12345",
        "/statistics/months/chart/?campaign=12345",
    ):
        assert operator.get(address).status_code == 404


def test_charts_draw_bars_on_the_server_with_their_table(
    client_as: ClientAs, campaign_id: int
) -> None:
    operator = client_as("Operator")
    roi = page(operator, "/statistics/roi/chart/")
    assert '<svg role="img"' in roi
    assert "ROI is highest for Spring <b>: 200%." in text_of(roi)
    assert text_of(roi).index("Spring") < text_of(roi).index("Quiet")
    leads = text_of(page(operator, f"/statistics/leads/chart/?campaign={campaign_id}"))
    assert "New 1 In work 0 Qualified 0 Converted 1 Lost 0 Total 2" in leads
    assert "Most leads are in one status: New, 1 of 2." in leads
    months = page(operator, "/statistics/months/chart/?period=year")
    assert months.count('class="crm-bar-second"') >= 12
    assert "Revenue is above spend in 1 of 12 months: ₽300.00 against ₽100.00." in months


def test_the_campaigns_name_is_escaped_in_the_picture(
    client_as: ClientAs, campaign_id: int
) -> None:
    raw = client_as("Operator").get("/statistics/roi/chart/").get_data(as_text=True)
    assert "Spring <b>" not in raw
    assert "Spring &lt;b&gt;" in raw


def test_a_russian_page_speaks_russian_numbers(client_as: ClientAs, campaign_id: int) -> None:
    operator = client_as("Operator")
    operator.get("/lang/ru")
    words = text_of(page(operator, "/statistics/"))
    assert "300\u00a0₽" in words
    assert "200\u00a0%" in words


def test_hundredths_are_left_out_where_a_whole_column_has_none(
    app: Flask, client_as: ClientAs, campaign_id: int
) -> None:
    marketer = client_as("Marketer")
    words = text_of(page(marketer, "/statistics/"))
    assert "₽300 " in words  # revenue
    assert "₽50 " in words  # what a lead cost
    with app.app_context():
        make_spend(db.session(), campaign=make_campaign(db.session()), amount=Decimal("0.50"))
        db.session.commit()
    words = text_of(page(marketer, "/statistics/"))
    assert "₽100.00 " in words
    assert "₽300 " in words  # the other columns stay short


def test_figures_are_compared_with_the_same_days_before(
    app: Flask, client_as: ClientAs, campaign_id: int
) -> None:
    before = Period.named("this_month").before()
    assert before is not None
    assert before.first is not None
    with app.app_context():
        session = db.session()
        spring = session.get(Campaign, campaign_id)
        assert spring is not None
        make_spend(session, campaign=spring, day=before.first, amount=160)
        ask(session, spring, before.first.isoformat())
        session.commit()
    marketer = client_as("Marketer")
    plain = text_of(page(marketer, "/statistics/"))
    assert "-₽60" not in plain
    words = text_of(page(marketer, "/statistics/?compare=1"))
    assert "Below each figure: its change against" in words
    assert "₽100 -₽60 " in words  # spend
    assert "2 +1 " in words  # leads
    assert "200% +300 pp" in words  # from −100 %
    assert "the same" in words
    assert "Below each" not in text_of(page(marketer, "/statistics/?compare=1&period=all"))


def test_more_figures_are_shown_when_asked_for(client_as: ClientAs, campaign_id: int) -> None:
    operator = client_as("Operator")
    assert "ROAS" not in text_of(page(operator, "/statistics/"))
    words = text_of(page(operator, "/statistics/?every=1"))
    for name in ("New clients", "CAC", "Expected", "ROAS"):
        assert name in words


def test_the_table_is_a_file_for_those_who_advertise(client_as: ClientAs, campaign_id: int) -> None:
    for role in ("Operator", "Manager"):
        assert client_as(role).get("/statistics/statistics.csv").status_code == 403
        assert "statistics.csv" not in page(client_as(role), "/statistics/")
    marketer = client_as("Marketer")
    assert "statistics.csv" in page(marketer, "/statistics/")
    answer = marketer.get("/statistics/statistics.csv?basis=signing&period=year")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="campaigns-year-signing.csv"'
    )
    head, *lines = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert head[:6] == ["Campaign", "Channel", "Spend", "Leads", "CPL", "Qualified"]
    rows = {line[0]: dict(zip(head, line, strict=True)) for line in lines}
    assert list(rows) == ["Spring <b>", "Quiet", "Without campaign", "All campaigns"]
    spring = rows["Spring <b>"]
    assert [spring[name] for name in ("Spend", "Leads", "Revenue", "ROI, %")] == [
        "100.00", "2", "300.00", "200",
    ]  # fmt: skip
    assert rows["Quiet"]["ROI, %"] == ""


def test_the_file_holds_no_formula_and_reads_well_in_russian(
    app: Flask, client_as: ClientAs, campaign_id: int
) -> None:
    with app.app_context():
        make_campaign(db.session(), title="=HYPERLINK(1)")
        db.session.commit()
    marketer = client_as("Marketer")
    marketer.get("/lang/ru")
    text = marketer.get("/statistics/statistics.csv").get_data().decode("utf-8-sig")
    assert "\r\n'=HYPERLINK(1);" in text
    assert ";100,00;2;50,00;" in text


def test_a_campaign_can_be_found_by_its_name_without_a_script(
    client_as: ClientAs, campaign_id: int
) -> None:
    html = page(client_as("Operator"), "/statistics/leads/chart/?campaign-text=spring")
    assert "Total 2" in text_of(html)


def test_a_table_page_asks_the_database_little(app: Flask, client_as: ClientAs) -> None:
    from tests.statistics.world import counted_statements

    def asked(number: int) -> int:
        with app.app_context():
            session = db.session()
            for _ in range(number):
                campaign = make_campaign(session)
                sign(
                    session,
                    Decimal(10),
                    today().isoformat(),
                    client=make_client(session),
                    campaign=campaign,
                )
            session.commit()
        marketer = client_as("Marketer")
        with app.app_context():
            engine_session = db.session()
            engine_session.rollback()
            with counted_statements(engine_session) as seen:
                engine_session.rollback()
                page(marketer, "/statistics/")
        return len(seen)

    few, many = asked(2), asked(40)
    assert few == many <= 10
