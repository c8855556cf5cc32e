"""Puts demo data into an empty database, once: the batch, the users, the company, the story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.models import Batch, Client, Company, Contract, Document, Lead
from app.models.actor import acting_as
from app.models.batch import BatchKind
from app.models.clock import utc_now
from app.models.current_batch import filling
from app.models.document import DocumentState
from app.seed.cast import Cast
from app.seed.demo import COMMAND, Demo
from app.seed.words import WORDS, Words

LABEL = "demo"
Tick = Callable[[int], object]
Progress = Callable[[str, int], AbstractContextManager[Tick]]


@dataclass
class Planted:
    """What a seed has made, for the sentence at its end."""

    leads: int = 0
    clients: int = 0
    contracts: int = 0
    waiting: int = 0
    logins: Path | None = None


def why_not(session: Session) -> str | None:
    """Why this database takes no demo data (an English message), or None when it does."""
    seeded = select(Batch.undone_at, Batch.facts).where(Batch.kind == BatchKind.SEED.value).limit(1)
    found = session.execute(seeded).first()
    if found is not None:
        if found.undone_at is not None:
            return "The demo data was taken out of this database; it is not put in again."
        if not (found.facts or {}).get("finished"):
            return "A seed was interrupted here. Take out what it left: flask fab unseed"
        return "The demo data is in this database already; nothing was added."
    for noun in (Lead, Client, Contract):
        if session.scalar(select(noun.id).limit(1)) is not None:
            return f"This database holds a {noun.__tablename__} already; no demo data was added."
    return None


@dataclass
class Ground:
    """Where a seed grows. `first_password` is that of a first administrator who was made a moment
    ago; `admin_is_free`: an unused administrator may get a new password.
    """

    session: Session
    language: str
    folder: Path
    progress: Progress
    first_password: str | None = None
    admin_is_free: bool = True
    hash_method: str = "scrypt"

    @property
    def words(self) -> Words:
        return WORDS[self.language]

    def assemble(self) -> Cast:
        def hashed(password: str) -> str:
            return generate_password_hash(password, method=self.hash_method)

        cast = Cast(self.session, self.words, hashed)
        cast.assemble(self.first_password, admin_is_free=self.admin_is_free)
        return cast

    def commit_with_logins(self, cast: Cast) -> Path | None:
        """Commits; the file is there as soon as the users are, and only then."""
        path = cast.write_logins(self.folder) if cast.passwords else None
        try:
            self.session.commit()
        except BaseException:
            if path is not None:
                path.unlink(missing_ok=True)
            raise
        return path


def plant(ground: Ground) -> Planted:
    """The demo in one transaction, committed here; PDFs are rendered afterwards by the caller."""
    session = ground.session
    with planting(ground, LABEL) as batch:
        cast = ground.assemble()
        demo = Demo(session, ground.words, cast, utc_now())
        demo.set_the_scene()
        demo.write_lives()
        with ground.progress("Demo data", demo.story.lives) as tick:
            demo.story.tell(tick)
        finish(batch, cast)
    planted = count(session, [batch])
    planted.logins = ground.commit_with_logins(cast)
    return planted


@contextmanager
def planting(ground: Ground, label: str) -> Iterator[Batch]:
    """Inside, every row belongs to a new batch of the command, and the company can sign."""
    session = ground.session
    batch = Batch(kind=BatchKind.SEED.value, label=label)
    with acting_as(COMMAND):
        session.add(batch)
        session.flush()
        with filling(batch.id):
            batch.facts = {"company": _introduce(Company.of(session), ground.words)}
            yield batch
            session.flush()


def finish(batch: Batch, cast: Cast) -> None:
    """Without this mark a seed was interrupted: what it left can be taken out and begun anew."""
    users = [user.id for user in cast.made]
    batch.facts = {**(batch.facts or {}), "users": users, "finished": True}


def count(session: Session, batches: list[Batch]) -> Planted:
    ids = [batch.id for batch in batches]

    def rows(noun: Any) -> int:
        return session.scalar(select(func.count(noun.id)).where(noun.batch_id.in_(ids))) or 0

    waiting = select(func.count(Document.id)).where(
        Document.batch_id.in_(ids), Document.state == DocumentState.WAITING.value
    )
    return Planted(rows(Lead), rows(Client), rows(Contract), session.scalar(waiting) or 0)


def _introduce(company: Company, words: Words) -> dict[str, str]:
    """Fills what the company has left empty, so that contracts can be signed; tells what."""
    filled = {name: word for name, word in words.company.items() if not getattr(company, name)}
    if filled:
        company.change(**filled)
    return {name: getattr(company, name) for name in filled}
