"""Clients: people and organisations, contact people, and the story that each role may read."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.models import Campaign, Client, ContactPerson, Lead, Note
from app.models.clock import today
from tests.factories import (
    make_campaign,
    make_client,
    make_contract,
    make_lead,
    make_service,
    make_signed_contract,
)
from tests.views.pages import counted, keep, opened, read, text_of

PHONE = "+79121112233"
PERSON = {"last_name": "O'Toole", "first_name": "Anna", "phone": PHONE, "language": "en"}
FIRM = {"organisation_name": "Romashka", "tax_id": "7701234567", "tax_country": "RU",
        "language": "ru"}  # fmt: skip


def client_id(app: Any, **changes: Any) -> int:
    return int(keep(app, lambda session: make_client(session, **changes).id))


def how_many(app: Any, noun: Any) -> int:
    return int(read(app, lambda s: s.scalar(select(func.count()).select_from(noun))))


# -- who may ---------------------------------------------------------------------------------------


def test_operators_see_and_note_only(app: Any, client_as: Any) -> None:
    number = client_id(app)
    operator = client_as("Operator")
    page = text_of(operator.get(f"/clientview/show/{number}"))
    assert operator.get("/clientview/list/").status_code == 200
    for address in ("add", f"edit/{number}", f"delete/{number}"):
        assert operator.get(f"/clientview/{address}").status_code == 403
        assert f"/clientview/{address}" not in page
    answer = operator.post(f"/clientview/{number}/write_note", data={"text": "asked for Vera"})
    assert answer.status_code == 302
    assert "asked for Vera" in text_of(operator.get(f"/clientview/show/{number}"))
    note = read(app, lambda s: s.scalars(select(Note).where(Note.kind == "person")).one())
    assert note.author == "Operator Test"


def test_marketers_see_no_clients(app: Any, client_as: Any) -> None:
    number = client_id(app)
    marketer = client_as("Marketer")
    for address in ("list/", f"show/{number}", "add"):
        assert marketer.get(f"/clientview/{address}").status_code == 403
    assert marketer.get("/contactpersonview/list/").status_code == 403


def test_operators_read_no_contracts_in_the_story(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        client = make_client(session)
        service = make_service(session, title="Secret service")
        signed = make_signed_contract(session, client=client, service=service, amount=7777)
        signed.amend("more", amount=8888)
        session.flush()
        draft = make_contract(session, client=client, service=service, amount=7777)
        draft.change(amount=9999)
        session.flush()
        draft.remove("mistake")
        session.flush()
        return int(client.id)

    number = keep(app, make)
    hidden = ("7,777", "8,888", "9,999", "Secret service", "ontract")
    page = text_of(client_as("Operator").get(f"/clientview/show/{number}"))
    notes = text_of(client_as("Operator").get("/noteview/list/"))
    for word in hidden:
        assert word not in page.split("<h1>", 1)[1], word
        assert word not in notes.split("<h1>", 1)[1], word
    managers = text_of(client_as("Manager").get(f"/clientview/show/{number}"))
    for word in ("7,777", "8,888", "Secret service", "Signed contracts: 1"):
        assert word in managers


def test_only_those_who_see_contracts_see_how_many_were_signed(app: Any, client_as: Any) -> None:
    keep(app, lambda s: make_signed_contract(s).id)
    assert "Signed contracts" in text_of(client_as("Manager").get("/clientview/list/"))
    assert "Signed contracts" not in text_of(client_as("Operator").get("/clientview/list/"))


# -- the list --------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["o'tool", "912 111", "romash", "7701234567", "vera"])
def test_clients_are_found_by_name_phone_tax_id_and_contact_person(
    app: Any, client_as: Any, typed: str
) -> None:
    def make(session: Any) -> None:
        firm = make_client(
            session, kind="organisation", organisation_name="Romashka", tax_id="7701234567",
            last_name="", first_name="", phone="",
        )  # fmt: skip
        firm.add_person(first_name="Vera", last_name="O'Toole", phone=PHONE)
        make_client(session, last_name="Elsewhere")

    keep(app, make)
    page = text_of(client_as("Manager").get("/clientview/list/", query_string={"search": typed}))
    assert "Romashka" in page
    assert "Elsewhere" not in page


def test_the_list_is_filtered_by_kind_and_campaign(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        campaign = make_campaign(session)
        make_client(session, last_name="Withcampaign", campaign=campaign)
        make_client(session, kind="organisation", organisation_name="Firm")
        return int(campaign.id)

    campaign = keep(app, make)
    manager = client_as("Manager")
    by_kind = text_of(manager.get("/clientview/list/?_flt_2_kind=organisation"))
    assert "Firm" in by_kind
    assert "Withcampaign" not in by_kind
    by_campaign = text_of(manager.get(f"/clientview/list/?_flt_0_campaign={campaign}"))
    assert "Withcampaign" in by_campaign
    assert ">Firm<" not in by_campaign


def test_the_list_opens_with_the_newest_and_sorts_by_name(app: Any, client_as: Any) -> None:
    client_id(app, last_name="Aaronov")
    client_id(app, last_name="Yablokov")
    manager = client_as("Manager")
    page = text_of(manager.get("/clientview/list/"))
    assert page.index("Yablokov") < page.index("Aaronov")
    page = text_of(manager.get("/clientview/list/?_oc_ClientView=name&_od_ClientView=asc"))
    assert page.index("Aaronov") < page.index("Yablokov")


def test_a_list_needs_few_statements_however_many_rows(app: Any, client_as: Any) -> None:
    campaign = keep(app, lambda s: make_campaign(s).id)
    manager = client_as("Manager")

    def fill(count: int) -> None:
        def make(session: Any) -> None:
            for _ in range(count):
                client = make_client(session, campaign=session.get(Campaign, campaign))
                make_contract(session, client=client)

        keep(app, make)

    fill(5)
    few = counted(app, lambda: manager.get("/clientview/list/?psize_ClientView=100"))
    fill(45)
    many = counted(app, lambda: manager.get("/clientview/list/?psize_ClientView=100"))
    assert few == many
    assert many <= 10


def test_names_are_shown_as_text(app: Any, client_as: Any) -> None:
    number = client_id(app, last_name="<script>alert(1)</script>")
    for address in ("list/", f"show/{number}", f"edit/{number}"):
        page = text_of(client_as("Manager").get(f"/clientview/{address}"))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


# -- new -------------------------------------------------------------------------------------------


def test_a_new_person(app: Any, client_as: Any) -> None:
    manager = client_as("Manager")
    page = text_of(manager.get("/clientview/add"))
    assert "New person" in page
    assert 'name="organisation_name"' not in page
    answer = manager.post("/clientview/add?kind=person", data=PERSON)
    assert answer.status_code == 302
    made = read(app, lambda s: s.scalars(select(Client)).one())
    assert (made.kind, made.last_name, made.phone_key) == ("person", "O'Toole", PHONE)
    kinds = read(app, lambda s: [(n.kind, n.author) for n in s.scalars(select(Note))])
    assert kinds == [("created", "Manager Test")]


def test_a_new_organisation(app: Any, client_as: Any) -> None:
    manager = client_as("Manager")
    page = text_of(manager.get("/clientview/add?kind=organisation"))
    assert 'name="organisation_name"' in page
    assert 'name="middle_name"' not in page
    nameless = manager.post(
        "/clientview/add?kind=organisation", data=FIRM | {"organisation_name": ""}
    )
    assert nameless.status_code == 400
    assert manager.post("/clientview/add?kind=organisation", data=FIRM).status_code == 302
    made = read(app, lambda s: s.scalars(select(Client)).one())
    assert (made.kind, made.organisation_name, made.tax_id) == (
        "organisation", "Romashka", "7701234567",
    )  # fmt: skip


def test_a_tax_id_that_another_client_has_is_refused_with_its_link(
    app: Any, client_as: Any
) -> None:
    manager = client_as("Manager")
    manager.post("/clientview/add?kind=organisation", data=FIRM)
    holder = read(app, lambda s: s.scalars(select(Client)).one().id)
    answer = manager.post("/clientview/add?kind=organisation", data=FIRM)
    assert answer.status_code == 400
    assert f"/clientview/show/{holder}" in text_of(answer)
    assert how_many(app, Client) == 1


def test_a_phone_that_a_client_has_already_warns_and_asks_again(app: Any, client_as: Any) -> None:
    known = client_id(app, last_name="Known", phone=PHONE)
    manager = client_as("Manager")
    answer = manager.post("/clientview/add?kind=person", data=PERSON)
    page = text_of(answer)
    assert answer.status_code == 400
    assert f"/clientview/show/{known}" in page
    assert "O&#39;Toole" in page
    assert how_many(app, Client) == 1
    again = PERSON | {"seen": str(known)}
    assert manager.post("/clientview/add?kind=person", data=again).status_code == 302
    assert how_many(app, Client) == 2


def test_a_double_click_makes_one_client(app: Any, client_as: Any) -> None:
    manager = client_as("Manager")
    form = opened(manager, "/clientview/add?kind=person") | PERSON
    for _ in range(2):
        assert manager.post("/clientview/add?kind=person", data=form).status_code == 302
    assert how_many(app, Client) == 1


# -- changed, put away, brought back ---------------------------------------------------------------


def test_an_edit_leaves_a_note_with_its_author(app: Any, client_as: Any) -> None:
    number = client_id(app)
    manager = client_as("Manager")
    form = opened(manager, f"/clientview/edit/{number}")
    answer = manager.post(f"/clientview/edit/{number}", data=form | {"last_name": "New"})
    assert answer.status_code == 302
    note = read(app, lambda s: s.scalars(select(Note).order_by(Note.id.desc())).first())
    assert (note.kind, note.author) == ("changed", "Manager Test")
    assert read(app, lambda s: s.get(Client, number).last_name) == "New"


def test_a_client_is_put_away_and_brought_back(app: Any, client_as: Any) -> None:
    number = client_id(app, last_name="Awayov")
    manager = client_as("Manager")
    assert manager.post(f"/clientview/delete/{number}", data={"reason": "other"}).status_code == 302
    assert "Awayov" not in text_of(manager.get("/clientview/list/"))
    assert "Awayov" in text_of(manager.get("/clientview/list/?put_away=1"))
    assert client_as("Operator").get(f"/clientview/show/{number}").status_code == 404
    assert manager.post(f"/clientview/{number}/restore").status_code == 302
    assert "Awayov" in text_of(manager.get("/clientview/list/"))


def test_a_client_with_live_contracts_stays(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: make_contract(s).client_id)
    answer = client_as("Manager").post(f"/clientview/delete/{number}", data={"reason": "other"})
    assert answer.status_code == 409
    assert "contracts in force" in text_of(answer)
    assert read(app, lambda s: s.get(Client, number).archived_at) is None


# -- contact people --------------------------------------------------------------------------------


def test_contact_people_one_main_one_signatory(app: Any, client_as: Any) -> None:
    number = client_id(app, kind="organisation", organisation_name="Firm")
    manager = client_as("Manager")
    page = text_of(manager.get(f"/clientview/show/{number}"))
    assert f"/contactpersonview/add?_flt_0_client={number}" in page
    first = {"client": number, "last_name": "First", "is_signatory": "y"}
    second = {"client": number, "last_name": "Second", "is_main": "y", "is_signatory": "y"}
    for form in (first, second):
        assert manager.post("/contactpersonview/add", data=form).status_code == 302

    def look(session: Any) -> None:
        people = session.scalars(select(ContactPerson).order_by(ContactPerson.id)).all()
        assert [(p.last_name, p.is_main, p.is_signatory) for p in people] == [
            ("First", False, False), ("Second", True, True),
        ]  # fmt: skip

    read(app, look)
    assert "Second" in text_of(manager.get(f"/clientview/show/{number}"))


def test_the_first_contact_person_is_the_main_one(app: Any, client_as: Any) -> None:
    number = client_id(app, kind="organisation", organisation_name="Firm")
    client_as("Manager").post("/contactpersonview/add", data={"client": number, "last_name": "A"})
    assert read(app, lambda s: s.scalars(select(ContactPerson)).one().is_main)


def test_a_contact_person_is_changed(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        firm = make_client(session, kind="organisation", organisation_name="Firm")
        person = firm.add_person(last_name="Old")
        session.flush()
        return int(person.id)

    number = keep(app, make)
    manager = client_as("Manager")
    form = opened(manager, f"/contactpersonview/edit/{number}")
    form |= {"last_name": "New", "phone": "nonsense"}
    assert manager.post(f"/contactpersonview/edit/{number}", data=form).status_code == 400
    form |= {"phone": PHONE}
    assert manager.post(f"/contactpersonview/edit/{number}", data=form).status_code == 302
    assert client_as("Operator").get(f"/contactpersonview/edit/{number}").status_code == 403


# -- the page --------------------------------------------------------------------------------------


def test_the_story_is_the_clients_notes_and_its_leads_notes(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        from app.models.lead import NewPerson

        lead = make_lead(session, last_name="Petrova")
        lead.write_note("said as a lead")
        client = lead.convert(NewPerson())
        client.write_note("said as a client")
        session.flush()
        return int(client.id)

    number = keep(app, make)
    page = text_of(client_as("Operator").get(f"/clientview/show/{number}"))
    assert page.index("said as a client") < page.index("said as a lead")


def test_a_new_contract_begins_at_the_client(app: Any, client_as: Any) -> None:
    number = client_id(app)
    address = f"/contractview/add?client={number}"
    assert address in text_of(client_as("Manager").get(f"/clientview/show/{number}"))
    assert address not in text_of(client_as("Operator").get(f"/clientview/show/{number}"))


def test_a_long_story_is_read_page_by_page(app: Any, client_as: Any) -> None:
    def make(session: Any) -> int:
        client = make_client(session)
        for number in range(60):
            client.write_note(f"words{number:03}")
        return int(client.id)

    number = keep(app, make)
    operator = client_as("Operator")
    first = text_of(operator.get(f"/clientview/show/{number}"))
    assert "words059" in first
    assert "words003" not in first
    older = re.search(rf"/clientview/show/{number}\?before=([0-9-]+)", first)
    assert older
    page = text_of(operator.get(f"/clientview/show/{number}?before={older[1]}"))
    assert "words034" in page
    assert "words035" not in page
    part = text_of(operator.get(f"/clientview/{number}/story?before={older[1]}"))
    assert "words034" in part
    assert "<html" not in part
    assert "words035" not in part


# -- what happens next, and the columns beside the story -------------------------------------------


def busy_client(session: Any) -> Any:
    """With a draft, a contract that ends soon, a failed PDF, and a lead who asks again."""
    client = make_client(session, phone=PHONE)
    make_contract(session, client=client, amount=111)
    make_signed_contract(session, client=client, amount=222, ends_on=today() + timedelta(days=3))
    failing = make_signed_contract(session, client=client, amount=333)
    session.flush()
    failing.documents[0].state = "failed"
    lead = make_lead(session, last_name="Asksagain", phone=PHONE)
    lead.take()
    return client


def test_what_happens_next_is_told(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: busy_client(s).id)
    page = text_of(client_as("Manager").get(f"/clientview/show/{number}"))
    box = page.split('id="client-next"', 1)[1].split("</section>", 1)[0]
    for words in ("Failed", "Nothing planned", "Asksagain", "ends in 3 days", "Waits to be signed"):
        assert words in box, words
    assert box.index("Failed") < box.index("Asksagain") < box.index("ends in 3 days")


def test_operators_are_told_of_calls_alone(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: busy_client(s).id)
    page = text_of(client_as("Operator").get(f"/clientview/show/{number}"))
    main = page.split("<h1>", 1)[1]
    assert "Asksagain" in main
    for hidden in ("₽", "ontract", "signed", "ends in", "Failed", "PDF"):
        assert hidden not in main, hidden
    for kind in ("contracts", "documents"):
        part = text_of(client_as("Operator").get(f"/clientview/{number}/story?story={kind}"))
        for hidden in ("₽", "ontract", "PDF"):
            assert hidden not in part, hidden


def test_nothing_to_do_is_said_too(app: Any, client_as: Any) -> None:
    number = client_id(app)
    page = text_of(client_as("Manager").get(f"/clientview/show/{number}"))
    assert "Nothing is due and nothing waits." in page


def test_the_page_needs_as_many_statements_for_a_busy_client(app: Any, client_as: Any) -> None:
    manager = client_as("Manager")
    number = keep(app, lambda s: busy_client(s).id)

    def more(session: Any) -> None:
        client = session.get(Client, number)
        for _ in range(30):
            client.write_note("words")
            make_contract(session, client=client)
            make_signed_contract(session, client=client, ends_on=today())
            session.add(Lead(last_name="Was", status="converted", client=client, phone="1"))

    address = f"/clientview/show/{number}"
    few = counted(app, lambda: manager.get(address))
    keep(app, more)
    many = counted(app, lambda: manager.get(address))
    assert many <= few <= 21
    page = text_of(manager.get(address))
    assert f"/contractview/list/?_flt_0_client={number}" in page
    assert page.count('class="client-contract-head"') == 20
    keep(app, lambda s: make_contract(s, amount=987654).id)
    query = f"_flt_0_client={number}&psize_ContractView=100"
    listed = text_of(manager.get(f"/contractview/list/?{query}"))
    assert "₽222.00" in listed
    assert "₽987,654.00" not in listed


def test_contact_data_are_edited_in_place_by_managers(app: Any, client_as: Any) -> None:
    number = client_id(app, last_name="Before")
    manager, line = client_as("Manager"), f"/clientview/{number}/field/name"
    form = opened(manager, line)
    assert manager.post(line, data=form | {"last_name": "After"}).status_code == 302
    assert read(app, lambda s: s.get(Client, number).last_name) == "After"
    assert manager.get(f"/clientview/{number}/field/legal_name").status_code == 404
    assert client_as("Operator").get(line).status_code == 403
    assert "/field/" not in text_of(client_as("Operator").get(f"/clientview/show/{number}"))
    firm = client_id(app, kind="organisation", organisation_name="Firm")
    line = f"/clientview/{firm}/field/taxpayer"
    form = opened(manager, line) | {"tax_country": "RU", "tax_id": "7701234567"}
    assert manager.post(line, data=form).status_code == 302
    assert read(app, lambda s: s.get(Client, firm).tax_id) == "7701234567"
