"""The inbox: what arrived, what became of it, and why it was refused."""

from __future__ import annotations

from typing import Any

import pytest

from app.models import Submission
from tests.factories import make_lead, make_source
from tests.views.pages import counted, keep, text_of

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
