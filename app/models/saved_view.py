"""A list as somebody likes to see it: filters, order and columns under a name of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.errors import N_, Invalid
from app.models.base import TABLE_OPTIONS, Model, UtcDateTime
from app.models.checks import checked_text, required
from app.models.clock import utc_now

LONGEST_QUERY = 2000
MOST_VIEWS = 30  # of one person on one screen


class SavedView(Model):
    """`query` is the canonical query string (app/views/saved_views.py); `screen` is the class name
    of the list's screen. A view belongs to one person; what is shared is a link with the state.
    The view at position 0 is the one with which the list opens; there may be none.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "screen", "name"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    screen: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(LONGEST_QUERY), default="")
    position: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    @classmethod
    def mine(cls, session: Session, user_id: int, screen: str) -> Sequence[SavedView]:
        """The person's views of the screen, in their order."""
        own = select(cls).where(cls.user_id == user_id, cls.screen == screen)
        return session.scalars(own.order_by(cls.position, cls.id).limit(MOST_VIEWS)).all()

    @classmethod
    def keep(cls, session: Session, user_id: int, screen: str, name: str, query: str) -> SavedView:
        """A new view behind the others. Raises Invalid for a name that is empty or taken."""
        present = cls.mine(session, user_id, screen)
        if len(present) >= MOST_VIEWS:
            raise Invalid.of("name", N_("There are %(most)s views already."), most=MOST_VIEWS)
        last = session.scalar(
            select(func.max(cls.position)).where(cls.user_id == user_id, cls.screen == screen)
        )
        view = cls(user_id=user_id, screen=screen, position=(last or 0) + 1)
        view._call(name, present)
        view.save(query)
        session.add(view)
        session.flush()
        return view

    def open_first(self, session: Session, *, first: bool = True) -> None:
        """The list opens with this view from now on, or with all rows again."""
        present = self.mine(session, self.user_id, self.screen)
        behind = max((one.position for one in present), default=0) + 1
        for one in present:
            if one.position == 0 and (one is not self or not first):
                one.position = behind
        if first:
            self.position = 0

    def save(self, query: str) -> None:
        """The list as it is now takes the place of what was kept."""
        if len(query) > LONGEST_QUERY:
            raise Invalid.of("name", N_("The view has too many filters to be kept."))
        self.query = query

    def rename(self, session: Session, name: str) -> None:
        """Raises Invalid for a name that is empty or taken."""
        others = [one for one in self.mine(session, self.user_id, self.screen) if one is not self]
        self._call(name, others)

    def _call(self, name: str, others: Sequence[SavedView]) -> None:
        read = checked_text("name", name, limit=60)
        required("name", read)
        if any(one.name == read for one in others):
            raise Invalid.of("name", N_("You have a view of this name already."))
        self.name = read
