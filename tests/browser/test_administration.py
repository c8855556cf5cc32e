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


def choose(walker: Walker, *texts: str) -> None:
    """Of many choices, each with a box of its own."""
    for text in texts:
        walker.page.get_by_role("checkbox", name=text, exact=True).check()


def add(walker: Walker) -> None:
    walker.page.locator("main a.btn-primary[href*='/add']").click()


def save(walker: Walker) -> None:
    walker.page.locator("form[data-guard] [type=submit]").click()


def test_a_user_with_a_composed_role_sees_just_that_until_the_user_leaves(walker: Enter) -> None:
    admin = walker("admin")
    admin.open("/roles/list/")
    add(admin)
    admin.fill(name="Читатель услуг")
    choose(
        admin, "Services: see the list", "Services: stands in the menu", "Services: open a record"
    )
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
    choose(admin, "Читатель услуг")
    admin.shoot("user-add")
    save(admin)
    admin.sees("rita@example.com")
    admin.shoot("users")

    reader = walker("reader", PASSWORD)
    menu = reader.page.locator(".rail-menu .rail-entry").all_inner_texts()
    assert [entry.strip() for entry in menu] == ["Services"]
    reader.open("/serviceview/list/")
    assert reader.page.locator("main a[href*='/add']").count() == 0
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
    reader.page.locator("form:has(#username) [type=submit]").click()
    reader.sees("The user name or the password is wrong.")


def test_one_of_the_four_roles_is_copied_and_narrowed(walker: Enter) -> None:
    admin = walker("admin")
    admin.open("/roles/list/")
    admin.page.locator("tr", has_text="Operator").locator("a[href*='/show/']").click()
    admin.sees("work (calls, next contact, status)")
    admin.page.get_by_role("button", name="Copy", exact=True).click()
    expect(admin.page.get_by_role("dialog")).to_contain_text("Copy the chosen roles?")
    admin.page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    row = admin.page.locator("tr", has_text="Operator copy")
    expect(row).to_be_visible()
    admin.shoot("roles-copied")
    row.locator("a[href*='/edit/']").click()
    admin.sees("Leads: put away or delete")
    away = admin.page.get_by_role("checkbox", name="Leads: put away or delete", exact=True)
    expect(away).to_be_checked()
    away.uncheck()
    admin.fill(name="Оператор без архива")
    save(admin)
    narrowed = admin.page.locator("tr", has_text="Оператор без архива")
    narrowed.locator("a[href*='/edit/']").click()
    expect(away).not_to_be_checked()
    expect(admin.page.get_by_role("checkbox", name="Leads: see the list")).to_be_checked()


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
    admin.page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    admin.sees("The token has been revoked: its next request is refused.")
    assert post(server, token) == 401


def test_a_user_gets_a_new_password_and_is_out_until_it_is_known(
    server: Server, walker: Enter
) -> None:
    marketer, admin = walker("marketer"), walker("admin")
    old = server.passwords["marketer"]
    for word in (PASSWORD, old):
        admin.open("/users/list/")
        admin.page.get_by_role("row").filter(has_text="marketer").get_by_role("link").first.click()
        admin.page.get_by_role("button", name="New password", exact=True).click()
        admin.fill(password=word, conf_password="something else of length")
        save(admin)
        expect(admin.page.get_by_role("alert")).to_contain_text("The two passwords differ.")
        admin.fill(password=word, conf_password=word)
        admin.shoot("new-password")
        save(admin)
        admin.sees("The password has been changed.")
        marketer.page.goto("/campaignview/list/")
        expect(marketer.page).to_have_url(re.compile("/login/"))
        marketer.log_in("marketer", word)


def test_the_company_and_a_channel_are_changed(walker: Enter) -> None:
    admin = walker("admin")
    page = admin.page
    admin.open("/companyview/edit")
    was = page.locator("[name=phone]").input_value()
    admin.fill(phone="8 (495) 123-45-67")
    page.keyboard.press("Control+Enter")
    admin.sees("8 (495) 123-45-67")  # as it is to be printed
    page.goto("/companyview/edit")
    admin.fill(phone=was)
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(re.compile("/edit"))

    admin.open("/channelview/list/")
    add(admin)
    page.get_by_label("Title").fill("Радио у дома")
    page.keyboard.press("Control+Enter")
    admin.sees("The record has been added.")
    page.goto("/campaignview/add")
    channel = page.locator("[name=channel]")
    expect(channel.locator("option", has_text="Радио у дома")).to_have_count(1)


def test_filters_open_and_narrow_the_list(walker: Enter) -> None:
    admin = walker("admin")
    page = admin.page
    admin.open("/leadview/list/")
    chip = page.locator("#chip-status")
    box = chip.get_by_role("checkbox", name="Lost", exact=True)
    expect(box).to_be_hidden()
    chip.locator("summary").click()
    box.check()  # the first click already narrows
    expect(page).to_have_url(re.compile("lost"))
    pills = page.locator("#list-rows tbody .pill")
    expect(pills.first).to_have_text("Lost")
    assert set(pills.all_inner_texts()) == {"Lost"}
    expect(chip.locator("summary")).to_contain_text("Lost")
    page.get_by_role("link", name="Remove the filter “Status”").click()
    expect(page).not_to_have_url(re.compile("lost"))
    expect(page.locator("#list-rows")).to_contain_text("In work")


def post(server: Server, token: str) -> int:
    headers = {"Token": token, "Content-Type": "application/json"}
    body = json.dumps({"first_name": "Лена", "email": "lena.landing@example.com"}).encode()
    return Person(server.url).post("/api/v1/leads", body, headers).status_code
