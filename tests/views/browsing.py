"""What tests of screens do as a browser would: read a page's form, fill some fields in, send it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.extensions import db


@contextmanager
def stored(app: Flask) -> Iterator[Session]:
    """A session of its own whose work is committed; not while a client is at work."""
    with app.app_context():
        yield db.session()
        db.session.commit()


def page(client: Any, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code, answer.location)
    return str(answer.get_data(as_text=True))


class _Forms(HTMLParser):
    """The fields of each POST form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._open: dict[str, Any] | None = None
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {} if at.get("method") == "post" else None
            if self._open is not None:
                self.forms.append(self._open)
        if self._open is None or not (at.get("name") or tag == "option"):
            return
        if tag == "input" and at.get("type") not in ("submit", "file"):
            if at.get("type") not in ("checkbox", "radio") or "checked" in at:
                self._open[at["name"]] = at.get("value", "y")
        elif tag == "select":
            self._select = at["name"]
            self._open.setdefault(self._select, "")
        elif tag == "option" and "selected" in dict(attrs):
            self._open[self._select] = at.get("value", "")
        elif tag == "textarea":
            self._textarea = at["name"]
            self._open[self._textarea] = ""

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._textarea:
            self._open[self._textarea] += data.removeprefix("\r").removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""
        elif tag == "form":
            self._open = None


def form_of(client: Any, address: str) -> dict[str, Any]:
    """The values with which the page's own form opens."""
    reader = _Forms()
    reader.feed(page(client, address))
    return max(reader.forms, key=len)


def send(client: Any, address: str, /, **changes: Any) -> Any:
    """Opens the form, changes some fields as a person would, and sends it."""
    return client.post(address, data=form_of(client, address) | changes)


def press(client: Any, address: str, /, **values: Any) -> Any:
    """A button: a form without fields."""
    return client.post(address, data={"form_key": secrets.token_urlsafe(24)} | values)


def queries(app: Flask, client: Any, address: str) -> int:
    """How many statements the page costs, the user's own look-up included."""
    said: list[str] = []

    def listen(_c: Any, _cu: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        page(client, address)
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    return len([one for one in said if not one.startswith(("PRAGMA", "BEGIN"))])
