"""Keeping one's own views of the lists. What is kept is a list's state; rights are the reader's."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import abort, flash, redirect, request
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from app.errors import CrmError, Invalid
from app.extensions import db
from app.models.saved_view import SavedView
from app.ui.access import may
from app.ui.addresses import inside
from app.ui.messages import message_of
from app.views.base.listing import Listing
from app.views.base.state import ALL, address_of_view, canonical


class SavedViewsView(BaseView):
    """For everybody who is logged in and may see the list; each person reaches their own only."""

    route_base = "/views"
    default_view = "add"

    @expose("/add", methods=["POST"])
    def add(self) -> Response:
        screen = self._screen(request.form.get("screen", ""))
        query = canonical(screen, parse_qsl(request.form.get("query", "")))
        try:
            kept = SavedView.keep(
                db.session(), current_user.id, type(screen).__name__,
                request.form.get("name", ""), query,
            )  # fmt: skip
            db.session.commit()
        except CrmError as error:
            return _refused(error)
        flash(gettext("The view “%(name)s” has been saved.", name=kept.name), "success")
        return redirect(address_of_view(screen, str(kept.id), query))

    @expose("/<int:pk>/save", methods=["POST"])
    def save(self, pk: int) -> Response:
        view, screen = self._mine(pk)
        query = canonical(screen, parse_qsl(request.form.get("query", "")))
        try:
            view.save(query)
            db.session.commit()
        except CrmError as error:
            return _refused(error)
        flash(gettext("The view “%(name)s” has been saved.", name=view.name), "success")
        return redirect(address_of_view(screen, str(pk), query))

    @expose("/<int:pk>/rename", methods=["POST"])
    def rename(self, pk: int) -> Response:
        view, _screen = self._mine(pk)
        try:
            view.rename(db.session(), request.form.get("name", ""))
            db.session.commit()
        except CrmError as error:
            return _refused(error)
        flash(gettext("The view is called “%(name)s” now.", name=view.name), "success")
        return redirect(inside(request.referrer or ""))

    @expose("/<int:pk>/first", methods=["POST"])
    def first(self, pk: int) -> Response:
        """The list opens with this view, or (`no`) with all rows again."""
        view, screen = self._mine(pk)
        is_first = not request.form.get("no")
        view.open_first(db.session(), first=is_first)
        db.session.commit()
        if is_first:
            flash(
                gettext("The list opens with the view “%(name)s” now.", name=view.name), "success"
            )
        else:
            flash(gettext("The list opens with all records now."), "success")
        return redirect(address_of_view(screen, str(pk), canonical(screen, parse_qsl(view.query))))

    @expose("/<int:pk>/delete", methods=["POST"])
    def delete(self, pk: int) -> Response:
        view, screen = self._mine(pk)
        db.session.delete(view)
        db.session.commit()
        flash(gettext("The view has been deleted. Its records stay."), "success")
        return redirect(address_of_view(screen, ALL, ""))

    def _mine(self, pk: int) -> tuple[SavedView, Any]:
        view = db.session.get(SavedView, pk)
        if view is None or view.user_id != current_user.id:
            abort(404)
        return view, self._screen(view.screen)

    def _screen(self, name: str) -> Any:
        """The list's screen, where the reader may see it."""
        for screen in self.appbuilder.baseviews:
            if type(screen).__name__ == name and isinstance(screen, Listing):
                return screen if may("list", name) else abort(403)
        return abort(404)


def _refused(error: CrmError) -> Response:
    db.session.rollback()
    faults = error.faults if isinstance(error, Invalid) else {"": [error]}
    for told in (one for errors in faults.values() for one in errors):
        flash(message_of(told), "danger")
    return redirect(inside(request.referrer or ""))
