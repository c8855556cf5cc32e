"""Log-in, sessions, passwords and what a visitor may reach."""

from __future__ import annotations

from tests.site import PASSWORD


def test_a_visitor_is_led_to_the_log_in_page(client):
    assert client.get("/users/list/").location == "/login/?next=/users/list/"
    page = client.get("/login/")
    assert page.status_code == 200


def test_a_user_logs_in_and_arrives_where_they_wanted(client):
    answer = client.post(
        "/login/?next=/users/userinfo/", data={"username": "manager", "password": PASSWORD}
    )
    assert (answer.status_code, answer.location) == (302, "/users/userinfo/")
    assert client.get("/users/userinfo/").status_code == 200
