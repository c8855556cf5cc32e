"""Many people at once: threads with a session each, released at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

from app import database
from app.extensions import db


def race(number: int, act: Callable[[Session, int], Any]) -> list[Any]:
    """What each of the threads got from `act(session, its number)`: a value or an exception.

    A thread that comes to an end commits; one that fails rolls back.
    """
    url = db.engine.url.render_as_string(hide_password=False)
    engine = create_engine(url, poolclass=NullPool, **_options(url))
    database.watch(engine)
    start = threading.Barrier(number)

    def run(turn: int) -> Any:
        start.wait()
        with Session(engine) as session:
            try:
                found = act(session, turn)
                session.commit()
            except Exception as error:
                session.rollback()
                return error
            return found

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def _options(url: str) -> dict[str, Any]:
    return {"connect_args": {"timeout": 30}} if url.startswith("sqlite") else {}
