"""What tests of screens do again and again: keep rows, read them, open a form, count statements."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event

from app.extensions import db


def keep(app: Any, make: Any) -> Any:
    """What `make(session)` gives, committed; called before any request."""
    with app.app_context():
        made = make(db.session())
        db.session.commit()
        return made


def read(app: Any, ask: Any) -> Any:
    with app.app_context():
        return ask(db.session())


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def counted(app: Any, ask: Any) -> int:
    """How many statements `ask()` needs."""
    said: list[str] = []
    with app.app_context():
        engine = db.engine

    def hear(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            said.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        answer = ask()
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert answer.status_code == 200
    return len(said)


def opened(client: Any, address: str) -> dict[str, str]:
    """The hidden and filled fields of the form at this address."""
    page = text_of(client.get(address))
    found = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)
    found += [(n, v) for n, v in re.findall(r'name="([^"]+)" type="hidden" value="([^"]*)"', page)]
    return dict(found)
