"""Campaigns: the marketer's start page; each with its figures, spend, leads and platforms' ids."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import Campaign, CampaignExternalId, Channel
from app.models.clock import today
from tests.factories import (
    make_campaign,
    make_channel,
    make_lead,
    make_service,
    make_signed_contract,
    make_spend,
)
from tests.views.browsing import form_of, page, press, queries, send, stored

LIST = "/campaignview/list/"


def campaign(app: Flask, **changes: Any) -> int:
    with stored(app) as session:
        return int(make_campaign(session, **changes).id)


@pytest.mark.parametrize("role", ["Operator", "Marketer", "Manager", "Admin"])
def test_everybody_sees_the_campaigns(app: Flask, client_as: Any, role: str) -> None:
    number = campaign(app, title="Spring")
    client = client_as(role)
    assert "Spring" in page(client, LIST)
    assert "Spring" in page(client, f"/campaignview/show/{number}")


@pytest.mark.parametrize("role", ["Operator", "Manager"])
def test_only_marketer_and_admin_change_them(app: Flask, client_as: Any, role: str) -> None:
    number = campaign(app)
    client = client_as(role)
    for address in ("add", f"edit/{number}", f"delete/{number}", f"{number}/add_external_id"):
        assert client.get(f"/campaignview/{address}").status_code == 403
    assert press(client, f"/campaignview/{number}/remove_external_id/1").status_code == 403
    assert client.get("/channelview/add").status_code == 403


def test_a_campaign_is_added_changed_put_away_and_brought_back(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        sold, channel = make_service(session).id, make_channel(session).id
    client = client_as("Marketer")
    add = {"title": "Spring", "service": sold, "channel": channel, "budget": "1000"}
    assert send(client, "/campaignview/add", **add).status_code == 302
    with stored(app) as session:
        made = session.scalars(select(Campaign)).one()
        assert (made.budget, made.channel_id) == (Decimal(1000), channel)
        number = made.id
    assert send(client, f"/campaignview/edit/{number}", title="Summer").status_code == 302
    assert "Summer" in page(client, LIST)
    send(client, f"/campaignview/delete/{number}", reason="other")
    assert "Summer" not in page(client, LIST)
    assert "Summer" not in page(client, "/spendview/add")  # pickers offer what is in use
    assert "Summer" in page(client, f"{LIST}?put_away=1")
    assert press(client, f"/campaignview/{number}/restore").status_code == 302
    assert "Summer" in page(client, LIST)


def test_an_end_before_the_start_is_told_at_the_end(app: Flask, client_as: Any) -> None:
    number = campaign(app)
    answer = send(
        client_as("Admin"), f"/campaignview/edit/{number}",
        starts_on="2026-03-02", ends_on="2026-03-01",
    )  # fmt: skip
    assert answer.status_code == 400
    assert "The end cannot be before the start." in answer.get_data(as_text=True)


def test_running_campaigns_come_first(app: Flask, client_as: Any) -> None:
    day = timedelta(days=1)
    campaign(app, title="Runs", starts_on=today() - day)
    campaign(app, title="Is over", ends_on=today() - day)
    campaign(app, title="Comes", starts_on=today() + day)
    campaign(app, title="Endless")
    text = page(client_as("Marketer"), LIST)
    places = [text.index(f">{title}</a>") for title in ("Endless", "Runs", "Comes", "Is over")]
    assert places == sorted(places)


def test_the_list_is_searched_filtered_and_sorted(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        one, other = make_service(session), make_service(session)
        make_campaign(session, title="Весна в городе", service=one)
        make_campaign(session, title="Autumn", service=other)
        number = one.id
    client = client_as("Operator")
    assert "Autumn" not in page(client, f"{LIST}?search=ВЕСНА")
    filtered = page(client, f"{LIST}?_flt_0_service={number}")
    assert "Весна" in filtered
    assert ">Autumn</a>" not in filtered
    text = page(client, f"{LIST}?_oc_CampaignView=title&_od_CampaignView=asc")
    assert text.index(">Autumn</a>") < text.index(">Весна")


@pytest.fixture
def earning(app: Flask) -> int:
    """Spend 100, three contracts of 100: ROI 200 %."""
    with stored(app) as session:
        made = make_campaign(session, title="Spring")
        make_spend(session, campaign=made, amount=Decimal(100))
        lead = make_lead(session, last_name="Secretov", campaign=made)
        for _ in range(3):
            make_signed_contract(session, campaign=made, lead=lead, amount=Decimal(100))
        return int(made.id)


@pytest.mark.parametrize("role", ["Operator", "Marketer", "Manager", "Admin"])
def test_the_page_shows_what_the_campaign_earned(client_as: Any, earning: int, role: str) -> None:
    text = page(client_as(role), f"/campaignview/show/{earning}")
    for figure in ("₽300.00", "₽200.00", "200%"):
        assert figure in text


def test_the_figures_are_those_of_the_statistics(app: Flask, client_as: Any, earning: int) -> None:
    from app.statistics import campaign_figures_of

    with stored(app) as session:
        figures = campaign_figures_of(session, earning)
        assert [figures.revenue, figures.profit, figures.leads] == [300, 200, 1]


def test_each_figure_leads_to_its_rows(client_as: Any, earning: int) -> None:
    client = client_as("Marketer")
    text = page(client, f"/campaignview/show/{earning}")
    links = re.findall(r'href="(/statistics/rows[^"]+)"', text)
    assert len(links) > 5
    for link in links:
        assert "Secretov" not in page(client, html.unescape(link))  # nameless for the marketer


def test_without_spend_the_roi_is_empty_with_its_reason(app: Flask, client_as: Any) -> None:
    text = page(client_as("Marketer"), f"/campaignview/show/{campaign(app)}")
    assert "no spend" in text
    assert ">0%" not in text


def test_a_role_sees_no_related_rows_that_it_may_not_see(client_as: Any, earning: int) -> None:
    address = f"/campaignview/show/{earning}"
    marketer = page(client_as("Marketer"), address)
    assert "Secretov" not in marketer
    assert 'id="SpendView"' in marketer
    operator = page(client_as("Operator"), address)
    assert "Secretov" in operator
    assert 'id="SpendView"' not in operator


def test_a_platforms_id_is_added_once_and_removed(app: Flask, client_as: Any) -> None:
    number, other = campaign(app, title="Spring"), campaign(app, title="Summer")
    client = client_as("Marketer")
    values = {"platform": " VK ", "external_id": "1234567890123456789"}
    assert send(client, f"/campaignview/{number}/add_external_id", **values).status_code == 302
    text = page(client, f"/campaignview/show/{number}")
    assert "<td>vk</td><td>1234567890123456789</td>" in text
    answer = send(client, f"/campaignview/{other}/add_external_id", **values)
    assert answer.status_code == 400
    assert "This id belongs to the campaign “Spring” already." in answer.get_data(as_text=True)
    with stored(app) as session:
        row_id = session.scalars(select(CampaignExternalId.id)).one()
    assert press(client, f"/campaignview/{other}/remove_external_id/{row_id}").status_code == 302
    assert "1234567890123456789" in page(client, f"/campaignview/show/{number}")
    press(client, f"/campaignview/{number}/remove_external_id/{row_id}")
    assert "1234567890123456789" not in page(client, f"/campaignview/show/{number}")


def test_a_form_that_is_older_than_the_record_comes_back(app: Flask, client_as: Any) -> None:
    number = campaign(app, title="Spring")
    edit = f"/campaignview/edit/{number}"
    client = client_as("Marketer")
    opened = form_of(client, edit)
    send(client_as("Admin"), edit, title="Summer")
    answer = client.post(edit, data=opened | {"title": "Winter"})
    assert answer.status_code == 409
    assert "Summer" in answer.get_data(as_text=True)


def test_channels_grow(app: Flask, client_as: Any) -> None:
    client = client_as("Marketer")
    assert send(client, "/channelview/add", title="Radio").status_code == 302
    assert "Radio" in page(client_as("Operator"), "/channelview/list/")
    answer = send(client, "/channelview/add", title="Radio")
    assert answer.status_code == 400
    assert "There is a channel with this title already." in answer.get_data(as_text=True)
    with stored(app) as session:
        number = session.scalars(select(Channel.id).where(Channel.title == "Radio")).one()
    assert send(client, f"/channelview/edit/{number}", title="TV").status_code == 302
    assert client.get(f"/channelview/delete/{number}").status_code == 404


def test_fifty_rows_cost_no_more_queries_than_five(app: Flask, client_as: Any) -> None:
    costs = []
    for number in (5, 45):
        with stored(app) as session:
            for _ in range(number):
                make_campaign(session, channel=make_channel(session))
        costs.append(queries(app, client_as("Admin"), f"{LIST}?psize_CampaignView=100"))
    assert costs[0] == costs[1] <= 10


def test_spend_is_added_on_the_campaigns_page(app: Flask, client_as: Any) -> None:
    number = campaign(app, title="Spring")
    client = client_as("Marketer")
    address = f"/campaignview/{number}/add_spend"
    assert f'action="{address}"' in page(client, f"/campaignview/show/{number}")
    day = today().isoformat()
    answer = send(client, address, day=day, amount="1 234,50")
    assert answer.location.endswith(f"/campaignview/show/{number}")
    text = page(client, f"/campaignview/show/{number}")
    assert "₽1,234.50" in text
    again = send(client, address, day=day, amount="7")
    assert again.status_code == 400
    assert "The spend of this day is recorded already" in again.get_data(as_text=True)
    for role in ("Operator", "Manager"):
        assert address not in page(client_as(role), f"/campaignview/show/{number}")
        assert client_as(role).get(address).status_code == 403


def test_the_list_says_in_which_state_a_campaign_is_and_is_narrowed_by_it(
    app: Flask, client_as: Any
) -> None:
    day = timedelta(days=1)
    with stored(app) as session:
        make_campaign(session, title="Coming", starts_on=today() + day)
        make_campaign(session, title="Gone", ends_on=today() - day)
        paid = make_campaign(session, title="Paid", starts_on=today(), ends_on=today())
        make_spend(session, campaign=paid)
        make_campaign(session, title="Endless")
    client = client_as("Marketer")

    def listed(asked: str) -> set[str]:
        text = page(client, f"{LIST}?{asked}")
        return {title for title in ("Coming", "Gone", "Paid", "Endless") if f">{title}</a>" in text}

    text = page(client, LIST)
    for pill in (">Planned</span>", ">Ended</span>", ">Runs</span>"):
        assert pill in text
    assert listed("phase=planned") == {"Coming"}
    assert listed("phase=ended") == {"Gone"}
    assert listed("phase=runs") == {"Paid", "Endless"}
    assert listed("phase=runs&spend=none") == {"Endless"}
