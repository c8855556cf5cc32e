"""Every refusal is a page in the product's look that says what happened and leads on."""

from __future__ import annotations

import re

import pytest

from app.web.errors import SENTENCES, answer
from tests.site import logged_in

WAY = re.compile(r'<a class="btn[^"]*" href="([^"]*)">([^<]*)</a>')


@pytest.mark.parametrize("status", sorted(SENTENCES))
def test_each_page_names_what_happened_and_leads_to_the_start(sqlite_app, status):
    with sqlite_app.test_request_context("/leadview/list/"):
        page = answer(status)
    text = page.get_data(as_text=True)
    assert page.status_code == status
    assert SENTENCES[status].replace("'", "&#39;") in text
    assert WAY.findall(text)[-1] == ("/", "Start page")
    assert "css/crm.css" in text
    assert "<script" not in text
    assert "style=" not in text


def test_one_can_go_back_to_where_one_came_from(sqlite_app):
    browser = logged_in(sqlite_app, "operator")
    host = {"Referer": "http://localhost/leadview/list/?status=new"}
    page = browser.get("/contractview/list/", headers=host)
    assert page.status_code == 403
    assert WAY.findall(page.text) == [
        ("/leadview/list/?status=new", "Back to the page before"), ("/", "Start page"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "elsewhere", ["", "http://elsewhere.example/", "http://localhost//elsewhere.example/a"]
)
def test_the_way_back_never_leads_elsewhere(sqlite_app, elsewhere):
    page = logged_in(sqlite_app, "operator").get("/nowhere", headers={"Referer": elsewhere})
    assert page.status_code == 404
    assert WAY.findall(page.text) == [("/", "Start page")]


def test_what_may_pass_can_be_tried_again(sqlite_app):
    with sqlite_app.test_request_context("/leadview/list/?status=new&page=2"):
        text = answer(500).get_data(as_text=True)
    assert WAY.findall(text)[0] == ("/leadview/list/?status=new&amp;page=2", "Try again")
    with sqlite_app.test_request_context("/leadview/list/", method="POST"):
        assert len(WAY.findall(answer(500).get_data(as_text=True))) == 1
