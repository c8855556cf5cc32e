"""An import by the pages, as a person does it: bring the file, look at the columns, check, run."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extensions import db
from app.jobs.queue import take_turn
from app.models import ImportFile
from app.views.jobs import RUNNERS
from tests.imports.cases import Case
from tests.site import logged_in
from tests.views.browsing import form_of, page


def bring(client: Any, kind: str, name: str, content: bytes, status: int = 302) -> Any:
    """Sends a file to the first page; the answer leads to its columns."""
    from io import BytesIO

    answer = client.post(f"/importview/{kind}", data={"file": (BytesIO(content), name)})
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return answer


def number_in(answer: Any) -> int:
    return int(answer.location.split("/importview/")[1].split("/")[0])


def columns_of(client: Any, pk: int) -> dict[str, Any]:
    """The form of the second page as it opens; `field` holds a value for each column."""
    values = form_of(client, f"/importview/{pk}/columns")
    text = page(client, f"/importview/{pk}/columns")
    import re

    fields = []
    for select_text in re.findall(r'<select[^>]*name="field">(.*?)</select>', text, re.S):
        fields.append(re.search(r'value="(\w*)" selected', select_text)[1])  # type: ignore[index]
    return values | {"field": fields}


def check(client: Any, pk: int, **changes: Any) -> Any:
    return client.post(
        f"/importview/{pk}/columns", data=columns_of(client, pk) | {"act": "check"} | changes
    )


def run(client: Any, pk: int) -> Any:
    answer = client.post(f"/importview/{pk}/run")
    assert answer.status_code == 302
    return answer


def by_page(app: Flask, one: Case) -> Any:
    client = logged_in(app, "admin")
    pk = number_in(bring(client, one.kind, one.name, one.path.read_bytes()))
    answer = check(client, pk)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    page(client, f"/importview/show/{pk}")
    run(client, pk)
    finish(app)
    with app.app_context():
        file = db.session.get(ImportFile, pk)
        # Nothing but repeats: the page has nothing to import, and says so.
        if file.state == "checked" and not file.ready:
            client.post(f"/importview/{pk}/run")
    return page(client, f"/importview/show/{pk}")


def finish(app: Flask) -> None:
    """The worker's turns until nothing waits."""
    with app.app_context():
        while take_turn(db.session(), RUNNERS):
            pass


def file_of(session: Session, pk: int) -> ImportFile:
    return session.scalars(select(ImportFile).where(ImportFile.id == pk)).one()
