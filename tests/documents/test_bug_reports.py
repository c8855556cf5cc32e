"""Public bug reports of other products about documents, tried on ours with the real renderer."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.documents import queue
from app.extensions import db
from app.models import Document, RevenueEntry
from tests.documents.test_render import poppler
from tests.factories import make_client, make_signed_contract
from tests.views.browsing import page
from tests.views.pages import keep, read

DOOR = "document"


def signed(app: Flask, amount: str, **client: Any) -> int:
    def make(session: Any) -> int:
        person = make_client(session, language="ru", **client)
        contract = make_signed_contract(
            session, client=person, amount=Decimal(amount), language="ru"
        )
        return int(contract.id)

    return int(keep(app, make))


def text_of_document(app: Flask) -> str:
    with app.app_context():
        engine = db.engine
        db.session.rollback()
    assert queue.render_one(engine)
    content = read(app, lambda s: s.query(Document).one().content)
    return re.sub(r"\s+", " ", poppler("pdftotext", content).replace("\u00a0", " "))


@pytest.mark.parametrize("last", ["Щёголева", "Їжаківська", "Ўладзіміраў", "Þórðarson"])
def test_report_08_letters_and_the_sign_of_the_money_come_out_as_they_are(
    app: Flask, last: str
) -> None:
    signed(app, "1234.50", last_name=last, first_name="Ёлка")
    text = text_of_document(app)
    assert last in text
    assert "Ёлка" in text
    assert re.search(r"1[ \u202f]?234,50", text)
    assert re.search("₽|руб", text)


@pytest.mark.parametrize(
    ("price", "shown"), [("1185.125", "1185.13"), ("1185.115", "1185.12"), ("0.005", "0.01")]
)
def test_report_09_one_rounding_holds_in_page_document_and_figures(
    app: Flask, client_as: Any, price: str, shown: str
) -> None:
    contract = signed(app, price, last_name="Пробная")
    assert read(app, lambda s: s.query(RevenueEntry).one().amount) == Decimal(shown)
    whole, _, cents = shown.partition(".")
    pattern = rf"{whole[:-3]}[ ,\u202f\u00a0]?{whole[-3:]}[.,]{cents}(?!\d)"
    assert re.search(pattern, text_of_document(app))
    assert re.search(pattern, page(client_as("Manager"), f"/contractview/show/{contract}"))
