"""How one likes the interface: a page for all of it, and quick switches that stand in the frame."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, g, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField
from wtforms.fields import SelectChoice

from app.errors import Invalid
from app.extensions import db
from app.models.duty import Duty
from app.models.user_settings import UserSettings
from app.ui.access import may
from app.ui.addresses import inside
from app.ui.labels import LANGUAGE_NAMES
from app.ui.preferences import my_settings
from app.ui.week_field import WeekField
from app.views.base.forms import NounForm
from app.views.language import speak_as_kept

SWITCHES = ("theme", "row_height", "single_keys", "rail", "call_by")
FLAGS = {"on": True, "1": True, "off": False, "0": False}
THEMES = [("auto", _("As the device")), ("light", _("Light")), ("dark", _("Dark"))]
HEIGHTS = [("compact", _("Compact: more rows")), ("comfortable", _("Comfortable: more space"))]
RAILS = [("wide", _("Icons and words")), ("narrow", _("Icons only"))]
CALLS = [("tel", _("Open the phone application")), ("copy", _("Copy the number"))]
LANGUAGES = [("", _("As the browser")), *LANGUAGE_NAMES.items()]


def offered(choices: list[tuple[str, Any]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in choices]


class SettingsForm(NounForm):
    theme = RadioField(_("Appearance"), choices=offered(THEMES))
    row_height = RadioField(_("Rows of lists"), choices=offered(HEIGHTS))
    rail = RadioField(_("Menu"), choices=offered(RAILS))
    call_by = RadioField(_("The call button"), choices=offered(CALLS))
    language = RadioField(_("Language"), choices=offered(LANGUAGES))
    single_keys = BooleanField(
        _("Single keys"),
        description=_("One letter presses a button, for example N opens the next lead."),
    )


class DutySettingsForm(SettingsForm):
    """For those who work leads."""

    on_duty = BooleanField(
        _("On duty"), description=_("Who is on duty takes new leads in turn with the others.")
    )
    week = WeekField(
        _("My hours"), description=_("Outside of them one is not on duty. Empty: at any time.")
    )


class SettingsView(BaseView):
    """For everybody who is logged in; each person reaches their own row only."""

    route_base = "/settings"
    default_view = "settings"

    @expose("/", methods=["GET", "POST"])
    def settings(self) -> Response:
        sent = request.form if request.method == "POST" else None
        kind = DutySettingsForm if may("work", "LeadView") else SettingsForm
        form = kind(formdata=sent, data=_as_data() | _duty())
        status = 200
        if request.method == "POST":
            if form.validate():
                chosen = {name: form[name].data for name in SWITCHES}
                try:
                    _keep_duty(form)
                    keep(**chosen, language=form.language.data or None)
                except Invalid as error:
                    db.session.rollback()
                    form.take(error)
                else:
                    speak_as_kept(form.language.data)
                    flash(gettext("Your settings have been saved."), "success")
                    return redirect(url_for("SettingsView.settings"))
            status = 400
        page = self.render_template("crm/settings.html", title=gettext("My settings"), form=form)
        return make_response(page, status)

    @expose("/set", methods=["POST"])
    def set(self) -> Response:
        """`theme=dark`; back to the page on which the switch stands."""
        thrown: dict[str, Any] = {
            name: request.form[name] for name in SWITCHES if name in request.form
        }
        if "single_keys" in thrown:
            thrown["single_keys"] = FLAGS.get(thrown["single_keys"])
        if not thrown:
            abort(400)
        try:
            keep(**thrown)
        except Invalid:
            abort(400)
        if request.headers.get("HX-Request") or request.headers.get("X-Requested-With"):
            return current_app.response_class(status=204)
        return redirect(inside(request.referrer or ""))


def keep(**chosen: Any) -> None:
    UserSettings.choose(db.session(), current_user.id, **chosen)
    db.session.commit()
    g.pop("my_settings", None)


def _keep_duty(form: SettingsForm) -> None:
    if isinstance(form, DutySettingsForm):
        week = form.week.data or ""
        Duty.set(db.session(), current_user.id, on_duty=form.on_duty.data, week=week)


def _duty() -> dict[str, Any]:
    mine = db.session.get(Duty, current_user.id)
    return {"on_duty": mine.on_duty, "week": mine.week} if mine else {"on_duty": False, "week": ""}


def _as_data() -> dict[str, Any]:
    mine = my_settings()
    return {
        "theme": mine.theme,
        "row_height": mine.row_height,
        "single_keys": mine.single_keys,
        "rail": mine.rail,
        "call_by": mine.call_by,
        "language": mine.language or "",
    }
