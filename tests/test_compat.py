"""The addresses of the older crm-system lead people to ours; its forms lead nowhere."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.site import logged_in, visitor


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("/auth/logout/", "/logout/"),
        ("/auth/profile/7", "/users/userinfo/"),
        ("/services/", "/serviceview/list/"),
        ("/services/3/", "/serviceview/show/3"),
        ("/advertising/", "/campaignview/list/"),
        ("/advertising/3/", "/campaignview/show/3"),
        ("/advertising/3/statistics/", "/campaignview/show/3"),
        ("/clients/potential/", "/leadview/list/"),
        ("/clients/potential/?search=Иван", f"/leadview/list/?search={quote('Иван')}"),
        ("/clients/potential/?today_interaction=true", "/queueview/list/"),
        ("/clients/potential/3/", "/leadview/show/3"),
        ("/clients/active/", "/clientview/list/"),
        ("/clients/active/3/", "/clientview/show/3"),
        ("/contracts/", "/contractview/list/"),
        ("/contracts/3/", "/contractview/show/3"),
    ],
)
def test_an_old_address_leads_to_ours(sqlite_app, theirs, ours):
    answer = logged_in(sqlite_app, "manager").get(theirs)
    assert (answer.status_code, answer.location) == (302, ours)


def test_a_visitor_logs_in_first_and_then_arrives(sqlite_app):
    assert visitor(sqlite_app).get("/services/3/").location == "/login/?next=/services/3/"


@pytest.mark.parametrize("path", ["/services/", "/services/3/", "/contracts/3/", "/auth/login"])
def test_old_forms_are_gone(sqlite_app, path):
    assert logged_in(sqlite_app, "manager").post(path, data={}).status_code == 405


def test_arguments_cannot_turn_the_way_elsewhere(sqlite_app):
    browser = logged_in(sqlite_app, "manager")
    path = "/services/?_external=1&_scheme=javascript&_anchor=x&_method=POST&search=a"
    assert browser.get(path).location == "/serviceview/list/?search=a"
