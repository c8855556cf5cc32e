"""Puts demo data into an empty database, once: the batch, the users, the company, the story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.models import Batch, Client, Company, Contract, Document, Lead
from app.models.actor import acting_as
from app.models.batch import BatchKind
from app.models.clock import utc_now
from app.models.current_batch import filling
from app.models.document import DocumentState
from app.seed.cast import FILE, Cast
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
    passwords: dict[str, str] = field(default_factory=dict)


def why_not(session: Session) -> str | None:
    """Why this database takes no demo data (an English message), or None when it does."""
    seeded = select(Batch.undone_at).where(Batch.kind == BatchKind.SEED.value).limit(1)
    found = session.execute(seeded).first()
    if found is not None:
        if found.undone_at is not None:
            return "The demo data was taken out of this database; it is not put in again."
        return "The demo data is in this database already; nothing was added."
    for noun in (Lead, Client, Contract):
        if session.scalar(select(noun.id).limit(1)) is not None:
            return f"This database holds a {noun.__tablename__} already; no demo data was added."
    return None


def plant(
    session: Session,
    language: str,
    folder: Path,
    progress: Progress,
    *,
    first_password: str | None = None,
    admin_is_free: bool = True,
    hash_method: str = "scrypt",
) -> Planted:
    """The demo in one transaction, committed here; PDFs are rendered afterwards by the caller.

    Raises RuntimeError when `why_not` has a reason.
    """
    reason = why_not(session)
    if reason is not None:
        raise RuntimeError(reason)
    words = WORDS[language]
    cast = Cast(session, words, lambda word: generate_password_hash(word, method=hash_method))
    with planting(session, LABEL, words, cast) as batch:
        cast.assemble(first_password, admin_is_free=admin_is_free)
        demo = Demo(session, words, cast, utc_now())
        with demo.beginning():
            demo.prepare()
            session.flush()
        with progress("Demo data", demo.story.lives) as tick:
            demo.story.tell(on_end_of_life=lambda: tick(1))
        batch.facts = {**(batch.facts or {}), "users": [user.id for user in cast.made]}
    planted = count(session, batch)
    planted.logins = cast.write_logins(folder) if cast.passwords else None
    try:
        session.commit()
    except BaseException:
        (folder / FILE).unlink(missing_ok=True)
        raise
    return planted


@contextmanager
def planting(session: Session, label: str, words: Words, cast: Cast) -> Iterator[Batch]:
    """Inside, every row belongs to a new batch of the command, and the company can sign."""
    batch = Batch(kind=BatchKind.SEED.value, label=label)
    with acting_as(COMMAND):
        session.add(batch)
        session.flush()
        with filling(batch.id):
            batch.facts = {"company": _introduce(Company.of(session), words)}
            yield batch
            session.flush()


def count(session: Session, batch: Batch) -> Planted:
    def rows(noun: type) -> int:
        mine = noun.batch_id == batch.id  # type: ignore[attr-defined]
        return session.scalar(select(func.count()).select_from(noun).where(mine)) or 0

    waiting = select(func.count()).where(
        Document.batch_id == batch.id, Document.state == DocumentState.WAITING.value
    )
    return Planted(rows(Lead), rows(Client), rows(Contract), session.scalar(waiting) or 0)


def _introduce(company: Company, words: Words) -> dict[str, str]:
    """Fills what the company has left empty, so that contracts can be signed; tells what."""
    filled = {name: word for name, word in words.company.items() if not getattr(company, name)}
    if filled:
        company.change(**filled)
    return {name: getattr(company, name) for name in filled}
