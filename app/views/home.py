"""The start page: leads everybody to the screen where their day begins."""

from __future__ import annotations

from flask import redirect, url_for
from flask_appbuilder.baseviews import BaseView, expose
from werkzeug.wrappers import Response

# The first of these that a role may see is where it starts (roles.py).
STARTS = ("DecisionView", "QueueView", "CampaignView", "StatisticsView")


class HomeView(BaseView):
    route_base = ""
    default_view = "index"

    @expose("/")
    def index(self) -> Response:
        views = {type(view).__name__: view for view in self.appbuilder.baseviews}
        # A composed role may see none of the usual ones: then the first entry of its menu.
        for name in (*STARTS, *self.appbuilder.menu.get_flat_name_list()):
            view = views.get(name)
            if view and self.appbuilder.sm.has_access(f"can_{view.default_view}", name):
                return redirect(url_for(f"{name}.{view.default_view}"))
        return redirect(url_for("UserView.userinfo"))
