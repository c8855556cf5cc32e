"""What each person opened last, so that an empty search offers the way back to it.

Only the noun and the id are kept: a name is read when it is shown, by whoever may see it then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Integer, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql import Executable

from app.models.base import Model, UtcDateTime
from app.models.clock import utc_now

KEPT = 50  # of one person; far more than are shown, for some may be put away
NOT_AGAIN_WITHIN = timedelta(minutes=5)


class RecentlyOpened(Model):
    """`noun` is the table's name. There is no key to the row itself: it may go."""

    __tablename__ = "recently_opened"
    __table_args__ = (Index(None, "user_id", "at"),)

    user_id: Mapped[int] = mapped_column(
        Integer,
        ForeignKey("ab_user.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    noun: Mapped[str] = mapped_column(String(30), primary_key=True)
    row_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def noting(cls, dialect: str, user_id: int, noun: str, row_id: int) -> Executable:
        """One statement that says that the row was opened now; does nothing when it was already
        within the last five minutes.
        """
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        now = utc_now()
        made: Executable = (
            insert(cls)
            .values(user_id=user_id, noun=noun, row_id=row_id, at=now)
            .on_conflict_do_update(
                index_elements=["user_id", "noun", "row_id"],
                set_={"at": now},
                where=cls.at < now - NOT_AGAIN_WITHIN,
            )
        )
        return made

    @classmethod
    def forgetting(cls, user_id: int) -> Executable:
        """One statement that keeps only the newest of the person's."""
        oldest = (
            select(cls.at)
            .where(cls.user_id == user_id)
            .order_by(cls.at.desc())
            .offset(KEPT - 1)
            .limit(1)
            .scalar_subquery()
        )
        return delete(cls).where(cls.user_id == user_id, cls.at < oldest)

    @classmethod
    def of(
        cls, session: Session, user_id: int, nouns: list[str], most: int = KEPT
    ) -> list[tuple[str, int]]:
        """(noun, id) of what the person opened, the last first; of these nouns only."""
        found = (
            select(cls.noun, cls.row_id)
            .where(cls.user_id == user_id, cls.noun.in_(nouns))
            .order_by(cls.at.desc())
            .limit(most)
        )
        return [(row[0], row[1]) for row in session.execute(found)]
