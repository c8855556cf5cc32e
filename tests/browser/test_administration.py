"""What the administrator does in Chromium: users, composed roles, sources and their tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Walker
from tests.served import Person, Server

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
PASSWORD = "a password of many words"


def choose(walker: Walker, field: str, *texts: str) -> None:
    """In a field of many choices, by typing."""
    box = walker.page.locator(f"#{field} + .select2-container")
    for text in texts:
        box.locator("input").fill(text)
        walker.page.get_by_role("option", name=text, exact=True).first.click()


def add(walker: Walker) -> None:
    walker.page.locator("a.btn-primary[href*='/add']").click()


def save(walker: Walker) -> None:
    walker.page.locator("form button[type=submit].btn-primary").last.click()


def test_a_user_with_a_composed_role_sees_just_that_until_the_user_leaves(walker: Enter) -> None:
    admin = walker("admin")
    admin.open("/roles/list/")
    add(admin)
    admin.fill(name="Читатель услуг")
    choose(
        admin, "permissions",
        "Services: see the list", "Services: stands in the menu", "Services: open a record",
    )  # fmt: skip
    admin.shoot("role-composed")
    save(admin)
    expect(admin.page).to_have_url(f"{admin.server.url}/roles/list/")
    admin.sees("Читатель услуг")

    admin.open("/users/list/")
    add(admin)
    admin.fill(
        username="reader", first_name="Рита", last_name="Чтецова", email="rita@example.com",
        password=PASSWORD, conf_password=PASSWORD,
    )  # fmt: skip
    choose(admin, "roles", "Читатель услуг")
    admin.shoot("user-add")
    save(admin)
    admin.sees("rita@example.com")
    admin.shoot("users")

    reader = walker("reader", PASSWORD)
    menu = reader.page.locator(".navbar-nav").first.locator("> li").all_inner_texts()
    assert [entry.strip() for entry in menu] == ["Services"]
    reader.open("/serviceview/list/")
    assert reader.page.get_by_role("link", name="Add", exact=True).count() == 0
    reader.expected = {403}
    reader.open("/leadview/list/", "refused")
    reader.sees("Your role does not allow this.")

    admin.page.locator("tr", has_text="rita@example.com").locator("a[href*='/edit/']").click()
    admin.page.locator("#active").uncheck()
    save(admin)
    row = admin.page.locator("tr", has_text="rita@example.com")
    expect(row).to_contain_text("No")
    reader.page.goto("/serviceview/list/")
    expect(reader.page).to_have_url(re.compile("/login/"))
    reader.expected = {401}
    reader.page.locator("#username").fill("reader")
    reader.page.locator("#password").fill(PASSWORD)
    reader.page.locator("input[type=submit]").click()
    reader.sees("The user name or the password is wrong.")


def test_one_of_the_four_roles_is_copied_and_narrowed(walker: Enter) -> None:
    admin = walker("admin")
    admin.open("/roles/list/")
    admin.page.locator("tr", has_text="Operator").locator("a[href*='/show/']").click()
    admin.sees("work (calls, next contact, status)")
    admin.page.locator("a.btn", has_text="Copy").click()
    admin.sees("Copy the chosen roles?")
    admin.click("Yes")
    row = admin.page.locator("tr", has_text="Operator copy")
    expect(row).to_be_visible()
    admin.shoot("roles-copied")
    row.locator("a[href*='/edit/']").click()
    admin.sees("Leads: put away or delete")
    chosen = admin.page.locator("#permissions + .select2-container .select2-selection__choice")
    away = chosen.filter(has_text="Leads: put away or delete")
    expect(away).to_be_visible()  # the script has turned the list into chosen ones by then
    before = chosen.count()
    away.locator(".select2-selection__choice__remove").click()
    expect(chosen).to_have_count(before - 1)
    admin.page.keyboard.press("Escape")
    admin.fill(name="Оператор без архива")
    save(admin)
    admin.sees("Оператор без архива")


def test_a_token_works_until_it_is_revoked(server: Server, walker: Enter) -> None:
    admin = walker("admin")
    admin.open("/sourceview/add")
    admin.fill(name="Посадочная страница")
    admin.click("Save")
    admin.sees("None yet. Without a token nothing can be posted.")
    admin.click("Issue a token")
    admin.click("Issue a token")
    admin.sees("Copy the token now")
    admin.shoot("token")
    token = admin.page.get_by_label("Token", exact=True).input_value()
    assert post(server, token) == 201
    admin.click("Back to the source")
    admin.sees("Accepted")
    assert token not in admin.page.content()
    admin.shoot("source")
    admin.click("Revoke")
    admin.sees("The token has been revoked: its next request is refused.")
    assert post(server, token) == 401


def test_filters_open_and_narrow_the_list(walker: Enter) -> None:
    admin = walker("admin")
    admin.open("/leadview/list/")
    status = admin.page.get_by_label("Status", exact=True)
    expect(status).to_be_hidden()
    admin.page.locator("summary").click()
    expect(status).to_be_visible()
    status.select_option(label="Lost")
    admin.page.get_by_role("button", name="Filter", exact=True).click()
    expect(admin.page).to_have_url(re.compile("=lost"))
    statuses = admin.page.locator("table.crm-list tbody td:nth-child(5)")
    expect(statuses.first).to_have_text("Lost")  # the new page, not yet the old one's address
    assert set(statuses.all_inner_texts()) == {"Lost"}
    expect(admin.page.get_by_label("Status", exact=True)).to_be_visible()
    admin.click("Reset")
    expect(admin.page).to_have_url(f"{admin.server.url}/leadview/list/")


def test_the_menu_of_the_administrator_is_one_line(walker: Enter) -> None:
    bar = walker("admin").page.locator(".navbar").first.bounding_box()
    assert bar is not None
    assert bar["height"] < 60


def post(server: Server, token: str) -> int:
    headers = {"Token": token, "Content-Type": "application/json"}
    body = json.dumps({"first_name": "Лена", "email": "lena.landing@example.com"}).encode()
    return Person(server.url).post("/api/v1/leads", body, headers).status_code
