"""Throws generated requests at every route and method as every role: no answer may be 500 or more.

    .venv/bin/python -m bench.fuzz [--requests 2000] [--seconds 0] [--seed N] [--database sqlite]

The seed is printed; the same seed on the same code makes the same requests.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import select

ROLES = ("visitor", "operator", "marketer", "manager", "admin")
FIELD = re.compile(r"<(?:input|select|textarea)[^>]*?\bname=\"([^\"]+)\"", re.IGNORECASE)
JUNK = (
    "", " ", "0", "1", "2", "-1", "99999999999999999999", "1e9", "NaN", "abc", "null", "true",
    "Иванов", "O'Toole", "<script>alert(1)</script>", "%00", "\x00", "\ud800", "\u202eabc",
    "😀" * 40, "x" * 5000, "+79991234567", "a@b.example",
    "2026-11-25", "2026-02-30", "2026-11-25T10:00",
    "0001-01-01T00:00", "9999-12-31", "10.50", "1 234,56", "-5", "spam", "new", "lost", "answered",
    "../../etc/passwd", "' OR 1=1 --", "((((", "[]", "{}", "%", "_", "\\", "ru", "en", "y",
)  # fmt: skip
QUERY = (
    "page_{view}", "psize_{view}", "_oc_{view}", "_od_{view}", "_flt_0_status", "_flt_1_campaign",
    "_flt_2_name", "_flt_9_x", "search", "q", "client", "lead", "service", "next", "period",
    "basis", "figure", "campaign", "from", "to", "of", "whose", "group", "page", "status",
)  # fmt: skip


@dataclass
class Result:
    """What one role met."""

    role: str
    answers: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def fuzz(app: Flask, role: str, *, seed: int, requests: int, seconds: float = 0.0) -> Result:
    """`requests` generated requests as the role, or fewer when `seconds` run out first."""
    chance = random.Random(f"{seed} {role}")
    doors = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.endpoint != "static"
    ]
    result, until = Result(role), time.monotonic() + seconds if seconds else None
    client = _browser(app, role)
    names: dict[str, list[str]] = {}
    for number in range(requests):
        if until is not None and time.monotonic() > until:
            break
        if number % 100 == 0:
            client = _browser(app, role)
        rule, method = doors[number % len(doors)] if number < len(doors) else chance.choice(doors)
        path = _path(chance, rule)
        view = rule.endpoint.partition(".")[0]
        query = {
            chance.choice(QUERY).format(view=view): _printable(chance.choice(JUNK))
            for _ in range(chance.randrange(3))
        }
        options: dict[str, Any] = {"query_string": query}
        if method != "GET":
            options |= _body(chance, client, path, names)
        answer = client.open(path, method=method, buffered=True, **options)
        result.answers[answer.status_code] += 1
        if answer.status_code >= 500 and not _is_told(answer):
            result.broken.append(f"{role} {method} {path} {options!r:.500} -> {answer.status_code}")
    return result


def _is_told(answer: Any) -> bool:
    """503 with Retry-After is an honest answer (previews busy, no renderer), not a fault."""
    return bool(answer.status_code == 503 and "Retry-After" in answer.headers)


def _path(chance: random.Random, rule: Any) -> str:
    path = rule.rule
    for name in sorted(rule.arguments):
        value = chance.choice(("1", "2", "3", "1", "1", *JUNK))
        if f"<int:{name}>" in path:
            value = chance.choice(("1", "2", "3", "0", "999999999999999999999"))
        safe = _printable(value).replace("/", "%2F").replace("?", "%3F") or "x"
        path = re.sub(rf"<(?:[^<>:]+:)?{name}>", safe.replace("\\", r"\\"), path)
    return path.replace("\x00", "%00").replace("#", "%23")


def _body(
    chance: random.Random, client: Any, path: str, names: dict[str, list[str]]
) -> dict[str, Any]:
    if path.startswith(("/api/", "/clients/potential/api")):
        return _api_body(chance)
    if path not in names:
        page = client.get(path)
        names[path] = FIELD.findall(page.get_data(as_text=True)) if page.status_code < 400 else []
    known = [name for name in names[path] if name != "csrf_token"]
    if not known:
        known = ["action", "rowid", "reason", "text", "name"]
    return {"data": {name: _printable(chance.choice(JUNK)) for name in known}}


def _api_body(chance: random.Random) -> dict[str, Any]:
    values: list[Any] = [*JUNK, None, 1, 1.5, True, [], {}, [1], {"a": 1}, 10**30, float("nan")]
    fields = ("first_name", "last_name", "middle_name", "phone_number", "email",
              "advertising_company", "campaign", "leads", "phone", "name")  # fmt: skip
    body = {name: chance.choice(values) for name in fields if chance.random() < 0.7}
    headers = {"Token": chance.choice((TOKEN, TOKEN, TOKEN, "", "x", "\xff" * 600))}
    if chance.random() < 0.2:
        return {"data": chance.choice(('{"a":', "[" * 5000, "\x00", "a=b&a=c", "null")),
                "content_type": "application/json", "headers": headers}  # fmt: skip
    return {"json": body, "headers": headers}


def _printable(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


TOKEN = "fuzz-token-of-the-environment"


def _browser(app: Flask, role: str) -> Any:
    from app.extensions import db
    from tests.site import _make_people, logged_in, visitor

    if role == "visitor":
        return visitor(app)
    with app.app_context():
        from flask_appbuilder.security.sqla.models import User

        user = db.session.scalars(select(User).where(User.username == role)).first()
        if user is None:
            _make_people(db.session())
        elif not user.active:
            user.active = True
            db.session.commit()
    return logged_in(app, role)


def furnish(app: Flask) -> None:
    """A few rows of every noun, so that the doors have something behind them."""
    from app.extensions import db
    from tests import factories as make

    app.config["TOKENS_API"] = [TOKEN]
    with app.app_context():
        session = db.session()
        for _ in range(3):
            campaign = make.make_campaign(session)
            make.make_spend(session, campaign=campaign)
            make.make_lead(session, campaign=campaign)
            client = make.make_client(session)
            make.make_contract(session, client=client)
            make.make_signed_contract(session, client=client)
            make.make_source(session).issue_token()
        session.commit()


@contextmanager
def application(database_kind: str) -> Iterator[Flask]:
    with tempfile.TemporaryDirectory(prefix="crm-fuzz-") as folder:
        os.environ["CRM_DATA"] = folder
        from tests.postgres import cluster, database
        from tests.site import DRIVER, Site

        if database_kind == "sqlite":
            yield Site(f"sqlite:///{folder}/fuzz.sqlite3").app
            return
        with cluster() as server, database(server) as url:
            yield Site(url.replace("postgresql:", DRIVER)).app


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000, help="for each role")
    parser.add_argument("--seconds", type=float, default=0.0, help="for each role at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}, {wanted.requests} requests a role, {wanted.database}")
    broken = 0
    with application(wanted.database) as app:
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.testing = False
        furnish(app)
        for role in ROLES:
            result = fuzz(
                app, role, seed=wanted.seed, requests=wanted.requests, seconds=wanted.seconds
            )
            told = ", ".join(f"{status}: {n}" for status, n in sorted(result.answers.items()))
            print(f"{role:9} {sum(result.answers.values())} requests  {told}")
            for line in result.broken[:20]:
                print("  BROKEN", line)
            broken += len(result.broken)
    print(f"answers of 500 and more: {broken}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
