"""The back office of own forms: built, arranged, previewed, copied, switched, put away."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.api import form_stamps, limits
from app.extensions import db
from app.models import OwnForm, OwnFormDay
from app.models.clock import today
from tests.api.test_own_forms import fill
from tests.factories import make_campaign, make_own_form
from tests.views.browsing import form_of, page, press, queries, send, stored

LIST = "/ownformview/list/"


@pytest.fixture
def form(app: Flask) -> int:
    app.extensions[limits.EXTENSION].forget()
    with stored(app) as session:
        return int(make_own_form(session, title="Landing page").id)


def only(app: Flask) -> OwnForm:
    with app.app_context():
        found = db.session.scalars(select(OwnForm)).one()
        _ = found.source.name
        return found


@pytest.mark.parametrize("role", ["Operator", "Manager"])
def test_others_never_see_forms(client_as: Any, form: int, role: str) -> None:
    client = client_as(role)
    for address in ("list/", "add", f"show/{form}", f"{form}/questions", f"{form}/preview"):
        assert client.get(f"/ownformview/{address}").status_code == 403
    assert press(client, f"/ownformview/{form}/switch_off").status_code == 403


@pytest.mark.parametrize("role", ["Marketer", "Admin"])
def test_a_form_is_added_changed_put_away_and_brought_back(
    app: Flask, client_as: Any, role: str
) -> None:
    with stored(app) as session:
        campaign = make_campaign(session, title="Spring").id
    client = client_as(role)
    opened = form_of(client, "/ownformview/add")
    assert opened["heading_ru"] == "Оставьте заявку"
    values = {"title": "Landing", "campaign": campaign, "sites": "example.com"}
    assert client.post("/ownformview/add", data=opened | values).status_code == 302
    made = only(app)
    assert (made.sites, made.source.name, made.is_on) == ("https://example.com", "Landing", True)
    text = page(client, LIST)
    assert "Landing" in text
    assert "Spring" in text
    send(client, f"/ownformview/edit/{made.id}", title="Landing 2", heading_en="Ask us")
    assert only(app).heading_en == "Ask us"
    send(client, f"/ownformview/delete/{made.id}", reason="other")
    assert "Landing 2" not in page(client, LIST)
    assert app.test_client().get(f"/f/{made.address}").status_code == 404
    assert press(client, f"/ownformview/{made.id}/restore").status_code == 302
    text = page(client, f"/ownformview/show/{made.id}")
    assert "Switch on" in text
    press(client, f"/ownformview/{made.id}/switch_on")
    assert app.test_client().get(f"/f/{made.address}").status_code == 200


def test_faults_are_told_at_their_fields(client_as: Any, form: int) -> None:
    client = client_as("Marketer")
    answer = send(client, f"/ownformview/edit/{form}", sites="*.com", thanks_url="", consent_en="x")
    assert answer.status_code == 400
    assert 'id="sites-fault"' in answer.text
    answer = send(client, f"/ownformview/edit/{form}", thanks_url="javascript:alert(1)")
    assert 'id="thanks_url-fault"' in answer.text


def test_two_who_change_a_form_see_each_other(client_as: Any, form: int) -> None:
    one, other = client_as("Marketer"), client_as("Admin")
    address = f"/ownformview/edit/{form}"
    opened = form_of(one, address)
    send(other, address, heading_en="Theirs")
    answer = one.post(address, data=opened | {"heading_en": "Mine"})
    assert answer.status_code == 409
    assert "Theirs" in answer.text


def test_link_script_and_frame_are_ready_to_be_copied(
    app: Flask, client_as: Any, form: int
) -> None:
    with stored(app) as session:
        session.scalars(select(OwnForm)).one().change(heading_en='Ask "us" <now>')
    text = page(client_as("Marketer"), f"/ownformview/show/{form}")
    copied = [html.unescape(one) for one in re.findall(r'data-copy="([^"]*)"', text)]
    address = f"http://localhost/f/{only(app).address}"
    assert copied[0] == address
    assert copied[1].startswith('<script src="http://localhost/static/js/embed.js" data-form="')
    assert copied[2].startswith(f'<iframe src="{address}" title="Ask &#34;us&#34; &lt;now&gt;"')
    assert app.test_client().get("/static/js/embed.js").status_code == 200


def test_the_preview_can_be_framed_by_us_alone_and_counts_nothing(
    app: Flask, client_as: Any, form: int
) -> None:
    answer = client_as("Marketer").get(f"/ownformview/{form}/preview?lang=ru")
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert "Оставьте заявку" in answer.text
    assert 'type="submit"' not in answer.text
    with app.app_context():
        assert db.session.scalars(select(OwnFormDay)).all() == []


def test_questions_are_added_ordered_changed_and_taken_out(
    app: Flask, client_as: Any, form: int
) -> None:
    client, address = client_as("Marketer"), f"/ownformview/{form}/questions"
    assert send(
        client, address,
        **{"kind-4": "choice", "label_en-4": "Size", "label_ru-4": "Размер",
           "options_en-4": "Small\r\nLarge", "options_ru-4": "Малый\r\nБольшой",
           "order-4": "1", "order-0": "2", "required-4": "1", "out-3": "1"},
    ).status_code == 302  # fmt: skip
    asked = only(app).asked
    assert [one.key for one in asked] == ["q1", "name", "phone", "email"]
    assert (asked[0].options_ru, asked[0].required) == (("Малый", "Большой"), True)
    send(client, address, **{"label_en-0": "How large?"})
    assert [(one.key, one.label_en) for one in only(app).asked][0] == ("q1", "How large?")
    text = app.test_client().get(f"/f/{only(app).address}?lang=ru").text
    assert text.index("Размер") < text.index("Имя") < text.index("Телефон")


def test_a_question_that_is_wrong_is_marked_and_nothing_is_lost(
    app: Flask, client_as: Any, form: int
) -> None:
    client, address = client_as("Marketer"), f"/ownformview/{form}/questions"
    answer = send(client, address, **{"kind-4": "choice", "label_en-4": "Size"})
    assert answer.status_code == 400
    assert "Correct question 5: Write what can be chosen, one a line." in answer.text
    assert 'id="fault-4"' in answer.text
    assert 'value="Size"' in answer.text
    answer = send(client, address, **{"out-1": "1", "out-2": "1"})
    assert "Ask for a phone or an e-mail" in answer.text
    assert len(only(app).asked) == 4


def test_questions_that_somebody_else_changed_are_shown_before_they_are_lost(
    app: Flask, client_as: Any, form: int
) -> None:
    address = f"/ownformview/{form}/questions"
    one, other = client_as("Marketer"), client_as("Admin")
    opened = form_of(one, address)
    send(other, address, **{"label_en-0": "Theirs"})
    answer = one.post(address, data=opened | {"label_en-0": "Mine"})
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert 'value="Mine"' in answer.text
    assert only(app).asked[0].label_en == "Theirs"


def test_what_came_is_counted_and_told_by_codes_alone(
    app: Flask, client_as: Any, form: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_stamps, "YOUNGEST", 0)
    address = f"/f/{only(app).address}"
    assert fill(app, address, message="A secret wish").status_code == 303
    assert fill(app, address, phone="").status_code == 400
    app.test_client().post(address, data={"homepage": "http://spam.example"})
    with stored(app) as session:
        day = session.scalars(select(OwnFormDay)).one()
        assert (day.day, day.views, day.returned) == (today(), 2, 1)
    text = page(client_as("Marketer"), f"/ownformview/show/{form}")
    assert "shown 2 times" in text
    assert "sent back for correction 1 time" in text
    assert "<code>homepage: robot</code>" in text
    assert "A secret wish" not in text
    assert "9991234567" not in text
    cells = page(client_as("Marketer"), LIST).partition("Landing page")[2].split("</td>")
    assert [cells[3].strip()[-2:], cells[4].strip()[-2:]] == [">2", ">1"]


def test_the_source_of_a_form_leads_to_it_and_offers_no_tokens(
    app: Flask, client_as: Any, form: int
) -> None:
    client, source = client_as("Marketer"), only(app).source_id
    text = page(client, f"/sourceview/show/{source}")
    assert f'href="/ownformview/show/{form}"' in text
    assert "Issue a token" not in text
    assert "Change the address" not in text
    assert 'value="own_form"' not in page(client, "/sourceview/add")
    assert press(client, f"/sourceview/{source}/send_test").status_code == 302
    assert "The test arrived" in page(client, f"/sourceview/show/{source}")


def test_the_lead_s_page_and_the_submission_show_the_consent(
    app: Flask, client_as: Any, form: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_stamps, "YOUNGEST", 0)
    fill(app, f"/f/{only(app).address}?lang=en")
    client = client_as("Operator")
    for address in ("/leadview/list/", "/submissionview/list/"):
        found = re.search(r"/(?:lead|submission)view/show/\d+", page(client, address))
        assert found
        text = page(client, found[0])
        assert "Consent given at" in text
        assert "I agree to the processing of my personal data" in text


def test_a_changed_address_shuts_the_old_one(app: Flask, client_as: Any, form: int) -> None:
    before = only(app).address
    press(client_as("Marketer"), f"/ownformview/{form}/change_address")
    assert app.test_client().get(f"/f/{before}").status_code == 404
    assert app.test_client().get(f"/f/{only(app).address}").status_code == 200


def test_fifty_rows_cost_no_more_queries_than_five(app: Flask, client_as: Any) -> None:
    costs = []
    for number in (5, 45):
        with stored(app) as session:
            for _ in range(number):
                make_own_form(session, campaign=make_campaign(session))
        costs.append(queries(app, client_as("Admin"), f"{LIST}?psize_OwnFormView=100"))
    assert costs[0] == costs[1] <= 10
