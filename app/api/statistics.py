"""GET /api/v1/campaigns/<id>/statistics — what a campaign has earned, for whoever may read it."""

from __future__ import annotations

from flask import request

from app.api import limits, tokens
from app.api.doors import TokenDoor
from app.api.errors import Answer
from app.database import write_apart
from app.extensions import db
from app.models.source import Scope
from app.statistics import Basis, Figures, Period, as_json, campaign_figures_of


class CampaignStatistics(TokenDoor):
    """200 with decimal texts; an undefined figure is null with its reason (law 5).

    `period` (with `from` and `to` when custom) and `basis` may be asked for; all time by default.
    """

    def get(self, campaign_id: int) -> Answer:
        session = db.session()
        token = tokens.presented()
        allowed = tokens.admit(session, token)
        limits.count(token, allowed.per_minute)
        allowed.must_allow(Scope.READ_STATISTICS)
        answer = as_json(self._figures(campaign_id))
        use = tokens.use_of(allowed)
        if use is not None:
            session.rollback()  # what was read is in hand; the write waits for nobody
            write_apart(db.engine, use)
        return answer, 200, {}

    def _figures(self, campaign_id: int) -> Figures:
        asked = request.args
        period = Period.named(asked.get("period"), asked.get("from"), asked.get("to"))
        basis = Basis.named(asked.get("basis"))
        return campaign_figures_of(db.session(), campaign_id, period, basis)
