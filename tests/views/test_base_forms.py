"""Forms: once, in one transaction, never over somebody else's work, with messages at the fields."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.errors import CrmError, Invalid
from app.extensions import db
from app.models import Campaign, FormKey, Service
from tests.views import toys
from tests.views.toys import hidden, log_in, make_campaign, make_service, rows_of


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def opened(client: Any, address: str) -> dict[str, str]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return hidden(text(answer))


def services(app: Flask) -> list[tuple[Any, ...]]:
    with rows_of(app) as session:
        return [tuple(row) for row in session.query(Service.title, Service.price).order_by("id")]


# -- adding ----------------------------------------------------------------------------------------


def test_a_row_is_added_and_shown(toy_app: Flask, boss: Any) -> None:
    kept = opened(boss, "/serviceview/add")
    answer = boss.post("/serviceview/add", data=kept | {"title": " Ads ", "price": "1 234,50"})
    assert answer.status_code == 302
    assert "₽1,234.50" in text(boss.get(answer.location))
    assert services(toy_app) == [("Ads", Decimal("1234.50"))]


def test_a_refused_form_keeps_what_was_typed(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        make_service(session, "Ads")
    kept = opened(boss, "/serviceview/add")
    answer = boss.post("/serviceview/add", data=kept | {"title": "Ads", "price": "77,10"})
    assert answer.status_code == 400
    assert "There is a service with this title already." in text(answer)
    assert 'value="77,10"' in text(answer)
    # The same form, corrected, is accepted: the refusal used up no key.
    again = boss.post("/serviceview/add", data=hidden(text(answer)) | {"title": "B", "price": "1"})
    assert again.status_code == 302


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"title": "", "price": ""},
        {"title": "x" * 300, "price": "1"},
        {"title": "A", "price": "abc"},
        {"title": "A", "price": "-1"},
        {"title": "A", "price": "9" * 30},
        {"title": "A", "price": "1.234"},
        {"title": "\x00", "price": "1"},
    ],
)
def test_a_bad_form_is_400_and_makes_nothing(
    toy_app: Flask, boss: Any, values: dict[str, str]
) -> None:
    assert boss.post("/serviceview/add", data=values).status_code == 400
    assert services(toy_app) == []


@pytest.mark.parametrize("screen", ["serviceview"])
def test_the_same_form_twice_makes_one_row(toy_app: Flask, boss: Any, screen: str) -> None:
    values = opened(boss, f"/{screen}/add") | {"title": "Ads", "price": "5"}
    first, second = (boss.post(f"/{screen}/add", data=values) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first.location == second.location
    assert len(services(toy_app)) == 1
    assert "The record has been added." in text(boss.get(second.location))


def test_a_double_click_at_once_makes_one_row(toy_app: Flask) -> None:
    clients = [log_in(toy_app, "boss") for _ in range(6)]
    values = opened(clients[0], "/serviceview/add") | {"title": "Ads", "price": "5"}
    barrier = threading.Barrier(len(clients))
    answers: list[tuple[int, str]] = []

    def send(client: Any) -> None:
        barrier.wait()
        answer = client.post("/serviceview/add", data=values)
        answers.append((answer.status_code, answer.location))

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(services(toy_app)) == 1
    assert len(set(answers)) == 1, answers
    assert answers[0][0] == 302


def test_stock_adds_a_second_row_for_a_second_click(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session).id
    for _ in range(2):
        boss.post("/stockview/add", data={"title": "Twice", "service": number})
    with rows_of(toy_app) as session:
        assert session.query(Campaign).filter_by(title="Twice").count() == 2


def test_a_key_of_another_form_is_refused(toy_app: Flask, boss: Any, clerk: Any) -> None:
    values = opened(boss, "/serviceview/add") | {"title": "Ads", "price": "5"}
    assert boss.post("/serviceview/add", data=values).status_code == 302
    stolen = clerk.post("/serviceview/add", data=values | {"title": "Other"})
    assert stolen.status_code == 409
    assert len(services(toy_app)) == 1


def test_what_the_address_asks_for_is_chosen_already(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        good = make_service(session, "Good").id
        away = make_service(session, "Away")
        away.put_away("mistake")
        away_id = away.id
    shown = text(boss.get(f"/campaignview/add?_flt_0_service={good}"))
    assert f'<option value="{good}" selected' in shown
    assert f'value="{away_id}"' not in text(boss.get(f"/campaignview/add?_flt_0_service={away_id}"))


# -- law 8 -----------------------------------------------------------------------------------------


def test_the_second_editor_sees_both_values(toy_app: Flask, boss: Any, clerk: Any) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads", price=100, description="Old words").id
    address = f"/serviceview/edit/{number}"
    mine, theirs = opened(boss, address), opened(clerk, address)
    base = {"title": "Ads", "active": "y"}
    saved = clerk.post(address, data=theirs | base | {"price": "200", "description": "Their words"})
    assert saved.status_code == 302
    answer = boss.post(address, data=mine | base | {"price": "300", "description": "Old words"})
    shown = text(answer)
    assert answer.status_code == 409
    assert "Somebody changed this record meanwhile." in shown
    for value in ("₽100.00", "₽200.00", "₽300.00", "Their words"):
        assert value in shown, value
    assert 'value="300"' in shown
    # What only the colleague changed is taken over, and said so.
    assert "You did not change it" in shown
    assert ">\nTheir words</textarea>" in shown.replace("\r", "")
    with rows_of(toy_app) as session:
        assert session.get(Service, number).price == 200
    again = boss.post(address, data=hidden(shown) | base | {
        "price": "300", "description": "Their words"})  # fmt: skip
    assert again.status_code == 302
    with rows_of(toy_app) as session:
        kept = session.get(Service, number)
        assert (kept.price, kept.description) == (300, "Their words")


@pytest.mark.parametrize(("keep", "price"), [("now", 200), ("yours", 300)])
def test_the_second_editor_chooses_whose_value_is_kept(
    toy_app: Flask, boss: Any, clerk: Any, keep: str, price: int
) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads", price=100).id
    address = f"/serviceview/edit/{number}"
    mine, theirs = opened(boss, address), opened(clerk, address)
    base = {"title": "Ads", "active": "y"}
    clerk.post(address, data=theirs | base | {"price": "200"})
    shown = text(boss.post(address, data=mine | base | {"price": "300"}))
    for value in ("now", "yours"):
        assert f'form="record-form" name="keep-price" value="{value}"' in shown
    assert 'id="record-form"' in shown
    choice = {"price": "300", "keep-price": keep}
    assert boss.post(address, data=hidden(shown) | base | choice).status_code == 302
    with rows_of(toy_app) as session:
        assert session.get(Service, number).price == price


def test_stock_overwrites_the_first_editor(toy_app: Flask, boss: Any, clerk: Any) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session)
        number = make_campaign(session, "A", service).id
        service_id = service.id
    for client, title in ((boss, "First"), (clerk, "Second")):
        client.post(f"/stockview/edit/{number}", data={"title": title, "service": service_id})
    with rows_of(toy_app) as session:
        assert session.get(Campaign, number).title == "Second"


def test_a_form_without_its_version_is_stale(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads").id
    address = f"/serviceview/edit/{number}"
    for version in ({}, {"lock_version": "x"}, {"lock_version": "99"}, {"lock_version": ""}):
        answer = boss.post(address, data=version | {"title": "New", "price": "1"})
        assert answer.status_code == 409, version
    forged = opened(boss, address) | {"opened": "junk", "lock_version": "7"}
    assert boss.post(address, data=forged | {"title": "New", "price": "1"}).status_code == 409


def test_a_second_click_on_save_is_no_conflict(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads").id
    address = f"/serviceview/edit/{number}"
    values = opened(boss, address) | {"title": "New", "price": "1"}
    answers = [boss.post(address, data=values) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].location == answers[1].location


def test_two_who_save_at_once_are_told_apart(toy_app: Flask) -> None:
    """Both forms have the same version; one wins, the other one gets the page."""
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads").id
    address = f"/serviceview/edit/{number}"
    clients = [log_in(toy_app, "boss") for _ in range(5)]
    forms = [opened(client, address) | {"title": f"T{n}", "price": "1"}
             for n, client in enumerate(clients)]  # fmt: skip
    barrier = threading.Barrier(len(clients))
    statuses: list[int] = []

    def send(client: Any, values: dict[str, str]) -> None:
        barrier.wait()
        statuses.append(client.post(address, data=values).status_code)

    threads = [
        threading.Thread(target=send, args=pair) for pair in zip(clients, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 409, 409, 409, 409]


def test_a_version_that_appears_under_the_lock_is_stale(
    toy_app: Flask, boss: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verb that locks re-reads the row: a newer version there must not be overwritten."""
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads", price=1).id
    view = next(v for v in toy_app.extensions["appbuilder"].baseviews
                if type(v).__name__ == "ServiceView")  # fmt: skip

    def locking(row: Service, values: dict[str, Any]) -> None:
        db.session.rollback()  # lets the other one in, as a row lock on PostgreSQL would
        with db.engine.begin() as other:
            other.exec_driver_sql(
                f"UPDATE service SET price = 900, lock_version = 2 WHERE id = {number}"  # noqa: S608
            )
        row.lock()
        row.change(**values)

    monkeypatch.setattr(view, "change", locking)
    address = f"/serviceview/edit/{number}"
    answer = boss.post(address, data=opened(boss, address) | {"title": "Mine", "price": "5"})
    assert answer.status_code == 409
    assert services(toy_app) == [("Ads", Decimal(9))]


# -- errors ----------------------------------------------------------------------------------------


def test_an_error_with_a_link_leads_to_the_record(
    toy_app: Flask, boss: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rows_of(toy_app) as session:
        other, number = make_service(session, "Other").id, make_service(session, "Ads").id
    answers = {}
    for name, error in {
        "whole": CrmError("It stands in the way of %(what)s.", link=("service", other), what="it"),
        "field": Invalid.of("title", "Not this."),
        "stranger": Invalid.of("unknown", "Not that."),
    }.items():

        def refuse(self: Any, error: CrmError = error, **_values: Any) -> None:
            raise error

        monkeypatch.setattr(Service, "change", refuse)
        address = f"/serviceview/edit/{number}"
        answer = boss.post(address, data=opened(boss, address) | {"title": "X", "price": "1"})
        answers[name] = (answer.status_code, text(answer))
    assert answers["whole"][0] == 409
    assert "It stands in the way of it." in answers["whole"][1]
    assert f'href="/serviceview/show/{other}"' in answers["whole"][1]
    assert answers["field"][0] == 400
    assert ">Not this.</p>" in answers["field"][1]
    assert "Not that." in answers["stranger"][1]


def test_the_databases_own_refusal_is_told_in_words(
    toy_app: Flask, boss: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rows_of(toy_app) as session:
        make_service(session, "Ads")
    monkeypatch.setattr("app.models.service.refuse_twin", lambda *_: None)
    kept = opened(boss, "/serviceview/add")
    answer = boss.post("/serviceview/add", data=kept | {"title": "Ads", "price": "1"})
    assert answer.status_code == 409
    assert "Another record has this value already." in text(answer)
    assert len(services(toy_app)) == 1


def test_nothing_is_left_of_a_verb_that_fails(
    toy_app: Flask, boss: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = next(v for v in toy_app.extensions["appbuilder"].baseviews
                if type(v).__name__ == "ServiceView")  # fmt: skip

    def half(values: dict[str, Any]) -> Any:
        make_service(db.session, "Half")
        raise CrmError("No.")

    monkeypatch.setattr(view, "make", half)
    assert boss.post("/serviceview/add", data={"title": "A", "price": "1"}).status_code == 409
    assert services(toy_app) == []
    with rows_of(toy_app) as session:
        assert session.query(FormKey).count() == 0


# -- putting away, verbs ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "head"])
def test_only_post_puts_away(toy_app: Flask, boss: Any, method: str) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session, "Ads")
        number, campaign = service.id, make_campaign(session, "C", service).id
    getattr(boss, method)(f"/serviceview/delete/{number}")
    getattr(boss, method)(f"/plainview/delete/{campaign}")
    with rows_of(toy_app) as session:
        assert session.get(Service, number).archived_at is None
        assert session.get(Campaign, campaign) is not None


@pytest.mark.parametrize(("screen", "allowed"), [
    ("StockView", True), ("PlainView", False), ("CampaignView", False),
])  # fmt: skip
def test_stock_lets_head_change_things_past_the_anti_forgery_token(
    toy_app: Flask, screen: str, allowed: bool
) -> None:
    view = next(v for v in toy_app.extensions["appbuilder"].baseviews if type(v).__name__ == screen)
    with toy_app.test_request_context(method="HEAD"):
        assert view.is_get_mutation_allowed() is allowed


def test_a_record_is_put_away_with_its_reason_and_brought_back(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads").id
    address = f"/serviceview/delete/{number}"
    kept = opened(boss, address)
    assert boss.post(address, data=kept | {"reason": "nonsense"}).status_code == 400
    assert boss.post(address, data=kept | {"reason": "spam"}).status_code == 302
    assert boss.post(address, data=kept | {"reason": "spam"}).status_code == 404
    with rows_of(toy_app) as session:
        assert session.get(Service, number).archived_reason == "spam"
    assert "Spam" in text(boss.get(f"/serviceview/show/{number}"))
    assert boss.post(f"/serviceview/{number}/restore").status_code == 302
    with rows_of(toy_app) as session:
        assert session.get(Service, number).archived_reason is None


def test_a_button_is_a_post_that_acts_once(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads").id
    assert f"/serviceview/{number}/stop" in text(boss.get(f"/serviceview/show/{number}"))
    assert boss.get(f"/serviceview/{number}/stop").status_code == 405
    answer = boss.post(f"/serviceview/{number}/stop")
    assert answer.location == f"/serviceview/show/{number}"
    shown = text(boss.get(answer.location))
    assert "Stopped." in shown
    assert f"/serviceview/{number}/stop" not in shown  # `when` says it is not possible now


def test_a_verbs_page_asks_checks_and_acts(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads", price=5).id
    address = f"/serviceview/{number}/reprice"
    kept = opened(boss, address)
    assert 'value="5.00"' in text(boss.get(address))
    refused = boss.post(address, data=kept | {"title": "", "price": "x"})
    assert refused.status_code == 400
    assert 'value="x"' in text(refused)
    assert boss.post(address, data=kept | {"title": "", "price": "7"}).status_code == 400
    assert boss.post(address, data=kept | {"title": "Ads", "price": "7"}).status_code == 302
    assert boss.post(address, data=kept | {"title": "Ads", "price": "7"}).status_code == 302
    stale = boss.post(address, data={"lock_version": "1", "title": "Ads", "price": "8"})
    assert stale.status_code == 409
    assert services(toy_app) == [("Ads", Decimal(7))]


def test_a_verb_asks_for_its_permission(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        number = make_service(session, "Ads").id
    outsider, visitor = log_in(toy_app, "outsider"), toy_app.test_client()
    for client, status in ((outsider, 403), (visitor, 302)):
        assert client.post(f"/serviceview/{number}/stop").status_code == status
        assert client.get(f"/serviceview/{number}/reprice").status_code == status
    assert boss.post("/serviceview/999999/stop").status_code == 404
    assert boss.post("/serviceview/99999999999999999999/stop").status_code == 404


# -- actions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", ["campaignview", "plainview"])
def test_an_action_reads_its_rows_through_the_base_filter(
    toy_app: Flask, boss: Any, screen: str
) -> None:
    with rows_of(toy_app) as session:
        service = make_service(session)
        mine = make_campaign(session, "Mine", service).id
        foreign = make_campaign(session, "Foreign", service, currency="USD").id
    post = f"/{screen}/action_post"
    for rows in ([foreign], [mine, foreign], [mine, 999999], ["x"], []):
        assert boss.post(post, data={"action": "mark", "rowid": rows}).status_code == 404
    assert boss.post(f"/{screen}/action/mark/{foreign}").status_code == 404
    assert boss.get(f"/{screen}/action/mark/{mine}").status_code == 405
    assert boss.head(f"/{screen}/action/mark/{mine}").status_code == 405
    for name in ("nothing", "", "__class__", "list"):
        assert boss.post(post, data={"action": name, "rowid": [mine]}).status_code == 404
        assert boss.post(f"/{screen}/action/{name or 'x'}/{mine}").status_code == 404
    assert boss.post(post, data={}).status_code == 404
    assert toys.DONE == []
    assert boss.post(post, data={"action": "mark", "rowid": [mine, mine]}).status_code == 200
    assert [rows for _, rows in toys.DONE] == [[mine]]


def test_an_action_asks_for_its_permission(toy_app: Flask, clerk: Any) -> None:
    with rows_of(toy_app) as session:
        mine = make_campaign(session, "Mine", make_service(session)).id
    data = {"action": "mark", "rowid": [mine]}
    assert clerk.post("/campaignview/action_post", data=data).status_code == 403
    assert toy_app.test_client().post("/campaignview/action_post", data=data).status_code == 302
    assert toys.DONE == []


def test_stock_acts_on_rows_that_its_base_filter_hides(toy_app: Flask, boss: Any) -> None:
    with rows_of(toy_app) as session:
        foreign = make_campaign(session, "F", make_service(session), currency="USD").id
    boss.post("/stockview/action_post", data={"action": "mark", "rowid": [foreign]})
    assert [("StockView", [foreign])] == toys.DONE
    assert boss.post("/stockview/action_post", data={"action": "nothing"}).status_code == 500


def test_there_is_no_download(toy_app: Flask, boss: Any) -> None:
    folder = Path(toy_app.config["UPLOAD_FOLDER"])
    (folder / "1_sep_secret.txt").write_text("secret")
    for screen in ("campaignview", "plainview"):
        assert boss.get(f"/{screen}/download/1_sep_secret.txt").status_code == 404
    with boss.get("/stockview/download/1_sep_secret.txt") as answer:
        assert answer.status_code == 200


def test_our_forms_carry_the_anti_forgery_token(tmp_path: Path) -> None:
    app = toys.make_app(tmp_path, WTF_CSRF_ENABLED=True)
    boss = log_in(app, "boss")
    values = {"title": "Ads", "price": "1", "active": "y"}
    assert boss.post("/serviceview/add", data=values).status_code == 400
    kept = opened(boss, "/serviceview/add")
    assert boss.post("/serviceview/add", data=kept | values).status_code == 302
    shown = text(boss.get("/serviceview/show/1"))
    assert boss.post("/serviceview/1/stop").status_code == 400
    assert boss.post("/serviceview/1/stop", data=hidden(shown)).status_code == 302
    edit = opened(boss, "/serviceview/edit/1")
    assert boss.post("/serviceview/edit/1", data=edit | values | {"price": "2"}).status_code == 302
    gone = opened(boss, "/serviceview/delete/1")
    assert boss.post("/serviceview/delete/1", data=gone | {"reason": "spam"}).status_code == 302
    with app.app_context():
        db.engine.dispose()
