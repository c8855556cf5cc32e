"""The doors without a session: programs with their tokens, and visitors of our own forms. The table
of their addresses.
"""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_restful import Api

from app.api import limits
from app.api.batch import LeadBatch
from app.api.conversions import Conversions
from app.api.inbound import Inbound
from app.api.leads import Leads
from app.api.openapi import docs
from app.api.own_forms import form, form_sent
from app.api.seed import SeedLeads
from app.api.statistics import CampaignStatistics
from app.api.submissions import Submissions
from app.extensions import csrf


class Doors(Api):
    """Flask-RESTful looks for the route of every error, which an untrusted host has not got; 404,
    405 and such are answered in one place for the whole site (app/web/errors.py).
    """

    def _should_use_fr_error_handler(self) -> bool:
        return False


def register(app: Flask) -> None:
    """Programs carry a token and no cookie, so no form of another site can ride on them."""
    limits.init(app)
    blueprint = Blueprint("api", __name__)
    api = Doors(blueprint, catch_all_404s=False)
    api.add_resource(SeedLeads, "/clients/potential/api/", strict_slashes=False)
    api.add_resource(Leads, "/api/v1/leads")
    api.add_resource(LeadBatch, "/api/v1/leads/batch")
    api.add_resource(Submissions, "/api/v1/submissions")
    api.add_resource(CampaignStatistics, "/api/v1/campaigns/<int:campaign_id>/statistics")
    api.add_resource(Conversions, "/api/v1/conversions")
    api.add_resource(Inbound, "/in/<string:key>", endpoint="in", strict_slashes=False)
    blueprint.add_url_rule("/f/<string:address>", "form", form, methods=["GET", "POST"])
    blueprint.add_url_rule("/f/<string:address>/thanks", "form_sent", form_sent)
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
    app.register_blueprint(docs)
