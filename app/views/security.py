"""Log-in, one's own account, users and roles: Flask-AppBuilder's screens with our rules."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import flash, g, make_response, redirect, request, session
from flask_appbuilder.baseviews import expose
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.forms import LoginForm_db, ResetPasswordForm
from flask_appbuilder.security.views import (
    AuthDBView,
    ResetMyPasswordView,
    ResetPasswordView,
    RoleModelView,
    UserDBModelView,
    UserInfoEditView,
)
from flask_babel import gettext, lazy_gettext
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import DataRequired, EqualTo, Length, ValidationError

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
KEPT_AT_LOGOUT = "locale"
CONTROLS = re.compile(r"[\x00-\x20\x7f\\]")


class LoginView(AuthDBView):
    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> Response:
        target = inside(request.args.get("next", ""))
        if g.user.is_authenticated:
            return redirect(target)
        form = LoginForm_db()
        status = 200
        if form.validate_on_submit():
            user = self.appbuilder.sm.auth_user_db(form.username.data, form.password.data)
            if user is not None:
                self.appbuilder.sm.begin_session(user)
                return redirect(target)
            flash(gettext("The user name or the password is wrong."), "warning")
            status = 401
        page = self.render_template(self.login_template, title=self.title, form=form)
        return make_response(page, status)

    @expose("/logout/", methods=["GET", "POST"])
    def logout(self) -> Response:
        answer = super().logout()
        for key in set(session) - {KEPT_AT_LOGOUT}:
            del session[key]
        return answer


def inside(address: str) -> str:
    """The address as a path of this site; the start page when it leads anywhere else."""
    parts = urlsplit(address) if not CONTROLS.search(address) else urlsplit("")
    elsewhere = parts.netloc and parts.netloc != request.host
    if elsewhere or parts.scheme not in ("", "http", "https"):
        return "/"
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return "/"
    return urlunsplit(("", "", parts.path, parts.query, ""))


# -- passwords -----------------------------------------------------------------------------------

_length = Length(
    SHORTEST_PASSWORD,
    LONGEST_PASSWORD,
    lazy_gettext("Choose a password of at least %(min)d characters."),
)
_same = EqualTo("password", lazy_gettext("The two passwords differ."))


def new_password_fields() -> dict[str, Any]:
    return {
        "password": PasswordField(lazy_gettext("New password"), [DataRequired(), _length]),
        "conf_password": PasswordField(
            lazy_gettext("The new password again"), [DataRequired(), _same]
        ),
    }


class NewPasswordForm(ResetPasswordForm):
    password = PasswordField(lazy_gettext("New password"), [DataRequired(), _length])
    conf_password = PasswordField(lazy_gettext("The new password again"), [DataRequired(), _same])


class OwnPasswordForm(DynamicForm):
    old_password = PasswordField(lazy_gettext("Present password"), [DataRequired()])
    password = PasswordField(lazy_gettext("New password"), [DataRequired(), _length])
    conf_password = PasswordField(lazy_gettext("The new password again"), [DataRequired(), _same])

    def validate_old_password(self, field: PasswordField) -> None:
        if not check_password_hash(g.user.password, field.data):
            raise ValidationError(gettext("This is not your present password."))


class OwnPasswordView(ResetMyPasswordView):
    """Changing it ends one's sessions elsewhere; the one at hand goes on."""

    route_base = "/password"
    form = OwnPasswordForm
    form_title = lazy_gettext("Change my password")
    message = lazy_gettext("Your password has been changed.")

    def form_post(self, form: DynamicForm) -> None:
        security = self.appbuilder.sm
        user_id = g.user.id
        security.reset_password(user_id, form.password.data)
        security.begin_session(security.get_user_by_id(user_id))
        flash(str(self.message), "info")


class PasswordView(ResetPasswordView):
    """An administrator gives somebody a new password."""

    route_base = "/users/password"
    form = NewPasswordForm
    form_title = lazy_gettext("New password")
    message = lazy_gettext("The password has been changed.")


class OwnNameView(UserInfoEditView):
    route_base = "/account"
    form_title = lazy_gettext("My name")


class UserView(UserDBModelView):
    route_base = "/users"


class RoleView(RoleModelView):
    route_base = "/roles"
