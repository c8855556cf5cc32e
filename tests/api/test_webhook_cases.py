"""Every shared webhook case through its real door, one by one, and a second time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from tests.factories import make_campaign
from tests.intake.cases import FORMATS, Case, Platform, all_cases
from tests.shared_cases import Passes
from tests.views.pages import keep

CASES = all_cases()
POSTED = [case for case in CASES if case.expect["source"] != "meta_graph_lead"]


def test_there_are_as_many_cases_as_files() -> None:
    assert len(CASES) == 22


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_to(at: datetime | None) -> None:
        if at is not None:
            monkeypatch.setattr("app.api.inbound.utc_now", lambda: at)

    return set_to


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def campaign_of(app: Flask, expect: dict[str, Any]) -> int | None:
    """Ours with the id or the name that the case sends, if it sends one."""
    lead = expect["lead"] or {}
    external = lead.get("campaign_id") or lead.get("campaign_name")
    if external is None:
        return None
    platform: str = FORMATS[expect["source"]]
    platform = platform if lead.get("campaign_id") else "yandex"

    def make(session: Any) -> int:
        campaign = make_campaign(session, title="Of the case")
        campaign.add_external_id(str(platform), external)
        return int(campaign.id)

    return int(keep(app, make))


def holds(lead: dict[str, Any], submission: dict[str, Any], expect: dict[str, Any]) -> None:
    """Each thing that a case names is looked for where we keep it; what it names not is empty."""
    kept = {
        "first_name": lead["first_name"],
        "last_name": lead["last_name"],
        "middle_name": lead["middle_name"],
        "phone": lead["phone_key"],
        "email": lead["email_key"],
        "external_id": submission["external_id"],
        "campaign_id": submission["campaign_sent"],
        "form_id": submission["form_id"],
        "click_id": submission["click_id"] if submission["click_kind"] != "leadgen" else None,
        "campaign_name": (submission["utm"] or {}).get("utm_campaign"),
    }
    nothing = {"middle_name": "", "created_utc": None, "click_id": None}
    for name, wanted in (nothing | expect).items():
        if name == "created_utc" and wanted is None:
            assert submission["submitted_at"] is None
        elif name == "created_utc":
            assert submission["submitted_at"] == instant(wanted)
        elif name == "answers":
            assert submission["answers"] == wanted
        else:
            assert kept[name] == wanted, name


@pytest.mark.parametrize("case", POSTED, ids=lambda case: case.name)
def test_the_case_is_answered_and_kept_as_expected(
    app: Flask, clock: Any, passes: Passes, case: Case
) -> None:
    passes(f"webhooks/{case.name}", "HTTP")
    expect = case.expect
    clock(case.clock)
    campaign_id = campaign_of(app, expect)
    platform = Platform(app, FORMATS[expect["source"]], case.config)
    answer = platform.send(case)
    text = answer.get_data(as_text=True)
    assert answer.status_code in case.statuses, text
    if "response_body" in expect:
        assert text == expect["response_body"]
    for name in expect.get("error_names", ()):
        assert name in answer.json
    for value in case.config.values():
        if expect["lead"] is None and "response_body" not in expect:
            assert str(value) not in text
    leads, submissions = platform.leads(), platform.submissions()
    real = [lead for lead in leads if not lead["is_test"]]
    if expect["lead"] is None:
        assert real == []
    else:
        assert len(real) == len(submissions) == 1
        holds(real[0], submissions[0], expect["lead"])
        assert submissions[0]["outcome"] == "accepted"
        assert real[0]["campaign_id"] == campaign_id
        if campaign_id or case.name != "vk_lead_forms_new.json":  # which names an ad we know not
            assert not submissions[0]["warnings"]
    for name, value in expect.get("utm", {}).items():
        assert submissions[0]["utm"][name] == value
    if "lead_or_parked" in expect:
        assert [one["outcome"] for one in submissions] == ["rejected"]
        assert submissions[0]["external_id"] == expect["lead_or_parked"]["external_id"]
        assert set(submissions[0]["reasons"]) == {"phone", "email"}
    waiting = [one for one in submissions if one["outcome"] == "pending"]
    for one, wanted in zip(waiting, expect.get("pending", []), strict=True):
        assert (one["external_id"], one["form_id"]) == (wanted["external_id"], wanted["form_id"])
        assert one["submitted_at"] == instant(wanted["created_utc"])
    for one in submissions:
        for value in case.config.values():
            if len(str(value)) >= 8 and not str(value).isdigit():
                assert str(value).encode() not in one["body"]


@pytest.mark.parametrize(
    "case", [case for case in POSTED if case.expect["lead"]], ids=lambda case: case.name
)
def test_the_case_sent_again_makes_no_second_lead(app: Flask, clock: Any, case: Case) -> None:
    clock(case.clock)
    platform = Platform(app, FORMATS[case.expect["source"]], case.config)
    first, second = platform.send(case), platform.send(case)
    assert second.status_code == first.status_code
    assert second.get_data() == first.get_data()
    assert len(platform.leads()) == 1
    outcomes = [one["outcome"] for one in platform.submissions()]
    has_id = case.expect["lead"].get("external_id")
    assert outcomes == ["accepted", "repeated" if has_id else "accepted"]


@pytest.mark.parametrize(
    "case", [case for case in POSTED if case.expect.get("pending")], ids=lambda case: case.name
)
def test_a_notice_that_comes_again_waits_once(app: Flask, case: Case) -> None:
    platform = Platform(app, FORMATS[case.expect["source"]], case.config)
    assert [platform.send(case).status_code for _ in range(2)] == [200, 200]
    assert [one["outcome"] for one in platform.submissions()] == ["pending", "repeated"]


def test_the_lead_of_the_graph_is_read_from_its_own_answer(app: Flask, passes: Passes) -> None:
    case = next(case for case in CASES if case.expect["source"] == "meta_graph_lead")
    passes(f"webhooks/{case.name}", "HTTP")
    campaign_id = campaign_of(app, case.expect)
    platform = Platform(app, "meta", {})
    answer = platform.post(case.body)
    assert answer.status_code == 200
    (lead,), (submission,) = platform.leads(), platform.submissions()
    holds(lead, submission, case.expect["lead"])
    assert lead["campaign_id"] == campaign_id
