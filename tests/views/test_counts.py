"""The numbers beside the menu's entries: what the role may see, and few statements."""

from __future__ import annotations

from typing import Any

import pytest

from app.models import Submission
from app.models.clock import utc_now
from tests.factories import make_lead, make_signed_contract
from tests.views.pages import counted, keep, text_of


@pytest.fixture
def busy(app: Any) -> Any:
    def make(session: Any) -> None:
        for _ in range(3):
            make_lead(session)
        make_signed_contract(session)  # its document waits
        for outcome in ("failed", "rejected"):
            session.add(Submission(door="leads", outcome=outcome, received_at=utc_now()))

    keep(app, make)
    return app


def test_each_role_sees_the_numbers_of_what_it_may_do(busy: Any, client_as: Any) -> None:
    manager = text_of(client_as("Manager").get("/counts"))
    for words in ("1 submission failed", "1 document is not ready"):
        assert words in manager
    assert "count-queue" not in manager  # a manager's menu has no queue
    operator = text_of(client_as("Operator").get("/counts"))
    assert "3 leads to call" in operator
    assert "count-contracts" not in operator
    assert text_of(client_as("Marketer").get("/counts")).strip() == ""


def test_nothing_to_do_is_no_number(app: Any, client_as: Any) -> None:
    page = text_of(client_as("Admin").get("/counts"))
    assert page.count("></span>") == 3  # the three places, empty


def test_visitors_are_led_to_the_log_in(app: Any, client: Any) -> None:
    assert client.get("/counts").status_code == 302


def test_few_statements(busy: Any, client_as: Any) -> None:
    manager = client_as("Manager")
    assert counted(busy, lambda: manager.get("/counts")) <= 6


def test_the_menu_has_the_places(app: Any, client_as: Any) -> None:
    page = text_of(client_as("Admin").get("/queueview/list/"))
    for name in ("queue", "inbox", "contracts"):
        assert f'id="count-{name}"' in page
    assert 'hx-get="/counts"' in page
