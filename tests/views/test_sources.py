"""Sources: tokens shown once, revoked at once, and what came of the last submissions."""

from __future__ import annotations

import html
import re
import shlex
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Lead, Source, SourceToken
from app.models.clock import today, utc_now
from app.models.source import SourceFormat, SourceSecret
from app.models.submission import Submission
from tests.factories import make_campaign, make_source
from tests.site import visitor
from tests.views.browsing import form_of, page, press, queries, send, stored

LIST = "/sourceview/list/"
LEAD = {"first_name": "Ivan", "last_name": "Petrov", "phone": "+79911234567"}


@pytest.fixture
def yandex(app: Flask) -> int:
    with stored(app) as session:
        return int(make_source(session, name="Yandex").id)


def issue(client: Any, number: int, **values: Any) -> str:
    answer = send(client, f"/sourceview/{number}/issue_token", **values)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'readonly value="([^"]+)"', answer.get_data(as_text=True))
    assert found
    return found[1]


def post(app: Flask, token: str, **changes: Any) -> Any:
    return visitor(app).post("/api/v1/leads", json=LEAD | changes, headers={"Token": token})


@pytest.mark.parametrize("role", ["Operator", "Manager"])
def test_others_never_see_sources(client_as: Any, yandex: int, role: str) -> None:
    client = client_as(role)
    for address in ("list/", "add", f"show/{yandex}", f"edit/{yandex}", f"{yandex}/issue_token"):
        assert client.get(f"/sourceview/{address}").status_code == 403
    assert press(client, f"/sourceview/{yandex}/revoke/1").status_code == 403


@pytest.mark.parametrize("role", ["Marketer", "Admin"])
def test_a_source_is_added_changed_put_away_and_brought_back(
    app: Flask, client_as: Any, role: str
) -> None:
    with stored(app) as session:
        campaign = make_campaign(session, title="Spring").id
    client = client_as(role)
    values = {"name": "VK Reklama", "default_campaign": campaign, "needs_campaign": "y"}
    assert send(client, "/sourceview/add", **values).status_code == 302
    with stored(app) as session:
        number = session.scalars(select(Source.id).where(Source.name == "VK Reklama")).one()
    text = page(client, LIST)
    assert "VK Reklama" in text
    assert "Spring" in text
    assert send(client, f"/sourceview/edit/{number}", name="VK Ads of autumn").status_code == 302
    token = issue(client, number)
    assert post(app, token).status_code == 201
    send(client, f"/sourceview/delete/{number}", reason="other")
    assert "VK Ads of autumn" not in page(client, LIST)
    assert post(app, token).status_code == 401
    assert press(client, f"/sourceview/{number}/restore").status_code == 302
    assert "VK Ads of autumn" in page(client, LIST)
    assert post(app, token).status_code == 401  # it stays revoked


def test_a_name_that_is_taken_is_told_at_the_name(client_as: Any, yandex: int) -> None:
    answer = send(client_as("Admin"), "/sourceview/add", name="Yandex")
    assert answer.status_code == 400
    assert "There is a source with this name already." in answer.get_data(as_text=True)


def test_a_token_is_shown_once_and_opens_the_door(app: Flask, client_as: Any, yandex: int) -> None:
    client = client_as("Marketer")
    token = issue(client, yandex)
    assert post(app, token).status_code == 201
    text = page(client, f"/sourceview/show/{yandex}")
    assert token not in text
    assert f"<code>{token[:8]}…</code>" in text
    with stored(app) as session:
        kept = session.scalars(select(SourceToken)).one()
        assert token not in (kept.digest, kept.prefix)
        assert (kept.scopes, kept.expires_at) == (["push_leads"], None)


def test_a_second_click_issues_no_second_token(app: Flask, client_as: Any, yandex: int) -> None:
    client = client_as("Marketer")
    address = f"/sourceview/{yandex}/issue_token"
    opened = form_of(client, address)
    assert [client.post(address, data=opened).status_code for _ in range(2)] == [200, 302]
    with stored(app) as session:
        assert len(session.scalars(select(SourceToken)).all()) == 1


def test_a_token_ends_with_its_last_day(app: Flask, client_as: Any, yandex: int) -> None:
    client = client_as("Admin")
    address = f"/sourceview/{yandex}/issue_token"
    answer = send(client, address, last_day=str(today() - timedelta(days=1)))
    assert answer.status_code == 400
    assert "The last day cannot be in the past." in answer.get_data(as_text=True)
    issue(client, yandex, last_day=str(today()), scopes=["push_leads", "read_statistics"])
    with stored(app) as session:
        token = session.scalars(select(SourceToken)).one()
        assert token.is_live
        assert token.scopes == ["push_leads", "read_statistics"]


def test_a_token_may_have_a_limit_of_its_own(app: Flask, client_as: Any, yandex: int) -> None:
    client = client_as("Marketer")
    issue(client, yandex, per_minute="2")
    assert "usual limit" not in page(client, f"/sourceview/show/{yandex}")
    with stored(app) as session:
        number = session.scalars(select(SourceToken.id)).one()
    press(client, f"/sourceview/{yandex}/replace/{number}")
    with stored(app) as session:
        assert list(session.scalars(select(SourceToken.per_minute))) == [2, 2]
    token = issue(client, yandex)
    assert "usual limit" in page(client, f"/sourceview/show/{yandex}")
    assert post(app, token).status_code == 201
    address = f"/sourceview/{yandex}/issue_token"
    for wrong in ("0", "-5", "1000001", "many"):
        answer = send(client, address, per_minute=wrong)
        assert answer.status_code == 400, wrong
        assert "per_minute" in answer.get_data(as_text=True)


def test_the_page_of_a_source_leads_to_the_description_of_the_api(
    client_as: Any, yandex: int
) -> None:
    assert 'href="/api/docs"' in page(client_as("Marketer"), f"/sourceview/show/{yandex}")


def test_a_token_needs_something_to_be_allowed(client_as: Any, yandex: int) -> None:
    client = client_as("Admin")
    address = f"/sourceview/{yandex}/issue_token"
    values = form_of(client, address)
    del values["scopes"]
    assert client.post(address, data=values).status_code == 400
    assert client.post(address, data=values | {"scopes": "everything"}).status_code == 400


def test_one_token_is_revoked_at_once(app: Flask, client_as: Any, yandex: int) -> None:
    client = client_as("Marketer")
    one, other = issue(client, yandex), issue(client, yandex)
    with stored(app) as session:
        number = session.scalars(select(SourceToken.id).where(SourceToken.prefix == one[:8])).one()
        stranger = make_source(session).id
    assert press(client, f"/sourceview/{stranger}/revoke/{number}").status_code == 404
    assert client.get(f"/sourceview/{yandex}/revoke/{number}").status_code == 405
    assert press(client, f"/sourceview/{yandex}/revoke/{number}").status_code == 302
    assert [post(app, token).status_code for token in (one, other)] == [401, 201]
    assert "Revoked at" in page(client, f"/sourceview/show/{yandex}")


def test_submissions_are_told_by_codes_and_never_by_what_was_sent(
    app: Flask, client_as: Any, yandex: int
) -> None:
    client = client_as("Marketer")
    token = issue(client, yandex)
    for number in range(21):
        post(app, token, phone=f"+7991123450{number:02}"[:12], email="broken@@example")
    text = page(client, f"/sourceview/show/{yandex}")
    last = text.split("Last submissions", 1)[1]
    assert last.count('<span class="pill pill-work">Rejected</span>') == 20
    assert "<code>email: " in text
    assert "Petrov" not in text.replace("ivan.petrov", "").split("Last submissions")[1]
    assert "broken@@" not in text
    assert "+7991" not in text.split("Last submissions")[1]


def test_the_example_works_when_it_is_pasted(app: Flask, client_as: Any, yandex: int) -> None:
    client = client_as("Marketer")
    answer = send(client, f"/sourceview/{yandex}/issue_token")
    pre = re.search(r"<pre>(.+?)</pre>", answer.get_data(as_text=True), re.DOTALL)
    assert pre
    words = shlex.split(html.unescape(pre[1]))
    assert words[:4] == ["curl", "-X", "POST", "http://localhost/api/v1/leads"]
    headers = dict(words[at + 1].split(": ", 1) for at, w in enumerate(words) if w == "-H")
    body = words[words.index("-d") + 1]
    posted = visitor(app).post("/api/v1/leads", data=body, headers=headers)
    assert posted.status_code == 201
    with stored(app) as session:
        assert session.scalars(select(Submission.outcome)).all() == ["test"]
    echoed = ["bash", "-c", html.unescape(pre[1]).replace("curl", "printf '%s\n'", 1)]
    shell = subprocess.run(echoed, capture_output=True, text=True, check=True)  # noqa: S603
    assert body in shell.stdout.splitlines()


def test_the_list_tells_how_each_source_is_used(app: Flask, client_as: Any, yandex: int) -> None:
    client = client_as("Marketer")
    tokens = [issue(client, yandex) for _ in range(2)]
    post(app, tokens[0])
    text = page(client, LIST)
    cells = text[text.index(">Yandex</a>") :].split("</td>")[1:7]
    assert cells[3].strip().endswith(">2")
    assert all(re.search(r"\d{4}, \d\d:\d\d", cell) for cell in cells[4:6])


def test_fifty_rows_cost_no_more_queries_than_five(app: Flask, client_as: Any) -> None:
    costs = []
    for number in (5, 45):
        with stored(app) as session:
            for _ in range(number):
                make_source(session, default_campaign=make_campaign(session))
        costs.append(queries(app, client_as("Admin"), f"{LIST}?psize_SourceView=100"))
    assert costs[0] == costs[1] <= 10


# -- formats, secrets, mapping ---------------------------------------------------------------------


def made_source(app: Flask, form: str, **changes: Any) -> int:
    with stored(app) as session:
        return int(make_source(session, format=form, **changes).id)


def keep_secret(client: Any, number: int, **values: Any) -> str:
    answer = send(client, f"/sourceview/{number}/keep_secret", **values)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'readonly value="([^"]+)"', answer.get_data(as_text=True))
    assert found
    return found[1]


def google(app: Flask, number: int, key: str) -> int:
    with app.app_context():
        address = db.session.get_one(Source, number).address
    columns = [{"column_id": "PHONE_NUMBER", "string_value": "+79990000001"}]
    body = {"google_key": key, "lead_id": "1", "user_column_data": columns}
    return int(visitor(app).post(f"/in/{address}", json=body).status_code)


@pytest.mark.parametrize("form", [one for one in SourceFormat if one != SourceFormat.OWN_FORM])
def test_the_page_of_each_format_says_how_to_set_it_up(
    app: Flask, client_as: Any, form: SourceFormat
) -> None:
    number = made_source(app, form.value)
    client = client_as("Marketer")
    text = page(client, f"/sourceview/show/{number}")
    assert "How to set it up" in text
    assert "/in/" in text
    issued = html.unescape(page_after(client, f"/sourceview/{number}/issue_token"))
    if form not in (SourceFormat.GOOGLE, SourceFormat.META, SourceFormat.VK):
        token = re.search(r'readonly value="([^"]+)"', issued)
        assert token
        assert issued.count(token[1]) >= 3


def page_after(client: Any, address: str, **values: Any) -> str:
    return str(send(client, address, **values).get_data(as_text=True))


def test_a_secret_is_drawn_or_typed_shown_once_and_replaced_with_an_overlap(
    app: Flask, client_as: Any
) -> None:
    number = made_source(app, "google")
    client = client_as("Marketer")
    drawn = keep_secret(client, number)
    assert google(app, number, drawn) == 200
    text = page(client, f"/sourceview/show/{number}")
    assert drawn not in text
    assert "None, and none is needed" in text
    typed = keep_secret(client, number, secret="typed by a person", overlap="3600")
    assert typed == "typed by a person"
    assert [google(app, number, key) for key in (drawn, typed)] == [200, 200]
    last = keep_secret(client, number, overlap="0")
    assert [google(app, number, key) for key in (drawn, typed, last)] == [403, 403, 200]
    with stored(app) as session:
        ids = session.scalars(select(SourceSecret.id).order_by(SourceSecret.id)).all()
    stranger = made_source(app, "google")
    assert press(client, f"/sourceview/{stranger}/revoke_secret/{ids[-1]}").status_code == 404
    assert press(client, f"/sourceview/{number}/revoke_secret/{ids[-1]}").status_code == 302
    assert google(app, number, last) == 403


def test_a_token_is_replaced_and_the_old_one_ends_later(
    app: Flask, client_as: Any, yandex: int
) -> None:
    client = client_as("Marketer")
    old = issue(client, yandex)
    with stored(app) as session:
        number = session.scalars(select(SourceToken.id)).one()
    answer = press(client, f"/sourceview/{yandex}/replace/{number}", overlap="86400")
    found = re.search(r'readonly value="([^"]+)"', answer.get_data(as_text=True))
    assert found
    assert [post(app, token).status_code for token in (old, found[1])] == [201, 201]
    press(client, f"/sourceview/{yandex}/replace/{number}", overlap="0")
    assert post(app, old).status_code == 401
    answer = press(client, f"/sourceview/{yandex}/replace/{number}", overlap="0")
    assert answer.status_code == 302  # it has ended already, and the page says so
    assert "This token has ended already." in page(client, f"/sourceview/show/{yandex}")


def test_a_changed_address_shuts_the_old_one(app: Flask, client_as: Any) -> None:
    number = made_source(app, "google")
    client = client_as("Admin")
    key = keep_secret(client, number)
    with app.app_context():
        before = db.session.get_one(Source, number).address
    assert press(client, f"/sourceview/{number}/change_address").status_code == 302
    assert visitor(app).post(f"/in/{before}", json={"google_key": key}).status_code == 403
    assert google(app, number, key) == 200


def test_an_unknown_id_of_a_campaign_is_linked_from_the_page(app: Flask, client_as: Any) -> None:
    number = made_source(app, "google")
    client = client_as("Marketer")
    key = keep_secret(client, number)
    with app.app_context():
        address = db.session.get_one(Source, number).address
    with stored(app) as session:
        campaign = make_campaign(session).id

    def arrive(lead: str) -> None:
        columns = [{"column_id": "EMAIL", "string_value": f"{lead}@example.com"}]
        body = {"google_key": key, "lead_id": lead, "campaign_id": 2100000000001,
                "user_column_data": columns}  # fmt: skip
        assert visitor(app).post(f"/in/{address}", json=body).status_code == 200

    arrive("one")
    shown = page(client, f"/sourceview/show/{number}")
    link = f"/sourceview/{number}/link_campaign"
    assert f"{link}?id=2100000000001" in shown
    assert form_of(client, f"{link}?id=2100000000001")["external_id"] == "2100000000001"
    answer = send(client, link, external_id="2100000000001", campaign=campaign)
    assert answer.status_code == 302
    arrive("two")
    with stored(app) as session:
        assert session.scalars(select(Lead.campaign_id).order_by(Lead.id)).all() == [None, campaign]
    assert "?id=2100000000001" not in page(client, f"/sourceview/show/{number}")
    answer = send(client, link, external_id="2100000000001", campaign=campaign)
    assert "This id belongs to the campaign" in answer.get_data(as_text=True)


def test_a_test_is_sent_and_makes_no_lead_that_counts(app: Flask, client_as: Any) -> None:
    number = made_source(app, "tilda")
    client = client_as("Marketer")
    assert press(client, f"/sourceview/{number}/send_test").status_code == 302
    text = page(client, f"/sourceview/show/{number}")
    assert "The test arrived as submission" in text
    assert "Anna" not in text.split("Last submissions")[1]
    with stored(app) as session:
        assert session.scalars(select(Lead.is_test)).all() == [True]
    assert "Sample" not in page(client_as("Operator"), "/queueview/list/")


def test_what_has_come_is_counted_by_outcome_and_period(
    app: Flask, client_as: Any, yandex: int
) -> None:
    with stored(app) as session:
        for days, outcome in ((0, "accepted"), (0, "rejected"), (3, "accepted"), (20, "repeated")):
            at = utc_now() - timedelta(days=days)
            session.add(Submission(source_id=yandex, outcome=outcome, received_at=at))
    text = page(client_as("Marketer"), f"/sourceview/show/{yandex}").split("What has come")[1]
    numbers = re.findall(r'<span class="num">(\d+)</span>', text.split("Last submissions")[0])
    assert sorted(map(int, numbers)) == [1, 1, 1, 1, 1, 2, 2]  # 1+1 today, 2+1 in 7 days, 2+1+1


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone_region", "XX"), ("thanks_url", "javascript:alert(1)"), ("group_id", "x1")],
)
def test_a_faulty_setting_is_told_at_its_field(client_as: Any, field: str, value: str) -> None:
    client = client_as("Admin")
    answer = send(client, "/sourceview/add", **{"name": "New one", field: value})
    assert answer.status_code == 400
    assert f'id="{field}-fault"' in answer.get_data(as_text=True)


def mapped(client: Any, number: int, *pairs: tuple[str, str], **more: str) -> Any:
    address = f"/sourceview/{number}/map_fields"
    opened = form_of(client, address)
    sent = {"sent": [a for a, _ in pairs], "target": [b for _, b in pairs]}
    return client.post(address, data=opened | sent | more)


def test_a_mapping_is_tried_on_a_sample_and_then_saved(app: Flask, client_as: Any) -> None:
    number = made_source(app, "form")
    client = client_as("Marketer")
    sample = '{"q1": "8 999 000 00 01", "q2": "Anna"}'
    answer = mapped(client, number, ("Q 1", "phone"), **{"try": "1", "sample": sample})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Makes a lead" in text
    assert "+79990000001" in text
    assert "Tried on what really came" not in text
    with app.app_context():
        assert db.session.get_one(Source, number).mapping is None
    pairs = (("Q 1", "phone"), ("q2", "first_name"), ("", "email"), ("q3", ""))
    assert mapped(client, number, *pairs).status_code == 302
    with app.app_context():
        kept = db.session.get_one(Source, number).mapping
        assert kept == {"Q 1": "phone", "q2": "first_name"}
    answer = mapped(client, number, ("q", "no such field"))
    assert answer.status_code == 400
    assert "There is no field" in answer.get_data(as_text=True)


def test_only_who_may_replay_tries_on_what_really_came(app: Flask, client_as: Any) -> None:
    number = made_source(app, "form")
    with stored(app) as session:
        row = Submission(
            source_id=number, door="form", outcome="rejected", media_type="application/json",
            body=b'{"q1": "+79990000001", "note": "<b>"}', reasons={"phone": []},
        )  # fmt: skip
        session.add(row)
    admin = client_as("Admin")
    text = mapped(admin, number, ("q1", "phone"), **{"try": "1"}).get_data(as_text=True)
    past = text.split("Tried on what really came", 1)[1]
    assert "+79990000001" in past
    assert "&lt;b&gt;" in past
    text = page(client_as("Marketer"), f"/sourceview/{number}/map_fields")
    assert "+79990000001" not in text
