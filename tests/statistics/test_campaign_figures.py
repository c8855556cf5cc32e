"""The figures of a campaign, by the verbs that change them, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import Campaign, Note, Spend, Submission
from app.models.clock import travel
from app.statistics import Basis, Period, as_json, campaign_figures, campaign_figures_of
from app.statistics.metrics import Why
from tests.factories import make_campaign, make_client, make_contract, make_lead, make_spend
from tests.statistics.world import NOW, ask, at, convert, counted_statements, sign, values

ALL = Period.all_time()
MARCH = Period.month(date(2026, 3, 1))
APRIL = Period.month(date(2026, 4, 1))
BOTH = [Basis.COHORT, Basis.SIGNING]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with travel(NOW):
        yield


# -- what is undefined ---------------------------------------------------------------------------


@pytest.mark.parametrize("basis", BOTH)
def test_without_spend_and_budget_the_roi_is_empty_and_says_why(
    session: Session, basis: Basis
) -> None:
    campaign = make_campaign(session)
    sign(session, 500, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    figures = campaign_figures_of(session, campaign.id, ALL, basis)
    assert figures.profit == Decimal("500.00")
    for measure in (figures.roi, figures.roas, figures.cpl, figures.cac):
        assert measure.value is None
        assert measure.why is Why.NO_SPEND
    answer = as_json(figures)
    assert answer["roi"] is None
    assert answer["reasons"]["roi"] == "no_spend"
    assert answer["revenue"] == "500.00"


def test_a_spend_of_nothing_is_no_spend(session: Session) -> None:
    campaign = make_campaign(session, budget=1000)
    make_spend(session, campaign=campaign, amount=0, day=date(2026, 3, 1))
    figures = campaign_figures_of(session, campaign.id)
    assert values(figures, "spend", "spend_is_planned") == [Decimal("0.00"), False]
    assert figures.roi.why is Why.NO_SPEND


def test_spend_without_revenue_is_a_loss_of_all_of_it(session: Session) -> None:
    campaign = make_campaign(session)
    make_spend(session, campaign=campaign, amount=70, day=date(2026, 3, 1))
    figures = campaign_figures_of(session, campaign.id)
    assert figures.roi.value == Decimal("-1.0000")
    assert figures.roas.value == Decimal("0.0000")
    assert figures.cac.why is Why.NO_CLIENTS
    assert figures.payback.why is Why.NOT_YET


def test_without_leads_their_price_and_conversion_are_empty(session: Session) -> None:
    campaign = make_campaign(session)
    make_spend(session, campaign=campaign, amount=70)
    figures = campaign_figures_of(session, campaign.id)
    assert figures.cpl.why is Why.NO_LEADS
    assert figures.conversion.why is Why.NO_LEADS


def test_an_unknown_campaign_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        campaign_figures_of(session, 12345)


# -- sums ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", BOTH)
def test_a_cost_of_100_and_three_contracts_of_100_are_a_roi_of_200_percent(
    session: Session, basis: Basis
) -> None:
    campaign = make_campaign(session)
    for day in (1, 2, 3, 4):
        make_spend(session, campaign=campaign, amount=25, day=date(2026, 3, day))
    for _ in range(3):
        sign(session, 100, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    for period in (ALL, MARCH):
        figures = campaign_figures_of(session, campaign.id, period, basis)
        assert figures.roi.value == Decimal("2.0000")
        assert figures.roas.value == Decimal("3.0000")
        assert figures.cpl.value == Decimal("33.33")
        assert figures.cac.value == Decimal("33.33")
        assert values(figures, "leads", "converted", "clients", "contracts") == [3] * 4


def test_200_000_amounts_add_up_to_the_kopeck(session: Session) -> None:
    campaign = make_campaign(session)
    row = {"campaign_id": campaign.id, "day": date(2026, 3, 1), "amount": Decimal("1185.13")}
    for first in range(0, 200_000, 20_000):
        numbers = range(first, first + 20_000)
        session.execute(insert(Spend), [row | {"origin": str(number)} for number in numbers])
    assert campaign_figures_of(session, campaign.id).spend == Decimal("237026000.00")


def test_tests_and_what_is_put_away_as_spam_leave_the_leads(session: Session) -> None:
    campaign = make_campaign(session)
    make_spend(session, campaign=campaign, amount=100)
    for reason in ("spam", "duplicate", "mistake", "other"):
        ask(session, campaign, "2026-03-02").put_away(reason)
    ask(session, campaign, "2026-03-02").is_test = True
    kept = ask(session, campaign, "2026-03-02")
    session.add(Submission(lead=kept, campaign=campaign, outcome="accepted"))
    session.flush()
    figures = campaign_figures_of(session, campaign.id)
    assert figures.leads == 2
    assert figures.cpl.value == Decimal("50.00")
    kept.put_away("duplicate")
    session.flush()
    assert campaign_figures_of(session, campaign.id).leads == 1
    touches = session.scalars(select(Submission).where(Submission.lead_id == kept.id)).all()
    assert [touch.campaign_id for touch in touches] == [campaign.id]


def test_a_second_contract_of_a_client_brings_revenue_but_no_new_client(session: Session) -> None:
    campaign, other = make_campaign(session), make_campaign(session)
    first = sign(session, 100, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    sign(session, 50, "2026-04-10", client=first.client, campaign=other)
    assert campaign_figures_of(session, campaign.id).clients == 1
    figures = campaign_figures_of(session, other.id)
    assert values(figures, "clients", "contracts", "revenue") == [0, 1, Decimal("50.00")]
    table = campaign_figures(session, ALL, Basis.SIGNING)
    assert table.total.clients == 1


def test_the_first_contract_is_the_earliest_by_date_though_it_was_recorded_later(
    session: Session,
) -> None:
    campaign, other = make_campaign(session), make_campaign(session)
    client = make_client(session)
    sign(session, 1, "2026-04-10", client=client, campaign=other)
    sign(session, 1, "2026-03-10", client=client, campaign=campaign)
    clients = [
        campaign_figures_of(session, each.id, ALL, Basis.SIGNING).clients
        for each in (campaign, other)
    ]
    assert clients == [1, 0]


def test_of_two_contracts_of_one_day_the_one_recorded_first_is_the_first(
    session: Session,
) -> None:
    campaign, other = make_campaign(session), make_campaign(session)
    client = make_client(session)
    sign(session, 1, "2026-03-10", client=client, campaign=campaign)
    sign(session, 1, "2026-03-10", client=client, campaign=other)
    clients = [campaign_figures_of(session, each.id).clients for each in (campaign, other)]
    assert clients == [1, 0]


def test_a_voided_contract_never_was_the_first(session: Session) -> None:
    campaign, other = make_campaign(session), make_campaign(session)
    client = make_client(session)
    sign(session, 1, "2026-03-10", client=client, campaign=campaign).void("mistake")
    sign(session, 1, "2026-04-10", client=client, campaign=other)
    clients = [campaign_figures_of(session, each.id).clients for each in (campaign, other)]
    assert clients == [0, 1]


def test_a_draft_is_expected_and_no_revenue(session: Session) -> None:
    campaign = make_campaign(session)
    make_contract(session, amount=300, campaign=campaign)
    figures = campaign_figures_of(session, campaign.id)
    assert values(figures, "expected", "revenue", "contracts") == [Decimal("300.00"), 0, 0]


# -- what the contract's verbs do to the figures -------------------------------------------------


def test_a_termination_takes_revenue_in_its_own_month(session: Session) -> None:
    campaign = make_campaign(session)
    make_spend(session, campaign=campaign, amount=60, day=date(2026, 3, 1))
    contract = sign(session, 100, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    assert campaign_figures_of(session, campaign.id).payback.value == date(2026, 3, 1)
    with travel(at("2026-04-20")):
        contract.terminate(None, "moved away", kept=30)
    session.flush()
    by_month = [
        campaign_figures_of(session, campaign.id, period, Basis.SIGNING).revenue
        for period in (MARCH, APRIL, ALL)
    ]
    assert by_month == [Decimal("100.00"), Decimal("-70.00"), Decimal("30.00")]
    figures = campaign_figures_of(session, campaign.id, MARCH)
    assert values(figures, "revenue", "contracts", "clients") == [Decimal("30.00"), 0, 1]
    assert figures.payback.value == date(2026, 3, 1)
    assert not figures.payback_holds


def test_what_is_lost_within_the_month_pays_nothing_back(session: Session) -> None:
    campaign = make_campaign(session)
    make_spend(session, campaign=campaign, amount=60, day=date(2026, 3, 1))
    contract = sign(session, 100, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    with travel(at("2026-03-20")):
        contract.terminate(None, "moved away")
    assert campaign_figures_of(session, campaign.id, MARCH).payback.why is Why.NOT_YET


def test_an_amendment_counts_its_difference_on_its_day(session: Session) -> None:
    campaign = make_campaign(session)
    contract = sign(session, 100, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    with travel(at("2026-04-20")):
        contract.amend("more work", amount=Decimal("140.50"))
    session.flush()
    assert campaign_figures_of(session, campaign.id, MARCH, Basis.SIGNING).revenue == 100
    figures = campaign_figures_of(session, campaign.id, APRIL, Basis.SIGNING)
    assert values(figures, "revenue", "contracts") == [Decimal("40.50"), 0]
    assert campaign_figures_of(session, campaign.id, MARCH).revenue == Decimal("140.50")


def test_a_voided_contract_leaves_the_figures_of_its_own_month(session: Session) -> None:
    campaign = make_campaign(session)
    contract = sign(session, 100, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    contract.remove("mistake")
    session.flush()
    for basis in BOTH:
        figures = campaign_figures_of(session, campaign.id, MARCH, basis)
        assert values(figures, "revenue", "contracts", "clients") == [0, 0, 0]
        assert figures.converted == 1
    contract.bring_back()
    session.flush()
    figures = campaign_figures_of(session, campaign.id, MARCH)
    assert values(figures, "revenue", "contracts", "clients") == [Decimal("100.00"), 1, 1]


def test_a_completed_contract_still_counts(session: Session) -> None:
    campaign = make_campaign(session)
    contract = sign(session, 100, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    contract.complete()
    session.flush()
    figures = campaign_figures_of(session, campaign.id)
    assert values(figures, "contracts", "revenue") == [1, Decimal("100.00")]


# -- whose period, whose campaign ----------------------------------------------------------------


def test_a_lead_late_in_the_evening_counts_in_the_companys_month(session: Session) -> None:
    campaign = make_campaign(session)
    ask(session, campaign, "2026-03-31 22:30")
    ask(session, campaign, "2026-03-31 20:59:59")
    leads = [
        campaign_figures_of(session, campaign.id, period).leads for period in (MARCH, APRIL, ALL)
    ]
    assert leads == [1, 1, 2]


def test_a_cohort_takes_what_its_leads_brought_whenever_it_came(session: Session) -> None:
    campaign = make_campaign(session)
    lead = ask(session, campaign, "2026-03-02")
    ask(session, campaign, "2026-03-03")
    ask(session, campaign, "2026-04-01")
    sign(session, 100, "2026-04-10", lead=lead)
    march = campaign_figures_of(session, campaign.id, MARCH)
    assert values(march, "leads", "converted", "contracts", "revenue") == [2, 1, 1, 100]
    assert march.conversion.value == Decimal("0.5000")
    april = campaign_figures_of(session, campaign.id, APRIL)
    assert values(april, "leads", "converted", "contracts", "revenue") == [1, 0, 0, 0]
    cash = campaign_figures_of(session, campaign.id, APRIL, Basis.SIGNING)
    assert values(cash, "leads", "contracts", "clients", "revenue") == [1, 1, 1, 100]
    assert cash.payback.why is Why.BY_COHORT_ONLY


def test_a_contract_without_a_lead_goes_by_its_signing(session: Session) -> None:
    campaign = make_campaign(session)
    sign(session, 100, "2026-03-10", client=make_client(session), campaign=campaign)
    figures = campaign_figures_of(session, campaign.id, MARCH)
    assert values(figures, "revenue", "clients", "leads") == [100, 1, 0]
    assert campaign_figures_of(session, campaign.id, APRIL).revenue == 0


def test_money_goes_to_the_campaign_that_the_contract_names(session: Session) -> None:
    asked, credited = make_campaign(session), make_campaign(session)
    contract = sign(session, 100, "2026-03-10", lead=ask(session, asked, "2026-03-02"))
    contract.change(campaign=credited)
    session.flush()
    assert campaign_figures_of(session, asked.id, MARCH).revenue == 0
    assert campaign_figures_of(session, credited.id, MARCH).revenue == 100


def test_moving_a_lead_to_another_campaign_leaves_a_trace(session: Session) -> None:
    old, new = make_campaign(session), make_campaign(session)
    lead = ask(session, old, "2026-03-02")
    lead.change(campaign=new)
    session.flush()
    note = session.scalars(select(Note).where(Note.lead_id == lead.id)).all()[-1]
    assert {"field": "campaign", "old": old.id, "new": new.id} in (note.changes or [])
    assert campaign_figures_of(session, new.id, MARCH).leads == 1


# -- plan ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "period", "planned"),
    [
        (date(2026, 3, 1), date(2026, 4, 30), MARCH, "508.20"),  # 31 days of 61
        (date(2026, 3, 1), date(2026, 4, 30), APRIL, "491.80"),
        (date(2026, 3, 1), date(2026, 4, 30), ALL, "1000.00"),
        (date(2026, 3, 31), None, MARCH, "1000.00"),
        (date(2026, 3, 31), None, APRIL, "0.00"),
        (None, date(2026, 4, 5), APRIL, "1000.00"),
        (None, None, Period.month(NOW.date()), "1000.00"),
        (date(2026, 4, 1), date(2026, 4, 30), MARCH, "0.00"),
    ],
)
def test_without_recorded_spend_the_budget_stands_in_by_days(
    session: Session, starts: date | None, ends: date | None, period: Period, planned: str
) -> None:
    campaign = make_campaign(session, budget=1000, starts_on=starts, ends_on=ends)
    if starts is None and ends is not None:
        campaign.created_at = at("2026-06-01")
        session.flush()
    figures = campaign_figures_of(session, campaign.id, period)
    assert figures.spend == figures.planned == Decimal(planned)
    assert figures.spend_is_planned == (figures.spend != 0)


def test_recorded_spend_replaces_the_plan_of_its_period_only(session: Session) -> None:
    days = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 4, 30)}
    campaign = make_campaign(session, budget=610, **days)
    make_spend(session, campaign=campaign, amount=5, day=date(2026, 3, 31))
    march = campaign_figures_of(session, campaign.id, MARCH)
    assert values(march, "spend", "spend_is_planned") == [Decimal("5.00"), False]
    april = campaign_figures_of(session, campaign.id, APRIL)
    assert values(april, "spend", "spend_is_planned") == [Decimal("300.00"), True]
    assert as_json(april)["spend_is_planned"] is True


def test_a_period_that_is_not_over_is_marked_while_the_campaign_runs(session: Session) -> None:
    running = make_campaign(session, starts_on=date(2026, 1, 1))
    ended = make_campaign(session, starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 1))
    this_month = Period.named("this_month")
    assert campaign_figures_of(session, running.id, this_month).incomplete
    assert as_json(campaign_figures_of(session, running.id, this_month))["complete"] is False
    assert not campaign_figures_of(session, running.id, MARCH).incomplete
    assert not campaign_figures_of(session, ended.id, this_month).incomplete


# -- the table -----------------------------------------------------------------------------------


def test_the_table_has_rows_for_what_is_put_away_and_what_has_no_campaign(
    session: Session,
) -> None:
    used, gone = make_campaign(session), make_campaign(session)
    for campaign, amount in ((used, 100), (gone, 20), (None, 3)):
        if campaign is not None:
            make_spend(session, campaign=campaign, amount=amount, day=date(2026, 3, 1))
        sign(session, amount, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    gone.put_away("other")
    session.flush()
    for basis in BOTH:
        table = campaign_figures(session, MARCH, basis)
        assert [row.title for row in table.campaigns] == [used.title]
        assert table.put_away.revenue == table.put_away.spend == 20
        assert values(table.without_campaign, "leads", "revenue") == [1, 3]
        assert values(table.total, "leads", "revenue", "spend") == [3, 123, 120]
        assert campaign_figures_of(session, gone.id, MARCH, basis).revenue == 20


def test_every_table_is_one_statement(session: Session) -> None:
    campaign = make_campaign(session)
    sign(session, 100, "2026-03-10", lead=ask(session, campaign, "2026-03-02"))
    for period in (ALL, MARCH):
        for basis in BOTH:
            with counted_statements(session) as seen:
                campaign_figures(session, period, basis)
            assert len(seen) == 1
            with counted_statements(session) as seen:
                campaign_figures_of(session, campaign.id, period, basis)
            assert len(seen) == 1


def test_an_empty_company_has_a_table_of_nothing(session: Session) -> None:
    table = campaign_figures(session, MARCH, Basis.COHORT)
    assert table.campaigns == []
    assert table.total.revenue == table.total.spend == Decimal("0.00")
    assert table.total.roi.why is Why.NO_SPEND


def test_a_campaigns_copied_id_agrees_with_the_lead_that_brought_the_contract(
    session: Session,
) -> None:
    campaign = session.get_one(Campaign, make_campaign(session).id)
    lead = make_lead(session, campaign=campaign)
    client = convert(lead)
    contract = make_contract(session, client=client, lead=lead)
    assert contract.campaign_id == client.campaign_id == lead.campaign_id == campaign.id
