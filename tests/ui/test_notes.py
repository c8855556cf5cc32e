"""The story of leads and clients, in the reader's language and for the reader's eyes only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import g
from sqlalchemy.orm import Session

from app.errors import NotAllowedNow
from app.models import Note
from app.models.actor import Actor, acting_as
from app.models.clock import travel, utc_now
from app.models.lead import NewPerson
from app.ui import notes
from tests.factories import make_campaign, make_client, make_lead, make_signed_contract
from tests.views.toys import counted


def everybody_may(*, but: tuple[str, ...] = ()) -> None:
    """Sets what `may` answers in this request."""
    screens = ("LeadView", "ClientView", "ContractView", "NoteView")
    g.may = {("list", screen): screen not in but for screen in screens}


def sentences(owner: Any) -> list[str]:
    return [line.sentence for line in notes.story(owner)]


def test_a_change_names_fields_and_values(session: Session) -> None:
    everybody_may()
    first, second = make_campaign(session, title="Spring"), make_campaign(session, title="Autumn")
    lead = make_lead(session, campaign=first, phone="+79923288341")
    lead.change(campaign=second, phone="+79923288342")
    session.flush()
    assert sentences(lead)[0] == (
        "Changed. Phone: +7 992 328-83-41 → +7 992 328-83-42. Campaign: Spring → Autumn."
    )


def test_calls_and_losses_say_how_and_why(session: Session) -> None:
    everybody_may()
    lead = make_lead(session)
    lead.log_call("no_answer", "Try <b>later</b>")
    session.flush()
    line = notes.story(lead)[0]
    assert line.sentence.startswith("Call: No answer. Status: New → In work.")
    assert line.text == "Try <b>later</b>"
    lead.lose("too_expensive")
    session.flush()
    assert sentences(lead)[0].startswith("Lost (Too expensive).")
    lead.put_away("spam")
    session.flush()
    assert sentences(lead)[0] == "Put away (Spam)."


def test_a_conversion_names_the_client(session: Session) -> None:
    everybody_may()
    lead = make_lead(session, first_name="Ivan", last_name="Petrov")
    client = lead.convert(NewPerson())
    session.flush()
    assert sentences(lead)[0].startswith("Converted into the new client Ivan Petrov.")
    assert [line for line in sentences(client) if line.startswith("Converted")]


def test_a_contracts_story(session: Session) -> None:
    everybody_may()
    client = make_client(session)
    contract = make_signed_contract(session, client=client, amount=10)
    session.commit()  # a version is ordered once per transaction
    contract.amend("More work", amount=11)
    session.flush()
    told = sentences(client)
    assert told[0] == (
        f"Contract № {contract.number}: amended (More work), document version 2."
        " Amount: ₽10.00 → ₽11.00."
    )
    assert told[1].startswith(f"Contract № {contract.number}: signed")
    assert any(line.startswith("A draft contract was made") for line in told)


def test_a_role_without_contracts_does_not_read_of_them(session: Session) -> None:
    client = make_client(session)
    contract = make_signed_contract(session, client=client, amount=10)
    session.flush()
    everybody_may(but=("ContractView",))
    assert not [line for line in sentences(client) if "ontract" in line or "₽" in line]
    assert contract.number


def test_a_role_without_clients_does_not_read_their_names(session: Session) -> None:
    lead = make_lead(session, first_name="Ivan", last_name="Petrov")
    lead.convert(NewPerson())
    session.flush()
    everybody_may(but=("ClientView",))
    assert sentences(lead)[0] == "Converted into a client."


def test_a_long_story_takes_as_many_queries_as_a_short_one(sqlite_app: Any) -> None:
    from app.extensions import db

    with sqlite_app.app_context():
        session = db.session()
        everybody_may()
        campaigns = [make_campaign(session) for _ in range(20)]
        lead = make_lead(session)
        numbers = []
        for wanted in (3, 20):
            for campaign in campaigns[:wanted]:
                lead.change(campaign=campaign)
                session.flush()
            session.expire_all()
            lead.id  # noqa: B018 -- loads it
            with counted(sqlite_app) as statements:
                assert notes.story(lead)
            numbers.append(len(statements))
        assert numbers[0] == numbers[1] <= 4
        session.rollback()


def test_the_newest_comes_first_and_older_ones_follow(session: Session) -> None:
    everybody_may()
    lead = make_lead(session)
    for n in range(5):
        lead.write_note(f"words {n}")
        session.flush()
    told = notes.story(lead, kind="notes", limit=2)
    assert [line.text for line in told] == ["words 4", "words 3"]
    told = notes.story(lead, before=told.older, kind="notes", limit=2)
    assert [line.text for line in told] == ["words 2", "words 1"]
    told = notes.story(lead, before=told.older, kind="notes", limit=2)
    assert [line.text for line in told] == ["words 0"]
    assert told.older == ""


def test_entries_of_one_instant_are_told_once_each(session: Session) -> None:
    everybody_may()
    with travel(datetime(2026, 11, 5, 9, tzinfo=UTC)):
        lead = make_lead(session)
        for n in range(5):
            lead.write_note(f"words {n}")
            session.flush()
    told, before = [], ""
    for _ in range(5):
        page = notes.story(lead, before=before, kind="notes", limit=1)
        told += [line.text for line in page]
        before = page.older
    assert told == ["words 4", "words 3", "words 2", "words 1", "words 0"]
    assert before == ""


@pytest.mark.parametrize("junk", ["", "x", "1-2", "-1-0-5", "1-9-1", "9" * 40 + "-0-1", "١-0-1"])
def test_a_key_that_we_never_wrote_is_the_first_page(session: Session, junk: str) -> None:
    everybody_may()
    lead = make_lead(session)
    lead.write_note("the words")
    session.flush()
    assert [line.text for line in notes.story(lead, kind="notes", before=junk)] == ["the words"]


def test_a_story_is_narrowed_to_a_kind(session: Session) -> None:
    everybody_may()
    lead = make_lead(session)
    lead.log_call("no_answer", "nobody there")
    lead.write_note("the words")
    client = lead.convert(NewPerson())
    contract = make_signed_contract(session, client=client, amount=10)
    session.flush()
    assert [line.text for line in notes.story(client, kind="notes")] == ["the words"]
    assert [line.text for line in notes.story(client, kind="calls")] == ["nobody there"]
    of_contracts = notes.story(client, kind="contracts")
    assert {line.kind for line in of_contracts} == {"created", "signed"}
    assert all(line.note.contract_id == contract.id for line in of_contracts)
    assert {line.kind for line in notes.story(lead, kind="events")} >= {"converted"}
    assert len(notes.story(client, kind="nonsense")) == len(notes.story(client))


def test_the_story_says_what_became_of_the_documents(session: Session) -> None:
    everybody_may()
    contract = make_signed_contract(session, amount=10)
    session.commit()
    contract.amend("more", amount=11)
    session.flush()
    second, first = contract.documents
    first.content, first.state, first.ready_at = b"%PDF", "ready", utc_now()
    second.state = "failed"
    session.flush()
    told = [line.sentence for line in notes.story(contract.client, kind="documents")]
    number = contract.number
    assert sorted(told) == [
        f"Contract № {number}: version 1 of the PDF is ready.",
        f"Contract № {number}: version 2 of the PDF failed.",
    ]
    everything = [line.kind for line in notes.story(contract)]
    assert {"document_ready", "document_failed", "amended", "signed"} <= set(everything)
    pages, before = 0, ""
    while pages == 0 or before:
        page = notes.story(contract, before=before, limit=1)
        assert [line.kind for line in page] == everything[pages : pages + 1]
        pages, before = pages + 1, page.older
    assert pages == len(everything)


def test_pinned_words_stand_above_the_first_page_alone(session: Session) -> None:
    everybody_may()
    lead = make_lead(session)
    pinned = lead.write_note("mind the dog")
    session.flush()
    for n in range(3):
        lead.write_note(f"words {n}")
        session.flush()
    pinned.pin()
    session.flush()
    told = notes.story(lead, kind="notes", limit=2)
    assert [line.text for line in told.pinned] == ["mind the dog"]
    assert [line.text for line in told] == ["words 2", "words 1"]
    older = notes.story(lead, before=told.older, kind="notes", limit=2)
    assert older.pinned == []
    assert [line.text for line in older] == ["words 0"]
    client = lead.convert(NewPerson())
    session.flush()
    assert [line.text for line in notes.story(client).pinned] == ["mind the dog"]


def test_only_peoples_words_are_pinned(session: Session) -> None:
    lead = make_lead(session)
    lead.change(last_name="Other")
    session.flush()
    with pytest.raises(NotAllowedNow):
        lead.notes[0].pin()


def test_authors_are_named(session: Session) -> None:
    everybody_may()
    lead = make_lead(session)
    session.flush()
    with acting_as(Actor("source", "Ads Ltd", 1)):
        lead.write_note("hello")
        session.flush()
    assert notes.story(lead)[0].author == "Source Ads Ltd"


@pytest.mark.parametrize(
    "junk",
    [
        {"changes": [{"field": "campaign", "old": 999999, "new": None}]},
        {"changes": [{"field": "signed_on", "old": "junk", "new": "2026-11-05"}]},
        {"changes": [{"field": "amount", "old": "x", "new": "1.00"}]},
        {"facts": {"outcome": "unheard of"}, "kind": "call"},
        {"facts": None, "kind": "converted"},
        {"facts": {"from": "Somebody"}, "kind": "claim_taken"},
        {"facts": {}, "kind": "deleted"},
    ],
)
def test_what_cannot_be_read_is_shown_as_it_is(session: Session, junk: dict[str, Any]) -> None:
    everybody_may()
    note = Note(**({"kind": "changed", "lead": make_lead(session)} | junk))
    session.add(note)
    session.flush()
    assert notes.describe_note(note)
