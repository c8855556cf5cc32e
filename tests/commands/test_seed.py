"""`flask fab seed` and `unseed`: a believable company once, and nothing left of it afterwards."""

from __future__ import annotations

import random
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from app.documents import queue
from app.laws import LAWS, waived_documents
from app.models import (
    Batch,
    Campaign,
    Client,
    Company,
    ContactPerson,
    Contract,
    Document,
    Lead,
    Model,
    Note,
    RevenueEntry,
    Service,
    Source,
    Spend,
    Submission,
)  # fmt: skip
from app.models.clock import local
from app.models.contacts import read_email, read_phones
from app.seed.calendar import Calendar
from app.seed.demo import Demo
from app.seed.large import plant_large
from app.seed.people import People, latin
from app.seed.planting import Ground
from app.seed.words import ENGLISH, RUSSIAN, WORDS
from tests.factories import make_contract, make_lead
from tests.site import QUICK_HASH

Run = Callable[..., Result]
DEMO_USERS = ("operator", "marketer", "manager", "admin")


@pytest.fixture
def empty(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database as `setup` leaves it: with the first administrator alone, whom nobody has used.
    Gives the data folder.
    """
    from app.extensions import db

    monkeypatch.setattr(queue, "render_pdf", lambda *_, **__: b"%PDF-1.4 made up %%EOF")
    monkeypatch.setitem(app.config, "CRM_DATA", tmp_path)
    monkeypatch.setitem(app.config, "ADMIN_PASSWORD", "")
    with app.app_context():
        for user in db.session.scalars(select(User).where(User.username != "admin")):
            db.session.delete(user)
        db.session.commit()
    return tmp_path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks and nothing is signed: for tests of what surrounds the story."""
    monkeypatch.setattr(Demo, "write_lives", lambda _demo: None)


def drawn(number: int) -> random.Random:
    return random.Random(number)  # noqa: S311 -- to be repeated


def count(session: Session, noun: Any, *conditions: Any) -> int:
    return session.scalar(select(func.count(noun.id)).where(*conditions)) or 0


def counts(session: Session, column: Any) -> dict[str, int]:
    query = select(column, func.count()).group_by(column)
    return {value: number for value, number in session.execute(query)}  # noqa: C416


def logins(folder: Path) -> dict[str, str]:
    lines = (folder / "demo-logins.txt").read_text().splitlines()
    return dict(line.split(" ") for line in lines)


@pytest.mark.slow
def test_the_demo_is_a_whole_company(empty: Path, run: Run, session: Session) -> None:
    told = run("seed")
    assert told.exit_code == 0, told.output

    # who asked and what became of it
    assert count(session, Lead) >= 300
    assert set(counts(session, Lead.status)) == {
        "new", "in_work", "qualified", "converted", "lost",
    }  # fmt: skip
    assert count(session, Lead, Lead.campaign_id.is_(None)) == 1
    first, last = session.execute(
        select(func.min(Lead.received_at), func.max(Lead.received_at))
    ).one()
    assert last - first > timedelta(days=30 * 13)
    assert {"accepted", "rejected", "test"} <= set(counts(session, Submission.outcome))
    assert {"call", "person", "asked_again", "put_away"} <= set(counts(session, Note.kind))
    # whom it serves
    assert counts(session, Client.kind) == {"person": 30, "organisation": 10}
    assert count(session, ContactPerson) >= 10
    assert counts(session, Contract.status) == {
        "draft": 8, "signed": 28, "completed": 17, "terminated": 7,
    }  # fmt: skip
    assert count(session, Contract, Contract.archived_at.is_not(None)) == 1
    amended = count(session, Note, Note.kind == "amended")
    assert counts(session, Document.state) == {"ready": 52 + amended}
    assert amended >= 5
    # how it advertises
    ids = session.scalars(select(Campaign.id).order_by(Campaign.id)).all()
    assert ids[:3] == [1, 2, 3]
    assert len(ids) == 8
    unpaid = ~select(Spend.id).where(Spend.campaign_id == Campaign.id).exists()
    earned = (
        select(RevenueEntry.id)
        .join(Contract)
        .where(Contract.campaign_id == Campaign.id, RevenueEntry.amount > 0)
        .exists()
    )
    assert count(session, Campaign, unpaid, earned) == 1
    assert count(session, Campaign, Campaign.archived_at.is_not(None)) == 1
    assert count(session, Campaign, Campaign.ends_on.is_not(None)) == 2
    assert count(session, Service) == 5
    assert all(source.tokens for source in session.scalars(select(Source).where(
        Source.batch_id.is_not(None), Source.format != "own_form"
    )))  # fmt: skip
    # it is coherent, of one batch, and lawful
    assert [law.broken(session) for law in LAWS] == [None] * len(LAWS)
    for noun in (Lead, Client, Contract, Document, Note, RevenueEntry, Submission, Spend):
        assert count(session, noun, noun.batch_id.is_(None)) == 0, noun
    story = select(Note.at).join(Contract).where(Contract.number == 1).order_by(Note.id)
    times = session.scalars(story).all()
    assert times == sorted(times)
    assert max(times) < datetime.now(UTC)


def test_the_logins_stand_in_a_file_of_the_owner(
    empty: Path, quick: None, run: Run, session: Session
) -> None:
    run("seed")
    path = empty / "demo-logins.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = logins(empty)
    assert tuple(found) == DEMO_USERS
    for name, password in found.items():
        user = session.scalars(select(User).where(User.username == name)).one()
        assert user.active
        assert [role.name for role in user.roles] == [name.capitalize()]
        assert check_password_hash(user.password, password)


def test_an_administrator_who_is_in_use_keeps_the_password(
    empty: Path, quick: None, run: Run, session: Session
) -> None:
    admin = session.scalars(select(User).where(User.username == "admin")).one()
    admin.login_count, before = 1, admin.password
    session.commit()
    run("seed")
    kept = select(User.password).where(User.username == "admin")
    assert session.scalar(kept) == before
    assert tuple(logins(empty)) == DEMO_USERS[:3]


def test_a_second_run_adds_nothing_and_says_so(
    empty: Path, quick: None, run: Run, session: Session
) -> None:
    run("seed")
    before, words = count(session, Campaign), (empty / "demo-logins.txt").read_text()
    session.rollback()
    again = run("seed")
    assert again.exit_code == 1
    assert "already" in again.output
    quiet = run("seed", "--if-empty")
    assert quiet.exit_code == 0
    assert "already" in quiet.output
    assert count(session, Campaign) == before
    assert (empty / "demo-logins.txt").read_text() == words


def test_a_database_in_use_takes_no_demo_data(empty: Path, run: Run, session: Session) -> None:
    make_lead(session)
    session.commit()
    assert run("seed").exit_code == 1
    assert run("seed", "--if-empty").exit_code == 0
    assert count(session, Lead) == 1
    assert not (empty / "demo-logins.txt").exists()


@pytest.mark.slow
def test_unseed_leaves_nothing_but_the_memory(empty: Path, run: Run, session: Session) -> None:
    run("seed")
    assert Company.of(session).legal_name
    session.rollback()
    told = run("unseed")
    assert told.exit_code == 0, told.output
    assert "Kept" not in told.output
    session.expire_all()
    for table in Model.metadata.sorted_tables:
        if "batch_id" in table.c and table.name not in ("channel", "source"):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table.name
    assert Company.of(session).legal_name == ""
    active = select(User.username).where(User.active.is_(True))
    assert session.scalars(active).all() == ["admin"]  # the first administrator was there before
    assert tuple(logins(empty)) == ("admin",)
    assert [law.broken(session) for law in LAWS] == [None] * len(LAWS)
    session.rollback()

    assert "not put in again" in run("seed", "--if-empty").output
    assert count(session, Lead) == 0
    session.rollback()
    assert "no demo data" in run("unseed").output


@pytest.mark.slow
def test_unseed_keeps_and_names_what_real_rows_stand_on(
    empty: Path, run: Run, session: Session
) -> None:
    run("seed")
    client = session.scalars(select(Client).where(Client.kind == "person")).first()
    service = session.scalars(select(Service)).first()
    assert client is not None
    assert service is not None
    contract = make_contract(session, client=client, service=service)
    contract.sign()
    worked = session.scalars(select(Lead).where(Lead.status == "new")).first()
    assert worked is not None
    worked.write_note("They called us.")
    ids = client.id, service.id, contract.id, worked.id
    had = count(session, Note, Note.client_id == client.id)
    session.commit()

    told = run("unseed")

    assert f"Kept client {ids[0]}: " in told.output
    assert f"Kept service {ids[1]}: " in told.output
    assert f"Kept lead {ids[3]}: " in told.output
    session.expire_all()
    for noun, key in zip((Client, Service, Contract, Lead), ids, strict=True):
        assert session.get(noun, key) is not None
    assert count(session, Note, Note.client_id == ids[0]) == had
    assert count(session, Lead) < 10
    # The laws hold: numbers that went are remembered, the stories that stayed are whole.
    assert [law.broken(session) for law in LAWS] == [None] * len(LAWS)


@pytest.mark.slow
def test_a_large_seed_waives_documents_and_is_taken_out_too(
    app: Flask, empty: Path, run: Run, session: Session
) -> None:
    @contextmanager
    def no_bar(_label: str, _length: int) -> Iterator[Callable[[int], object]]:
        yield lambda _count: None

    ground = Ground(session, "en", empty, no_bar, hash_method=QUICK_HASH)
    planted = plant_large(ground, leads=2500, contracts=120, lost=50)

    assert (planted.leads, planted.clients, planted.contracts) == (2500, 120, 120)
    assert planted.waiting == count(session, Document) == 100
    assert waived_documents(session) == 20
    assert count(session, Lead, Lead.status == "lost") == 50
    assert [law.broken(session) for law in LAWS] == [None] * len(LAWS)
    assert count(session, Batch) == 2
    session.rollback()
    assert run("unseed").exit_code == 0
    assert count(session, Lead) == 0


# -- people and days -------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [RUSSIAN, ENGLISH], ids=["ru", "en"])
def test_people_can_be_reached_nowhere_and_are_valid_everywhere(words: Any) -> None:
    source = People(words, drawn(7))
    people = [source.one() for _ in range(1200)]
    for person in people:
        (phone,) = read_phones(person.phone, "RU")
        assert phone.key is not None
        assert phone.key.startswith(("+790000", "+447700900"))
        email = read_email(person.email)
        assert email.key is not None
        assert email.key.partition("@")[2] in {"example.com", "example.org", "example.net"}
    assert len({person.phone for person in people}) == len(people)
    assert len({person.email for person in people}) == len(people)


def test_the_same_number_draws_the_same_people() -> None:
    one, same, other = (People(RUSSIAN, drawn(seed)) for seed in (1, 1, 2))
    assert [one.one() for _ in range(20)] == [same.one() for _ in range(20)]
    assert [one.one() for _ in range(20)] != [other.one() for _ in range(20)]


def test_names_are_spelt_in_latin() -> None:
    assert latin("Щербакова Ёлка") == "scherbakovaelka"


def test_both_languages_say_everything() -> None:
    for field in RUSSIAN.__dataclass_fields__:
        mine, theirs = getattr(WORDS["ru"], field), getattr(WORDS["en"], field)
        if field in ("services", "channels", "campaigns", "sources", "firms", "users", "company"):
            assert len(mine) == len(theirs), field
    assert set(RUSSIAN.calls) == set(ENGLISH.calls)


@pytest.mark.parametrize("day", ["2026-11-25", "2026-03-01", "2028-02-29", "2027-01-01"])
def test_work_happens_in_working_hours_and_asking_grows(day: str) -> None:
    now = datetime.fromisoformat(f"{day}T12:00:00+03:00")
    calendar = Calendar(now, drawn(3))
    for hours in range(200):
        at = local(calendar.at_work(now + timedelta(hours=hours), timedelta(0), timedelta(0)))
        assert at.weekday() < 5
        assert 9 <= at.hour < 19
        assert at >= now
    times = calendar.asking_times(2000, calendar.first, calendar.today)
    middle = calendar.first + timedelta(days=calendar.days // 2)
    early = sum(1 for at in times if local(at).date() < middle)
    assert early < 0.45 * len(times)
