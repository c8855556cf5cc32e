"""One's own settings: the page, the switches of the frame, the language that is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import UserSettings
from app.ui.preferences import Preferences
from tests.site import PASSWORD, visitor
from tests.views.browsing import form_of, page, send, stored


def kept(app) -> list[UserSettings]:
    with app.app_context():
        return list(db.session.scalars(select(UserSettings)))


def test_whoever_chose_nothing_has_the_defaults(app, client_as):
    shown = form_of(client_as("Operator"), "/settings/")
    assert (shown["theme"], shown["row_height"], shown["single_keys"]) == ("auto", "compact", "y")
    assert kept(app) == []


def test_choices_are_kept_and_shown_again(app, client_as):
    client = client_as("Operator")
    answer = send(client, "/settings/", theme="dark", row_height="comfortable", rail="narrow",
                  call_by="copy")  # fmt: skip
    assert answer.status_code == 302
    shown = form_of(client, "/settings/")
    assert (shown["theme"], shown["row_height"], shown["rail"], shown["call_by"]) == (
        "dark", "comfortable", "narrow", "copy",
    )  # fmt: skip
    assert form_of(client_as("Manager"), "/settings/")["theme"] == "auto"


def test_single_keys_can_be_switched_off(app, client_as):
    client = client_as("Operator")
    filled = form_of(client, "/settings/")
    del filled["single_keys"]
    client.post("/settings/", data=filled)
    assert [one.single_keys for one in kept(app)] == [False]


def test_a_value_that_is_not_offered_is_refused(app, client_as):
    client = client_as("Operator")
    assert send(client, "/settings/", theme="pink").status_code == 400
    for name, value in (("theme", "pink"), ("single_keys", "maybe"), ("user_id", "1"), ("", "")):
        answer = client.post("/settings/set", data={name: value})
        assert answer.status_code == 400, (name, value)
    assert kept(app) == []


def test_a_switch_leads_back_to_its_page_and_nowhere_else(app, client_as):
    client = client_as("Operator")
    for referrer, back in (
        ("http://localhost/leadview/list/?page_LeadView=2", "/leadview/list/?page_LeadView=2"),
        ("http://elsewhere.example/", "/"),
    ):
        answer = client.post("/settings/set", data={"theme": "dark"}, headers={"Referer": referrer})
        assert (answer.status_code, answer.location) == (302, back)
    assert [one.theme for one in kept(app)] == ["dark"]


@pytest.mark.parametrize("header", ["HX-Request", "X-Requested-With"])
def test_a_switch_thrown_by_a_script_answers_without_a_page(app, client_as, header):
    answer = client_as("Operator").post(
        "/settings/set", data={"rail": "narrow"}, headers={header: "1"}
    )
    assert (answer.status_code, answer.data) == (204, b"")
    assert [one.rail for one in kept(app)] == ["narrow"]


def test_one_switch_leaves_the_others_as_they_were(app, client_as):
    client = client_as("Operator")
    for name, value in (("rail", "narrow"), ("theme", "dark"), ("single_keys", "off")):
        client.post("/settings/set", data={name: value})
    (mine,) = kept(app)
    assert (mine.rail, mine.theme, mine.single_keys) == ("narrow", "dark", False)


def test_settings_go_with_their_user(app):
    with stored(app) as session:
        security = app.extensions["appbuilder"].sm
        operator = security.find_user("operator")
        UserSettings.choose(session, operator.id, theme="dark")
        session.commit()
        security.remove_user(operator)
        assert security.find_user("operator") is None
    assert kept(app) == []


# -- the language ----------------------------------------------------------------------------------


def log_in(client) -> None:
    answer = client.post("/login/", data={"username": "operator", "password": PASSWORD})
    assert answer.status_code == 302


def test_the_language_that_was_chosen_is_spoken_at_the_next_log_in(app, client_as):
    client_as("Operator").get("/lang/ru")
    assert [one.language for one in kept(app)] == ["ru"]
    elsewhere = visitor(app)
    log_in(elsewhere)
    assert 'lang="ru"' in page(elsewhere, "/settings/")


def test_the_language_of_the_log_in_page_is_kept(app):
    client = visitor(app)
    client.get("/lang/ru")
    log_in(client)
    assert [one.language for one in kept(app)] == ["ru"]


def test_a_colleagues_language_does_not_stay_on_a_shared_machine(app, client_as):
    client_as("Operator").get("/lang/en")
    shared = visitor(app)
    with shared.session_transaction() as session:
        session["locale"] = "ru"  # left by whoever logged out here
    log_in(shared)
    assert 'lang="en"' in page(shared, "/settings/")


def test_the_defaults_of_the_table_are_those_of_the_page(app):
    with app.app_context():
        db.session.add(UserSettings(user_id=1))
        db.session.flush()
        row = db.session.get(UserSettings, 1)
        shown = Preferences()
        assert (row.theme, row.row_height, row.single_keys) == (
            shown.theme,
            shown.row_height,
            shown.single_keys,
        )
        assert (row.rail, row.call_by, row.language) == (shown.rail, shown.call_by, shown.language)
        db.session.rollback()
