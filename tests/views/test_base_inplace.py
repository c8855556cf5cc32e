"""Lines edited in place: the small form, its save through the same verb, and law 8 by the line."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.intake import Arrival, receive
from app.models import Lead, Note
from tests.factories import make_lead, make_user
from tests.views.pages import keep, opened, read, text_of


def lead_id(app: Any, **changes: Any) -> int:
    return int(keep(app, lambda session: make_lead(session, **changes).id))


def test_a_line_opens_its_own_field_and_saves_it(app: Any, client_as: Any) -> None:
    number = lead_id(app, email="old@example.com")
    operator, address = client_as("Operator"), f"/leadview/{number}/field/email"
    page = text_of(operator.get(address))
    assert 'value="old@example.com"' in page
    assert 'name="phone"' not in page
    assert 'id="line-email"' in page
    answer = operator.post(address, data=opened(operator, address) | {"email": "new@example.com"})
    assert answer.status_code == 302
    assert answer.location.endswith(f"/leadview/show/{number}")
    assert read(app, lambda s: s.get(Lead, number).email_key) == "new@example.com"
    asked = select(Note.kind).where(Note.lead_id == number).order_by(Note.id.desc())
    assert read(app, lambda s: s.scalars(asked).first()) == "changed"


def test_leaving_gives_the_line_back_as_it_was(app: Any, client_as: Any) -> None:
    number = lead_id(app, email="old@example.com")
    page = text_of(client_as("Operator").get(f"/leadview/{number}/field/email?leave=1"))
    assert "old@example.com" in page
    assert "<form" not in page
    assert f'hx-get="/leadview/{number}/field/email"' in page
    assert f'href="/leadview/edit/{number}"' in page  # without JavaScript


def test_a_line_may_hold_several_fields(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    operator, address = client_as("Operator"), f"/leadview/{number}/field/name"
    form = opened(operator, address) | {"last_name": "O'Toole", "first_name": "Ann"}
    assert operator.post(address, data=form).status_code == 302
    lead = read(app, lambda s: s.get(Lead, number))
    assert (lead.last_name, lead.first_name) == ("O'Toole", "Ann")


def test_a_refused_value_comes_back_in_the_line(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    operator, address = client_as("Operator"), f"/leadview/{number}/field/email"
    answer = operator.post(address, data=opened(operator, address) | {"email": "nobody"})
    page = text_of(answer)
    assert answer.status_code == 400
    assert 'value="nobody"' in page
    assert 'id="line-email"' in page
    assert "crm-fault" in page


def test_a_colleague_who_saved_the_same_line_is_shown(app: Any, client_as: Any) -> None:
    number = lead_id(app, last_name="Petrova")
    operator, manager = client_as("Operator"), client_as("Manager")
    address = f"/leadview/{number}/field/name"
    mine, theirs = opened(operator, address), opened(manager, address)
    assert manager.post(address, data=theirs | {"last_name": "Sidorova"}).status_code == 302
    answer = operator.post(address, data=mine | {"last_name": "Ivanova"})
    page = text_of(answer)
    assert answer.status_code == 409
    for name in ("Petrova", "Sidorova", "Ivanova"):
        assert name in page
    found = re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', page)
    again = dict(found) | {"last_name": "Ivanova"}
    again["opened"] = re.search(r'name="opened" type="hidden" value="([^"]*)"', page)[1]  # type: ignore[index]
    assert operator.post(address, data=again).status_code == 302
    assert read(app, lambda s: s.get(Lead, number).last_name) == "Ivanova"


def test_a_colleague_who_saved_another_line_is_no_hindrance(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    operator, manager = client_as("Operator"), client_as("Manager")
    mine = opened(operator, f"/leadview/{number}/field/name")
    address = f"/leadview/{number}/field/email"
    theirs = opened(manager, address) | {"email": "new@example.com"}
    assert manager.post(address, data=theirs).status_code == 302
    answer = operator.post(f"/leadview/{number}/field/name", data=mine | {"last_name": "Ivanova"})
    assert answer.status_code == 302
    lead = read(app, lambda s: s.get(Lead, number))
    assert (lead.last_name, lead.email) == ("Ivanova", "new@example.com")


def test_what_a_repeat_filled_meanwhile_is_not_typed_over(app: Any, client_as: Any) -> None:
    number = lead_id(app, phone="+79000000001")
    operator, address = client_as("Operator"), f"/leadview/{number}/field/email"
    form = opened(operator, address)
    repeat = Arrival(door="leads", phone="+79000000001", email="new@example.com")
    keep(app, lambda session: receive(session, repeat).lead_id)
    answer = operator.post(address, data=form | {"email": "typed@example.com"})
    assert answer.status_code == 409
    assert read(app, lambda s: s.get(Lead, number).email) == "new@example.com"


def test_a_line_of_a_verb_opens_its_form_and_posts_to_it(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    keep(app, lambda s: make_user(s, "Operator", last_name="Colleague").id)
    page = text_of(client_as("Operator").get(f"/leadview/{number}/field/assignee"))
    assert f'action="/leadview/{number}/assign"' in page
    assert "Colleague" in page


@pytest.mark.parametrize("name", ["status", "client", "lock_version", "x", "received_at"])
def test_no_other_field_has_a_line(app: Any, client_as: Any, name: str) -> None:
    number = lead_id(app)
    operator = client_as("Operator")
    assert operator.get(f"/leadview/{number}/field/{name}").status_code == 404
    assert operator.post(f"/leadview/{number}/field/{name}").status_code == 404


def test_who_may_not_change_the_record_has_no_lines(app: Any, client_as: Any) -> None:
    number = lead_id(app)
    assert client_as("Marketer").get(f"/leadview/{number}/field/phone").status_code == 403
    keep(app, lambda s: s.get(Lead, number).put_away("spam"))
    assert client_as("Operator").get(f"/leadview/{number}/field/phone").status_code == 404


def test_what_is_typed_is_shown_as_text(app: Any, client_as: Any) -> None:
    number = lead_id(app, company_name="<script>alert(1)</script>")
    page = text_of(client_as("Operator").get(f"/leadview/{number}/field/company_name"))
    assert "<script>alert" not in page
