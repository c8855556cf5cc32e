"""The search over everything: who finds what, by which notation, and what an empty one offers."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Lead, RecentlyOpened
from app.models.clock import travel, utc_now
from app.models.recent import KEPT
from app.ui.frame import MENU_KEYS
from app.views import finding
from tests.factories import make_campaign, make_client, make_lead, make_service
from tests.factories import make_signed_contract as make_contract
from tests.views.pages import counted, keep, read, text_of


def hits(client: Any, text: str = "") -> list[str]:
    """The labels of what the dialog shows for this text, commands and offers aside."""
    return [words for kind, words in lines(client, text) if kind not in ("commands", "new")]


def lines(client: Any, text: str = "") -> list[tuple[str, str]]:
    """(group, label) of each line of the dialog."""
    answer = client.get("/search", query_string={"q": text})
    assert answer.status_code == 200
    found, group = [], ""
    for name, label, offer in re.findall(
        r'id="hits-(\w+)"|class="hit-label">(.*?)</span>|class="hit-words">([^<]+)</span>',
        text_of(answer),
    ):
        group = name or group
        if label or offer:
            found.append((group, html.unescape(label or offer)))
    return found


@pytest.fixture
def people(app: Any) -> Any:
    def make(session: Any) -> dict[str, int]:
        lead = make_lead(
            session, last_name="Алёшина", first_name="Анна", phone="+7 992 328-83-41",
            email="anna.aleshina@example.com",
        )  # fmt: skip
        lead.add_phone(*_phones("+33 6 28 11 22 33"))
        lead.refresh_search_text()
        client = make_client(session, last_name="Громова", first_name="Ирина", phone="+79165550011")
        away = make_lead(session, last_name="Алёшин", first_name="Убранный")
        away.put_away("mistake")
        service = make_service(session, title="Алёшинская услуга")
        campaign = make_campaign(session, title="Весна алёшинская", service=service)
        contract = make_contract(session, client=client, service=service)
        session.flush()
        assert contract.number is not None
        return {
            "lead": lead.id, "client": client.id, "contract": contract.id,
            "number": contract.number, "campaign": campaign.id,
        }  # fmt: skip

    return keep(app, make)


def _phones(text: str) -> Any:
    from app.models.contacts import read_phones

    return read_phones(text, "RU")


@pytest.mark.parametrize(
    "text",
    [
        "алеш", "АЛЁШИНА", "анна алёш", "ешин", "Алёшина Анна", "aleshina@",
        "anna.aleshina@example.com",
        "8 992 328-83-41", "8 992 328", "+7(992)", "+7 (992) 328 83 41", "8341", "83-41",
        "06 28 11 22 33", "06 28", "+33 6 28 11 22 33", "0033628112233",
    ],
)  # fmt: skip
def test_a_lead_is_found_by_any_part_in_any_notation(
    app: Any, people: Any, client_as: Any, text: str
) -> None:
    assert "Анна Алёшина" in hits(client_as("Operator"), text)


def test_a_record_is_found_by_its_number(app: Any, people: Any, client_as: Any) -> None:
    manager = client_as("Manager")
    for text in (str(people["lead"]), f"№ {people['lead']}", f"#{people['lead']}"):
        assert ("lead", "Анна Алёшина") in lines(manager, text)
    assert ("client", "Ирина Громова") in lines(manager, str(people["client"]))
    assert ("contract", f"№ {people['number']}") in lines(manager, f"№{people['number']}")


def test_put_away_rows_are_not_found(app: Any, people: Any, client_as: Any) -> None:
    assert hits(client_as("Admin"), "убранный") == []


def test_each_role_finds_what_it_may_see(app: Any, people: Any, client_as: Any) -> None:
    groups = {
        role: {group for group, _ in lines(client_as(role), "алеш")} - {"commands", "new"}
        for role in ("Operator", "Marketer", "Manager", "Admin")
    }
    assert groups["Operator"] == {"lead", "campaign", "service"}
    assert groups["Marketer"] == {"campaign", "service"}
    assert groups["Manager"] == groups["Admin"] == {"lead", "contract", "campaign", "service"}
    assert hits(client_as("Marketer"), "8 992 328-83-41") == []
    assert "contract" not in {group for group, _ in lines(client_as("Operator"), "громова")}


def test_a_visitor_is_asked_to_log_in(app: Any, client: Any) -> None:
    for address in ("/search?q=anna", "/search/?q=anna"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.location.startswith("/login/")


def test_a_group_shows_five_and_leads_to_the_rest(app: Any, client_as: Any) -> None:
    keep(app, lambda s: [make_lead(s, first_name="Семён", last_name=f"Сёмин{n}") for n in range(7)])
    found = lines(client_as("Operator"), "семин")
    assert [label for group, label in found if group == "lead"] == [
        *(f"Семён Сёмин{n}" for n in (6, 5, 4, 3, 2)), "Leads: all that match",
    ]  # fmt: skip
    page = text_of(client_as("Operator").get("/search?q=семин"))
    assert "/leadview/list/?search=" in page
    assert "5 results are shown, there are more." in page


def test_a_whole_search_asks_few_questions(app: Any, people: Any, client_as: Any) -> None:
    admin = client_as("Admin")
    admin.get("/search?q=x")
    nothing = counted(app, lambda: admin.get("/health/live"))
    for text in ("алеш", "8 992 328-83-41", "ан", "12", "a@example.com", ""):
        asked = counted(app, lambda text=text: admin.get("/search", query_string={"q": text}))
        # The user, their settings and the menu's permissions beside the six of the search.
        assert asked - nothing <= 6 + 3, text


def test_short_words_look_among_the_newest_and_short_surnames(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(app, lambda s: make_lead(s, last_name="Ли", first_name="Вэй"))
    keep(app, lambda s: make_lead(s, last_name="Аликов", first_name="Пётр"))
    operator = client_as("Operator")
    assert hits(operator, "ли") == ["Вэй Ли", "Пётр Аликов"]
    monkeypatch.setattr(finding, "NEWEST", 0)
    assert hits(operator, "ли") == ["Вэй Ли"]
    assert hits(operator, "ЛИ") == ["Вэй Ли"]
    assert hits(operator, "ли вэй") == ["Вэй Ли"]


@pytest.mark.parametrize(
    "junk", ["%", "_", "\\", "'", '"', "\x00", "%00", "🙂", "a" * 5000, "№", "#", "+", "<b>"]
)
def test_odd_texts_are_answered(app: Any, people: Any, client_as: Any, junk: str) -> None:
    manager = client_as("Manager")
    assert hits(manager, junk) == [] or junk == "\x00"
    page = manager.get("/search/", query_string={"q": junk})
    assert page.status_code == 200
    assert "<b>" not in text_of(page)


# -- nothing found ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "offer", "kept"),
    [
        ("8 921 000-11-22", "New lead with the phone 8 921 000-11-22", "8 921 000-11-22"),
        ("new@example.com", "New lead with the e-mail new@example.com", "new@example.com"),
        ("Нездешний Пётр", "New lead with the name “Нездешний Пётр”", "Нездешний"),
    ],
)
def test_whoever_finds_nobody_is_offered_a_new_lead(
    app: Any, client_as: Any, text: str, offer: str, kept: str
) -> None:
    operator = client_as("Operator")
    assert ("new", offer) in lines(operator, text)
    page = text_of(operator.get("/search", query_string={"q": text}))
    link = re.search(r'href="(/leadview/add\?[^"]+)"', page)
    assert link is not None
    form = text_of(operator.get(html.unescape(link[1])))
    assert f'value="{kept}"' in form
    assert "new" not in {group for group, _ in lines(client_as("Marketer"), text)}


# -- opened last -----------------------------------------------------------------------------------


def look(client: Any, address: str) -> None:
    """Opens a page and reads it to its end."""
    with client.get(address) as answer:
        assert answer.status_code == 200
        answer.get_data()


def test_an_empty_search_offers_what_one_opened_last(app: Any, people: Any, client_as: Any) -> None:
    manager = client_as("Manager")
    for noun in ("lead", "client", "contract", "campaign"):
        with travel(utc_now() + timedelta(seconds=len(noun))):
            look(manager, f"/{noun}view/show/{people[noun]}")
    recent = [label for group, label in lines(manager) if group == "recent"]
    assert recent == [
        "Весна алёшинская", f"№ {people['number']}", "Ирина Громова", "Анна Алёшина",
    ]  # fmt: skip
    assert [g for g, _ in lines(client_as("Admin")) if g == "recent"] == []


def test_what_one_may_no_longer_see_is_not_offered(app: Any, people: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    look(operator, f"/leadview/show/{people['lead']}")
    look(operator, f"/clientview/show/{people['client']}")
    assert set(hits(operator)) == {"Анна Алёшина", "Ирина Громова"}
    with app.app_context():
        db.session.get(Lead, people["lead"]).put_away("mistake")
        db.session.commit()
        user = db.session.scalar(select(RecentlyOpened.user_id))
        statement = RecentlyOpened.noting(
            db.engine.dialect.name, user, "contract", people["contract"]
        )
        db.session.execute(statement)
        db.session.commit()
    assert hits(operator) == ["Ирина Громова"]


def test_a_record_is_noted_once_in_five_minutes(app: Any, people: Any, client_as: Any) -> None:
    operator = client_as("Operator")

    def at() -> Any:
        return read(app, lambda s: s.scalar(select(RecentlyOpened.at)))

    look(operator, f"/leadview/show/{people['lead']}")
    first = at()
    with travel(utc_now() + timedelta(minutes=4)):
        look(operator, f"/leadview/show/{people['lead']}")
    assert at() == first
    with travel(utc_now() + timedelta(minutes=6)):
        look(operator, f"/leadview/show/{people['lead']}")
    assert at() > first


def test_only_the_newest_are_kept(app: Any, people: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    look(operator, f"/leadview/show/{people['lead']}")
    with app.app_context():
        user = db.session.scalar(select(RecentlyOpened.user_id))
        for number in range(KEPT + 5):
            with travel(utc_now() + timedelta(seconds=number + 1)):
                db.session.execute(
                    RecentlyOpened.noting(db.engine.dialect.name, user, "lead", 10_000 + number)
                )
        db.session.execute(RecentlyOpened.forgetting(user))
        db.session.commit()
        kept = db.session.scalars(select(RecentlyOpened.row_id)).all()
    assert len(kept) == KEPT
    assert people["lead"] not in kept


def test_pages_that_are_not_there_are_not_noted(app: Any, people: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    with operator.get("/leadview/show/999999"):
        pass
    with operator.get(f"/contractview/show/{people['contract']}"):
        pass
    with operator.head(f"/leadview/show/{people['lead']}"):
        pass
    assert read(app, lambda s: s.scalars(select(RecentlyOpened.row_id)).all()) == []


# -- commands --------------------------------------------------------------------------------------


def commands(client: Any, text: str = "") -> list[str]:
    return [label for group, label in lines(client, text) if group == "commands"]


def test_each_role_is_offered_its_commands(app: Any, client_as: Any) -> None:
    offered = {role: commands(client_as(role)) for role in ("Operator", "Marketer", "Manager")}
    everybody = {"Campaigns", "Log out", "Appearance: dark", "Keys of this page"}
    assert all(everybody <= set(listed) for listed in offered.values())
    assert {"Next lead", "My queue", "Leads", "Board", "New lead"} <= set(offered["Operator"])
    assert not {"Contracts", "New contract", "New client: a person"} & set(offered["Operator"])
    assert {"New campaign", "New spend", "Spend"} <= set(offered["Marketer"])
    assert not {"Leads", "Board", "Next lead", "New lead"} & set(offered["Marketer"])
    assert {"Contracts", "New contract", "New client: an organisation"} <= set(offered["Manager"])
    assert "Administration: Users" in commands(client_as("Admin"))
    assert "Administration: Users" not in offered["Manager"]


def test_a_command_is_found_by_its_words_and_shows_its_key(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    assert commands(operator, "appear dark") == ["Appearance: dark"]
    assert commands(operator, "shortcuts") == ["Switch single keys off", "Keys of this page"]
    page = text_of(operator.get("/search?q=leads"))
    key = MENU_KEYS["LeadView"].upper()
    assert f"<kbd>G</kbd> <kbd>{key}</kbd>" in page


def test_every_command_that_is_a_link_opens(app: Any, people: Any, client_as: Any) -> None:
    for role in ("Operator", "Marketer", "Manager", "Admin"):
        browser = client_as(role)
        page = text_of(browser.get("/search"))
        group = page.split('id="hits-commands"')[1]
        addresses = [html.unescape(one) for one in re.findall(r'href="([^"]+)"', group)]
        assert len(addresses) > 8
        for address in addresses:
            if "logout" not in address and "/lang/" not in address:
                answer = browser.get(address, follow_redirects=True)
                assert answer.status_code == 200, (role, address)


def test_the_page_without_javascript_posts_commands(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")
    page = text_of(operator.get("/search/?q=appearance"))
    assert '<form method="post" action="/settings/set">' in page
    answer = operator.post("/settings/set", data={"theme": "dark"})
    assert answer.status_code == 302
    assert 'data-look="dark"' in text_of(operator.get("/search/"))


def test_the_dialog_stands_on_every_page(app: Any, client_as: Any) -> None:
    page = text_of(client_as("Operator").get("/leadview/list/"))
    assert page.count('id="search-dialog"') == 1
    assert page.count('id="keys-dialog"') == 1
    assert 'data-go="b"' in page


def test_the_search_of_the_rail_is_a_link(app: Any, client_as: Any) -> None:
    """It opens the dialog; without a script the page."""
    page = text_of(client_as("Marketer").get("/decisionview/list/"))
    links = re.findall(r'<a [^>]*href="/search/"[^>]*data-open="#search-dialog"', page)
    assert len(links) == 2  # of the rail and of a phone's bar
    assert 'button type="button" data-open="#search-dialog"' not in page


def test_sqlite_reads_a_bounded_part(sqlite_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.site import logged_in

    def make(session: Any) -> None:
        make_lead(session, last_name="Стариков", phone="+79991112233")
        make_lead(session, last_name="Новиков")

    keep(sqlite_app, make)
    monkeypatch.setattr(finding, "NEWEST_ON_SQLITE", 1)
    operator = logged_in(sqlite_app, "operator")
    assert hits(operator, "стариков") == []
    assert len(hits(operator, "новиков")) == 1
    assert len(hits(operator, "8 999 111-22-33")) == 1  # by its key


def test_postgresql_finds_what_is_old_and_what_is_new(
    postgres_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.site import logged_in

    def make(session: Any) -> None:
        for number in range(4):
            make_lead(session, first_name="", last_name=f"Стариков{number}")
        make_lead(session, last_name="Новиков")

    keep(postgres_app, make)
    monkeypatch.setattr(finding, "NEWEST", 2)
    operator = logged_in(postgres_app, "operator")
    assert hits(operator, "стариков") == [f"Стариков{number}" for number in (3, 2, 1, 0)]
    # Enough of the newest: the old ones are not even looked at.
    monkeypatch.setattr(finding, "MOST", 1)
    assert hits(operator, "иков") == ["Ivan Новиков", "Leads: all that match"]


def test_a_mere_number_makes_no_lead(app: Any, client_as: Any) -> None:
    assert lines(client_as("Operator"), "7900") == []
    assert lines(client_as("Operator"), "appearance dark") == [("commands", "Appearance: dark")]
