"""A person who is a client already makes a new lead at every door, shown with that client."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.intake import Arrival, receive_many
from app.models import Client, Lead, Note
from app.models.lead import NewPerson
from app.models.matching import clients_of_leads
from tests.api.doors import BATCH, LEADS, SEED, SUBMISSIONS, Sending, make_campaigns
from tests.factories import make_lead
from tests.site import logged_in
from tests.views.pages import text_of

PHONE = "+79910000001"
PERSON = {"first_name": "Ivan", "last_name": "Testov", "email": "ivan.testov@example.com"}


def post_to(door: str, app: Any, campaign: int) -> int:
    sender = Sending(app)
    if door == "import":
        with app.app_context():
            arrivals = [Arrival(name="Ivan Testov", phone=PHONE), Arrival(phone="+79910000002")]
            receive_many(db.session(), arrivals)
            db.session.commit()
        return 200
    if door == "by hand":
        form = {"last_name": "Testov", "phone": PHONE, "form_key": "k" * 24}
        return int(logged_in(app, "operator").post("/leadview/add", data=form).status_code)
    body: Any = PERSON | {"phone": PHONE}
    if door == SEED:
        body = PERSON | {
            "phone_number": PHONE, "middle_name": None, "advertising_company": campaign,
        }  # fmt: skip
    if door == BATCH:
        body = [body]
    return int(sender.post(door, body).status_code)


@pytest.mark.parametrize("door", [SEED, LEADS, BATCH, SUBMISSIONS, "import", "by hand"])
def test_a_known_client_asks_again_by_a_new_lead(app: Any, door: str) -> None:
    (campaign,) = make_campaigns(app, 1)
    with app.app_context():
        old = make_lead(db.session(), phone=PHONE)
        client_id = old.convert(NewPerson()).id
        db.session.commit()
        old_id = old.id
    assert post_to(door, app, campaign) in (200, 201, 302)
    with app.app_context():
        asked = select(Lead).where(Lead.id != old_id, Lead.phone_key == PHONE)
        lead = db.session.scalars(asked).one()
        assert (lead.status, lead.client_id) == ("new", None)
        assert clients_of_leads(db.session(), [lead])[lead.id].id == client_id
        assert len(list(db.session.scalars(select(Client)))) == 1
        told = db.session.scalars(select(Note.kind).where(Note.lead_id == lead.id)).all()
        assert told == ["created"]
        number = lead.id
    operator = logged_in(app, "operator")
    assert f"/clientview/show/{client_id}" in text_of(operator.get("/queueview/list/"))
    page = text_of(operator.get(f"/leadview/show/{number}"))
    assert "is a client already" in page
    assert f"/leadview/show/{number}" in text_of(operator.get(f"/clientview/show/{client_id}"))
