"""Undo: what a verb changed is kept for ten minutes, so that the one who did it can take it back.

A verb runs inside `recording(session)`. The record hears from the unit of work which columns of
undoable rows got other values and which notes were written; `UndoStep.keep` stores that beside the
change, in one transaction. Undoing is a verb of the noun (`take_back`), which looks at the laws as
any other. Contracts, conversions and erasures are never undone: their nouns take nothing back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Integer, String, event, inspect
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from app.errors import N_, CrmError, NotAllowedNow
from app.models.base import TABLE_OPTIONS, Json, Model, UtcDateTime, machine
from app.models.clock import utc_now
from app.models.note import Note

LASTS = timedelta(minutes=10)
Place = tuple[str, int]  # a noun (its table's name) and an id


class ChangedSince(NotAllowedNow):
    """Whoever changed the record later must not lose their work by an undo."""

    message = N_("This cannot be undone: the record was changed meanwhile.")


class UndoneAlready(NotAllowedNow):
    message = N_("This has been undone already.")


class Undoable:
    """For nouns whose verbs can be undone. `UNDOABLE` are the columns that such verbs change."""

    UNDOABLE: ClassVar[tuple[str, ...]] = ()

    def take_back(self, before: Mapping[str, Any], *, version: int, notes: Collection[int]) -> None:
        """Gives the columns their values of before (machine form) and marks the verb's notes.

        Raises ChangedSince when the row's version is no longer the one that the verb left.
        """
        raise NotImplementedError

    def _restore(self, before: Mapping[str, Any]) -> None:
        columns: Any = inspect(type(self)).columns
        for name in before.keys() & set(self.UNDOABLE):
            setattr(self, name, typed(columns[name].type, before[name]))


@dataclass
class Record:
    """What a verb did to one or more rows, to be undone."""

    before: dict[Any, dict[str, Any]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def hear(self, session: Session, _context: Any = None) -> None:
        """In the flush that writes the changes, when the values of before are still known."""
        for row in session.dirty:
            if isinstance(row, Undoable):
                self._hear_row(row)
        self.notes += [row for row in session.new if isinstance(row, Note)]

    def _hear_row(self, row: Undoable) -> None:
        attrs: Any = inspect(row).attrs
        known = self.before.setdefault(row, {})
        for name in row.UNDOABLE:
            history = attrs[name].history
            if history.has_changes() and history.deleted:
                known.setdefault(name, machine(history.deleted[0]))

    def rows(self) -> list[dict[str, Any]]:
        """Only rows that are another now than before."""
        found = []
        for row, before in self.before.items():
            changed = {name: old for name, old in before.items() if old != machine(_now(row, name))}
            if changed:
                told = [note.id for note in self.notes if _is_about(note, row)]
                found.append(
                    {"noun": row.__tablename__, "id": row.id, "version": row.lock_version,
                     "before": changed, "notes": told}
                )  # fmt: skip
        return found


@contextmanager
def recording(session: Session) -> Iterator[Record]:
    """Hears what the verbs inside change."""
    record = Record()
    event.listen(session, "after_flush", record.hear)
    try:
        yield record
        session.flush()
    finally:
        event.remove(session, "after_flush", record.hear)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many rows are as before, and which could not be: (place, why)."""

    rows: int
    refused: list[tuple[Place, CrmError]]


class UndoStep(Model):
    """One save that can be undone by `user_id` until `until`. `act` is the screen and its verb,
    `permission` what the verb needed. A step of a background job stands for one part of it.
    """

    __tablename__ = "undo_step"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), index=True)
    act: Mapped[str] = mapped_column(String(100))
    permission: Mapped[str] = mapped_column(String(100))
    rows: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @classmethod
    def keep(
        cls, session: Session, rows: list[dict[str, Any]], *, user_id: int | None, act: str,
        permission: str, job_id: int | None = None, lasts: timedelta = LASTS,
    ) -> UndoStep | None:  # fmt: skip
        """In the transaction of the change; None when there is nothing or nobody to undo it."""
        if not rows or user_id is None:
            return None
        step = cls(user_id=user_id, act=act[:100], permission=permission, rows=rows, job_id=job_id)
        step.at = utc_now()
        step.until = step.at + lasts
        session.add(step)
        session.flush()
        return step

    @property
    def places(self) -> list[Place]:
        return [(row["noun"], row["id"]) for row in self.rows]

    def take_back(self, *, in_time: bool = True) -> TakenBack:
        """Undoes the save, once. A single row that cannot return raises the reason; of several
        rows the others return and the refused ones are named.
        """
        session = object_session(self)
        if session is None:
            raise RuntimeError("the step is not in a session")
        session.refresh(self, with_for_update=True)
        if self.undone_at is not None:
            raise UndoneAlready()
        if in_time and self.until < utc_now():
            raise NotAllowedNow(N_("Only what was done in the last ten minutes can be undone."))
        refused: list[tuple[Place, CrmError]] = []
        for row in self.rows:
            try:
                with session.begin_nested():
                    _take_back(session, row)
            except CrmError as error:
                if len(self.rows) == 1:
                    raise
                refused.append(((row["noun"], row["id"]), error))
        self.undone_at = utc_now()
        session.flush()
        return TakenBack(len(self.rows) - len(refused), refused)


def mark_undone(session: Session, notes: Iterable[Note]) -> None:
    """The line in the story stays where it stands and says that it was undone."""
    for note in notes:
        note.facts = {**(note.facts or {}), "undone": note.kind}
        note.kind = "changed"
        note.pinned = False


# -- how it is made --------------------------------------------------------------------------------


def _take_back(session: Session, row: Mapped[Any] | dict[str, Any]) -> None:
    place: Any = row
    found = session.get(_noun(place["noun"]), place["id"])
    if found is None:
        raise ChangedSince()
    found.take_back(place["before"], version=place["version"], notes=place["notes"])
    session.flush()


def _noun(table: str) -> Any:
    for mapper in Model.registry.mappers:
        if issubclass(mapper.class_, Undoable) and mapper.class_.__tablename__ == table:
            return mapper.class_
    raise LookupError(table)


def _is_about(note: Note, row: Any) -> bool:
    return bool(getattr(note, f"{row.__tablename__}_id", None) == row.id)


def _now(row: Any, name: str) -> Any:
    return getattr(row, name)


def typed(kind: Any, value: Any) -> Any:
    if isinstance(kind, UtcDateTime) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value
