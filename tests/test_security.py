"""Log-in, sessions, passwords, headers, hosts, and what a visitor may reach."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from http import HTTPStatus

import pytest
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import func, select, update
from werkzeug.middleware.proxy_fix import ProxyFix

from app import create_app
from app.extensions import db
from app.models import LoginFailure
from app.models.clock import utc_now
from app.ui.addresses import inside
from tests.factories import make_lead, make_user
from tests.site import PASSWORD, logged_in, settings_for, visitor

WRONG = "not the password"
NEW = "another long password"


def log_in(browser, username="manager", password=PASSWORD, path="/login/"):
    return browser.post(path, data={"username": username, "password": password})


def tries(app) -> int:
    with app.app_context():
        return int(db.session.scalar(select(func.count(LoginFailure.id))) or 0)


# -- coming in -------------------------------------------------------------------------------------
def test_a_visitor_is_led_to_the_log_in_page(client):
    assert client.get("/users/userinfo/").location == "/login/?next=/users/userinfo/"
    assert client.get("/login/").status_code == HTTPStatus.OK


def test_the_old_log_in_address_leads_to_ours(client):
    assert client.get("/auth/login").location == "/login/"
    assert client.get("/auth/login/?next=/users/userinfo/").location.endswith(
        "?next=/users/userinfo/"
    )


def test_a_user_logs_in_and_arrives_where_they_wanted(client):
    answer = log_in(client, path="/login/?next=/users/userinfo/")
    assert (answer.status_code, answer.location) == (302, "/users/userinfo/")
    assert client.get("/users/userinfo/").status_code == HTTPStatus.OK


@pytest.mark.parametrize("typed", ["manager", "MANAGER", " manager ", "manager@example.com"])
def test_name_or_e_mail_will_do_in_any_case(client, typed):
    assert log_in(client, typed).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("manager", WRONG),
        ("nobody", PASSWORD),
        ("manager\x00", WRONG),
        ("manager", "\x00"),
        ("' OR 1=1 --", PASSWORD),
        ("м" * 5000, PASSWORD),
    ],
)
def test_a_wrong_log_in_says_the_same_whatever_was_wrong(client, username, password):
    answer = log_in(client, username, password)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "The user name or the password is wrong." in answer.text
    assert client.get("/users/userinfo/").status_code == HTTPStatus.FOUND


def test_an_inactive_user_stays_out_and_is_put_out(app):
    browser = logged_in(app, "operator")
    assert browser.get("/users/userinfo/").status_code == HTTPStatus.OK
    with app.app_context():
        db.session.execute(update(User).where(User.username == "operator").values(active=False))
        db.session.commit()
    assert browser.get("/users/userinfo/").status_code == HTTPStatus.FOUND
    assert log_in(visitor(app), "operator").status_code == HTTPStatus.UNAUTHORIZED


def test_hashing_holds_no_transaction(app, monkeypatch):
    """SQLite has one writer: nobody may wait while a password is hashed."""
    seen = []

    def check(_hash, _password):
        seen.append(db.session().in_transaction())
        return False

    monkeypatch.setattr("app.security.check_password_hash", check)
    log_in(visitor(app))
    log_in(visitor(app), "nobody")
    assert seen == [False, False]


def test_logging_out_works_by_post_and_by_link_and_keeps_the_language(app):
    for method in ("post", "get"):
        browser = logged_in(app, "manager")
        browser.get("/lang/ru")
        assert getattr(browser, method)("/logout/").status_code == HTTPStatus.FOUND
        assert browser.get("/users/userinfo/").status_code == HTTPStatus.FOUND
        with browser.session_transaction() as kept:
            assert kept["locale"] == "ru"


# -- next= -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("/leadview/list/?page=2", "/leadview/list/?page=2"),
        ("http://localhost/a?b=c", "/a?b=c"),
        ("", "/"),
        ("http://evil.example/x", "/"),
        ("//evil.example/x", "/"),
        ("///evil.example", "/evil.example"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("\n//evil.example", "/"),
        ("https:evil.example", "/"),
        ("http:///evil.example", "/evil.example"),
        ("http://localhost//evil.example", "/"),
        ("http://localhost@evil.example/", "/"),
        ("http://evil.example:80@localhost/", "/"),
        ("javascript:alert(1)", "/"),
        ("data:text/html,x", "/"),
        ("http://[", "/"),
        ("login", "/"),
    ],
)
def test_the_way_back_stays_inside(sqlite_app, wanted, where):
    with sqlite_app.test_request_context("/login/"):
        assert inside(wanted) == where


# -- wrong tries -----------------------------------------------------------------------------------
def test_too_many_wrong_tries_for_a_name_make_everybody_wait(app):
    limit = app.config["LOGIN_TRIES"]
    for number in range(limit):
        browser = visitor(app)
        browser.environ_base["REMOTE_ADDR"] = f"10.0.0.{number}"
        assert log_in(browser, password=WRONG).status_code == HTTPStatus.UNAUTHORIZED
    answer = log_in(visitor(app), "Manager")  # the right password, from an address never seen
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert "Traceback" not in answer.text
    assert tries(app) == limit, "a refused try does not lengthen the wait"
    assert log_in(visitor(app), "operator").status_code == HTTPStatus.FOUND


def test_too_many_wrong_tries_from_an_address_make_it_wait(app):
    browser = visitor(app)
    for number in range(app.config["LOGIN_TRIES"]):
        log_in(browser, f"guess{number}", WRONG)
    assert log_in(browser).status_code == HTTPStatus.TOO_MANY_REQUESTS
    browser.environ_base["REMOTE_ADDR"] = "10.9.9.9"
    assert log_in(browser).status_code == HTTPStatus.FOUND


def test_a_right_log_in_is_no_failure_and_old_ones_do_not_bar(app):
    with app.app_context():
        long_ago = utc_now() - timedelta(minutes=16)
        db.session.add_all(
            LoginFailure(username="manager", address="127.0.0.1", at=long_ago) for _ in range(50)
        )
        db.session.commit()
    assert log_in(visitor(app)).status_code == HTTPStatus.FOUND
    assert tries(app) == 50  # the administrator's start page counts those of a day


def test_tries_sent_at_once_cannot_pass_the_limit(app):
    count = app.config["LOGIN_TRIES"] + 8
    barrier = threading.Barrier(count)
    browsers = [visitor(app) for _ in range(count)]
    statuses: list[int] = []

    def attempt(browser) -> None:
        barrier.wait()
        statuses.append(log_in(browser, password=WRONG).status_code)

    threads = [threading.Thread(target=attempt, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # When all of them are counted before the first is judged, every one is refused.
    assert statuses.count(401) <= app.config["LOGIN_TRIES"]
    assert statuses.count(429) == count - statuses.count(401)


# -- passwords and sessions ------------------------------------------------------------------------
def change_password(browser, old=PASSWORD, new=NEW, again=None):
    form = {"old_password": old, "password": new, "conf_password": again or new}
    return browser.post("/password/form", data=form)


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(app):
    here, elsewhere = logged_in(app, "operator"), logged_in(app, "operator")
    assert change_password(here).status_code == HTTPStatus.FOUND
    assert here.get("/users/userinfo/").status_code == HTTPStatus.OK
    assert elsewhere.get("/users/userinfo/").status_code == HTTPStatus.FOUND
    assert log_in(visitor(app), "operator").status_code == HTTPStatus.UNAUTHORIZED
    assert log_in(visitor(app), "operator", NEW).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [(WRONG, NEW, NEW), (PASSWORD, "short", "short"), (PASSWORD, NEW, NEW + "!"), ("", NEW, NEW)],
)
def test_a_new_password_needs_the_old_one_and_length(app, old, new, again):
    browser = logged_in(app, "operator")
    assert change_password(browser, old, new, again).status_code == HTTPStatus.OK
    assert log_in(visitor(app), "operator").status_code == HTTPStatus.FOUND


def test_a_session_is_not_believed_without_its_stamp(app):
    browser = logged_in(app, "admin")
    with browser.session_transaction() as kept:
        kept["stamp"] = "0" * 32
    assert browser.get("/users/userinfo/").status_code == HTTPStatus.FOUND
    with browser.session_transaction() as kept:
        del kept["stamp"]
    assert browser.get("/users/userinfo/").status_code == HTTPStatus.FOUND


def test_an_administrator_gives_a_new_password(app):
    key = user_id(app, "operator")
    admin, operator = logged_in(app, "admin"), logged_in(app, "operator")
    form = {"password": NEW, "conf_password": NEW}
    path = f"/users/password/form?pk={key}"
    assert operator.post(path, data=form).status_code == HTTPStatus.FORBIDDEN
    assert admin.post(path, data=form).status_code == HTTPStatus.FOUND
    assert operator.get("/users/userinfo/").status_code == HTTPStatus.FOUND
    assert log_in(visitor(app), "operator", NEW).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize("pk", ["", "0", "x", "99999999999999999999", "-1"])
def test_a_new_password_for_nobody_is_not_found(app, pk):
    admin = logged_in(app, "admin")
    form = {"password": NEW, "conf_password": NEW}
    assert admin.get(f"/users/password/form?pk={pk}").status_code == HTTPStatus.NOT_FOUND
    answer = admin.post(f"/users/password/form?pk={pk}", data=form)
    assert answer.status_code == HTTPStatus.NOT_FOUND


# -- users -----------------------------------------------------------------------------------------
def user_id(app, username) -> int:
    with app.app_context():
        return int(db.session.scalar(select(User.id).where(User.username == username)) or 0)


def user_form(app, username, *roles, active=True, **changes):
    with app.app_context():
        ids = db.session.scalars(select(Role.id).where(Role.name.in_(roles))).all()
    form = {
        "username": username,
        "first_name": "A",
        "last_name": "B",
        "email": f"{username}@example.com",
        "roles": [str(key) for key in ids],
    }
    return form | ({"active": "y"} if active else {}) | changes


def test_an_administrator_adds_a_user_who_can_log_in(app):
    form = user_form(app, "newcomer", "Operator", password=NEW, conf_password=NEW)
    answer = logged_in(app, "admin").post("/users/add", data=form)
    assert answer.status_code == HTTPStatus.FOUND
    assert log_in(visitor(app), "newcomer", NEW).status_code == HTTPStatus.FOUND


def test_a_new_user_needs_a_role_and_a_long_password(app):
    admin = logged_in(app, "admin")
    for form in (
        user_form(app, "newcomer", password=NEW, conf_password=NEW),
        user_form(app, "newcomer", "Operator", password="short", conf_password="short"),
    ):
        assert admin.post("/users/add", data=form).status_code == HTTPStatus.OK
    assert user_id(app, "newcomer") == 0


@pytest.mark.parametrize(("roles", "active"), [(("Admin",), False), (("Manager",), True)])
def test_the_last_administrator_stays_one(app, roles, active):
    key = user_id(app, "admin")
    browser = logged_in(app, "admin")
    form = user_form(app, "admin", *roles, active=active)
    answer = browser.post(f"/users/edit/{key}", data=form)
    assert answer.status_code == HTTPStatus.OK
    assert "last administrator" in answer.text
    assert browser.get("/users/list/").status_code == HTTPStatus.OK


def test_the_last_administrator_is_not_deleted_until_there_is_another(app):
    key = user_id(app, "admin")
    logged_in(app, "admin").post(f"/users/delete/{key}")
    assert user_id(app, "admin") == key
    with app.app_context():
        make_user(db.session(), "Admin", username="second")
        db.session.commit()
    logged_in(app, "second").post(f"/users/delete/{key}")
    assert user_id(app, "admin") == 0


def test_a_user_whose_name_stands_on_records_is_made_inactive_instead(app):
    with app.app_context():
        user = make_user(db.session(), "Operator", username="leaver")
        make_user(db.session(), "Operator", username="unknown")
        make_lead(db.session()).assignee = user
        db.session.commit()
    admin = logged_in(app, "admin")
    for name in ("leaver", "unknown"):
        admin.post(f"/users/delete/{user_id(app, name)}")
    assert user_id(app, "unknown") == 0
    with app.app_context():
        assert db.session.scalar(select(User.active).where(User.username == "leaver")) is False


def test_our_roles_are_code_and_others_are_composed(app):
    admin = logged_in(app, "admin")
    with app.app_context():
        key = db.session.scalar(select(Role.id).where(Role.name == "Operator"))
    assert admin.get(f"/roles/edit/{key}").location == f"/roles/show/{key}"
    admin.post(f"/roles/delete/{key}")
    for _ in range(2):
        answer = admin.post("/roles/action_post", data={"action": "copyrole", "rowid": [str(key)]})
        assert answer.status_code == HTTPStatus.FOUND
    with app.app_context():
        names = set(db.session.scalars(select(Role.name)))
        copy = db.session.scalars(select(Role).where(Role.name == "Operator copy")).one()
        assert {"Operator", "Operator copy", "Operator copy 2"} <= names
        assert copy.permissions
        make_user(db.session(), "Operator copy", username="composed")
        db.session.commit()
    composed = logged_in(app, "composed")
    assert composed.get("/users/userinfo/").status_code == HTTPStatus.OK
    assert composed.get("/users/list/").status_code == HTTPStatus.FORBIDDEN


# -- forgery, hosts, headers -----------------------------------------------------------------------
def test_a_post_without_the_anti_forgery_token_is_refused(app):
    browser = logged_in(app, "admin")
    browser.sends_token = False
    for path in ("/login/", "/logout/", "/users/add", "/users/delete/1", "/password/form"):
        answer = browser.post(path, data={})
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert "expired" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1@evil"])
def test_an_unknown_host_gets_a_plain_400(client, host):
    answer = client.get("/login/", headers={"Host": host})
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "evil" not in answer.text
    assert "Content-Security-Policy" in answer.headers
    came_from_there = {"Host": host, "Referer": f"http://{host}/login/"}
    assert client.get("/login/", headers=came_from_there).status_code == HTTPStatus.BAD_REQUEST


def test_every_answer_carries_the_security_headers(client):
    for path in ("/login/", "/", "/nowhere", "/health/live", "/static/appbuilder/js/ab.js"):
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers


def test_pages_hold_no_script_and_no_style_of_their_own(app):
    """`script-src 'self'; style-src 'self'`: whatever gets into a page cannot run."""
    browser = logged_in(app, "admin")
    for path in ("/login/", "/users/list/", "/roles/add", "/leadview/list/", "/nowhere"):
        answer = browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'; style-src 'self';" in policy
        assert "unsafe" not in policy
        assert re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", answer.text) is None


def test_behind_https_cookies_are_secure_and_the_browser_remembers(tmp_path):
    url = f"sqlite:///{tmp_path / 'crm'}"
    secure = {"HTTPS": True, "SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_NAME": "__Host-crm"}
    app = create_app(settings_for(url) | secure | {"PROXIES": 1})
    assert isinstance(app.wsgi_app, ProxyFix)
    answer = app.test_client().get("/login/", base_url="https://localhost")
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers["Set-Cookie"]
    for flag in ("__Host-crm=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    with app.app_context():
        db.engine.dispose()


# -- errors and health -----------------------------------------------------------------------------
def test_errors_are_pages_for_people_in_their_language(client):
    page = client.get("/nowhere")
    assert page.status_code == HTTPStatus.NOT_FOUND
    assert page.mimetype == "text/html"
    assert "/nowhere" not in page.text
    assert client.delete("/login/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert client.delete("/login/").headers["Allow"]


def test_errors_under_the_api_addresses_are_json(client):
    answer = client.get("/api/v1/nowhere")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.get_json()["detail"]


def test_a_database_that_is_away_is_a_503_without_a_traceback(tmp_path):
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'missing' / 'crm'}"))
    browser = app.test_client()
    answer = browser.get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "not ready")
    with browser.session_transaction() as kept:
        kept["_user_id"] = "1"
    page = browser.get("/")
    assert page.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert page.headers["Retry-After"]
    assert "sqlite" not in page.text.lower()
    assert browser.get("/health/live").status_code == HTTPStatus.OK


def test_a_fault_of_ours_is_a_page_without_a_traceback(tmp_path):
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'crm'}") | {"TESTING": False})

    def failing():
        raise RuntimeError("a secret")

    app.view_functions["health.live"] = failing
    answer = app.test_client().get("/health/live")
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "secret" not in answer.text
    assert "written to the log" in answer.text


def test_what_is_too_large_is_refused_with_a_page(client):
    answer = log_in(client, "x" * 11_000_000)
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "too large" in answer.text


def test_readiness_says_what_is_missing(tmp_path):
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'crm'}"))
    answer = app.test_client().get("/health/ready")
    assert (answer.status_code, "flask fab setup" in answer.get_json()["reason"]) == (503, True)


def test_a_site_that_is_set_up_is_ready(client):
    assert client.get("/health/ready").json == {"status": "ready"}


# -- texts that no database holds ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "address", "field"),
    [
        ("Admin", "/users/add", "username"),
        ("Admin", "/users/edit/1", "first_name"),
        ("Admin", "/roles/add", "name"),
        ("Operator", "/password/form", "old_password"),
        ("Operator", "/account/form", "first_name"),
        ("Operator", "/leadview/add", "last_name"),
    ],
)
def test_a_nul_in_a_form_is_named_and_never_a_fault(app, client_as, role, address, field):
    answer = client_as(role).post(address, data={field: "a\0b"})
    assert answer.status_code == 400
    assert field in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "address",
    [
        "/users/list/?_flt_0_username=%00", "/users/list/?_flt_2_email=%00&_flt_0_active=%00",
        "/roles/list/?_flt_0_name=%00", "/leadview/list/?search=%00",
        "/leadview/list/?_flt_0_campaign=%00&_flt_0_status=%00", "/picker/client?q=%00",
        "/login/?next=%00", "/users/show/%00", "/submissionview/list/?_flt_0_source=%00",
    ],
)  # fmt: skip
def test_a_nul_in_an_address_is_never_a_fault(app, client_as, address):
    assert client_as("Admin").get(address).status_code < 500


# -- forms -----------------------------------------------------------------------------------------

ENTRIES = re.compile(r"<input (?![^>]*type=\"(?:hidden|checkbox|submit)\")[^>]*>")


@pytest.mark.parametrize(
    ("path", "fills_in"),
    [
        ("/users/add", ["off"] * 4 + ["new-password"] * 2),
        ("/users/edit/1", ["off"] * 4),
        ("/users/password/form?pk=1", ["new-password"] * 2),
        ("/roles/add", ["off"]),
        ("/password/form", ["current-password", "new-password", "new-password"]),
        ("/account/form", ["given-name", "family-name"]),
    ],
)
def test_the_browser_fills_in_only_what_is_about_the_reader(app, path, fills_in):
    main = logged_in(app, "admin").get(path).text.partition("<main")[2]
    entries = ENTRIES.findall(main.partition("</form>")[0])
    assert re.findall(r'autocomplete="([^"]+)"', " ".join(entries)) == fills_in
    for entry in entries:
        assert 'class="form-control"' in entry
        assert "placeholder" not in entry


def test_the_log_in_may_be_filled_in_by_the_browser(client):
    entries = ENTRIES.findall(client.get("/login/").text)
    assert re.findall(r'autocomplete="([^"]+)"', " ".join(entries)) == [
        "username", "current-password",
    ]  # fmt: skip


def test_the_screens_of_users_speak_our_words(app):
    browser = logged_in(app, "admin")
    pages = "".join(
        browser.get(path).text
        for path in ("/users/add", "/users/show/1", "/users/list/", "/users/userinfo/",
                     "/users/password/form?pk=1", "/roles/list/", "/account/form")
    )  # fmt: skip
    for theirs in (
        "User Name", "Is Active?", ">Email", "First Name", "Login count", "Personal Info",
        "Audit Info", "User info", "Reset Password", "Write the user", "lease ",
    ):  # fmt: skip
        assert theirs not in pages


def test_a_refused_user_form_names_its_faults_on_top_and_beside_the_fields(app):
    form = user_form(app, "newcomer", password="short", conf_password="short")
    page = logged_in(app, "admin").post("/users/add", data=form).text
    assert "<title>Error: New user" in page
    summary = page.partition('class="fault-list"')[2].partition("</div>")[0]
    assert "data-focus" in page
    assert 'href="#roles"' in summary
    assert 'href="#password"' in summary
    assert 'id="roles"' in page
    assert 'id="password-fault"' in page
    assert re.search(r'<input[^>]*aria-describedby="password-fault"[^>]*id="password"', page)
    assert 'value="newcomer"' in page


@pytest.mark.parametrize(
    "address",
    ["/users/add", "/roles/add", "/users/password/form?pk=1", "/password/form", "/account/form"],
)
def test_an_empty_field_is_told_in_our_words(app, address):
    page = logged_in(app, "admin").post(address, data={"name": ""}).text
    assert "Fill in this field." in page
    assert "This field is required" not in page
