"""The addresses of the older crm-system lead to ours, so that bookmarks and habits keep working.

Only for reading (GET): its forms are gone, and its token door is app/api's.
"""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, request, url_for
from werkzeug.wrappers import Response

compat = Blueprint("compat", __name__)

# Theirs → the screen of ours that shows the same.
PLACES = {
    "/services": "ServiceView",
    "/advertising": "CampaignView",
    "/clients/potential": "LeadView",
    "/clients/active": "ClientView",
    "/contracts": "ContractView",
}


def init(app: Flask) -> None:
    app.register_blueprint(compat)


@compat.get("/auth/login", strict_slashes=False)
def login() -> Response:
    return redirect(url_for("LoginView.login", next=request.args.get("next")))


@compat.get("/auth/logout", strict_slashes=False)
def logout() -> Response:
    return redirect(url_for("LoginView.logout"))


@compat.get("/auth/profile/<int:pk>", strict_slashes=False)
def profile(pk: int) -> Response:
    """One's own, whatever the number: theirs showed anybody's."""
    return redirect(url_for("UserView.userinfo"))


@compat.get("/advertising/<int:pk>/statistics", strict_slashes=False)
def statistics(pk: int) -> Response:
    return redirect(url_for("CampaignView.show", pk=pk))


def _lead_to(place: str, screen: str) -> None:
    def records() -> Response:
        if request.args.get("today_interaction"):
            return redirect(url_for("QueueView.list"))
        return redirect(url_for(f"{screen}.list", search=request.args.get("search") or None))

    def record(pk: int) -> Response:
        return redirect(url_for(f"{screen}.show", pk=pk))

    name = screen.removesuffix("View").lower()
    for rule, view in ((f"{place}/", records), (f"{place}/<int:pk>/", record)):
        compat.add_url_rule(rule, f"{name}_{view.__name__}", view, methods=["GET"])


for _place, _screen in PLACES.items():
    _lead_to(_place, _screen)
