"""The shared contacts of many scripts, through a form's own address and the strict door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from app.models import Company, Lead
from tests.api.doors import LEADS, Sending
from tests.intake.cases import Platform
from tests.site import logged_in
from tests.views.browsing import page, stored
from tests.views.pages import read

CASES = json.loads((Path(__file__).parents[1] / "cases/contacts.json").read_text())["contacts"]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_contact_arrives_by_a_form_and_is_found(app: Flask, case: dict[str, Any]) -> None:
    given, expect = case["input"], case["expect"]
    platform = Platform(app, "form", {}, phone_region=given["region"])
    sent = {name: given[name] for name in ("name", "phone", "email")}
    assert platform.post(urlencode(sent).encode(), FORM).status_code == 200
    (lead,), (kept,) = platform.leads(), platform.submissions()
    assert (lead["first_name"], lead["last_name"]) == (expect["first_name"], expect["last_name"])
    assert (lead["phone_key"], lead["phone_extension"]) == (expect["phone"], expect["phone_ext"])
    assert lead["email_key"] == expect["email"]
    assert set(kept["warnings"] or {}) - {""} == set(expect["warnings"])
    further = read(app, lambda s: s.get_one(Lead, lead["id"]).phone_keys()) - {lead["phone_key"]}
    assert further == set(expect.get("other_phones", []))
    operator = logged_in(app, "operator")
    for query in expect.get("find_by", []):
        text = page(operator, f"/leadview/list/?{urlencode({'search': query})}")
        assert f"/leadview/show/{lead['id']}" in text, query


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_strict_door_takes_it_or_names_the_faulty_fields(
    app: Flask, case: dict[str, Any]
) -> None:
    given, expect = case["input"], case["expect"]
    with stored(app) as session:
        Company.of(session).phone_region = given["region"]
    sent = {name: given[name] for name in ("name", "phone", "email")}
    answer = Sending(app).post(LEADS, sent)
    if expect["warnings"] or case["id"] == "o12":
        assert answer.status_code == 400
        assert set(expect["warnings"]) <= set(answer.json)
    else:
        assert answer.status_code == 201
        assert read(app, lambda s: s.query(Lead).one().phone_key) == expect["phone"]
