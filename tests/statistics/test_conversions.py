"""Conversions for the ad platforms: who counts, whose click, when, for how much, in which file."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.intake import Arrival, Sender, receive
from app.models import Contract, Lead, Submission
from app.models import clock as company_clock
from app.models.clock import local, travel, utc_now
from app.models.lead import NewPerson
from app.models.merge import merge
from app.models.source import Source
from app.statistics.conversions import Counts, Wanted, conversions, count
from app.statistics.periods import Period
from app.statistics.uploads import file_name, lines
from tests.factories import complete_company, make_client, make_contract, make_lead, make_source

AT = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)  # the 21st, 00:30, in Moscow
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def moscow() -> Iterator[None]:
    before = company_clock.zone().key
    company_clock.use_zone("Europe/Moscow")
    yield
    company_clock.use_zone(before)


def wanted(platform: str, event: str = "signed", **more: Any) -> Wanted:
    period = more.pop("period", Period.all_time())
    return Wanted.named(platform, event, period, **more)


def asked(session: Session, at: datetime = AT, source: Source | None = None, **marks: str) -> Lead:
    """Somebody new who asked through a source, with these marks."""
    source = source or make_source(session)
    number = session.query(Submission).count()
    arrival = Arrival(
        sender=Sender.of(source), phone=f"+7916123{number:04}", first_name="Анна",
        received_at=at, utm=marks,
    )  # fmt: skip
    if source.format == "meta":
        arrival.external_id = f"4440000{number}"
    return session.get_one(Lead, receive(session, arrival).lead_id)


def signed(session: Session, lead: Lead | None, amount: str = "1185.10", **more: Any) -> Contract:
    complete_company(session)
    client = lead.convert(NewPerson()) if lead is not None else make_client(session)
    contract = make_contract(session, client=client, lead=lead, amount=Decimal(amount))
    contract.sign(more.get("on"))
    session.flush()
    return contract


def file_of(session: Session, what: Wanted) -> list[list[str]]:
    session.flush()
    text = "".join(lines(what, conversions(session, what)))
    assert not text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text)))


def test_google_gets_its_click_with_time_zone_offset_and_amount(session: Session) -> None:
    with travel(AT):
        lead = asked(session, gclid="Cj0KCQiA-x_y")
        with travel(AT + HOUR):
            signed(session, lead)
    rows = file_of(session, wanted("google", name="Договор"))
    assert rows == [
        ["Parameters:TimeZone=Europe/Moscow", "", "", "", ""],
        ["Google Click ID", "Conversion Name", "Conversion Time", "Conversion Value",
         "Conversion Currency"],
        ["Cj0KCQiA-x_y", "Договор", "2026-11-21 01:30:00+0300", "1185.10", "RUB"],
    ]  # fmt: skip


def test_yandex_gets_the_click_or_the_visitor_and_unix_seconds(session: Session) -> None:
    with travel(AT):
        signed(session, asked(session, yclid="12345678901234567890", _ym_uid="1700000000123456789"))
    at = str(int(AT.timestamp()))
    assert file_of(session, wanted("yandex")) == [
        ["Yclid", "Target", "DateTime", "Price", "Currency"],
        ["12345678901234567890", "contract_signed", at, "1185.10", "RUB"],
    ]
    assert file_of(session, wanted("metrica", name="order"))[0][0] == "ClientId"
    assert file_of(session, wanted("metrica", name="order"))[1] == [
        "1700000000123456789", "order", at, "1185.10", "RUB",
    ]  # fmt: skip


def test_meta_gets_fbc_or_its_own_leads_id(session: Session) -> None:
    with travel(AT):
        clicked = asked(session, fbclid="IwAR0abc")
        cookie = asked(session, _fbc="fb.1.1554763741205.AbCd")
        own = asked(session, source=make_source(session, format="meta"))
        for lead in (clicked, cookie, own):
            lead.convert(NewPerson())
    head, *rows = file_of(session, wanted("meta", "converted"))
    assert head == [
        "event_name", "event_time", "event_id", "action_source", "value", "currency", "fbc",
        "lead_id",
    ]  # fmt: skip
    seen = int(AT.timestamp() * 1000)
    assert [row[6:] for row in rows] == [
        [f"fb.1.{seen}.IwAR0abc", ""],
        ["fb.1.1554763741205.AbCd", ""],
        ["", own.submissions[0].external_id],
    ]
    at = str(int(AT.timestamp()))
    expected = ["Lead", at, f"lead-{clicked.id}-converted", "system_generated", "", ""]
    assert rows[0][:6] == expected


def test_meta_takes_hashes_of_contacts_when_they_are_asked_for(session: Session) -> None:
    lead = make_lead(session, phone="+7 916 123-45-67", email=" Anna.Petrova@Example.COM ")
    lead.qualify()
    assert file_of(session, wanted("meta", "qualified"))[1:] == []
    head, row = file_of(session, wanted("meta", "qualified", contacts=True))
    assert head[-2:] == ["em", "ph"]
    assert row[-2:] == [
        hashlib.sha256(text).hexdigest() for text in (b"anna.petrova@example.com", b"79161234567")
    ]
    assert "anna" not in ",".join(row).lower()
    assert wanted("google", contacts=True).contacts is False


def test_what_does_not_go_is_counted_with_the_reason(session: Session) -> None:
    with travel(AT):
        signed(session, asked(session, gclid="Cj0a"))
        signed(session, asked(session, yclid="123456"))
        signed(session, asked(session, wbraid="Cj8x"))
        signed(session, asked(session, gclid="=HYPERLINK(1)"))
        signed(session, asked(session, utm_source="letter"))
        signed(session, make_lead(session))
        signed(session, None)
        signed(session, asked(session, gclid="Cj0b")).void("mistake")
        signed(session, asked(session, gclid="Cj0c")).terminate(None, "no money")
        make_contract(session)
    session.flush()
    what = wanted("google")
    assert count(session, what) == Counts(
        all=9, ready=1, other_click=3, no_click=1, by_hand=1, no_lead=1, left_out=2
    )
    assert [row[0] for row in file_of(session, what)[2:]] == ["Cj0a"]
    assert count(session, wanted("yandex")).ready == 1
    for platform in ("google", "meta", "yandex", "metrica"):
        one = wanted(platform)
        assert count(session, one).ready == sum(map(len, conversions(session, one)))


def test_a_contract_goes_with_what_it_has_brought(session: Session) -> None:
    lead = asked(session, utc_now() - HOUR, gclid="Cj0a")
    contract = signed(session, lead, "100")
    contract.amend("more", amount=Decimal(150))
    assert file_of(session, wanted("google"))[2][3] == "150.00"
    session.flush()
    contract.terminate(None, "enough", kept=Decimal("30.5"))
    assert file_of(session, wanted("google"))[2][3] == "30.50"
    contract.void("mistake")
    assert file_of(session, wanted("google"))[2:] == []
    session.flush()
    contract.bring_back()
    assert file_of(session, wanted("google"))[2][3] == "30.50"


def test_the_last_click_before_the_event_counts(session: Session) -> None:
    source = make_source(session)

    def again(at: datetime, gclid: str) -> Lead:
        arrival = Arrival(
            sender=Sender.of(source), phone="+79161234567", received_at=at, utm={"gclid": gclid}
        )
        return session.get_one(Lead, receive(session, arrival).lead_id)

    lead = again(AT, "first")
    assert again(AT + HOUR, "second") is lead
    again(AT + 5 * HOUR, "later")
    with travel(AT + 2 * HOUR):
        lead.qualify()
    assert [row[0] for row in file_of(session, wanted("google", "qualified"))[2:]] == ["second"]


def test_the_time_of_an_event_never_changes(session: Session) -> None:
    """A platform knows by click, name and time what it has had already."""
    with travel(AT):
        lead = asked(session, gclid="Cj0a")
        lead.qualify()
    first = file_of(session, wanted("google", "qualified"))
    with travel(AT + 24 * HOUR):
        lead.take()
        lead.move_to("in_work")
        lead.qualify()
        lead.lose("no_need")
        assert file_of(session, wanted("google", "qualified")) == first
        lead.reopen()
        lead.convert(NewPerson())
    assert file_of(session, wanted("google", "qualified")) == first
    assert file_of(session, wanted("google", "converted"))[2][2] == "2026-11-22 00:30:00+0300"


def test_who_is_converted_without_having_been_qualified_counts_as_both(session: Session) -> None:
    with travel(AT):
        asked(session, gclid="Cj0a").convert(NewPerson())
    rows = [file_of(session, wanted("google", event))[2] for event in ("qualified", "converted")]
    assert rows[0][2] == rows[1][2] == "2026-11-21 00:30:00+0300"


def test_a_signing_of_an_earlier_day_happened_at_its_end(session: Session) -> None:
    with travel(AT + 48 * HOUR):
        contract = signed(session, asked(session, gclid="Cj0a"), on=local(AT).date())
    assert contract.signed_on == local(AT).date()
    assert file_of(session, wanted("google"))[2][2] == "2026-11-21 23:59:59+0300"


def test_the_period_is_that_of_the_companys_days(session: Session) -> None:
    day = local(AT).date()
    with travel(AT):
        lead = asked(session, gclid="Cj0a")
        lead.qualify()
        signed(session, lead)
    for event in ("qualified", "converted", "signed"):
        on = wanted("google", event, period=Period.days(day, day))
        before = Period.days(day - timedelta(days=1), day - timedelta(days=1))
        assert count(session, on).ready == 1
        assert count(session, wanted("google", event, period=before)).all == 0
        assert len(file_of(session, wanted("google", event, period=before))) == 2


def test_tests_and_spam_are_no_conversions(session: Session) -> None:
    spam = asked(session, gclid="Cj0a")
    spam.qualify()
    spam.put_away("spam")
    session.flush()
    assert count(session, wanted("google", "qualified")).all == 0


def test_a_merged_lead_brings_its_click_along(session: Session) -> None:
    with travel(AT):
        one, two = asked(session, gclid="Cj0a"), make_lead(session)
        one.qualify()
        merge(two, one, {})
        session.flush()
    assert [row[0] for row in file_of(session, wanted("google", "qualified"))[2:]] == ["Cj0a"]
    assert two.qualified_at == AT


@pytest.mark.parametrize("name", ["=1+1", "+goal", "-x", "@x", "＝x", "'x", "a\x07b", "x" * 101])
def test_a_name_that_could_be_a_formula_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        wanted("google", name=name)
    assert caught.value.field == "goal"


@pytest.mark.parametrize("field", ["platform", "event"])
def test_unknown_choices_are_refused_by_field(field: str) -> None:
    with pytest.raises(Invalid) as caught:
        wanted(**({"platform": "meta", "event": "signed"} | {field: "x"}))
    assert caught.value.field == field


@pytest.mark.parametrize("event", ["qualified", "converted", "signed"])
def test_many_are_read_in_batches(
    session: Session, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    from app.statistics import conversions as module

    with travel(AT):  # all at the same moment and of the same day
        for number in range(5):
            signed(session, asked(session, gclid=f"Cj{number}"))
    session.flush()
    monkeypatch.setattr(module, "BATCH", 2)
    what = wanted("google", event)
    assert [len(batch) for batch in conversions(session, what)] == [2, 2, 1]
    assert [row[0] for row in file_of(session, what)[2:]] == [f"Cj{number}" for number in range(5)]


def test_the_file_is_named_for_what_it_holds() -> None:
    assert file_name(wanted("meta")) == "conversions-meta-signed-all.csv"
