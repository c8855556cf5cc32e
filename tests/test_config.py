"""Settings are read once and strictly; .env.template names every one of them."""

from __future__ import annotations

import re
import runpy
import stat
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SECRET = "0123456789abcdef" * 4
READERS = r"(?:text|flag|number|words|one_of|letters|time_zone|secret|password|environ\.get)"
READ = re.compile(READERS + r"\(\s*\"([A-Z][A-Z_]+)\"")
# Not config.py's: bin/start reads it before there is an application.
OF_PROCESSES = {"PORT"}


@pytest.fixture
def read(monkeypatch, tmp_path):
    """`read(NAME="value")`: the settings as config.py reads them from this environment alone."""

    def reading(**environment: str) -> dict[str, Any]:
        for name in names_in_template():
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"CRM_DATA": str(tmp_path / "data")} | environment).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config.py"))

    return reading


def names_in_template() -> list[str]:
    lines = (ROOT / ".env.template").read_text().splitlines()
    return [line.split("=")[0] for line in lines if re.match(r"[A-Z_]+=", line)]


def test_the_template_names_exactly_the_settings_that_are_read():
    read = set(READ.findall((ROOT / "config.py").read_text()))
    assert len(names_in_template()) == len(set(names_in_template()))
    assert set(names_in_template()) == read | OF_PROCESSES


def test_the_template_as_it_is_means_the_defaults(read):
    empty = dict.fromkeys(set(names_in_template()) - {"CRM_DATA"}, "")
    settings = [{k: v for k, v in read(**env).items() if k.isupper()} for env in (empty, {})]
    assert settings[0] == settings[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("HTTPS", "2"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "django-insecure-" + SECRET),
        ("SECRETS_KEY", "changeme"),
        ("COMPANY_TIMEZONE", "Moscow"),
        ("COMPANY_CURRENCY", "roubles"),
        ("COMPANY_REGION", "РФ"),
        ("COMPANY_LANGUAGE", "de"),
        ("ADMIN_PASSWORD", "admin"),
        ("DATABASE_URL", "mysql://localhost/crm"),
        ("DATABASE_URL", "crm.sqlite3"),
        ("POSTGRES_PORT", "0"),
        ("POSTGRES_PORT", "٥٤٣٢"),
        ("PROXIES", "-1"),
        ("PROXIES", "99"),
        ("SESSION_HOURS", "0"),
        ("LOGIN_TRIES", "1"),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence_that_names_it(read, name, value):
    with pytest.raises(SystemExit) as stopped:
        read(**{name: value})
    sentence = str(stopped.value)
    assert name in sentence
    assert "write" in sentence.lower()


def test_a_secret_is_never_printed(read):
    with pytest.raises(SystemExit) as stopped:
        read(SECRET_KEY="hunter2")
    assert "hunter2" not in str(stopped.value)


def test_without_a_secret_one_is_made_once_and_kept_for_the_owner_alone(read, tmp_path):
    first, second = read()["SECRET_KEY"], read()["SECRET_KEY"]
    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_a_damaged_kept_secret_stops_the_start(read, tmp_path):
    read()
    (tmp_path / "data" / "secret_key").write_text("x")
    with pytest.raises(SystemExit, match="damaged"):
        read()


def test_debug_admits_a_short_secret(read):
    assert read(DEBUG="true", SECRET_KEY="dev")["SECRET_KEY"] == "dev"


# -- database ------------------------------------------------------------------------------------


def test_the_database_is_sqlite_in_the_data_folder_by_default(read, tmp_path):
    expected = f"sqlite:///{tmp_path / 'data' / 'crm.sqlite3'}"
    assert read()["SQLALCHEMY_DATABASE_URI"] == expected


def test_postgres_db_means_postgresql(read):
    settings = read(POSTGRES_DB="crm", POSTGRES_USER="ann", POSTGRES_PASSWORD="p@ss/w:rd")  # noqa: S106
    expected = "postgresql+psycopg2://ann:p%40ss%2Fw%3Ard@127.0.0.1:5432/crm"
    assert settings["SQLALCHEMY_DATABASE_URI"] == expected
    options = settings["SQLALCHEMY_ENGINE_OPTIONS"]
    assert 0 < options["connect_args"]["connect_timeout"] <= 5, "seconds until it is given up"


@pytest.mark.parametrize("database", ["", "crm"])
def test_no_statement_that_failed_tells_the_log_of_whom(read, database):
    settings = read(POSTGRES_DB=database)
    assert settings["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True


def test_postgres_host_and_port_are_heeded(read):
    url = read(POSTGRES_DB="crm", POSTGRES_HOST="db", POSTGRES_PORT="6543")
    assert url["SQLALCHEMY_DATABASE_URI"].endswith("@db:6543/crm")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_database_url_wins(read, scheme):
    settings = read(DATABASE_URL=f"{scheme}://u:p@h/other", POSTGRES_DB="crm")
    assert settings["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg2://u:p@h/other"


# -- web -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["", " ", ",", " , ,"])
def test_blank_tokens_are_no_token(read, value):
    assert read(TOKENS_API=value)["TOKENS_API"] == []


def test_tokens_are_a_comma_list(read):
    assert read(TOKENS_API=" one, two,,")["TOKENS_API"] == ["one", "two"]


def test_allowed_hosts_become_trusted_hosts_and_safe_redirects(read):
    settings = read(ALLOWED_HOSTS="crm.example.com, .example.org")
    assert settings["TRUSTED_HOSTS"] == ["crm.example.com", ".example.org"]
    assert settings["FAB_SAFE_REDIRECT_HOSTS"] == ["crm.example.com", "example.org"]


def test_only_this_machine_is_trusted_by_default(read):
    assert read()["TRUSTED_HOSTS"] == ["127.0.0.1", "localhost"]


def test_a_star_trusts_every_host(read):
    assert read(ALLOWED_HOSTS="*")["TRUSTED_HOSTS"] is None


def test_cookies_are_secure_behind_https(read):
    settings = read(HTTPS="yes")
    assert settings["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["SESSION_COOKIE_HTTPONLY"] is True
    assert settings["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert read()["SESSION_COOKIE_SECURE"] is False
