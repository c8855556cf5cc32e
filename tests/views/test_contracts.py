"""Contracts: drawn up, signed, amended, ended; the manager's and the administrator's alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.documents.render import PreviewBusy, RendererMissing
from app.extensions import db
from app.models import Company, Contract, Document, Note, RevenueEntry
from app.models.clock import today, utc_now
from app.models.lead import NewPerson
from app.views import contracts as screen
from app.views.documents import pdf_answer
from tests.factories import (
    complete_company,
    make_campaign,
    make_client,
    make_contract,
    make_lead,
    make_service,
    make_signed_contract,
)
from tests.views.browsing import form_of, page, press, queries, send, stored

LIST = "/contractview/list/"
PDF = b"%PDF-1.4 a contract %%EOF"


def draft(app: Flask, **changes: Any) -> int:
    with stored(app) as session:
        complete_company(session)
        return int(make_contract(session, **changes).id)


def signed(app: Flask, **changes: Any) -> int:
    with stored(app) as session:
        return int(make_signed_contract(session, **changes).id)


def kinds(app: Flask, number: int) -> list[str]:
    with stored(app) as session:
        notes = select(Note.kind).where(Note.contract_id == number)
        return list(session.scalars(notes.order_by(Note.id)))


def versions(app: Flask, number: int) -> list[tuple[int, str]]:
    with stored(app) as session:
        found = select(Document.version, Document.state).where(Document.contract_id == number)
        rows = session.execute(found.order_by(Document.version))
        return [(version, state) for version, state in rows]


def revenue(app: Flask, number: int) -> Decimal:
    with stored(app) as session:
        amounts = session.scalars(
            select(RevenueEntry.amount).where(RevenueEntry.contract_id == number)
        )
        return sum(amounts, Decimal(0))


def make_ready(app: Flask, number: int, content: bytes = PDF) -> None:
    """As the worker does when the PDF is made."""
    with stored(app) as session:
        session.execute(
            update(Document)
            .where(Document.contract_id == number, Document.state == "waiting")
            .values(state="ready", content=content, size=len(content), sha256="ab" * 32)
        )


# -- who, and lists --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Operator", "Marketer"])
def test_others_never_see_contracts(app: Flask, client_as: Any, role: str) -> None:
    number = signed(app)
    make_ready(app, number)
    client = client_as(role)
    for address in (
        "list/", "add", f"show/{number}", f"edit/{number}", f"delete/{number}", f"{number}/sign",
        f"{number}/amend", f"{number}/complete", f"{number}/terminate", f"{number}/preview",
        f"{number}/document/1",
    ):  # fmt: skip
        assert client.get(f"/contractview/{address}").status_code == 403, address
    assert press(client, f"/contractview/{number}/restore").status_code == 403


@pytest.mark.parametrize("role", ["Manager", "Admin"])
def test_the_list_shows_numbers_states_and_pdfs(app: Flask, client_as: Any, role: str) -> None:
    with stored(app) as session:
        who = make_client(session, last_name="Иванова", first_name="<b>Анна</b>")
        make_signed_contract(session, client=who, amount=Decimal("1234.50"))
        make_contract(session, client=who)
    text = page(client_as(role), LIST)
    for shown in ("№ 1", "₽1,234.50", "Signed", "Waiting", "Draft", "&lt;b&gt;Анна"):
        assert shown in text, shown
    assert "<b>Анна" not in text


def test_the_list_is_searched_filtered_and_sorted(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        services = [make_service(session, title=title) for title in ("Audit", "Tuning")]
        people = [make_client(session, last_name=name) for name in ("Пётр", "Сидор")]
        for who, sold, amount in zip(people, services, (20, 10), strict=True):
            make_signed_contract(session, client=who, service=sold, amount=Decimal(amount))
        numbers = [one.id for one in services]
    client = client_as("Manager")

    def found(query: str) -> list[str]:
        text = page(client, f"{LIST}?{query}")
        return sorted((n for n in ("№ 1", "№ 2") if f">{n}</a>" in text), key=text.index)

    assert found("") == ["№ 2", "№ 1"]  # the newest first
    assert found("search=петр") == ["№ 1"]
    assert found("search=tuning") == ["№ 2"]
    assert found("search=2") == ["№ 2"]
    assert found(f"_flt_0_service={numbers[0]}") == ["№ 1"]
    assert found("_flt_0_status=draft") == []
    assert found(f"_flt_0_signed_on={today()}") == ["№ 2", "№ 1"]
    assert found(f"_flt_0_signed_on={today() + timedelta(days=1)}") == []
    assert found("_oc_ContractView=amount&_od_ContractView=desc") == ["№ 1", "№ 2"]
    assert found("_oc_ContractView=client&_od_ContractView=desc") == ["№ 2", "№ 1"]  # not offered


def test_fifty_rows_cost_no_more_queries_than_five(app: Flask, client_as: Any) -> None:
    costs = []
    for number in (5, 45):
        with stored(app) as session:
            for _ in range(number):
                make_signed_contract(session)
        costs.append(queries(app, client_as("Admin"), f"{LIST}?psize_ContractView=100"))
    assert costs[0] == costs[1] <= 10


# -- drafts ----------------------------------------------------------------------------------------


def test_a_new_contract_is_filled_from_client_and_service(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        campaign = make_campaign(session, title="Spring")
        who = make_client(session, language="ru", campaign=campaign)
        sold = make_service(session, price=Decimal("1500.50"))
        ids = who.id, sold.id, campaign.id
    client = client_as("Manager")
    opened = form_of(client, f"/contractview/add?client={ids[0]}&service={ids[1]}")
    assert (opened["client"], opened["service"]) == (str(ids[0]), str(ids[1]))
    assert (opened["amount"], opened["language"]) == ("1500.50", "ru")
    assert opened["campaign"] == str(ids[2])
    answer = client.post("/contractview/add", data=opened)
    assert answer.status_code == 302
    with stored(app) as session:
        made = session.scalars(select(Contract)).one()
        assert (made.amount, made.language, made.status) == (Decimal("1500.50"), "ru", "draft")
        assert made.manager is not None
        assert made.manager.username == "manager"
        number = made.id
    assert kinds(app, number) == ["created"]


def test_a_new_contract_is_filled_from_a_lead(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        campaign = make_campaign(session, service=make_service(session, price=70))
        lead = make_lead(session, campaign=campaign)
        who = lead.convert(NewPerson())
        session.flush()
        ids = lead.id, who.id, campaign.id, campaign.service_id
    client = client_as("Manager")
    opened = form_of(client, f"/contractview/add?lead={ids[0]}")
    assert [opened[name] for name in ("lead", "client", "campaign", "service")] == [
        str(one) for one in ids
    ]
    assert client.post("/contractview/add", data=opened).status_code == 302
    with stored(app) as session:
        made = session.scalars(select(Contract)).one()
        assert [made.lead_id, made.amount] == [ids[0], 70]


def test_fields_stand_in_the_order_of_the_paper(app: Flask, client_as: Any) -> None:
    number, client = signed(app), client_as("Manager")
    amended = list(form_of(client, f"/contractview/{number}/amend"))
    added = list(form_of(client, "/contractview/add"))
    in_order = ["client", "service", "amount", "starts_on", "ends_on", "language"]
    for names, last in ((added, ["lead", "campaign", "manager"]), (amended, ["reason"])):
        assert [name for name in names if name in {*in_order, *last}] == [*in_order, *last]


def test_what_is_left_empty_follows_from_client_and_service(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        who = make_client(session, language="ru", campaign=make_campaign(session))
        sold = make_service(session, price=Decimal(33))
        ids = who.id, sold.id
    values = {"client": ids[0], "service": ids[1], "amount": "", "language": "", "campaign": ""}
    assert send(client_as("Admin"), "/contractview/add", **values).status_code == 302
    with stored(app) as session:
        made = session.scalars(select(Contract)).one()
        assert [made.amount, made.language] == [33, "ru"]
        assert made.campaign is not None


def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        who, lead = make_client(session).id, make_lead(session)
        lead.convert(NewPerson())
        strange = lead.id
    client = client_as("Manager")
    answer = send(client, "/contractview/add", client="", service="", amount="12,5")
    assert answer.status_code == 400
    text = answer.get_data(as_text=True)
    assert text.count("Fill in this field.") == 4  # beside each field and in the summary
    assert 'value="12,5"' in text
    with stored(app) as session:
        sold = make_service(session).id
    values = {"client": who, "service": sold}
    dates = {"starts_on": "2026-03-02", "ends_on": "2026-03-01"}
    for more, message in (
        (dates, "The end cannot be before the start."),
        ({"amount": "-5"}, "The amount cannot be below zero."),
        ({"lead": strange}, "This lead belongs to another client."),
        ({"client": 999999}, "There is no such record"),
    ):
        answer = send(client, "/contractview/add", **(values | more))
        assert answer.status_code == 400
        assert message in answer.get_data(as_text=True)
    with stored(app) as session:
        assert session.scalars(select(Contract)).first() is None


def test_a_draft_is_edited_with_a_note_of_what_changed(app: Flask, client_as: Any) -> None:
    number = draft(app, amount=Decimal(10))
    client = client_as("Manager")
    assert send(client, f"/contractview/edit/{number}", amount="11").status_code == 302
    assert kinds(app, number) == ["created", "changed"]
    text = page(client, f"/contractview/show/{number}")
    assert "₽10.00 → ₽11.00" in text
    assert "Manager Test" in text


def test_a_form_that_is_older_than_the_record_comes_back(app: Flask, client_as: Any) -> None:
    number = draft(app, amount=Decimal(10))
    client, edit = client_as("Manager"), f"/contractview/edit/{number}"
    opened = form_of(client, edit)
    send(client_as("Admin"), edit, amount="15", ends_on="2030-01-01")
    answer = client.post(edit, data=opened | {"amount": "20"})
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert "Somebody changed this record meanwhile" in text
    row = text[text.index('<th scope="row">Amount</th>') :].split("</tr>")[0]
    for shown in ("10.00", "15.00", "20.00"):  # before, now, yours
        assert shown in row
    assert 'value="2030-01-01"' in text  # what only the other one changed is taken over
    with stored(app) as session:
        assert session.get_one(Contract, number).amount == 15


def test_a_signed_contracts_terms_are_not_in_the_form(app: Flask, client_as: Any) -> None:
    number = signed(app, amount=Decimal(10))
    client, edit = client_as("Manager"), f"/contractview/edit/{number}"
    opened = form_of(client, edit)
    assert "amount" not in opened
    assert "campaign" not in opened
    assert "manager" in opened
    answer = client.post(edit, data=opened | {"manager": "", "amount": "99"})
    assert answer.status_code == 302
    with stored(app) as session:
        row = session.get_one(Contract, number)
        assert [row.amount, row.manager_id] == [10, None]
    assert versions(app, number) == [(1, "waiting")]


def test_another_campaign_for_a_contract_needs_a_reason(app: Flask, client_as: Any) -> None:
    number = signed(app, amount=Decimal(10))
    with stored(app) as session:
        campaign = make_campaign(session, title="Autumn").id
    client, address = client_as("Manager"), f"/contractview/{number}/credit"
    opened = form_of(client, address)
    assert client.post(address, data=opened | {"campaign": campaign}).status_code == 400
    answer = client.post(address, data=opened | {"campaign": campaign, "reason": "They told us"})
    assert answer.status_code == 302
    with stored(app) as session:
        row = session.get_one(Contract, number)
        assert row.campaign_id == campaign
        note = row.notes[-1]
        assert (note.kind, (note.facts or {})["reason"]) == ("changed", "They told us")
        assert [change["field"] for change in note.changes or ()] == ["campaign"]
    assert versions(app, number) == [(1, "waiting")]
    same = form_of(client, address) | {"campaign": campaign, "reason": "again"}
    assert client.post(address, data=same).status_code == 400


# -- signing ---------------------------------------------------------------------------------------


def test_missing_company_details_are_named_before_signing(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        number = make_contract(session).id
    address = f"/contractview/{number}/sign"
    manager, admin = page(client_as("Manager"), address), page(client_as("Admin"), address)
    for text in (manager, admin):
        assert "Fill in the company's details first: legal name, tax id" in text
        assert "signed_on" not in text
    assert "Ask an administrator." in manager
    assert "/companyview/" in admin
    answer = press(client_as("Manager"), address, signed_on=str(today()))
    assert answer.status_code == 409
    with stored(app) as session:
        assert session.get_one(Contract, number).number is None


def test_signing_gives_number_note_document_and_revenue(app: Flask, client_as: Any) -> None:
    number = draft(app, amount=Decimal(10))
    client, address = client_as("Manager"), f"/contractview/{number}/sign"
    assert "₽10.00" in page(client, address)
    answer = send(client, address)
    assert answer.location == f"/contractview/show/{number}"
    assert kinds(app, number) == ["created", "signed"]
    assert versions(app, number) == [(1, "waiting")]
    assert revenue(app, number) == 10
    text = page(client, f"/contractview/show/{number}")
    assert "Contract № 1 has been signed." in text
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in text
    assert "usually under a minute" in text
    assert f'hx-get="/contractview/{number}/pane?seen=1-waiting-0" hx-trigger="every 3s"' in text


def test_a_second_click_takes_no_second_number(app: Flask, client_as: Any) -> None:
    number, other = draft(app), draft(app)
    client, address = client_as("Manager"), f"/contractview/{number}/sign"
    opened = form_of(client, address)
    assert [client.post(address, data=opened).status_code for _ in range(2)] == [302, 302]
    send(client, f"/contractview/{other}/sign")
    with stored(app) as session:
        numbers = session.scalars(select(Contract.number).order_by(Contract.id)).all()
        assert numbers == [1, 2]
    assert kinds(app, number) == ["created", "signed"]


def test_the_second_of_two_managers_is_told(app: Flask, client_as: Any) -> None:
    number = draft(app)
    address = f"/contractview/{number}/sign"
    manager, admin = client_as("Manager"), client_as("Admin")
    opened = form_of(admin, address)
    assert send(manager, address).status_code == 302
    answer = admin.post(address, data=opened)
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert "the contract's status is “Signed”" in text
    assert "№ 1" in text
    assert kinds(app, number) == ["created", "signed"]


def test_two_managers_at_one_moment_take_one_number(app: Flask, client_as: Any) -> None:
    number, together = draft(app), threading.Barrier(2)
    address = f"/contractview/{number}/sign"
    clients = [client_as("Manager"), client_as("Admin")]
    forms = [form_of(client, address) for client in clients]

    def press_sign(place: int) -> int:
        together.wait()
        return int(clients[place].post(address, data=forms[place]).status_code)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press_sign, range(2))) == [302, 409]
    assert kinds(app, number) == ["created", "signed"]
    assert versions(app, number) == [(1, "waiting")]


def test_a_day_to_come_is_refused_at_its_field(app: Flask, client_as: Any) -> None:
    number = draft(app)
    answer = send(
        client_as("Manager"), f"/contractview/{number}/sign",
        signed_on=str(today() + timedelta(days=1)),
    )  # fmt: skip
    assert answer.status_code == 400
    assert "The date of signing cannot be in the future." in answer.get_data(as_text=True)


# -- after signing ---------------------------------------------------------------------------------


def test_an_amendment_makes_a_note_and_the_next_version(app: Flask, client_as: Any) -> None:
    number = signed(app, amount=Decimal(10))
    make_ready(app, number)
    client, address = client_as("Manager"), f"/contractview/{number}/amend"
    text = page(client, address)
    assert "This makes version 2 of the document." in text
    answer = send(client, address, amount="11", reason="More work")
    assert answer.status_code == 302
    assert kinds(app, number) == ["created", "signed", "amended"]
    assert versions(app, number) == [(1, "ready"), (2, "waiting")]
    assert revenue(app, number) == 11
    text = page(client, f"/contractview/show/{number}")
    assert "₽10.00 → ₽11.00" in text
    assert "More work" in text
    assert client.get(f"/contractview/{number}/document/1").data == PDF


def test_an_amendment_needs_a_reason_and_a_change(app: Flask, client_as: Any) -> None:
    number = signed(app)
    client, address = client_as("Manager"), f"/contractview/{number}/amend"
    for values, message in (
        ({"amount": "11"}, "Fill in this field."),
        ({"reason": "none"}, "Change at least one of the terms."),
    ):
        answer = send(client, address, **values)
        assert answer.status_code == 400
        assert message in answer.get_data(as_text=True)
    assert versions(app, number) == [(1, "waiting")]


def test_an_amendment_shows_what_todays_data_would_change(app: Flask, client_as: Any) -> None:
    number = signed(app)
    with stored(app) as session:
        Company.of(session).change(address="Paris, Rue 2")
        who = session.get_one(Contract, number).client
        who.change(address="Lyon <5>")
    client, address = client_as("Manager"), f"/contractview/{number}/amend"
    text = page(client, address)
    assert "Paris, Rue 2" in text
    assert "Lyon &lt;5&gt;" in text
    send(client, address, amount="5", reason="kept")
    send(client, address, reason="renewed", takes_todays_data="y")
    with stored(app) as session:
        found = select(Document).where(Document.contract_id == number).order_by(Document.version)
        printed = [row.terms["company"]["address"] for row in session.scalars(found)]
        assert printed == ["Moscow, Lenina 1", "Moscow, Lenina 1", "Paris, Rue 2"]


def test_an_amendment_over_somebody_elses_comes_back(app: Flask, client_as: Any) -> None:
    number = signed(app, amount=Decimal(10))
    client, address = client_as("Manager"), f"/contractview/{number}/amend"
    opened = form_of(client, address)
    send(client_as("Admin"), address, amount="15", reason="one")
    answer = client.post(address, data=opened | {"amount": "20", "reason": "two"})
    assert answer.status_code == 409
    with stored(app) as session:
        assert session.get_one(Contract, number).amount == 15


def test_a_contract_is_completed_once(app: Flask, client_as: Any) -> None:
    number = signed(app, amount=Decimal(10))
    client, address = client_as("Manager"), f"/contractview/{number}/complete"
    assert send(client, address).status_code == 302
    assert kinds(app, number)[-1] == "completed"
    assert revenue(app, number) == 10
    assert "This cannot be done now" in page(client, address)
    assert press(client, address, completed_on=str(today())).status_code == 409


def test_terminating_keeps_what_stays_paid(app: Flask, client_as: Any) -> None:
    number = signed(app, amount=Decimal(10))
    client, address = client_as("Manager"), f"/contractview/{number}/terminate"
    for values, message in (
        ({"reason": "x", "kept": "11"}, "Not more than the contract&#39;s amount can stay."),
        (
            {"reason": "x", "terminated_on": str(today() - timedelta(days=1))},
            "The date cannot be before the signing.",
        ),
    ):
        answer = send(client, address, **values)
        assert answer.status_code == 400
        assert message in answer.get_data(as_text=True)
    assert send(client, address, reason="Left", kept="4").status_code == 302
    assert revenue(app, number) == 4
    assert kinds(app, number)[-1] == "terminated"
    text = page(client, f"/contractview/show/{number}")
    assert "₽4.00" in text
    assert "Left" in text


def test_a_draft_is_really_deleted_and_remembered(app: Flask, client_as: Any) -> None:
    number = draft(app, amount=Decimal(10))
    client, address = client_as("Manager"), f"/contractview/delete/{number}"
    assert "The draft is deleted for good." in page(client, address)
    assert send(client, address).location == LIST
    assert "The draft has been deleted." in page(client, LIST)
    with stored(app) as session:
        assert session.get(Contract, number) is None
        assert session.scalars(select(Note.kind).order_by(Note.id.desc())).first() == "deleted"
    assert client.get(f"/contractview/show/{number}").status_code == 404


def test_a_signed_contract_is_voided_and_brought_back(app: Flask, client_as: Any) -> None:
    number = signed(app, amount=Decimal(10))
    make_ready(app, number)
    client, address = client_as("Manager"), f"/contractview/delete/{number}"
    assert "The contract is voided" in page(client, address)
    assert send(client, address, reason="mistake").status_code == 302
    assert revenue(app, number) == 0
    assert ">№ 1</a>" not in page(client, LIST)
    assert ">№ 1</a>" in page(client, f"{LIST}?put_away=1")
    text = page(client, f"/contractview/show/{number}")
    assert "Signed, voided" in text
    assert client.get(f"/contractview/{number}/document/1").data == PDF  # it is kept
    assert press(client, f"/contractview/{number}/restore").status_code == 302
    assert revenue(app, number) == 10
    assert kinds(app, number) == ["created", "signed", "voided", "brought_back"]


# -- PDFs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en", 'filename="Contract 1 version 1.pdf"'),
        ("ru", "filename*=UTF-8''%D0%94%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80%20%E2%84%96%201"),
    ],
)
def test_a_pdf_has_its_name_and_stays_nowhere_on_the_way(
    app: Flask, client_as: Any, language: str, name: str
) -> None:
    number = signed(app, language=language)
    make_ready(app, number)
    answer = client_as("Manager").get(f"/contractview/{number}/document/1")
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.mimetype == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert name in answer.headers["Content-Disposition"]
    opened = client_as("Manager").get(f"/contractview/{number}/document/1?open=1")
    assert opened.headers["Content-Disposition"].startswith("inline;")


def test_a_file_name_may_be_in_any_script(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context("/"):
        answer = pdf_answer(PDF, "合同 1.pdf")
        expected = "filename*=UTF-8''%E5%90%88%E5%90%8C%201.pdf"
        assert expected in answer.headers["Content-Disposition"]
        answer.close()


def test_only_the_contracts_own_versions_are_given_out(app: Flask, client_as: Any) -> None:
    one, other = signed(app), signed(app)
    for number in (one, other):
        make_ready(app, number)
    client = client_as("Manager")
    send(client, f"/contractview/{other}/amend", amount="7", reason="more")
    make_ready(app, other, b"%PDF-1.4 second %%EOF")
    assert client.get(f"/contractview/{other}/document/2").status_code == 200
    for address in (
        f"{one}/document/2", f"{one}/document/0", f"{one}/document/-1", f"{one}/document/x",
        "999999/document/1", f"{one}/document/99999999999999999999",
    ):  # fmt: skip
        assert client.get(f"/contractview/{address}").status_code == 404, address


def test_a_pdf_that_is_not_ready_says_so(app: Flask, client_as: Any) -> None:
    number = signed(app)
    with stored(app) as session:
        session.execute(update(Document).values(reason="missing: wkhtmltopdf is not installed"))
    client = client_as("Manager")
    assert "is not installed" in page(client, f"/contractview/{number}/document/1", 409)
    text = page(client, f"/contractview/show/{number}")
    assert "is not installed on the server" in text
    make_ready(app, number)
    text = page(client, f"/contractview/show/{number}")
    assert 'http-equiv="refresh"' not in text
    assert "abababababab" in text


def test_a_failed_pdf_is_retried_from_the_contract(app: Flask, client_as: Any) -> None:
    number = signed(app)
    with stored(app) as session:
        failed = {"state": "failed", "attempts": 5, "reason": "timeout: 30 s"}
        session.execute(update(Document).values(**failed))
        document = session.scalars(select(Document.id)).one()
    client = client_as("Manager")
    text = page(client, f"/contractview/show/{number}")
    assert "Making the PDF took too long." in text
    assert f'action="/documentview/{document}/retry"' in text
    press(client, f"/documentview/{document}/retry")
    assert versions(app, number) == [(1, "waiting")]


def test_a_waiting_pane_looks_again_and_speaks_only_when_something_changed(
    app: Flask, client_as: Any
) -> None:
    number = signed(app)
    client, pane = client_as("Manager"), f"/contractview/{number}/pane"
    assert client.get(f"{pane}?seen=1-waiting-0").status_code == 204
    make_ready(app, number)
    text = page(client, f"{pane}?seen=1-waiting-0")
    assert "<html" not in text
    assert "Version 1 of the PDF is ready." in text
    assert "hx-trigger" not in text
    assert client.get(f"{pane}?seen=1-ready-0").status_code == 204


def test_a_pdf_that_takes_long_may_be_retried(app: Flask, client_as: Any) -> None:
    number = signed(app)
    with stored(app) as session:
        session.execute(update(Document).values(ordered_at=utc_now() - timedelta(minutes=2)))
    text = page(client_as("Manager"), f"/contractview/show/{number}")
    assert "This takes longer than usual." in text
    assert "/retry" in text
    assert 'hx-trigger="every 30s"' in text


def test_the_band_names_the_one_next_act(app: Flask, client_as: Any) -> None:
    client, number = client_as("Manager"), draft(app, ends_on=today() + timedelta(days=12))
    text = page(client, f"/contractview/show/{number}")
    assert "no document yet" in text
    assert text.count("btn btn-primary") == 1
    assert f'btn-primary" href="/contractview/{number}/sign"' in text
    assert 'aria-current="step">Draft' in text
    send(client, f"/contractview/{number}/sign")
    text = page(client, f"/contractview/show/{number}")
    assert text.count("btn btn-primary") == 1
    assert f'btn-primary" href="/contractview/{number}/complete"' in text
    assert "ends in 12 days" in text
    assert "Changing a term makes version 2 of the PDF." in text


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "ends in 1 day"), (0, "ends today"), (-1, "ended 1 day ago"), (-5, "ended 5 days ago")],
)
def test_the_end_is_told_in_days(app: Flask, days: int, words: str) -> None:
    with app.test_request_context():
        assert screen.days_text(today() + timedelta(days=days)) == words


def test_terms_are_edited_in_place_while_it_is_a_draft(app: Flask, client_as: Any) -> None:
    number = draft(app, amount=Decimal(10))
    client, line = client_as("Manager"), f"/contractview/{number}/field/amount"
    opened = form_of(client, line)
    assert client.post(line, data=opened | {"amount": "12.50"}).status_code == 302
    with stored(app) as session:
        assert session.get_one(Contract, number).amount == Decimal("12.50")
    send(client, f"/contractview/{number}/sign")
    assert client.get(line).status_code == 404
    assert client.post(line, data=opened | {"amount": "13"}).status_code == 404
    assert client.get(f"/contractview/{number}/field/manager").status_code == 200
    assert versions(app, number) == [(1, "waiting")]


def test_the_page_costs_as_much_with_many_versions_as_with_one(app: Flask, client_as: Any) -> None:
    number, client = signed(app, amount=Decimal(10)), client_as("Manager")
    costs = []
    for amount in (11, 15):
        for more in range(amount, amount + 4):
            send(client, f"/contractview/{number}/amend", amount=str(more), reason="more")
            make_ready(app, number)
        costs.append(queries(app, client, f"/contractview/show/{number}"))
    assert costs[1] <= costs[0] <= 12


def test_a_draft_has_a_preview_of_real_paper(app: Flask, client_as: Any) -> None:
    with stored(app) as session:
        complete_company(session)
        who = make_client(session, last_name='<meta name="pdfkit-x">')
        number = make_contract(session, client=who, language="ru").id
    answer = client_as("Manager").get(f"/contractview/{number}/preview")
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].startswith("inline;")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert versions(app, number) == []


def test_no_transaction_is_open_while_a_preview_is_made(
    app: Flask, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, open_then = draft(app), []

    def render(html: str, **_more: Any) -> bytes:
        open_then.append(db.session().in_transaction())
        return PDF

    monkeypatch.setattr(screen, "render_preview", render)
    assert client_as("Manager").get(f"/contractview/{number}/preview").data == PDF
    assert open_then == [False]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PreviewBusy, "Other previews are being made."),
        (RendererMissing, "is not installed on the server."),
    ],
)
def test_a_preview_that_cannot_be_made_says_why(
    app: Flask, client_as: Any, monkeypatch: pytest.MonkeyPatch, error: Any, sentence: str
) -> None:
    def refuse(html: str, **_more: Any) -> bytes:
        raise error

    monkeypatch.setattr(screen, "render_preview", refuse)
    answer = client_as("Manager").get(f"/contractview/{draft(app)}/preview")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert sentence in answer.get_data(as_text=True)


def test_only_drafts_have_a_preview(app: Flask, client_as: Any) -> None:
    number = signed(app)
    assert "Only drafts" in page(client_as("Manager"), f"/contractview/{number}/preview", 409)


def test_names_are_text_on_the_page(app: Flask, client_as: Any) -> None:
    evil = '<iframe src="file:///etc/passwd">'
    with stored(app) as session:
        who = make_client(session, last_name=evil)
        number = make_contract(session, client=who).id
    text = page(client_as("Manager"), f"/contractview/show/{number}")
    assert "<iframe" not in text
    assert "&lt;iframe" in text
