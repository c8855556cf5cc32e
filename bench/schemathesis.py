"""Holds the token doors against their own OpenAPI document: generated requests, right and wrong.

    .venv/bin/python -m bench.schemathesis [--cases 20000] [--seconds 0] [--seed N] [--database …]

No answer may be 500 or more, and each must have a status, type, headers and body that the document
names; what breaks the document's rules must be refused. The seed is printed.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import schemathesis
import schemathesis.hooks
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from werkzeug.serving import WSGIRequestHandler, make_server

from app.api.openapi_answers import IDEMPOTENCY_KEY
from app.intake.idempotency import KEY_LIMIT, is_key
from bench.fuzz import application

ADDRESS = "/api/v1/openapi.json"
KEY = IDEMPOTENCY_KEY["name"]
OPERATIONS = 7  # that have a body or a query to vary
ROUND = 400  # cases of an operation, before the next seed
ACCEPTED_OR_TOLD = ["2xx", "400", "403", "404", "405", "413", "415", "422"]


@dataclass
class Result:
    """What came back: numbers by operation and status, and what broke, each kind once."""

    cases: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: int = 0
    broken: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def add(self, other: Result) -> None:
        self.cases += other.cases
        self.answers += other.answers
        self.faults += other.faults
        self.broken = other.broken | self.broken


def settings(
    token: str, campaign_id: int, *, cases: int, seconds: int, seed: int
) -> dict[str, Any]:
    """`cases` for each of the document's operations that have a body to vary."""
    return {
        "seed": seed,
        **({"max-time": seconds} if seconds else {}),
        "headers": {"Token": token},
        "continue-on-failure": True,
        "parameters": {"campaign_id": campaign_id, "key": token},
        "generation": {"max-examples": cases, "with-security-parameters": False},
        # A phone or a campaign that no schema can tell from a right one is refused by 400.
        "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED_OR_TOLD}},
        "phases": {"stateful": {"enabled": False}},
    }


def run(app: Flask, token: str, campaign_id: int, *, seed: int, **wanted: int) -> Result:
    """`cases` an operation, in all phases; or fewer when `seconds` run out first."""
    config = SchemathesisConfig.from_dict(settings(token, campaign_id, seed=seed, **wanted))
    result, chance = Result(), random.Random(seed)

    def new_key(_context: Any, case: Any, _options: Any) -> None:
        """Most requests are new ones, not repeats: the shortest keys would come all the time."""
        key = (case.headers or {}).get(KEY)
        if isinstance(key, str) and is_key(key) and chance.random() < 0.8:
            case.headers[KEY] = f"{key[: KEY_LIMIT - 16]}{chance.getrandbits(64):016x}"

    with _served(app) as url:
        schema = schemathesis.openapi.from_url(url + ADDRESS, config=config)
        schemathesis.hook("before_call")(new_key)
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _read(result, event.recorder)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                told = getattr(event, "info", None) or getattr(event, "exception", event)
                result.broken["engine", type(told).__name__, str(told)[:200]] = str(told)
        schemathesis.hooks.unregister(new_key)
    return result


class _Silent(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        return


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    """At a free port: over HTTP, so that what is compressed or refused there is met too."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _read(result: Result, recorder: Any) -> None:
    for name, interaction in recorder.interactions.items():
        result.cases += 1
        answer = interaction.response
        if answer is None:
            continue
        result.answers[recorder.label, answer.status_code] += 1
        result.faults += answer.status_code >= 500
        for check in recorder.checks.get(name, []):
            info = check.failure_info
            if info is not None:
                kind = (recorder.label, check.name, info.failure.title)
                said = f"{info.failure.message}\n{answer.status_code} {answer.content[:300]!r}"
                result.broken.setdefault(kind, f"{said}\n{info.code_sample[:1500]}")


def furnish(app: Flask) -> tuple[str, int]:
    """A token that may do everything, and a campaign with figures."""
    from app.extensions import db
    from app.models.source import Scope
    from tests import factories as make

    with app.app_context():
        session = db.session()
        campaign = make.make_campaign(session)
        make.make_spend(session, campaign=campaign)
        make.make_signed_contract(session, campaign=campaign)
        token = make.make_source(session).issue_token(tuple(Scope))
        session.commit()
        return token, campaign.id


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="of all operations together")
    parser.add_argument("--seconds", type=int, default=0, help="at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}, {wanted.cases} cases, {wanted.database}", flush=True)
    result, until = Result(), time.monotonic() + (wanted.seconds or 10**6)
    logging.disable(logging.INFO)
    with application(wanted.database) as app:
        app.config["PROPAGATE_EXCEPTIONS"], app.testing = False, False
        token, campaign_id = furnish(app)
        while result.cases < wanted.cases and (left := int(until - time.monotonic())) > 0:
            cases = min(ROUND, max(10, (wanted.cases - result.cases) // OPERATIONS))
            one = run(app, token, campaign_id, seed=wanted.seed, cases=cases, seconds=left)
            result.add(one)
            wanted.seed += 1
            print(f"{result.cases} cases, {len(result.broken)} kinds of breaks", flush=True)
    for (label, status), number in sorted(result.answers.items()):
        print(f"{label:50} {status} {number:6}")
    for (label, check, title), told in result.broken.items():
        print(f"BROKEN {label}: {check}: {title}\n    " + told.replace("\n", "\n    "))
    print(
        f"{result.cases} cases, {result.faults} answers of 500 and more,"
        f" {len(result.broken)} kinds of schema breaks"
    )
    return 1 if result.broken or result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
