"""The demo's users, one of each role; their random passwords stand in a file for the owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Channel
from app.models.actor import Actor
from app.seed.words import Words

ROLE_OF = {"operator": "Operator", "marketer": "Marketer", "manager": "Manager", "admin": "Admin"}
FILE = "demo-logins.txt"


class Cast:
    """Who acts in the story. Users who are there already take part with what they have; only the
    first administrator, as long as nobody has logged in, also gets a place in the file.
    """

    def __init__(self, session: Session, words: Words, hashed: Callable[[str], str]) -> None:
        self.session = session
        self.words = words
        self.hashed = hashed
        self.users: dict[str, User] = {}
        self.made: list[User] = []
        self.passwords: dict[str, str] = {}

    def assemble(self, first_password: str | None, *, admin_is_free: bool) -> None:
        """Makes who is missing. `first_password` is what set-up has just told of the first
        administrator; without it, and if `admin_is_free`, an unused one gets a new password.
        """
        for username, role in ROLE_OF.items():
            user = self.session.scalar(select(User).where(User.username == username))
            is_new = user is None
            user = user or self._make(username, role)
            self.users[username] = user
            if is_new or (username == "admin" and admin_is_free and is_untouched(user)):
                password = None if is_new else first_password
                if password is None:
                    password = secrets.token_urlsafe(12)
                    user.password = self.hashed(password)
                self.passwords[username] = password
        self.session.flush()

    def _make(self, username: str, role: str) -> User:
        first_name, last_name = self.words.users[username]
        user = User(
            username=username,
            first_name=first_name,
            last_name=last_name,
            email=f"demo-{username}@example.com",
            active=True,
        )
        user.roles = [self.session.scalars(select(Role).where(Role.name == role)).one()]
        self.session.add(user)
        self.made.append(user)
        return user

    def user(self, username: str) -> User:
        return self.users[username]

    def _actor(self, username: str) -> Actor:
        user = self.users[username]
        return Actor("user", user.get_full_name(), user.id)

    @property
    def operator(self) -> Actor:
        return self._actor("operator")

    @property
    def marketer(self) -> Actor:
        return self._actor("marketer")

    @property
    def manager(self) -> Actor:
        return self._actor("manager")

    @property
    def admin(self) -> Actor:
        return self._actor("admin")

    def channels(self, titles: tuple[str, ...]) -> list[Channel]:
        """The channels of these titles; those that the company has not yet are made."""
        found = []
        for title in titles:
            channel = self.session.scalar(select(Channel).where(Channel.title == title))
            if channel is None:
                channel = Channel()
                self.session.add(channel)
                channel.change(title=title)
            found.append(channel)
        return found

    def write_logins(self, folder: Path) -> Path:
        """`user password` lines, readable by the owner alone."""
        path = folder / FILE
        draft = folder / f".{FILE}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.writelines(f"{name} {word}\n" for name, word in self.passwords.items())
        draft.replace(path)
        return path


def is_untouched(user: User) -> bool:
    """Nobody has ever logged in as this user."""
    return not user.login_count and user.last_login is None


def forget_logins(folder: Path, usernames: set[str]) -> None:
    """Takes the lines of these users out of the file; an empty file goes."""
    path = folder / FILE
    if not path.exists():
        return
    kept = [line for line in path.read_text().splitlines() if line.split(" ")[0] not in usernames]
    if kept:
        path.write_text("".join(f"{line}\n" for line in kept))
    else:
        path.unlink()
