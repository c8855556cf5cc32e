"""How one person likes the interface; whoever has chosen nothing has no row and the defaults."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql import Executable

from app.errors import N_, Invalid
from app.models.base import Model

# What may be chosen, the default first.
CHOICES: dict[str, tuple[Any, ...]] = {
    "theme": ("auto", "light", "dark"),
    "row_height": ("compact", "comfortable"),
    "single_keys": (True, False),
    "rail": ("wide", "narrow"),
    "call_by": ("tel", "copy"),
    "language": (None, "en", "ru"),  # none: what the browser asks for
}
DEFAULTS = {name: allowed[0] for name, allowed in CHOICES.items()}


def _listed(column: str) -> CheckConstraint:
    words = ", ".join(f"'{word}'" for word in CHOICES[column] if word is not None)
    return CheckConstraint(f"{column} IN ({words})", name=column)


class UserSettings(Model):
    """`single_keys` switches the one-letter keys (WCAG 2.1.4); `call_by` says what a phone's button
    does: opens the dialler or copies the number.
    """

    __tablename__ = "user_settings"
    __table_args__ = (
        _listed("theme"), _listed("row_height"), _listed("rail"), _listed("call_by"),
        _listed("language"),
    )  # fmt: skip

    user_id: Mapped[int] = mapped_column(
        Integer,
        ForeignKey("ab_user.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    theme: Mapped[str] = mapped_column(String(10), default="auto")
    row_height: Mapped[str] = mapped_column(String(12), default="compact")
    single_keys: Mapped[bool] = mapped_column(Boolean, default=True)
    rail: Mapped[str] = mapped_column(String(10), default="wide")
    call_by: Mapped[str] = mapped_column(String(10), default="tel")
    language: Mapped[str | None] = mapped_column(String(2))

    @classmethod
    def choose(cls, session: Session, user_id: int, **chosen: Any) -> None:
        """Keeps the person's choices. Raises Invalid naming what cannot be chosen."""
        session.execute(cls.choosing(session.get_bind().dialect.name, user_id, **chosen))

    @classmethod
    def choosing(cls, dialect: str, user_id: int, **chosen: Any) -> Executable:
        """As one statement, so that two switches thrown at once both hold. Raises Invalid."""
        for name, value in chosen.items():
            if name not in CHOICES or value not in CHOICES[name]:
                raise Invalid.of(name, N_("This cannot be chosen."))
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        made: Executable = (
            insert(cls)
            .values(user_id=user_id, **(DEFAULTS | chosen))
            .on_conflict_do_update(index_elements=["user_id"], set_=chosen)
        )
        return made
