"""The inbox: what arrived, what became of it, and why it was refused."""

from __future__ import annotations

from typing import Any

import pytest

from app.models import Submission
from tests.factories import make_lead, make_source
from tests.views.browsing import form_of, press, send
from tests.views.pages import counted, keep, read, text_of

BODY = b'{"email": "<script>alert(1)</script>", "first_name": "O\'Toole"}'


def made(session: Any, **changes: Any) -> Submission:
    values: dict[str, Any] = {
        "source": make_source(session),
        "door": "first door",
        "outcome": "rejected",
        "media_type": "application/json",
        "body": BODY,
        "reasons": {"email": [{"code": "not_text", "params": {}}], "": [{"code": "new one"}]},
        "warnings": {"campaign": [{"code": "campaign_ended", "params": {}}]},
    }
    submission = Submission(**(values | changes))
    session.add(submission)
    session.flush()
    return submission


@pytest.mark.parametrize("role", ["Operator", "Manager", "Admin"])
def test_a_refused_submission_shows_its_reasons_beside_the_body(
    app: Any, client_as: Any, role: str
) -> None:
    number = keep(app, lambda s: made(s).id)
    browser = client_as(role)
    assert "Send this as a text." in text_of(browser.get("/submissionview/list/"))
    page = text_of(browser.get(f"/submissionview/show/{number}"))
    for words in ("Send this as a text.", "This campaign has ended.", "new one", "O&#39;Toole"):
        assert words in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_marketers_do_not_see_the_inbox(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: made(s).id)
    marketer = client_as("Marketer")
    assert marketer.get("/submissionview/list/").status_code == 403
    assert marketer.get(f"/submissionview/show/{number}").status_code == 403


def test_the_inbox_is_filtered_by_outcome_and_source(app: Any, client_as: Any) -> None:
    def fill(session: Any) -> int:
        made(
            session,
            source=make_source(session, name="Other"),
            outcome="accepted",
            door="second door",
        )
        yandex = make_source(session, name="Yandex")
        made(session, source=yandex)
        return int(yandex.id)

    source = keep(app, fill)
    operator = client_as("Operator")
    page = text_of(operator.get("/submissionview/list/"))
    assert "Other" in page
    assert "Yandex" in page
    by_outcome = text_of(operator.get("/submissionview/list/?_flt_2_outcome=accepted"))
    assert "Send this as a text." in by_outcome
    assert 'data-label="Source">Yandex<' not in by_outcome
    by_source = text_of(operator.get(f"/submissionview/list/?_flt_0_source={source}"))
    assert 'data-label="Source">Other<' not in by_source
    assert 'data-label="Source">Yandex<' in by_source


def test_the_lead_shows_its_touches(app: Any, client_as: Any) -> None:
    def fill(session: Any) -> int:
        lead = make_lead(session)
        made(session, lead=lead, outcome="accepted", reasons=None)
        return int(lead.id)

    number = keep(app, fill)
    page = text_of(client_as("Operator").get(f"/leadview/show/{number}"))
    assert "/submissionview/show/" in page


def test_nothing_is_added_or_changed_by_hand(app: Any, client_as: Any) -> None:
    number = keep(app, lambda s: made(s).id)
    admin = client_as("Admin")
    for address in ("add", f"edit/{number}", f"delete/{number}"):
        assert admin.get(f"/submissionview/{address}").status_code == 404


def test_few_statements_however_many_submissions(app: Any, client_as: Any) -> None:
    operator = client_as("Operator")

    def fill(count: int) -> None:
        keep(app, lambda s: [made(s, lead=make_lead(s)) for _ in range(count)] and None)

    fill(5)
    few = counted(app, lambda: operator.get("/submissionview/list/?psize_SubmissionView=100"))
    fill(45)
    many = counted(app, lambda: operator.get("/submissionview/list/?psize_SubmissionView=100"))
    assert few == many
    assert many <= 10


def test_what_failed_by_our_fault_is_accepted_from_its_page(app: Any, client_as: Any) -> None:
    body = b'{"first_name": "Ivan", "phone": "+79991234567"}'
    row = keep(app, lambda s: made(s, door="leads", outcome="failed", body=body, reasons=None).id)
    operator = client_as("Operator")
    assert f"/submissionview/{row}/accept" in text_of(operator.get(f"/submissionview/show/{row}"))
    answer = operator.post(f"/submissionview/{row}/accept", follow_redirects=True)
    assert "The submission is accepted." in text_of(answer)
    assert "+7 999 123-45-67" in text_of(answer)
    again = operator.post(f"/submissionview/{row}/accept", follow_redirects=True)
    assert "Only a failed submission can be accepted." in text_of(again)


def rejected(session: Any, body: bytes, **changes: Any) -> Submission:
    return made(session, door="submissions", body=body, warnings=None, **changes)


def test_an_operator_corrects_a_rejected_one_beside_what_was_sent(app: Any, client_as: Any) -> None:
    body = b'{"name": "Anna Petrova", "phone": "12", "note": "<i>call</i>"}'
    row = keep(app, lambda s: rejected(s, body).id)
    operator = client_as("Operator")
    address = f"/submissionview/{row}/correct"
    assert address in text_of(operator.get(f"/submissionview/show/{row}"))
    form = form_of(operator, address)
    assert (form["first_name"], form["last_name"], form["phone"]) == ("Anna", "Petrova", "12")
    page = text_of(operator.get(address))
    assert "&lt;i&gt;call&lt;/i&gt;" in page
    assert "Send this as a text." in page
    answer = send(operator, address, phone="13")
    assert answer.status_code == 400
    assert 'id="phone-fault"' in text_of(answer)
    answer = send(operator, address, phone="8 999 000 00 01")
    assert answer.status_code == 302
    assert answer.location.startswith("/leadview/show/")
    found = read(app, lambda s: [(one.outcome, one.answers) for one in s.query(Submission)])
    assert sorted(found) == [("accepted", {"note": "<i>call</i>"}), ("repeated", None)]
    assert operator.post(address, data=form | {"form_key": "k" * 24}).status_code == 409


def test_an_administrator_reads_many_again_by_a_mended_mapping(app: Any, client_as: Any) -> None:
    def fill(session: Any) -> int:
        source = make_source(session, format="form")
        for at in range(3):
            rejected(session, b'{"q": "+7999000000%d"}' % at, source=source)
        rejected(session, b'{"q": "nobody"}', source=source)
        source.use_mapping({"q": "phone"})
        return int(source.id)

    source = keep(app, fill)
    query = f"?_flt_0_source={source}&_flt_2_outcome=rejected"
    address = f"/submissionview/bulk{query}"
    listed = f"/submissionview/list/{query}"
    assert 'value="replay"' not in text_of(client_as("Operator").get(listed))
    admin = client_as("Admin")
    assert 'value="replay"' in text_of(admin.get(listed))
    asked = {"act": "replay", "all": "1"}
    form = {"form_key": "k" * 24, "run": "1"}
    assert client_as("Operator").post(address, data=asked | form).status_code == 403
    assert admin.post(address, data=asked).status_code == 200
    answer = admin.post(address, data=asked | form, follow_redirects=True)
    assert "3 records changed. 1 was skipped:" in text_of(answer)
    outcomes = read(app, lambda s: sorted(one.outcome for one in s.query(Submission)))
    assert outcomes == ["accepted"] * 3 + ["rejected"] + ["repeated"] * 3


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("application/json", rb'{"a": "\u0410\u043d\u043d\u0430 \ud800"}', "Анна ?"),
        ("application/x-www-form-urlencoded", b"a=%D0%90%D0%BD%D0%BD%D0%B0", "a: Анна"),
        ("application/json", b"{", "{"),
        ("image/png", b"\x00\xff", "\ufffd"),
    ],
)
def test_a_body_is_shown_as_people_read_it(
    app: Any, client_as: Any, kind: str, body: bytes, words: str
) -> None:
    row = keep(app, lambda s: rejected(s, body, media_type=kind).id)
    operator = client_as("Operator")
    for page in (f"show/{row}", f"{row}/correct"):
        assert words in text_of(operator.get(f"/submissionview/{page}"))


def test_one_is_read_again_from_its_page(app: Any, client_as: Any) -> None:
    row = keep(app, lambda s: rejected(s, b'{"phone": "12"}').id)
    admin = client_as("Admin")
    answer = press(admin, f"/submissionview/{row}/replay")
    assert answer.location == f"/submissionview/show/{row}"
    assert read(app, lambda s: s.get_one(Submission, row).outcome) == "rejected"


def test_more_than_one_request_can_do_is_read_again_by_the_worker(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.views.base.bulk.MOST_AT_ONCE", 2)
    monkeypatch.setattr("app.views.base.bulk.PART", 2)

    def fill(session: Any) -> None:
        source = make_source(session, format="form")
        for at in range(5):
            rejected(session, b'{"q": "+7999000000%d"}' % at, source=source)
        rejected(session, b"{", source=source)
        source.use_mapping({"q": "phone"})

    keep(app, fill)
    admin = client_as("Admin")
    asked = {"act": "replay", "all": "1", "form_key": "k" * 24, "run": "1"}
    answer = admin.post("/submissionview/bulk?_flt_2_outcome=rejected", data=asked)
    assert answer.location.startswith("/jobview/show/")
    while app.extensions["crm_turn"]():
        pass
    page = text_of(admin.get(answer.location))
    assert "The body of this submission cannot be read again." in page
    outcomes = read(app, lambda s: sorted(one.outcome for one in s.query(Submission)))
    assert outcomes == ["accepted"] * 5 + ["rejected"] + ["repeated"] * 5


def test_what_waits_for_its_answers_says_so_and_is_fetched_on_request(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(session: Any) -> int:
        source = make_source(session, format="meta")
        return int(made(session, source=source, door="meta", outcome="pending", reasons=None).id)

    row = keep(app, lambda s: waits(s))
    operator = client_as("Operator")
    address = f"/submissionview/show/{row}"
    text = text_of(operator.get(address))
    assert "its answers are to be fetched" in text
    assert "fetch_now" not in text
    monkeypatch.setitem(app.config, "META_FETCH", True)
    assert "fetch_now" in text_of(operator.get(address))
    assert press(operator, f"/submissionview/{row}/fetch_now").status_code == 302
    assert read(app, lambda s: s.get_one(Submission, row).fetch_at) is not None
    assert "The next try is at" in text_of(operator.get(address))
