"""Rows of every noun by the noun's own rules: what joins, what is refused and with which reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.imports import ordering, reports, working
from app.imports.planning import Plan
from app.models import Campaign, Client, Company, ImportFile, Lead, Source, Spend, Submission
from app.models.clock import travel, utc_now
from app.models.import_file import ImportKind, ImportState, RowState
from tests.factories import make_campaign, make_client, make_source


def worked(session: Session, kind: str, text: str, **plan: Any) -> ImportFile:
    one = working.take_file(session, ImportKind(kind), "file.csv", BytesIO(text.encode()))
    ordering.settle(session, one, None, **plan)
    for state, part in (
        (ImportState.CHECKING, working.check_part),
        (ImportState.RUNNING, working.run_part),
    ):
        if state == ImportState.RUNNING and not one.can_be_run:
            break
        one.begin(state)
        while one.state == state:
            part(session, one)
            session.commit()
    return one


def told(session: Session, one: ImportFile, state: RowState = RowState.WRONG) -> list[str]:
    return [reports.reason(row, str) for row in reports.rows_of(session, one, state, 50)]


# -- leads -----------------------------------------------------------------------------------------


def test_ids_of_a_chosen_source_are_those_of_its_door(session: Session) -> None:
    """What came by the source's own requests is known in its file, and the other way round."""
    source = make_source(session)
    text = "Lead ID,Name,Phone\nabc-1,Anna,+79000000001\n"
    one = worked(session, "leads", text, source_id=source.id)
    assert one.made == 1
    submission = session.scalars(select(Submission)).one()
    assert (submission.source_id, submission.external_id) == (source.id, "abc-1")
    assert worked(session, "leads", text, source_id=source.id).repeats == 1


def test_one_id_in_the_files_of_two_services_is_two_people(session: Session) -> None:
    worked(session, "leads", "ID,Name,Phone\n101,Anna,+79000000001\n")
    one = worked(session, "leads", "Record ID,Full name,Phone number\n101,Ivan,+79000000002\n")
    assert (one.made, one.repeats) == (1, 0)
    files = session.scalars(select(Source).where(Source.format == "file")).one()
    assert files.name == "Imported files"


def test_a_row_without_campaign_gets_that_of_the_file(session: Session) -> None:
    campaign, other = make_campaign(session), make_campaign(session, title="Осень")
    text = "Имя;Телефон;Кампания\nАнна;+79000000001;\nИван;+79000000002;ОСЕНЬ\n"
    worked(session, "leads", text, campaign_id=campaign.id)
    found = session.scalars(select(Lead.campaign_id).order_by(Lead.id)).all()
    assert found == [campaign.id, other.id]


def test_the_same_person_in_two_campaigns_of_a_file_is_two_leads_and_told(
    session: Session,
) -> None:
    make_campaign(session, title="A1")
    make_campaign(session, title="B2")
    text = "Name,Phone,Campaign\nAnna,+79000000001,A1\nAnna,+79000000001,B2\nAnna,+79000000001,\n"
    one = worked(session, "leads", text)
    assert (one.made, one.joined, one.repeats) == (2, 1, 1)
    assert "The same person stands in row 2 already." in " ".join(
        told(session, one, RowState.WARNED)
    )


def test_an_id_that_two_platforms_share_names_no_campaign(session: Session) -> None:
    for platform in ("google", "yandex"):
        make_campaign(session).add_external_id(platform, "555000111222")
    one = worked(session, "leads", "Name,Phone,Campaign ID\nAnna,+79000000001,555000111222\n")
    assert session.scalars(select(Lead)).one().campaign is None
    assert one.warned == 1


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("8900", "Phone: No phone has this number."),
        ("7,9E+10", "Phone: A spreadsheet has rounded this phone number."),
        ("", "Phone: Give a phone number or an e-mail address."),
    ],
)
def test_a_row_without_contact_says_why(session: Session, cell: str, why: str) -> None:
    one = worked(session, "leads", f'Name;Phone\nAnna;"{cell}"\n')
    assert told(session, one)[0].startswith(why)


def test_one_bad_address_costs_no_good_one(session: Session) -> None:
    text = "Name,Work email,Email\nAnna,anna@@example.com,anna@example.com\n"
    one = worked(session, "leads", text)
    assert session.scalars(select(Lead)).one().email_key == "anna@example.com"
    assert one.warned == 1


def test_a_totals_line_is_no_lead(session: Session) -> None:
    one = worked(session, "leads", "Name,Phone\nAnna,+79000000001\nTotal: 1,\nИтого,\n")
    assert (one.made, one.wrong, one.ignored) == (1, 0, 2)


# -- spend -----------------------------------------------------------------------------------------


def test_two_campaigns_of_a_platform_may_be_one_of_ours(session: Session) -> None:
    campaign = make_campaign(session)
    campaign.add_external_id("google", "1")
    campaign.add_external_id("google", "2")
    text = "Day,Campaign ID,Cost\n2026-11-01,1,10\n2026-11-01,2,20\n"
    assert worked(session, "spend", text).made == 2
    assert worked(session, "spend", text).repeats == 2
    assert sum(spend.amount for spend in session.scalars(select(Spend))) == Decimal("30.00")


def test_amounts_are_added_exactly(session: Session) -> None:
    make_campaign(session, title="A1")
    rows = "".join(f"2026-11-{day:02};A1;0,1\n" for day in range(1, 31))
    worked(session, "spend", "Дата;Кампания;Расход\n" + rows)
    assert sum(spend.amount for spend in session.scalars(select(Spend))) == Decimal("3.00")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2026-11-31,A1,1,", "Day: There is no such day or time: “2026-11-31”."),
        (",A1,1,", "Day: There is no day here."),
        ("2026-11-01,A1,,", "Cost: There is no amount here."),
        ("2026-11-01,A1,abc,", "Cost: “abc” is no amount. Write it as 1500.50."),
        ("2026-11-01,A1,-5,", "Cost: The amount cannot be below zero."),
        ("2026-11-01,B2,1,", "Campaign: No campaign is called “B2” or has this id."),
        ("2026-11-01,A1,1,USD", "Currency: The amount is in USD, and the company counts in RUB."),
        ("2026-11-01,A1,1,,,x", "This row has 6 cells, and the table has 4 columns."),
    ],
)
def test_a_wrong_row_of_spend_names_its_column(session: Session, row: str, why: str) -> None:
    make_campaign(session, title="A1")
    Company.of(session).currency = "RUB"
    good = "2026-10-01,A1,1,RUB\n"
    one = worked(session, "spend", f"Day,Campaign,Cost,Currency\n{good}{row}\n")
    assert one.made == 1
    assert told(session, one)[0].startswith(why)


def test_a_day_twice_in_a_file_is_told_and_not_added(session: Session) -> None:
    make_campaign(session, title="A1")
    text = "Day,Campaign,Cost\n2026-11-01,A1,10\n2026-11-01,A1,10\n"
    one = worked(session, "spend", text)
    assert told(session, one)[0].startswith("Day: The campaign's spend of this day stands in row 2")
    assert session.scalars(select(Spend)).one().amount == Decimal("10.00")


def test_a_report_of_whole_weeks_is_refused(session: Session) -> None:
    make_campaign(session, title="A1")
    text = "Reporting starts,Reporting ends,Campaign name,Amount spent (RUB)\n"
    one = worked(session, "spend", text + "2026-11-01,2026-11-07,A1,10\n")
    assert told(session, one)[0].endswith("Export the report day by day.")


# -- clients ---------------------------------------------------------------------------------------


def test_people_and_organisations_are_told_apart(session: Session) -> None:
    text = (
        "Компания;ФИО;Телефон;ИНН;Рекламная кампания\n"
        "ООО «Ромашка»;Пробная Анна Петровна;+79000000001;7701234567;Осень\n"
        ";Тестов Иван;+79000000002;;\n"
    )
    make_campaign(session, title="Осень")
    one = worked(session, "clients", text)
    assert one.made == 2
    romashka, ivan = session.scalars(select(Client).order_by(Client.id)).all()
    assert (romashka.kind, romashka.organisation_name) == ("organisation", "ООО «Ромашка»")
    assert [person.name("ru") for person in romashka.people] == ["Пробная Анна Петровна"]
    assert romashka.campaign is not None
    assert (ivan.kind, ivan.last_name, ivan.first_name) == ("person", "Тестов", "Иван")
    assert worked(session, "clients", text).repeats == 2


def test_a_client_who_is_here_stays_as_they_are(session: Session) -> None:
    client = make_client(session, phone="+79000000001", last_name="Old")
    one = worked(session, "clients", "Last name,Phone\nNew,8 900 000-00-01\n")
    assert (one.made, one.repeats) == (0, 1)
    assert client.last_name == "Old"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("Anna,8900,", "Phone: Write a phone number with its area or country code."),
        ("Anna,,anna@@example.com", "Email: Write an e-mail address such as name@example.com."),
        (f"{'x' * 200},+79000000009,", "Last name: Use at most 150 characters."),
    ],
)
def test_a_wrong_client_names_its_column(session: Session, row: str, why: str) -> None:
    one = worked(session, "clients", f"Last name,Phone,Email\n{row}\n")
    assert (one.made, told(session, one)) == (0, [why])


def test_several_addresses_are_further_contacts(session: Session) -> None:
    text = "Last name,Phone,Email\nTest,+79000000001; +79000000002,a@example.com; b@example.com\n"
    worked(session, "clients", text)
    client = session.scalars(select(Client)).one()
    assert (client.phone_key, client.email_key) == ("+79000000001", "a@example.com")
    assert {point.key for point in client.contact_points} == {"+79000000002", "b@example.com"}


# -- an act that broke off -------------------------------------------------------------------------


def test_an_act_without_a_job_that_broke_off_can_be_gone_on_with(session: Session) -> None:
    rows = "".join(f"Anna,+7900{number:07}\n" for number in range(600))
    text = BytesIO(f"Name,Phone\n{rows}".encode())
    one = working.take_file(session, ImportKind.LEADS, "a.csv", text)
    one.begin(ImportState.CHECKING)
    while one.state == ImportState.CHECKING:
        working.check_part(session, one)
    one.begin(ImportState.RUNNING)
    working.run_part(session, one)
    session.commit()
    working.forget_open_file()
    assert (one.is_under_way, one.can_be_run) == (True, False)
    with travel(utc_now() + timedelta(minutes=2)):
        assert (one.is_under_way, one.can_be_run, one.can_be_undone) == (False, True, True)
        one.begin(ImportState.RUNNING)
        while one.state == ImportState.RUNNING:
            working.run_part(session, one)
    assert (one.state, one.made) == ("done", 600)


# -- what is settled -------------------------------------------------------------------------------


def test_what_is_needed_must_be_there(session: Session) -> None:
    one = working.take_file(
        session, ImportKind.SPEND, "a.csv", BytesIO(b"Day,Cost\n2026-11-01,1\n")
    )
    with pytest.raises(Invalid) as refused:
        ordering.settle(session, one, None)
    assert "the campaign" in str(refused.value.faults["columns"][0])


def test_a_header_is_named_otherwise(session: Session) -> None:
    text = b"Wer,Kontakt\nAnna,+79000000001\n"
    one = working.take_file(session, ImportKind.LEADS, "a.csv", BytesIO(text))
    fields = ordering.named_fields(one, {"Wer": "name"})
    assert ordering.settle(session, one, fields).fields == ["name", "phone"]
    for named in ({"Wie": "name"}, {"Wer": "nonsense"}):
        with pytest.raises(Invalid):
            ordering.named_fields(one, named)
    assert Plan.of(one.plan).fields == ["name", "phone"]
    assert session.scalars(select(Campaign)).all() == []
