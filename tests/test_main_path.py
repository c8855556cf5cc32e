"""From a post to a signed contract and the campaign's ROI, against the product as it is served.

On both databases, with the real web server, worker and wkhtmltopdf: what holds in one process may
not hold in four, and what dies here really dies.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from app.extensions import db
from app.models import Client, Company, Contract, Document, Lead, Note
from app.models.clock import today
from app.models.document import DocumentState
from tests.factories import (
    complete_company,
    make_campaign,
    make_client,
    make_contract,
    make_lead,
    make_service,
    make_signed_contract,
)
from tests.postgres import database
from tests.served import Answer, Person, Server, eventually, served
from tests.site import DRIVER, PASSWORD, Site
from tests.views.browsing import form_of, send

pytestmark = pytest.mark.slow

TOKEN = "a-token-of-the-environment"
TOGETHER = 20
HOSTILE = '<meta name="pdfkit-allow" content="/"><iframe src="file:///etc/passwd">'
RENDERER = "wkhtmltopdf"
_phones = count(79920000001)


@dataclass
class Place:
    """A server with its data, and whoever knocks at its doors."""

    server: Server
    app: Flask  # a second application on the same data, to prepare and to look
    programs: Path  # the server's whole PATH

    def somebody(self, name: str) -> Person:
        return Person(self.server.url).log_in(name, PASSWORD)

    def keep(self, make: Callable[[Any], Any]) -> Any:
        with self.app.app_context():
            made = make(db.session())
            db.session.commit()
            return made

    def ask(self, question: Any) -> Any:
        with self.app.app_context():
            return db.session.scalar(question)

    def has_signed(self, **client: Any) -> int:
        """The id of a contract that has just been signed with a new client."""

        def sign(session: Any) -> int:
            made = make_client(session, **client)
            return int(make_signed_contract(session, client=made).id)

        number: int = self.keep(sign)
        return number

    def ready(self, contract: int, version: int = 1) -> Document:
        """The version of the contract's document, once it is there."""
        wanted = (
            select(Document)
            .where(Document.contract_id == contract, Document.version == version)
            .where(Document.state == DocumentState.READY)
            .options(undefer(Document.content))
        )
        document: Document = eventually(lambda: self.ask(wanted))
        return document


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def place(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        with opened(folder, f"sqlite:///{folder}/crm.sqlite3") as ready:
            yield ready
    else:
        with (
            database(request.getfixturevalue("postgres_server")) as url,
            opened(folder, url.replace("postgresql:", DRIVER)) as ready,
        ):
            yield ready


@contextmanager
def opened(folder: Path, url: str) -> Iterator[Place]:
    """One lead is there already, so that no demo data comes."""
    programs = folder / "programs"
    programs.mkdir()
    give_renderer(programs)
    app = Site(url).app
    with app.app_context():
        make_lead(db.session())
        db.session.commit()
    settings = {
        "DATABASE_URL": url.replace("+psycopg2", ""),
        "WEB_CONCURRENCY": "2",  # of four threads; SQLite has one of eight
        "TOKENS_API": TOKEN,
        "PATH": str(programs),
    }
    with served(folder, **settings) as server:
        yield Place(server, app, programs)
    with app.app_context():
        db.engine.dispose()


def give_renderer(programs: Path) -> None:
    (programs / RENDERER).symlink_to(real_renderer())


def take_renderer(programs: Path) -> None:
    (programs / RENDERER).unlink()


def real_renderer() -> str:
    found = shutil.which(RENDERER)
    assert found, "bin/install test installs wkhtmltopdf"
    return found


def phone() -> str:
    return f"+{next(_phones)}"


def number_in(address: str | None) -> int:
    """The record's id at the end of an address."""
    found = re.search(r"/(\d+)(?:$|\?|/)", address or "")
    assert found, address
    return int(found[1])


def words_of(pdf: bytes) -> str:
    told = subprocess.run(["pdftotext", "-", "-"], input=pdf, check=True, capture_output=True)
    return told.stdout.decode()


def text_of(answer: Answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def at_once(acts: list[Callable[[], Answer]]) -> list[Answer]:
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Answer]) -> Answer:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


# -- the path --------------------------------------------------------------------------------------


def test_from_a_post_to_the_roi_of_its_campaign(place: Place) -> None:
    campaign, service = place.keep(prepare_campaign)
    lead = post_lead(place, campaign)
    work(place.somebody("operator"), lead)
    manager = place.somebody("manager")
    client = convert(manager, lead)
    contract = draw_up(manager, client, lead, campaign, service)
    name_what_is_missing(place, manager, contract)
    sign(manager, contract)
    first = place.ready(contract)
    amend(place, manager, contract)
    second = place.ready(contract, version=2)
    page = f"/contractview/{contract}/document"
    assert manager.get(f"{page}/1").data == first.content
    assert manager.get(f"{page}/2").data == second.content
    assert "10.00" in words_of(first.content or b"")
    assert "11.00" in words_of(second.content or b"")
    assert "Marina Morozova" in words_of(second.content or b"")
    earn(place.somebody("marketer"), campaign)


def prepare_campaign(session: Any) -> tuple[int, int]:
    service = make_service(session, price="10.00")
    campaign = make_campaign(session, service=service)
    company = complete_company(session)
    company.change(bank_details=None)
    session.flush()
    return campaign.id, service.id


def post_lead(place: Place, campaign: int) -> int:
    body = {
        "first_name": "Marina", "last_name": "Morozova", "middle_name": None,
        "phone_number": phone(), "email": "marina@example.com", "advertising_company": campaign,
    }  # fmt: skip
    headers = {"Token": TOKEN, "Content-Type": "application/json"}
    answer = Person(place.server.url).post(
        "/clients/potential/api/", json.dumps(body).encode(), headers
    )
    assert answer.status_code == 201, answer.text
    sent = json.loads(answer.data)
    assert {name: sent[name] for name in body} == body
    return int(sent["id"])


def work(operator: Person, lead: int) -> None:
    assert "Marina Morozova" in operator.get("/queueview/list/?group=new").text
    told = {"outcome": "answered", "text": "Wants it in spring", "when": "tomorrow"}
    answer = send(operator, f"/leadview/{lead}/log_call", **told, status="qualified")
    assert answer.status_code == 302, answer.text
    shown = text_of(operator.get(f"/leadview/show/{lead}"))
    assert "Qualified" in shown
    assert "Wants it in spring" in shown


def convert(manager: Person, lead: int) -> int:
    assert f"/leadview/show/{lead}" in manager.get("/decisionview/list/").text
    answer = send(manager, f"/leadview/{lead}/convert", into="person")
    assert answer.status_code == 302, answer.text
    return number_in(answer.location)


def draw_up(manager: Person, client: int, lead: int, campaign: int, service: int) -> int:
    address = f"/contractview/add?client={client}&lead={lead}"
    form = form_of(manager, address)
    assert form["amount"] == "10.00"
    assert (form["client"], form["lead"]) == (str(client), str(lead))
    assert (form["campaign"], form["service"]) == (str(campaign), str(service))
    answer = manager.post(address, form)
    assert answer.status_code == 302, answer.text
    return number_in(answer.location)


def name_what_is_missing(place: Place, manager: Person, contract: int) -> None:
    shown = text_of(manager.get(f"/contractview/{contract}/sign"))
    assert "Fill in the company's details first: bank details." in shown
    admin = place.somebody("admin")
    filled = send(admin, "/companyview/edit", bank_details="IBAN GB00 TEST 1234")
    assert filled.status_code == 302, filled.text
    assert place.ask(select(Company.bank_details)) == "IBAN GB00 TEST 1234"


def sign(manager: Person, contract: int) -> None:
    answer = send(manager, f"/contractview/{contract}/sign")
    assert answer.status_code == 302, answer.text


def amend(place: Place, manager: Person, contract: int) -> None:
    notes = select(func.count()).select_from(Note).where(Note.contract_id == contract)
    before = place.ask(notes)
    answer = send(manager, f"/contractview/{contract}/amend", amount="11.00", reason="One more")
    assert answer.status_code == 302, answer.text
    assert place.ask(notes) == before + 1
    shown = text_of(manager.get(f"/contractview/show/{contract}"))
    told = re.findall(r": amended \(One more\), .*? (\S+ → \S+) (Manager \w+) just now", shown)
    assert told == [("₽10.00 → ₽11.00", "Manager Test")], shown


def earn(marketer: Person, campaign: int) -> None:
    answer = send(marketer, f"/spendview/add?campaign={campaign}", amount="5.00")
    assert answer.status_code == 302, answer.text
    shown = text_of(marketer.get(f"/campaignview/show/{campaign}"))
    assert re.search(r" ROI \? ROI [^.]*\. 120% ", shown), shown
    assert "Morozova" not in shown


# -- what may not happen ---------------------------------------------------------------------------


def test_a_name_full_of_markup_is_text_in_page_and_pdf(place: Place) -> None:
    contract = place.has_signed(last_name=HOSTILE)
    shown = place.somebody("manager").get(f"/contractview/show/{contract}").text
    assert HOSTILE in unescape(shown)
    assert "<iframe" not in shown
    assert 'pdfkit-allow"' not in shown
    words = " ".join(words_of(place.ready(contract).content or b"").split())
    assert "<iframe" in words
    assert "root:" not in words


def test_a_lead_converts_once_however_many_ask_together(place: Place) -> None:
    lead = place.keep(lambda session: make_lead(session, phone=phone()).id)
    manager = place.somebody("manager")
    before = place.ask(select(func.count()).select_from(Client))
    address = f"/leadview/{lead}/convert"
    forms = [form_of(manager, address) | {"into": "person"} for _ in range(TOGETHER)]
    answers = at_once([partial(manager.post, address, form) for form in forms])
    assert place.ask(select(func.count()).select_from(Client)) == before + 1
    client = place.ask(select(Lead.client_id).where(Lead.id == lead))
    won = [answer for answer in answers if answer.status_code == 302]
    assert [number_in(answer.location) for answer in won] == [client]
    for answer in answers:
        if answer not in won:
            assert answer.status_code == 409
            assert f"/clientview/show/{client}" in answer.text


def test_the_same_form_twice_at_once_is_one_row_and_twice_a_success(place: Place) -> None:
    client = place.keep(lambda session: make_client(session, phone=phone()).id)
    service = place.keep(lambda session: make_service(session).id)
    manager, address = place.somebody("manager"), f"/contractview/add?client={client}"
    form = form_of(manager, address) | {"service": str(service), "starts_on": str(today())}
    first, second = at_once([partial(manager.post, address, form)] * 2)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location == second.location
    drafts = select(func.count()).select_from(Contract).where(Contract.client_id == client)
    assert place.ask(drafts) == 1


def test_a_worker_killed_in_the_middle_of_a_render_is_back_and_makes_it_once(place: Place) -> None:
    begun, hold = place.programs / "begun", place.programs / "hold"
    take_renderer(place.programs)
    hold.touch()
    slow = place.programs / RENDERER
    slow.write_text(
        f"#!/bin/sh\necho x >>{begun}\nwhile [ -e {hold} ]; do /bin/sleep 0.1; done\n"
        f'exec {real_renderer()} "$@"\n'
    )
    slow.chmod(0o755)
    place.programs.chmod(0o777)  # noqa: S103 -- for the file that says it has begun
    try:
        contract = place.has_signed()
        eventually(begun.exists)
        killed = place.server.worker()
        assert killed
        os.kill(killed, signal.SIGKILL)
        hold.unlink()
        document = place.ready(contract)
    finally:
        slow.unlink()
        give_renderer(place.programs)
    assert place.server.worker() not in (None, killed)
    assert begun.read_text() == "x\nx\n", "the first was lost, the second is kept"
    assert document.attempts == 2
    answer = place.somebody("manager").get(f"/contractview/{contract}/document/1")
    assert answer.data == document.content
    assert "document worker ended (SIGKILL); it is started again." in place.server.log


def test_without_wkhtmltopdf_the_page_says_so_and_heals_by_itself(place: Place) -> None:
    take_renderer(place.programs)
    try:
        contract = place.has_signed()
        manager = place.somebody("manager")
        address = f"/contractview/show/{contract}"
        eventually(lambda: "wkhtmltopdf" in manager.get(address).text)
        draft = place.keep(lambda session: make_contract(session).id)
        preview = manager.get(f"/contractview/{draft}/preview")
        assert preview.status_code == 503
        assert "wkhtmltopdf" in preview.text
    finally:
        give_renderer(place.programs)
    assert place.ready(contract).attempts == 1, "what was missing cost no try"
    assert "wkhtmltopdf" not in manager.get(address).text
    assert manager.get(f"/contractview/{draft}/preview").data.startswith(b"%PDF-")
