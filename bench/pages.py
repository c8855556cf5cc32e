"""Times every list, form and search in process with 100,000 leads: server time and queries by page.

    .venv/bin/python -m bench.pages [--rounds 10] [--database both]

Prints the median of the rounds in ms, its ratio to a page that reads nothing (the health answer),
the number of queries and the size; ends with the slowest page of each database.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, func, select

GOAL_MS = 100.0
PAGES: dict[str, tuple[str, ...]] = {
    "operator": (
        "/queueview/list/",
        "/leadview/list/",
        "/leadview/list/?_oc_LeadView=name&_od_LeadView=asc",
        "/leadview/list/?search=ivan",
        "/leadview/list/?search=anna%20smith",
        "/leadview/list/?search=8%20900%20000",
        "/leadview/list/?search=nobodyhasthisname",
        "/leadview/list/?page_LeadView=39",
        "/leadview/show/{lead}",
        "/leadview/edit/{lead}",
        "/leadview/add",
        "/submissionview/list/",
        "/clientview/list/",
        "/clientview/list/?search=anna",
        "/clientview/show/{client}",
        "/noteview/list/",
        "/picker/campaign?q=a",
        "/serviceview/list/",
        "/campaignview/list/",
    ),
    "manager": (
        "/decisionview/list/",
        "/leadview/{open_lead}/convert",
        "/contractview/list/",
        "/contractview/list/?search=12",
        "/contractview/show/{contract}",
        "/contractview/add",
        "/contractview/edit/{contract}",
        "/documentview/list/",
        "/clientview/show/{client}",
        "/clientview/add",
        "/picker/client?q=anna",
    ),
    "marketer": (
        "/campaignview/show/1",
        "/campaignview/edit/1",
        "/spendview/list/",
        "/sourceview/list/",
        "/sourceview/show/1",
    ),
    "admin": ("/users/list/", "/roles/list/", "/companyview/"),
}
# Figures over all rows: measured, and held to their own goal in docs (they are one query each).
FIGURES = (
    "/statistics/", "/statistics/?period=all", "/statistics/roi/chart/",
    "/statistics/leads/chart/", "/statistics/months/chart/",
)  # fmt: skip


@contextmanager
def _filled(kind: str) -> Iterator[Flask]:
    """An application over a database that the large seed has filled."""
    with tempfile.TemporaryDirectory(prefix="crm-pages-") as folder:
        from tests.postgres import cluster, database

        if kind == "sqlite":
            yield _grown(folder, f"sqlite:///{folder}/crm.sqlite3")
            return
        with cluster() as server, database(server) as url:
            yield _grown(folder, url)


def _grown(folder: str, url: str) -> Flask:
    settings = os.environ | {"CRM_DATA": folder, "DATABASE_URL": url, "FLASK_APP": "run"}
    flask = str(Path(sys.executable).parent / "flask")
    for command in (["fab", "setup"], ["fab", "seed", "--size", "large"]):
        begun = time.perf_counter()
        subprocess.run([flask, *command], env=settings, check=True, capture_output=True)
        print(f"  {' '.join(command)}: {time.perf_counter() - begun:.1f} s")
    from tests.site import DRIVER, Site

    return Site(url.replace("postgresql:", DRIVER)).app


def measure(app: Flask, kind: str, rounds: int) -> list[tuple[str, str, float, int, int, int]]:
    from app.extensions import db
    from app.models import Client, Contract, Lead
    from app.models.lead import is_open_lead
    from tests.site import logged_in

    queries: list[str] = []
    with app.app_context():
        ids = {
            "lead": db.session.scalar(select(func.max(Lead.id))),
            "open_lead": db.session.scalar(select(func.max(Lead.id)).where(is_open_lead())),
            "client": db.session.scalar(select(func.max(Client.id))),
            "contract": db.session.scalar(select(func.max(Contract.id))),
        }
        event.listen(db.engine, "before_cursor_execute", lambda *args: queries.append(args[2]))
    base = _median(logged_in(app, "admin"), "/health/live", rounds)[0]
    print(f"  {kind}: a page that reads nothing: {base:.2f} ms")
    found = []
    for role, pages in {**PAGES, "admin": PAGES["admin"] + FIGURES}.items():
        client = logged_in(app, role)
        for page in pages:
            path = page.format(**ids)
            client.get(path)
            queries.clear()
            answer = client.get(path)
            count = sum(1 for one in queries if not one.startswith(("PRAGMA", "BEGIN")))
            ms, _ = _median(client, path, rounds)
            size = len(answer.get_data())
            found.append((role, path, ms, count, size, answer.status_code))
            print(
                f"  {role:9} {path:58} {answer.status_code} {ms:7.1f} ms"
                f"  x{ms / base:6.1f}  {count:2} queries  {size / 1024:5.1f} KB"
            )
    return found


def _median(client: Any, path: str, rounds: int) -> tuple[float, int]:
    times = []
    status = 0
    for _ in range(rounds):
        begun = time.perf_counter()
        status = client.get(path).status_code
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), status


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    wanted = parser.parse_args()
    kinds = ("sqlite", "postgresql") if wanted.database == "both" else (wanted.database,)
    for kind in kinds:
        print(kind)
        with _filled(kind) as app:
            found = measure(app, kind, wanted.rounds)
            pages = [one for one in found if one[1] not in FIGURES]
            slow = [one for one in pages if one[2] > GOAL_MS]
            worst = max(pages, key=lambda one: one[2])
            print(f"  slowest: {worst[1]} {worst[2]:.1f} ms; over {GOAL_MS:.0f} ms: {len(slow)}")
            bad = [one for one in found if one[5] != 200]
            if bad:
                print(f"  NOT OPEN: {', '.join(one[1] for one in bad)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
