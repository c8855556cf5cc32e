"""What a law is, and the list of all of them in the order of their asking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.orm import Session

NAMED = 10
PORTION = 1000

Finder = Callable[[Session], Iterable[object]]


@dataclass(frozen=True)
class Law:
    """`sentence` says what must hold; `find` yields what breaks it, most telling first."""

    sentence: str
    find: Finder

    def broken(self, session: Session) -> str | None:
        """One line that names rows, or None when the law holds."""
        found = list(islice(self.find(session), NAMED + 1))
        session.rollback()  # a question changes nothing
        if not found:
            return None
        names = ", ".join(str(row) for row in found[:NAMED])
        return f"Broken: {self.sentence}: {names}{' and more' if len(found) > NAMED else ''}."


LAWS: list[Law] = []


def law(sentence: str) -> Callable[[Finder], Finder]:
    def enrol(find: Finder) -> Finder:
        LAWS.append(Law(sentence, find))
        return find

    return enrol


def named(noun: str, ids: Iterable[object]) -> Iterator[str]:
    return (f"{noun} {id_}" for id_ in ids)
