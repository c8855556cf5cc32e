"""A whole import is taken back: what it made goes, what it changed is as before, and what somebody
has worked with since stays and is named.
"""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotAllowedNow
from app.imports import undoing, working
from app.models import (
    Client,
    ContactPoint,
    ImportFile,
    Lead,
    Note,
    Spend,
    Submission,
)
from app.models.import_file import ImportKind, ImportState, RowState
from tests.factories import make_campaign, make_client, make_contract, make_spend
from tests.imports.cases import told_rows

LEADS = (
    "Имя;Телефон;Email;Кампания\nАнна;+79000000001;anna@example.com;Осень\nИван;+79000000002;;\n"
)


def imported(session: Session, kind: str, text: str) -> ImportFile:
    one = working.take_file(session, ImportKind(kind), "file.csv", BytesIO(text.encode()))
    for state, part in (
        (ImportState.CHECKING, working.check_part),
        (ImportState.RUNNING, working.run_part),
    ):
        one.begin(state)
        while one.state == state:
            part(session, one)
            session.commit()
    return one


def undo(session: Session, one: ImportFile) -> None:
    one.begin(ImportState.UNDOING)
    session.commit()
    while one.state == ImportState.UNDOING:
        undoing.undo_part(session, one)
        session.commit()


def counts(session: Session) -> dict[str, int]:
    nouns: Any = (Lead, Client, Spend, Note, Submission, ContactPoint)
    return {noun.__tablename__: session.scalar(select(func.count(noun.id))) or 0 for noun in nouns}


def test_what_an_import_made_goes_without_a_trace(session: Session) -> None:
    before = counts(session)
    one = imported(session, "leads", LEADS)
    assert counts(session)["lead"] == before["lead"] + 2
    undo(session, one)
    assert counts(session) == before
    assert (one.state, one.taken_back) == ("undone", 2)
    assert one.batch is not None
    assert one.batch.undone_at is not None


def test_it_can_be_brought_again_after_the_undo(session: Session) -> None:
    undo(session, imported(session, "leads", LEADS))
    again = imported(session, "leads", LEADS)
    assert (again.made, again.repeats) == (2, 0)


def test_a_lead_that_somebody_has_worked_stays_and_is_named(session: Session) -> None:
    one = imported(session, "leads", LEADS)
    anna = session.scalars(select(Lead).where(Lead.email_key == "anna@example.com")).one()
    anna.write_note("Called her.")
    session.commit()
    undo(session, one)
    left = session.scalars(select(Lead)).all()
    assert [lead.id for lead in left] == [anna.id]
    kept = told_rows(session, one, RowState.KEPT)
    assert [row.noun_id for row in kept.values()] == [anna.id]
    assert one.taken_back == 1


def test_a_lead_that_was_changed_or_asked_again_since_stays(session: Session) -> None:
    one = imported(session, "leads", LEADS)
    anna, ivan = session.scalars(select(Lead).order_by(Lead.id)).all()
    anna.change(company_name="Romashka")
    session.commit()
    imported(session, "leads", "Имя,Телефон,Дата\nИван,+79000000002,2026-11-01\n")
    undo(session, one)
    assert set(session.scalars(select(Lead.id))) == {anna.id, ivan.id}


def test_a_lead_that_was_there_before_is_as_it_was(session: Session) -> None:
    first = imported(session, "leads", "Имя;Телефон\nАнна;+79000000001\n")
    lead = session.scalars(select(Lead)).one()
    before = (lead.email, lead.last_name, lead.asked_again_at, lead.search_text, counts(session))
    more = imported(
        session, "leads",
        "Имя;Фамилия;Телефон;Email\nАнна;Пробная;+79000000001, +79000000009;anna@example.com\n",
    )  # fmt: skip
    session.refresh(lead)
    assert (more.made, more.joined) == (0, 1)
    assert (lead.email, lead.last_name) == ("anna@example.com", "Пробная")
    undo(session, more)
    session.refresh(lead)
    assert (
        lead.email, lead.last_name, lead.asked_again_at, lead.search_text, counts(session),
    ) == before  # fmt: skip
    undo(session, first)
    assert counts(session)["lead"] == 0


def test_clients_go_with_their_people_unless_a_contract_stands_on_them(session: Session) -> None:
    text = (
        "Организация;Имя;Фамилия;Телефон\n"
        "Ромашка;Анна;Пробная;+79000000001\n;Иван;Тестов;+79000000002\n"
    )
    one = imported(session, "clients", text)
    romashka = session.scalars(select(Client).where(Client.kind == "organisation")).one()
    assert [person.first_name for person in romashka.people] == ["Анна"]
    make_contract(
        session, client=session.scalars(select(Client).where(Client.kind == "person")).one()
    )
    session.commit()
    undo(session, one)
    assert [client.last_name for client in session.scalars(select(Client))] == ["Тестов"]
    assert one.taken_back == 1


def test_amounts_are_as_before(session: Session) -> None:
    campaign = make_campaign(session, title="Autumn")
    make_spend(session, campaign=campaign, amount=Decimal("5.00"))
    session.commit()
    first = imported(session, "spend", "Day,Campaign,Cost\n2026-11-01,Autumn,10.00\n")
    second = imported(
        session, "spend", "Day,Campaign,Cost\n2026-11-01,Autumn,12.50\n2026-11-02,Autumn,1\n"
    )
    assert (second.made, second.joined) == (1, 1)
    assert amounts(session) == [Decimal("5.00"), Decimal("12.50"), Decimal("1.00")]
    undo(session, second)
    assert amounts(session) == [Decimal("5.00"), Decimal("10.00")]
    undo(session, first)
    assert amounts(session) == [Decimal("5.00")]


def amounts(session: Session) -> list[Decimal]:
    session.expire_all()
    return list(session.scalars(select(Spend.amount).order_by(Spend.id)))


def test_an_import_is_undone_once(session: Session) -> None:
    make_client(session)
    one = imported(session, "leads", LEADS)
    undo(session, one)
    with pytest.raises(NotAllowedNow):
        one.begin(ImportState.UNDOING)
