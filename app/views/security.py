"""Log-in, one's own account, users and roles: Flask-AppBuilder's screens with our rules."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from flask import (
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from flask_appbuilder.actions import action
from flask_appbuilder.baseviews import expose
from flask_appbuilder.fields import QuerySelectMultipleField
from flask_appbuilder.fieldwidgets import Select2ManyWidget
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.models.sqla.filters import FilterNotEqual
from flask_appbuilder.security.decorators import has_access, no_cache
from flask_appbuilder.security.forms import LoginForm_db, ResetPasswordForm
from flask_appbuilder.security.sqla.models import Role, User
from flask_appbuilder.security.views import (
    AuthDBView,
    ResetMyPasswordView,
    ResetPasswordView,
    RoleModelView,
    UserDBModelView,
    UserInfoEditView,
)
from flask_appbuilder.widgets import ShowWidget
from flask_babel import gettext, lazy_gettext, lazy_pgettext
from sqlalchemy import select
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.fields.core import UnboundField
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length, ValidationError

from app.errors import CrmError
from app.models.duty import Duty
from app.roles import ADMIN, PUBLIC, ROLES
from app.ui import rights
from app.ui.addresses import inside
from app.ui.fields import read_id
from app.ui.formatters import shown
from app.ui.pickers import picker_of
from app.views.base.guarded import Guarded
from app.views.language import greet

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
FILL_IN = lazy_gettext("Fill in this field.")
_given = DataRequired(FILL_IN)
KEPT_AT_LOGOUT = "locale"


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
                greet(user.id)
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


class Worded:
    """For screens whose forms Flask-AppBuilder makes: an empty field is told in our words."""

    def _init_forms(self) -> None:
        super()._init_forms()  # type: ignore[misc]
        for form in (self.add_form, self.edit_form):  # type: ignore[attr-defined]
            for field in vars(form).values():
                if isinstance(field, UnboundField):
                    for rule in field.kwargs.get("validators", ()):
                        if isinstance(rule, DataRequired | InputRequired) and not rule.message:
                            rule.message = FILL_IN


# -- passwords -----------------------------------------------------------------------------------

_length = Length(
    SHORTEST_PASSWORD,
    LONGEST_PASSWORD,
    lazy_gettext("Choose a password of at least %(min)d characters."),
)
_same = EqualTo("password", lazy_gettext("The two passwords differ."))


class NewPasswordForm(ResetPasswordForm):
    password = PasswordField(lazy_gettext("New password"), [_given, _length])
    conf_password = PasswordField(lazy_gettext("The new password again"), [_given, _same])


class OwnPasswordForm(DynamicForm):
    old_password = PasswordField(
        lazy_gettext("Present password"),
        [_given],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(lazy_gettext("New password"), [_given, _length])
    conf_password = PasswordField(lazy_gettext("The new password again"), [_given, _same])

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
    """An administrator gives somebody a new password, which ends their sessions."""

    route_base = "/users/password"
    form = NewPasswordForm
    form_title = lazy_gettext("New password")
    message = lazy_gettext("The password has been changed.")

    def form_get(self, form: DynamicForm) -> None:
        self._user_or_404()

    def form_post(self, form: DynamicForm) -> None:
        self.appbuilder.sm.reset_password(self._user_or_404().id, form.password.data)
        flash(str(self.message), "info")

    def _user_or_404(self) -> User:
        key = read_id(request.args.get("pk", ""))
        user = self.appbuilder.sm.get_user_by_id(key) if key else None
        return user or abort(404)


class OwnNameForm(DynamicForm):
    first_name = StringField(
        lazy_gettext("First name"),
        [_given],
        render_kw={"autocomplete": "given-name"},
    )
    last_name = StringField(
        lazy_gettext("Last name"),
        [_given],
        render_kw={"autocomplete": "family-name"},
    )


class OwnNameView(UserInfoEditView):
    route_base = "/account"
    form = OwnNameForm
    form_title = lazy_gettext("My name")
    message = lazy_gettext("Your name has been changed.")


# -- users and roles -----------------------------------------------------------------------------


def an_administrator_remains(form: DynamicForm, _field: Any) -> None:
    """On `active` and `roles`: nobody may take the last administrator away."""
    security = current_app.extensions["appbuilder"].sm
    key = getattr(form, "_id", None)  # a new user has none
    user = security.get_user_by_id(key) if key else None
    stays = form.active.data and any(role.name == ADMIN for role in form.roles.data or ())
    if user is not None and not stays:
        try:
            security.require_another_admin(user)
        except CrmError as error:
            raise ValidationError(gettext(error.message) % error.params) from None


class UserView(Worded, Guarded, UserDBModelView):
    """Groups are left out: with four roles, and those composed of them, they would only hide who
    may do what.
    """

    route_base = "/users"
    list_title = lazy_gettext("Users")
    show_title = lazy_gettext("User")
    add_title = lazy_gettext("New user")
    edit_title = lazy_gettext("Change user")
    user_info_title = lazy_gettext("My account")
    label_columns = {
        "username": lazy_gettext("User name"),
        "first_name": lazy_gettext("First name"),
        "last_name": lazy_gettext("Last name"),
        "email": lazy_gettext("E-mail"),
        "active": lazy_gettext("Active"),
        "roles": lazy_gettext("Roles"),
        "last_login": lazy_gettext("Last log-in"),
        "login_count": lazy_gettext("Log-ins"),
        "fail_login_count": lazy_gettext("Failed log-ins"),
        "created_on": lazy_gettext("Created"),
        "created_by": lazy_gettext("Created by"),
        "changed_on": lazy_gettext("Changed"),
        "changed_by": lazy_gettext("Changed by"),
    }
    list_columns = ["username", "first_name", "last_name", "email", "roles", "active", "last_login"]
    order_columns = ["username", "first_name", "last_name", "email", "active", "last_login"]
    base_order = ("username", "asc")
    search_columns = ["username", "first_name", "last_name", "email", "active"]
    edit_columns = ["username", "first_name", "last_name", "email", "active", "roles"]
    add_columns = [*edit_columns, "password", "conf_password"]
    show_fieldsets = [
        (
            lazy_gettext("Account"),
            {"fields": ["username", "first_name", "last_name", "email", "active", "roles"]},
        ),
        (
            lazy_gettext("History"),
            {"fields": ["last_login", "login_count", "fail_login_count", "created_on",
                        "created_by", "changed_on", "changed_by"]},
        ),
    ]  # fmt: skip
    user_show_fieldsets = [
        (None, {"fields": ["username", "first_name", "last_name", "email", "roles"]})
    ]
    formatters_columns = dict.fromkeys(
        (
            "active",
            "roles",
            "groups",
            "last_login",
            "login_count",
            "fail_login_count",
            "created_on",
            "created_by",
            "changed_on",
            "changed_by",
        ),
        shown,
    )
    description_columns = {
        "active": lazy_gettext("Somebody who has left is made inactive; their work keeps its name.")
    }
    validators_columns = {
        "roles": [DataRequired(lazy_gettext("Choose a role.")), an_administrator_remains],
        "active": [an_administrator_remains],
    }
    # Everybody has what visitors may do; to offer it as a role would only mislead.
    add_form_query_rel_fields = edit_form_query_rel_fields = {
        "roles": [["name", FilterNotEqual, PUBLIC]]
    }
    add_form_extra_fields = {
        "password": NewPasswordForm.password,
        "conf_password": NewPasswordForm.conf_password,
    }

    def post_update(self, item: User) -> None:
        """Who may not work leads any more takes no new ones."""
        workers = picker_of("lead_worker")
        if workers is not None and workers.get(item.id) is None:
            Duty.end(self.datamodel.session, item.id)
            self.datamodel.session.commit()

    @action("resetmypassword", lazy_gettext("Change my password"), "", "fa-lock", multiple=False)
    def resetmypassword(self, item: User) -> Response:
        return super().resetmypassword(item)

    @action("resetpasswords", lazy_gettext("New password"), "", "fa-lock", multiple=False)
    def resetpasswords(self, item: User) -> Response:
        return super().resetpasswords(item)

    @action("userinfoedit", lazy_gettext("Change my name"), "", "fa-edit", multiple=False)
    def userinfoedit(self, item: User) -> Response:
        return super().userinfoedit(item)

    def pre_add(self, item: User) -> None:
        item.password = self.appbuilder.sm.hashed(item.password)

    def _delete(self, pk: Any) -> None:
        user = self.rows_or_404([pk])[0]
        try:
            gone = self.appbuilder.sm.remove_user(user)
        except CrmError as error:
            flash(gettext(error.message) % error.params, "danger")
            return
        if gone:
            flash(gettext("The user has been deleted."), "info")
        else:
            flash(gettext("Records bear this name, so the user has been made inactive."), "info")


class RoleView(Worded, Guarded, RoleModelView):
    """Our four roles are code: they are shown and copied here, and composed into further ones."""

    route_base = "/roles"
    list_title = lazy_gettext("Roles")
    show_title = lazy_gettext("Role")
    add_title = lazy_gettext("New role")
    edit_title = lazy_gettext("Change role")
    list_columns = ["name"]
    label_columns = {
        "name": lazy_pgettext("of a thing", "Name"),
        "permissions": lazy_gettext("Permissions"),
    }
    search_columns = ["name"]
    base_filters = [["name", FilterNotEqual, PUBLIC]]  # visitors' doors are code, not a role's
    base_order = ("name", "asc")
    show_widget = ShowWidget  # FAB's own prints the patterns of roles.py
    formatters_columns = {"permissions": rights.told}
    add_form_extra_fields = edit_form_extra_fields = {
        "permissions": QuerySelectMultipleField(
            lazy_gettext("Permissions"),
            query_func=rights.offered,
            get_pk_func=lambda right: right.id,
            get_label=rights.words,
            widget=Select2ManyWidget(),
        )
    }

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: Any) -> Response:
        if self._is_fixed(self.rows_or_404([pk])[0]):
            return redirect(url_for("RoleView.show", pk=pk))
        return super().edit(pk)

    @action("copyrole", lazy_gettext("Copy"), lazy_gettext("Copy the chosen roles?"), "fa-copy")
    def copy_role(self, chosen: Role | list[Role]) -> Response:
        """To begin a further role with what one of ours may do.

        FAB's list lets nobody choose our four, so they are copied from their own pages.
        """
        session = self.datamodel.session
        taken = set(session.scalars(select(Role.name)))
        for role in chosen if isinstance(chosen, list) else [chosen]:
            name = next(name for name in _copies_of(role.name) if name not in taken)
            taken.add(name)
            session.add(Role(name=name, permissions=list(role.permissions)))
        session.commit()
        return redirect(url_for("RoleView.list"))

    def pre_delete(self, item: Role) -> None:
        if self._is_fixed(item):
            raise ValueError(gettext("This role is part of the product and stays."))
        super().pre_delete(item)

    @staticmethod
    def _is_fixed(role: Role) -> bool:
        return role.name in (*ROLES, PUBLIC)


def _copies_of(name: str) -> Iterator[str]:
    """Operator copy, Operator copy 2, …, within what the column holds."""
    longest = Role.__table__.c.name.type.length
    for number in count(1):
        ending = " " + gettext("copy") + (f" {number}" if number > 1 else "")
        yield name[: longest - len(ending)] + ending
