"""Click ids: each is kept with its kind, whatever door and name it came by."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.intake import Arrival, Sender, receive
from app.intake.clicks import clicks_of
from app.intake.formats.taking import take_all
from app.models import Submission


def kept(click_id: str | None = None, form: str = "", **utm: str) -> tuple[Any, ...]:
    sender = Sender(1, "source", form) if form else None
    arrival = Arrival(click_id=click_id, sender=sender, utm=utm)
    return tuple(clicks_of(arrival).values())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (kept(), (None, None, None)),
        (kept(utm_source="x"), (None, None, None)),
        (kept(gclid="Cj0"), ("Cj0", "gclid", None)),
        (kept(GCL_ID="Cj0"), ("Cj0", "gclid", None)),
        (kept(wbraid="a", fbclid="b"), ("a", "wbraid", None)),
        (kept("b", wbraid="a", fbclid="b"), ("b", "fbclid", None)),
        (kept("zz", clickid="zz", yclid="77"), ("77", "yclid", None)),
        (kept("zz"), ("zz", "other", None)),
        (kept(clickid="zz"), ("zz", "other", None)),
        (kept("Cj0", "google"), ("Cj0", "gclid", None)),
        (kept("zz", "tiktok"), ("zz", "ttclid", None)),
        (kept("77", utm_source="Yandex"), ("77", "yclid", None)),
        (kept(gclid="=cmd()"), ("=cmd()", "other", None)),
        (kept(gclid="-x"), ("-x", "other", None)),
        (kept(_ym_uid="1700000000123456789"), (None, None, "1700000000123456789")),
        (kept(_ym_uid="=1", yclid="5"), ("5", "yclid", None)),
        (kept(_fbc="fb.1.155.AbC"), ("fb.1.155.AbC", "fbc", None)),
    ],
)
def test_a_click_id_is_of_a_kind(given: tuple[Any, ...], expected: tuple[Any, ...]) -> None:
    assert given == expected


def test_a_lead_of_metas_own_forms_is_known_by_its_id() -> None:
    arrival = Arrival(sender=Sender(1, "Meta", "meta"), external_id="444")
    assert clicks_of(arrival)["click_kind"] == "leadgen"
    assert clicks_of(arrival)["click_id"] == "444"
    arrival.utm = {"fbclid": "IwAR"}
    assert clicks_of(arrival)["click_kind"] == "fbclid"


def test_a_form_that_passes_marks_along_is_understood(session: Session) -> None:
    arrival = Arrival(phone="+79161234567")
    pairs = [("yclid", "123456"), ("_ym_uid", "1700000000123"), ("phone", "+79161234567")]
    take_all([(name, value, "") for name, value in pairs], arrival)
    receive(session, arrival)
    row = session.scalars(select(Submission)).one()
    assert (row.click_id, row.click_kind, row.visitor_id) == ("123456", "yclid", "1700000000123")
    assert row.answers is None
