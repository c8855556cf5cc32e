"""GET /api/v1/campaigns/<id>/statistics."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Campaign, SourceToken
from app.models.source import Scope
from tests.api.doors import Sending, make_campaigns
from tests.factories import make_signed_contract, make_spend


def get(app: Flask, campaign_id: Any, token: str, query: str = "") -> Any:
    address = f"/api/v1/campaigns/{campaign_id}/statistics{query}"
    return app.test_client().get(address, headers={"Token": token})


def test_a_campaign_s_figures_are_read_with_the_scope_for_it(app: Flask) -> None:
    campaign_id = make_campaigns(app, 1)[0]
    with app.app_context():
        session = db.session()
        campaign = session.get_one(Campaign, campaign_id)
        make_spend(session, campaign=campaign, amount=Decimal(100))
        for _ in range(3):
            make_signed_contract(session, campaign=campaign, amount=Decimal(100))
        session.commit()
    reader = Sending(app, Scope.READ_STATISTICS)
    answer = get(app, campaign_id, reader.token, "?basis=signing")
    assert answer.status_code == 200
    assert (answer.json["spend"], answer.json["revenue"]) == ("100.00", "300.00")
    assert Decimal(answer.json["roi"]) == 2
    with app.app_context():
        assert db.session.scalars(select(SourceToken.last_used_at)).one() is not None


def test_a_pushing_token_may_not_read(app: Flask) -> None:
    campaign_id = make_campaigns(app, 1)[0]
    assert get(app, campaign_id, Sending(app).token).status_code == 403
    assert get(app, campaign_id, "wrong").status_code == 401


@pytest.mark.parametrize("campaign_id", [0, 999, 2**31, 10**30, "x", "-1"])
def test_a_campaign_that_is_not_there_is_404(app: Flask, campaign_id: Any) -> None:
    reader = Sending(app, Scope.READ_STATISTICS)
    assert get(app, campaign_id, reader.token).status_code == 404


@pytest.mark.parametrize("query", ["?basis=x", "?period=x", "?period=custom&from=2026-02-30"])
def test_a_period_that_is_none_is_named(app: Flask, query: str) -> None:
    reader = Sending(app, Scope.READ_STATISTICS)
    campaign_id = make_campaigns(app, 1)[0]
    answer = get(app, campaign_id, reader.token, query)
    assert answer.status_code == 400
    assert set(answer.json) <= {"basis", "period", "from", "to"}
