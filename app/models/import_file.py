"""An import: one file of leads, clients or spend on its way into the database, and what came of it.

The file waits in pieces, so that whichever process takes a turn can read it, and goes when it has
been worked. Only rows with something to tell are kept by themselves: wrong ones (with their cells,
to be given back), repeats, and what an undo must know.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    delete,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.errors import N_, NotAllowedNow
from app.models.base import TABLE_OPTIONS, Json, Model, Recorded, UtcDateTime, one_of
from app.models.batch import Batch
from app.models.clock import utc_now
from app.models.job import Job, JobState

PIECE = 256 * 1024
SIGN_OF_LIFE = timedelta(minutes=1)


class ImportKind(StrEnum):
    """What a file is a list of; the words of the command and of permissions."""

    LEADS = "leads"
    CLIENTS = "clients"
    SPEND = "spend"


class ImportState(StrEnum):
    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class RowState(StrEnum):
    WRONG = "wrong"
    REPEAT = "repeat"
    WARNED = "warned"
    CHANGED = "changed"  # what stood there before is among its remarks
    KEPT = "kept"  # what an undo had to leave


UNDER_WAY = (ImportState.CHECKING, ImportState.RUNNING, ImportState.UNDOING)


class ImportFile(Recorded, Model):
    """`layout` says how the file is read (sheet, encoding, delimiter), `plan` what its columns mean
    and what holds for all rows; `head` are its first rows, for the page that asks. `next_row` is
    the last row that the act under way has gone through. `joined` counts requests that join a lead
    that is here (of a check: that would join) and amounts that were changed.
    """

    __tablename__ = "import_file"
    __table_args__ = (
        one_of("kind", ImportKind),
        one_of("state", ImportState),
        Index(None, "kind", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default=ImportState.UPLOADED.value)
    file_name: Mapped[str] = mapped_column(String(300), default="")
    size: Mapped[int] = mapped_column(Integer, default=0)
    layout: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    plan: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    head: Mapped[list[Any]] = mapped_column(Json, default=list)
    rows: Mapped[int] = mapped_column(Integer, default=0)
    next_row: Mapped[int] = mapped_column(Integer, default=0)
    ready: Mapped[int] = mapped_column(Integer, default=0)
    repeats: Mapped[int] = mapped_column(Integer, default=0)
    wrong: Mapped[int] = mapped_column(Integer, default=0)
    ignored: Mapped[int] = mapped_column(Integer, default=0)
    warned: Mapped[int] = mapped_column(Integer, default=0)
    made: Mapped[int] = mapped_column(Integer, default=0)
    joined: Mapped[int] = mapped_column(Integer, default=0)
    taken_back: Mapped[int] = mapped_column(Integer, default=0)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    batch: Mapped[Batch | None] = relationship()
    job: Mapped[Job | None] = relationship()

    # -- questions -------------------------------------------------------------------------------

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY and not self._has_ended

    @property
    def was_stopped(self) -> bool:
        """Somebody or an error ended the act before its last row."""
        return self.state in UNDER_WAY and self._has_ended

    @property
    def _has_ended(self) -> bool:
        """By its job; an act without one (a small file, a command) says so part by part."""
        if self.job is not None:
            return self.job.is_over
        return self.changed_at <= utc_now() - SIGN_OF_LIFE

    @property
    def failure(self) -> str | None:
        job = self.job
        return job.failure if job is not None and job.state == JobState.FAILED else None

    @property
    def can_be_run(self) -> bool:
        if self.state == ImportState.CHECKED:
            return self.ready + self.joined > 0
        return self.state == ImportState.RUNNING and self.was_stopped

    @property
    def can_be_undone(self) -> bool:
        began = self.state in (ImportState.RUNNING, ImportState.UNDOING) and self.was_stopped
        return (began or self.state == ImportState.DONE) and self.made + self.joined > 0

    @property
    def can_be_mapped(self) -> bool:
        return self.state in (ImportState.UPLOADED, ImportState.CHECKED) or (
            self.state == ImportState.CHECKING and self.was_stopped
        )

    # -- verbs -----------------------------------------------------------------------------------

    def keep(self, pieces: Iterable[bytes]) -> None:
        """Stores the file's bytes."""
        session = self._session()
        session.flush()
        self.size = 0
        for piece in pieces:
            self.size += len(piece)
            session.add(ImportPiece(import_id=self.id, content=piece))
            session.flush()
        session.expire_all()

    def lock(self) -> None:
        """Of two clicks at once one begins, the other is told that it has begun."""
        session = self._session()
        session.flush()
        session.refresh(self, with_for_update={"of": ImportFile})

    def begin(self, state: ImportState) -> None:
        """Starts the check, the run or the undo. Raises NotAllowedNow."""
        allowed = {
            ImportState.CHECKING: self.can_be_mapped,
            ImportState.RUNNING: self.can_be_run,
            ImportState.UNDOING: self.can_be_undone,
        }[state]
        if not allowed:
            raise NotAllowedNow(N_("The import is not at this step any more."))
        if state == ImportState.CHECKING or self.state != state:
            self.next_row = 0
        if state == ImportState.CHECKING or self.state == ImportState.CHECKED:
            # What the check has told is told anew by the run, for others work meanwhile.
            self.ready = self.repeats = self.wrong = self.ignored = self.warned = 0
            self.made = self.joined = 0
            self.forget_rows()
        self.state = state.value
        self.finished_at = None

    def end(self, state: ImportState) -> None:
        session = self._session()
        self.state = state.value
        self.finished_at = utc_now()
        _go(session, ImportKey, self.id)
        if state == ImportState.DONE:
            _go(session, ImportPiece, self.id)

    def forget_rows(self) -> None:
        for noun in (ImportRow, ImportKey):
            _go(self._session(), noun, self.id)

    def drop(self) -> None:
        """The file and all that is told of it go; what it has made stays with its batch."""
        session = self._session()
        if self.batch_id is not None or self.is_under_way:
            raise NotAllowedNow(N_("The import is not at this step any more."))
        self.forget_rows()
        _go(session, ImportPiece, self.id)
        session.delete(self)

    def _session(self) -> Session:
        session = object_session(self)
        if session is None:
            raise RuntimeError("the import is not in a session")
        return session

    def __repr__(self) -> str:
        return self.file_name


class ImportPiece(Model):
    """Up to 256 KB of the file; in the order of the ids."""

    __tablename__ = "import_piece"
    __table_args__ = (Index(None, "import_id", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRow(Model):
    """`remarks` as a submission keeps its reasons: {header: [{code, params}]}."""

    __tablename__ = "import_row"
    __table_args__ = (
        one_of("state", RowState),
        Index(None, "import_id", "state", "number"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import_file.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(20))
    cells: Mapped[list[str] | None] = mapped_column(Json)
    remarks: Mapped[dict[str, Any] | None] = mapped_column(Json)
    noun_id: Mapped[int | None] = mapped_column(Integer)


class ImportKey(Model):
    """Who stands in the rows that were read already: 8 bytes of a hash, while the act goes on.
    `alone`: the row has no phone, so that its e-mail tells who it is.
    """

    __tablename__ = "import_key"

    import_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("import_file.id"), primary_key=True, autoincrement=False
    )
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    alone: Mapped[bool] = mapped_column(Boolean, default=False)


def _go(session: Session, noun: Any, import_id: int) -> None:
    statement = delete(noun).where(noun.import_id == import_id)
    session.execute(statement.execution_options(synchronize_session=False))
