"""Times every list, form and search in process with 100,000 leads: server time and queries by page.

    .venv/bin/python -m bench.pages [--rounds 10] [--database both]
    .venv/bin/python -m bench.pages --leads 1000000 --keep FOLDER   # PostgreSQL; seeds only once

Prints the median of the rounds in ms, its ratio to a page that reads nothing (the health answer),
the number of queries and the size; ends with the slowest and the largest page, and the one that
asks the database most.
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
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
from flask import Flask
from sqlalchemy import event, func, select

GOAL_MS = 100.0
GOAL_QUERIES, GOAL_KB = 10, 60.0
LEADS = 100_000
KEPT_NAME = "crm_pages"
PAGES: dict[str, tuple[str, ...]] = {
    "operator": (
        "/queueview/list/?group=now",
        "/queueview/counts?since={opened}",
        "/counts",
        "/queueview/list/?group=overdue",
        "/queueview/list/?group=new",
        "/queueview/list/?group=later",
        "/queueview/list/?group=nothing",
        "/leads/board/",
        "/leads/board/?_flt_0_assignee={worker}",
        "/leads/board/?_flt_0_campaign={campaign}",
        "/leads/board/?_flt_2_status=qualified",
        "/leads/board/?_flt_0_received_at={day}",
        "/leads/board/?_flt_0_next_contact_at={day}",
        "/leads/board/?search=ivan",
        "/leads/board/?search=anna%20smith",
        "/leads/board/?search=8%20900%20000",
        "/leads/board/?search={phone}",
        "/leads/board/?search=nobodyhasthisname",
        "/leads/board/?_flt_0_campaign={campaign}&_flt_0_assignee={worker}",
        "/leads/board/?whose=nobody",
        "/leads/board/column?status=new&after=~1764050000000000-999999999",
        "/leadview/list/",
        "/leadview/list/?_flt_0_assignee={worker}",
        "/leadview/list/?_flt_2_status=in_work",
        "/leadview/list/?_flt_0_campaign={campaign}",
        "/search?q=ivan",
        "/search?q=8%20900%20000",
        "/search?q={phone}",
        "/leadview/list/?_oc_LeadView=name&_od_LeadView=asc",
        "/leadview/list/?search=ivan",
        "/leadview/list/?search=anna%20smith",
        "/leadview/list/?search=8%20900%20000",
        "/leadview/list/?search={phone}",
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
        "/queueview/list/?whose=everyone&group=now",
        "/queueview/list/?whose=everyone&group=overdue",
        "/queueview/list/?whose=everyone&group=new",
        "/leads/board/",
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
        "/decisionview/list/",
        "/campaignview/show/1",
        "/campaignview/edit/1",
        "/spendview/list/",
        "/sourceview/list/",
        "/sourceview/show/1",
    ),
    "admin": ("/decisionview/list/", "/users/list/", "/roles/list/", "/companyview/"),
}
# Figures over all rows: measured, and held to their own goal in docs (they are one query each).
FIGURES = (
    "/statistics/", "/statistics/?period=all", "/statistics/roi/chart/",
    "/statistics/leads/chart/", "/statistics/months/chart/",
)  # fmt: skip


@contextmanager
def _filled(kind: str, leads: int, kept: Path | None) -> Iterator[Flask]:
    """An application over a database that the large seed has filled."""
    from tests.postgres import cluster, database

    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        with cluster(kept) as server:
            yield _grown(kept, _kept_database(server), leads)
        return
    with tempfile.TemporaryDirectory(prefix="crm-pages-") as name:
        folder = Path(name)
        if kind == "sqlite":
            yield _grown(folder, f"sqlite:///{folder}/crm.sqlite3", leads)
            return
        with cluster() as server, database(server) as url:
            yield _grown(folder, url, leads)


def _kept_database(server: str) -> str:
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (KEPT_NAME,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {KEPT_NAME}")
    return server.rpartition("/")[0] + f"/{KEPT_NAME}"


def _grown(folder: Path, url: str, leads: int) -> Flask:
    """Seeds what was not seeded before: the file `leads` says what a kept folder holds."""
    holds = folder / "leads"
    if not holds.exists():
        files = folder / "files"
        files.mkdir(exist_ok=True)
        settings = os.environ | {"CRM_DATA": str(files), "DATABASE_URL": url}
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "bench.growing", str(leads)], env=settings, check=True
        )
        print(f"  {leads} leads: {time.perf_counter() - begun:.1f} s")
        holds.write_text(str(leads))
    elif int(holds.read_text()) != leads:
        raise SystemExit(f"{folder} holds {holds.read_text()} leads")
    from tests.site import DRIVER, Site

    return Site(url.replace("postgresql:", DRIVER)).app


def measure(
    app: Flask, kind: str, rounds: int, only: str = ""
) -> list[tuple[str, str, float, int, int, int]]:
    from flask_appbuilder.security.sqla.models import User

    from app.extensions import db
    from app.models import Campaign, Client, Contract, Lead
    from app.models.clock import today
    from app.models.lead import is_open_lead
    from tests.site import logged_in

    queries: list[str] = []
    with app.app_context():
        phones = select(Lead.phone).where(Lead.phone != "").order_by(Lead.id)
        somebody = db.session.scalars(phones.offset(4321).limit(1)).one()
        ids = {
            "lead": db.session.scalar(select(func.max(Lead.id))),
            "open_lead": db.session.scalar(select(func.max(Lead.id)).where(is_open_lead())),
            "client": db.session.scalar(select(func.max(Client.id))),
            "contract": db.session.scalar(select(func.max(Contract.id))),
            "campaign": db.session.scalar(select(func.max(Campaign.id))),
            # Ten digits or so of one person's, as somebody types what they remember of it.
            "phone": quote(somebody[:14]),
            "day": (today() - timedelta(days=30)).isoformat(),
            "opened": int(time.time()) - 3600,
            "me": db.session.scalar(select(User.id).where(User.username == "operator")),
            "worker": db.session.scalar(select(func.max(Lead.assignee_id))),
        }
        event.listen(db.engine, "before_cursor_execute", lambda *args: queries.append(args[2]))
    base = _median(logged_in(app, "admin"), "/health/live", rounds)[0]
    print(f"  {kind}: a page that reads nothing: {base:.2f} ms")
    found = []
    for role, pages in {**PAGES, "admin": PAGES["admin"] + FIGURES}.items():
        client = logged_in(app, role)
        for page in pages:
            if only not in page:
                continue
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
    parser.add_argument("--leads", type=int, default=LEADS)
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="Where PostgreSQL's data stays."
    )
    parser.add_argument("--only", default="", help="Only addresses that contain this.")
    wanted = parser.parse_args()
    kinds = ("sqlite", "postgresql") if wanted.database == "both" else (wanted.database,)
    for kind in ("postgresql",) if wanted.keep else kinds:
        print(kind)
        with _filled(kind, wanted.leads, wanted.keep) as app:
            found = measure(app, kind, wanted.rounds, wanted.only)
            pages = [one for one in found if one[1] not in FIGURES]
            _tell("slowest", pages, 2, GOAL_MS, "ms")
            _tell("most queries", pages, 3, GOAL_QUERIES, "queries")
            _tell("largest", pages, 4, GOAL_KB * 1024, "bytes")
            bad = [one for one in found if one[5] != 200]
            if bad:
                print(f"  NOT OPEN: {', '.join(one[1] for one in bad)}")
    return 0


def _tell(word: str, pages: list[Any], place: int, goal: float, unit: str) -> None:
    if pages:
        worst = max(pages, key=lambda one: one[place])
        over = sum(1 for one in pages if one[place] > goal)
        print(f"  {word}: {worst[1]} {worst[place]:.0f} {unit}; over {goal:.0f}: {over}")


if __name__ == "__main__":
    sys.exit(main())
