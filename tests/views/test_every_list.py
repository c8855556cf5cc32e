"""Every list, as each role sees it: how much it asks and sends, and where its rows lead."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.models import Submission
from app.models.clock import utc_now
from tests.factories import (
    make_channel,
    make_client,
    make_lead,
    make_service,
    make_signed_contract,
    make_source,
    make_spend,
)
from tests.views.pages import counted, keep, text_of

MOST_QUERIES = 10
MOST_BYTES = 60 * 1024
ROWS = 25
LISTS = ["leadview", "clientview", "contractview", "campaignview", "spendview", "sourceview",
         "serviceview", "submissionview", "documentview", "channelview", "noteview", "users",
         "roles", "jobview"]  # fmt: skip
ROLES = ["Operator", "Marketer", "Manager", "Admin"]
PLACES = {  # the lists whose rows are records with pages of their own
    "leadview", "clientview", "contractview", "campaignview", "sourceview", "serviceview",
    "submissionview", "channelview", "documentview", "spendview",
}  # fmt: skip


@pytest.fixture
def full(app: Any) -> Any:
    """More rows of each noun than a page holds."""

    def make(session: Any) -> None:
        for n in range(ROWS + 2):
            contract = make_signed_contract(session)
            lead = make_lead(session, campaign=contract.campaign)
            make_client(session, campaign=lead.campaign)
            make_spend(session, campaign=contract.campaign)
            make_source(session, name=f"Our source {n}", default_campaign=contract.campaign)
            make_service(session, title=f"Our service {n}")
            make_channel(session, title=f"Our channel {n}")
            session.add(Submission(door="leads", outcome="failed", received_at=utc_now()))

    keep(app, make)
    return app


def test_a_page_of_rows_takes_few_queries_and_bytes(full: Any, client_as: Any) -> None:
    shown, wrong = set(), []
    for role, language in [(role, language) for role in ROLES for language in ("en", "ru")]:
        client = client_as(role)
        with client.session_transaction() as kept:
            kept["locale"] = language
        for name in LISTS:
            address = f"/{name}/list/"
            answer = client.get(address)
            if answer.status_code != 200:
                continue
            shown.add(name)
            size = len(answer.get_data())
            asked = counted(full, lambda client=client, address=address: client.get(address))
            if size > MOST_BYTES or asked > MOST_QUERIES:
                wrong.append(f"{role}, {language}, {name}: {size} bytes, {asked} queries")
    assert not wrong, "\n".join(wrong)
    assert shown == set(LISTS)


def test_the_telling_column_of_each_row_leads_to_its_record(full: Any, client_as: Any) -> None:
    for name in PLACES:
        page = text_of(client_as("Admin").get(f"/{name}/list/"))
        rows = re.findall(r'<tr role="row" data-row.*?</tr>', page, re.DOTALL)
        assert rows, name
        for row in rows:
            link = re.search(r'<a class="row-link" href="([^"]+)">([^<]+)</a>', row)
            assert link, row
            assert re.fullmatch(rf"/{name}/show/\d+", link[1])
            assert link[2].strip() not in ("", "…")
