"""Documents: failed ones first, retried with a button, downloaded by those who see contracts."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfWriter
from sqlalchemy import select, update

from app.extensions import db
from app.models import Document
from app.models.document import DocumentState
from app.models.pictures import png_size
from app.views import documents as screen
from tests.factories import make_signed_contract
from tests.views.browsing import page, press, queries, stored

LIST = "/documentview/list/"
PDF = b"%PDF-1.4 a contract %%EOF"


def documents(app: Flask, number: int = 1) -> list[int]:
    """Waiting ones, each of a contract of its own."""
    with stored(app) as session:
        contracts = [make_signed_contract(session).id for _ in range(number)]
        found = select(Document.id).where(Document.contract_id.in_(contracts))
        return list(session.scalars(found.order_by(Document.id)))


def mark(app: Flask, number: int, state: DocumentState, **values: Any) -> None:
    if state == DocumentState.READY:
        values |= {"content": PDF, "size": len(PDF), "sha256": "ab" * 32}
    with stored(app) as session:
        change = update(Document).where(Document.id == number)
        session.execute(change.values(state=state.value, **values))


@pytest.mark.parametrize("role", ["Operator", "Marketer"])
def test_others_never_see_documents(app: Flask, client_as: Any, role: str) -> None:
    number = documents(app)[0]
    mark(app, number, DocumentState.READY)
    client = client_as(role)
    for address in ("list/", f"show/{number}", f"download/{number}"):
        assert client.get(f"/documentview/{address}").status_code == 403
    assert press(client, f"/documentview/{number}/retry").status_code == 403


@pytest.mark.parametrize("role", ["Manager", "Admin"])
def test_a_ready_document_is_downloaded(app: Flask, client_as: Any, role: str) -> None:
    number = documents(app)[0]
    client = client_as(role)
    assert "waiting" in page(client, f"/documentview/download/{number}", 409)
    mark(app, number, DocumentState.READY)
    answer = client.get(f"/documentview/download/{number}")
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert client.get("/documentview/download/999999").status_code == 404
    assert client.get("/documentview/download/x").status_code == 404


def test_failed_come_first_then_waiting_then_the_newest(app: Flask, client_as: Any) -> None:
    ids = documents(app, 6)
    for number in (ids[1], ids[3]):
        mark(app, number, DocumentState.READY)
    mark(app, ids[0], DocumentState.FAILED)
    client = client_as("Manager")

    def order(address: str) -> list[int]:
        text = page(client, address)
        places = {n: text.find(f'/documentview/show/{n}"') for n in ids}
        return sorted((n for n in ids if places[n] >= 0), key=places.__getitem__)

    expected = [ids[0], ids[5], ids[4], ids[2], ids[3], ids[1]]
    assert order(LIST) == expected
    pages = [f"{LIST}?psize_DocumentView=2&page_DocumentView={n}" for n in (0, 1, 2)]
    assert [one for address in pages for one in order(address)] == expected
    equal = next(n for n in range(3) if order(f"{LIST}?_flt_{n}_state=ready") == [ids[3], ids[1]])
    assert equal == 0


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("missing: wkhtmltopdf is not installed", "is not installed on the server"),
        ("timeout: stopped after 30 s", "Making the PDF took too long."),
        ("lost: the worker ended", "The worker was stopped in the middle of each try."),
        ("something <new>", "something &lt;new&gt;"),
    ],
)
def test_a_reason_is_told_in_words(app: Flask, client_as: Any, reason: str, sentence: str) -> None:
    mark(app, documents(app)[0], DocumentState.FAILED, reason=reason)
    assert sentence in page(client_as("Manager"), LIST)


def test_a_failed_document_is_retried(app: Flask, client_as: Any) -> None:
    number = documents(app)[0]
    mark(app, number, DocumentState.FAILED, attempts=5, reason="timeout: 30 s")
    client = client_as("Manager")
    with stored(app) as session:
        contract = session.get_one(Document, number).contract_id
    assert client.get(f"/documentview/{number}/retry").status_code == 405
    answer = press(client, f"/documentview/{number}/retry")
    assert answer.location == f"/contractview/show/{contract}"
    with stored(app) as session:
        row = session.get_one(Document, number)
        assert (row.state, row.attempts, row.reason) == ("waiting", 0, None)


def test_a_ready_document_is_not_made_again(app: Flask, client_as: Any) -> None:
    number = documents(app)[0]
    mark(app, number, DocumentState.READY)
    client = client_as("Manager")
    assert press(client, f"/documentview/{number}/retry").status_code == 302
    assert "This document is ready." in page(client, f"/documentview/show/{number}")
    with stored(app) as session:
        assert session.get_one(Document, number).state == "ready"


def test_fifty_rows_cost_no_more_queries_than_five(app: Flask, client_as: Any) -> None:
    costs = []
    for number in (5, 45):
        documents(app, number)
        costs.append(queries(app, client_as("Admin"), f"{LIST}?psize_DocumentView=100"))
    assert costs[0] == costs[1] <= 10


# -- pages as pictures -----------------------------------------------------------------------------


def real_pdf(app: Flask, pages: int = 2) -> int:
    """A ready document of blank pages."""
    number = documents(app)[0]
    writer, kept = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    writer.write(kept)
    content = kept.getvalue()
    mark(app, number, DocumentState.READY)
    with stored(app) as session:
        values = {"content": content, "sha256": sha256(content).hexdigest()}
        session.execute(update(Document).where(Document.id == number).values(**values))
    return number


def test_the_pages_are_pictures_that_the_browser_keeps(app: Flask, client_as: Any) -> None:
    number, client = real_pdf(app), client_as("Manager")
    address = f"/documentview/{number}/page/2.png"
    assert address in page(client, f"/documentview/show/{number}")
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "image/png"
    assert png_size(answer.data) is not None
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert (
        client.get(f"/documentview/{number}/page/1.png").headers["ETag"] != answer.headers["ETag"]
    )
    for page_number in (0, 3, 999, 1000):
        assert client.get(f"/documentview/{number}/page/{page_number}.png").status_code == 404


def test_a_picture_is_for_those_who_may_open_the_contract(app: Flask, client_as: Any) -> None:
    number = real_pdf(app)
    address = f"/documentview/{number}/page/1.png"
    tag = client_as("Admin").get(address).headers["ETag"]
    for role in ("Operator", "Marketer"):
        answer = client_as(role).get(address, headers={"If-None-Match": tag})
        assert answer.status_code == 403
    waiting = documents(app)[0]
    assert client_as("Manager").get(f"/documentview/{waiting}/page/1.png").status_code == 404


def test_no_transaction_is_open_while_a_page_is_drawn(
    app: Flask, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, open_then = real_pdf(app), []

    def draw(_content: bytes, _number: int) -> bytes:
        open_then.append(db.session().in_transaction())
        return b"PNG"

    monkeypatch.setattr(screen, "page_picture", draw)
    assert client_as("Manager").get(f"/documentview/{number}/page/1.png").data == b"PNG"
    assert open_then == [False]


def test_a_failed_one_is_retried_from_the_list(app: Flask, client_as: Any) -> None:
    failed, waiting = documents(app, 2)
    mark(app, failed, DocumentState.FAILED, attempts=5, reason="timeout")
    text = page(client_as("Admin"), LIST)
    assert f'action="/documentview/{failed}/retry"' in text
    assert f"/documentview/{waiting}/retry" not in text
    assert '<span class="pill pill-bad">Failed</span>' in text
