"""Every setting, read from the environment once; a wrong value stops the start with a sentence.

The table of settings for people stands in .env.template; a test holds the two equal.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo, available_timezones

ROOT = Path(__file__).resolve().parent
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
SHORTEST_SECRET = 32
SHORTEST_PASSWORD = 12
DRIVER = "postgresql+psycopg2"
KNOWN_SECRETS = {"secret", "changeme", "change-me", "django-insecure", "test"}


class WrongSetting(SystemExit):
    """Ends the process with a sentence that names the setting and says what to write."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise WrongSetting(f"{name} is {value!r}: write true or false.")
    return value in TRUE


def number(name: str, default: int, *, least: int = 0, most: int = 1_000_000) -> int:
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit()) or not least <= int(value) <= most:
        raise WrongSetting(f"{name} is {value!r}: write a whole number from {least} to {most}.")
    return int(value)


def words(name: str) -> list[str]:
    """A comma list; blanks mean nothing, so that `TOKENS_API=` holds no token at all."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def one_of(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in allowed:
        raise WrongSetting(f"{name} is {value!r}: write one of {', '.join(allowed)}.")
    return value


def letters(name: str, default: str, length: int) -> str:
    value = text(name, default).upper()
    if len(value) != length or not (value.isascii() and value.isalpha()):
        raise WrongSetting(f"{name} is {value!r}: write {length} letters, such as {default}.")
    return value


def time_zone(name: str, default: str) -> str:
    value = text(name, default)
    if value not in available_timezones():
        raise WrongSetting(f"{name} is {value!r}: write a zone such as Europe/Moscow.")
    return ZoneInfo(value).key


def kept_secret(folder: Path, file: str) -> str:
    """A random secret that belongs to the data folder, made at the first start (mode 600)."""
    path = folder / file
    if not path.exists():
        # Written aside and then linked: another process that starts now sees all of it or nothing.
        draft = folder / f".{file}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(32) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    kept = path.read_text().strip()
    if len(kept) < SHORTEST_SECRET:
        raise WrongSetting(f"{path} is damaged: restore it from a backup.")
    return kept


def secret(name: str, folder: Path, file: str, *, debug: bool) -> str:
    value = text(name)
    if not value:
        return kept_secret(folder, file)
    weak = len(value) < SHORTEST_SECRET or any(value.lower().startswith(w) for w in KNOWN_SECRETS)
    if weak and not debug:
        raise WrongSetting(
            f"{name} is a default or shorter than {SHORTEST_SECRET} characters: write a random one,"
            " such as `openssl rand -hex 32` prints, or leave it empty on a single machine."
        )
    return value


def password(name: str) -> str:
    """Empty, or long enough for somebody who may do everything."""
    value = os.environ.get(name, "")
    if value and len(value) < SHORTEST_PASSWORD:
        raise WrongSetting(
            f"{name} is too short: write at least {SHORTEST_PASSWORD} characters, or leave it empty"
            " to have one drawn."
        )
    return value


def database_url(folder: Path) -> str:
    """DATABASE_URL wins; else POSTGRES_DB means PostgreSQL; else SQLite in the data folder."""
    given = text("DATABASE_URL")
    database, user = text("POSTGRES_DB"), text("POSTGRES_USER", "postgres")
    secret_word = os.environ.get("POSTGRES_PASSWORD", "")
    host, port = text("POSTGRES_HOST", "127.0.0.1"), number("POSTGRES_PORT", 5432, least=1)
    if given:
        scheme, colon, rest = given.partition(":")
        if not colon or scheme not in {"postgres", "postgresql", DRIVER, "sqlite"}:
            raise WrongSetting("DATABASE_URL: write postgresql://… or sqlite:///….")
        return f"{'sqlite' if scheme == 'sqlite' else DRIVER}:{rest}"
    if database:
        login = f"{quote(user, safe='')}:{quote(secret_word, safe='')}"
        return f"{DRIVER}://{login}@{host}:{port}/{quote(database, safe='')}"
    return f"sqlite:///{folder / 'crm.sqlite3'}"


CRM_DATA = Path(text("CRM_DATA", str(ROOT / "var"))).resolve()
CRM_DATA.mkdir(mode=0o700, parents=True, exist_ok=True)

DEBUG = flag("DEBUG", False)
SECRET_KEY = secret("SECRET_KEY", CRM_DATA, "secret_key", debug=DEBUG)
# Seals the signing secrets of platforms; a key of its own, so that SECRET_KEY can be changed.
SECRETS_KEY = secret("SECRETS_KEY", CRM_DATA, "secrets_key", debug=DEBUG)
TOKENS_API = words("TOKENS_API")

# -- the company (first values; the company page holds them afterwards) ---------------------------
COMPANY_NAME = text("COMPANY_NAME", "CRM")
COMPANY_TIMEZONE = time_zone("COMPANY_TIMEZONE", "Europe/Moscow")
COMPANY_CURRENCY = letters("COMPANY_CURRENCY", "RUB", 3)
COMPANY_REGION = letters("COMPANY_REGION", "RU", 2)
COMPANY_LANGUAGE = one_of("COMPANY_LANGUAGE", "en", ("en", "ru"))
ADMIN_USERNAME = text("ADMIN_USERNAME", "admin")
ADMIN_PASSWORD = password("ADMIN_PASSWORD")
ADMIN_EMAIL = text("ADMIN_EMAIL", "admin@example.com")

# -- database --------------------------------------------------------------------------------------
SQLALCHEMY_DATABASE_URI = database_url(CRM_DATA)
# A server that has gone without a word is noticed after seconds, not when the kernel gives up.
_notices_silence = {
    "connect_timeout": 3,  # seconds
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    # What the doors ask at every post is planned once for each connection (app/models/ready.py).
    "options": "-c plan_cache_mode=force_generic_plan",
}
SQLALCHEMY_ENGINE_OPTIONS = {
    # What a statement that failed was about stays out of the log: people's phones and e-mails.
    "hide_parameters": True,
} | (
    {"pool_size": 10, "max_overflow": 10, "connect_args": _notices_silence}
    if SQLALCHEMY_DATABASE_URI.startswith("postgresql")
    else {"connect_args": {"timeout": 10}}
)

# -- web -------------------------------------------------------------------------------------------
ALLOWED_HOSTS = words("ALLOWED_HOSTS") or ["127.0.0.1", "localhost"]
# A leading dot admits subdomains, as it did in the older product; * admits every host.
TRUSTED_HOSTS = None if "*" in ALLOWED_HOSTS else ALLOWED_HOSTS
FAB_SAFE_REDIRECT_HOSTS = [host.lstrip(".") for host in TRUSTED_HOSTS or []]
HTTPS = flag("HTTPS", False)
PROXIES = number("PROXIES", 0, most=5)
SESSION_COOKIE_NAME = "__Host-crm" if HTTPS else "crm"
SESSION_COOKIE_SECURE = REMEMBER_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = REMEMBER_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = REMEMBER_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = number("SESSION_HOURS", 12, least=1, most=720) * 3600
MAX_CONTENT_LENGTH = 10 * 1024 * 1024
IMPORT_MB = number("IMPORT_MB", 50, least=1, most=500)  # files of the import pages
WTF_CSRF_ENABLED = True
WTF_CSRF_TIME_LIMIT = None  # the session's own end is the limit; a form may stay open all day
# Whether the answers of Meta's leads are fetched from there: all that needs the internet.
META_FETCH = flag("META_FETCH", False)
META_GRAPH_URL = text("META_GRAPH_URL", "https://graph.facebook.com/v23.0")
# Whether webhooks may go to private networks and this machine, and over http.
WEBHOOK_PRIVATE = flag("WEBHOOK_PRIVATE", False)
LOGIN_TRIES = number("LOGIN_TRIES", 10, least=3, most=1000)  # wrong ones in 15 minutes
# SQLite has one writer: a second process would only wait for its lock. On PostgreSQL any number.
WEB_PROCESSES = number("WEB_CONCURRENCY", 2, least=1, most=64)
if SQLALCHEMY_DATABASE_URI.startswith("sqlite"):
    WEB_PROCESSES = 1
# Requests a minute of one token, and wrong tokens a minute of one address; 0 is no limit.
API_RATE_LIMIT = number("API_RATE_LIMIT", 60_000)
API_WRONG_TOKENS = number("API_WRONG_TOKENS", 60)

# -- Flask-AppBuilder ------------------------------------------------------------------------------
APP_NAME = COMPANY_NAME
AUTH_TYPE = 1  # log-in by our own user table
AUTH_ROLE_ADMIN = "Admin"
AUTH_ROLE_PUBLIC = "Public"
AUTH_RATE_LIMITED = False  # our own counter stands in the database, one for all processes
FAB_UPDATE_PERMS = False  # `flask fab setup` writes them once, not each web process at its start
FAB_CREATE_DB = False  # the migrations own every table
FAB_ADD_SECURITY_API = False
FAB_API_KEY_ENABLED = False
FAB_API_SWAGGER_UI = False
FAB_ADD_OPENAPI_VIEWS = False
FAB_ADD_MENU_API = False
FAB_PASSWORD_COMPLEXITY_ENABLED = False  # app/security.py asks for length instead
BABEL_DEFAULT_LOCALE = COMPANY_LANGUAGE
BABEL_TRANSLATION_DIRECTORIES = "translations"
LANGUAGES = {"en": {"flag": "gb", "name": "English"}, "ru": {"flag": "ru", "name": "Русский"}}
