"""Log-in: who may come in, how often one may try, and what ends a session.

Users and roles are Flask-AppBuilder's own; this subclass closes what it leaves open (docs/adr).
"""

from __future__ import annotations

import hmac
import logging
from datetime import timedelta
from typing import Any

from flask import abort, current_app, g, redirect, request, session, url_for
from flask_appbuilder.security.sqla.manager import SecurityManager as FabSecurityManager
from flask_appbuilder.security.sqla.models import Role, User
from flask_login import current_user, login_user
from sqlalchemy import case, delete, func, inspect, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import TooManyRequests
from werkzeug.security import check_password_hash, generate_password_hash
from werkzeug.wrappers import Response

from app.errors import N_, CrmError
from app.models import LoginFailure
from app.models.clock import utc_now
from app.roles import ADMIN, OPEN_TO_VISITORS
from app.views.security import (
    LoginView,
    OwnNameView,
    OwnPasswordView,
    PasswordView,
    RoleView,
    UserView,
)

log = logging.getLogger(__name__)

WINDOW = timedelta(minutes=15)  # in which LOGIN_TRIES wrong ones are admitted
SAFE_METHODS = ("GET", "HEAD")


class LastAdministrator(CrmError):
    message = N_("This is the last administrator. Make somebody else an administrator first.")


class SecurityManager(FabSecurityManager):
    authdbview = LoginView
    userdbmodelview = UserView
    rolemodelview = RoleView
    userinfoeditview = OwnNameView
    resetmypasswordview = OwnPasswordView
    resetpasswordview = PasswordView

    def register_views(self) -> None:
        """What has no place in the menu; the users and roles stand there (app/views/menu.py)."""
        self.auth_view = self.appbuilder.add_view_no_menu(LoginView)
        for view in (OwnNameView, OwnPasswordView, PasswordView):
            self.appbuilder.add_view_no_menu(view)

    # -- who may see what ---------------------------------------------------------------------

    @staticmethod
    def before_request() -> Response | None:
        """Every address asks for a log-in, except those that roles.py lists."""
        g.user = current_user
        if request.endpoint is None or request.endpoint in OPEN_TO_VISITORS:
            return None
        return None if current_user.is_authenticated else _ask_to_log_in()

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing is: an administrator cannot open a screen to visitors by mistake."""
        return False

    def get_user_roles(self, user: Any) -> list[Role]:
        """FAB's groups are not used: they would be one more query for each request."""
        return list(user.roles) if user.is_authenticated else []

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        if not current_user.is_authenticated:
            return set()
        granted: set[str] = super().get_user_menu_access(menu_names)
        return granted

    # -- logging in ---------------------------------------------------------------------------

    def auth_user_db(self, username: str, password: str) -> User | None:
        """The active user with this name or e-mail and this password, else None.

        Raises TooManyRequests after LOGIN_TRIES wrong ones for the name or from the address.
        """
        username = (username or "").replace("\x00", "").strip()
        if not username or not password:
            return None
        this_try = self._count_try(username.casefold()[:64], (request.remote_addr or "")[:45])
        found = self.session.execute(_by_name_or_email(username)).first()
        # Ended here, because hashing is slow and SQLite has one writer.
        self.session.rollback()
        usable = found is not None and found.active and bool(found.password)
        fake = current_app.config["AUTH_DB_FAKE_PASSWORD_HASH_CHECK"]
        # An unknown name takes as long as a known one.
        right = check_password_hash(found.password if usable else fake, password)
        if not (usable and right):
            log.info("a log-in was refused: user %s", found.id if found else "unknown")
            return None
        user = self.session.get(User, found.id)
        self.session.execute(delete(LoginFailure).where(LoginFailure.id == this_try))
        self.update_user_auth_stat(user, True)
        log.info("user %s has logged in", found.id)
        return user

    def _count_try(self, username: str, address: str) -> int:
        """Counted before it is judged, so that tries sent at once cannot pass the limit."""
        this_try = LoginFailure(username=username, address=address)
        self.session.add(this_try)
        self.session.commit()
        key = this_try.id
        for same in (LoginFailure.username == username, LoginFailure.address == address):
            recent = select(func.count(), func.min(LoginFailure.at)).where(
                same, LoginFailure.at > utc_now() - WINDOW
            )
            number, first = self.session.execute(recent).one()
            if number > current_app.config["LOGIN_TRIES"]:
                self.session.delete(this_try)
                self.session.commit()
                log.warning("too many wrong log-ins for one name or from one address")
                seconds = (first + WINDOW - utc_now()).total_seconds()
                raise TooManyRequests(retry_after=max(1, int(seconds) + 1))
        return key

    def begin_session(self, user: User) -> None:
        login_user(user, remember=False)
        session["stamp"] = self.stamp_of(user)

    def load_user(self, pk: int) -> User | None:
        """None when the account is inactive or its password has changed since the log-in."""
        user = self.session.get(User, int(pk), options=[joinedload(User.roles)])
        if user is None or not user.is_active:
            return None
        same = hmac.compare_digest(session.get("stamp", ""), self.stamp_of(user))
        return user if same else None

    @staticmethod
    def stamp_of(user: User) -> str:
        """Changes with the password, and tells nothing about it."""
        key = current_app.config["SECRET_KEY"].encode()
        return hmac.digest(key, f"{user.id}:{user.password}".encode(), "sha256").hex()[:32]

    # -- passwords and administrators -----------------------------------------------------------

    def reset_password(self, userid: int, password: str) -> None:
        """Ends every session of the user."""
        hashed = self.hashed(password)
        user = self.get_user_by_id(userid)
        user.password = hashed
        self.session.commit()
        log.info("user %s has a new password", userid)

    def hashed(self, password: str) -> str:
        """Ends the transaction first: hashing takes a tenth of a second (law of one writer)."""
        self.session.rollback()
        method = current_app.config.get("FAB_PASSWORD_HASH_METHOD", "scrypt")
        return generate_password_hash(password, method=method)

    def require_another_admin(self, user: User) -> None:
        """Raises LastAdministrator when nobody else could administer without this user."""
        with self.session.no_autoflush:
            # Locked, so that two administrators cannot dismiss each other at once.
            admin = self.session.scalars(
                select(Role).where(Role.name == ADMIN).with_for_update()
            ).one()
            active = select(User.id).where(User.active.is_(True), User.roles.contains(admin))
            administrators = set(self.session.scalars(active))
        if administrators == {user.id}:
            raise LastAdministrator()

    def remove_user(self, user: User) -> bool:
        """Deletes the user, or makes them inactive where records bear their name (then False).

        Raises LastAdministrator.
        """
        self.require_another_admin(user)
        try:
            with self.session.begin_nested():
                self.session.delete(user)
        except IntegrityError:
            user.active = False
        gone = inspect(user).deleted or inspect(user).was_deleted
        self.session.commit()
        return bool(gone)


def _by_name_or_email(text: str) -> Any:
    name = func.lower(User.username) == func.lower(text)
    return (
        select(User.id, User.password, User.active)
        .where(or_(name, User.email == text))
        .order_by(case((name, 0), else_=1))
        .limit(1)
    )


def _ask_to_log_in() -> Response:
    if request.path.startswith("/api/"):
        abort(401)
    if request.method not in SAFE_METHODS:
        return redirect(url_for("LoginView.login"))
    wanted = request.full_path if request.query_string else request.path
    return redirect(url_for("LoginView.login", next=None if wanted == "/" else wanted))
