"""How fast leads are taken in, beside what the same rows cost without us: on one PostgreSQL, in one
run.

    .venv/bin/python -m bench.intake                        # about ten minutes
    .venv/bin/python -m bench.intake --seconds 1 --rounds 1 --connections 1,8

In each round every way comes once, so that a slow minute of the machine is everybody's:
pgbench inserting the rows; a Flask endpoint without a database; one that inserts them by SQLAlchemy
Core in one transaction (bench/bare.py); our doors; and our door for batches. gunicorn runs as it is
shipped, the server waits for no disk, and the sender (bench/load.py) is a process of its own.
Printed are medians of the rounds: leads a second, the ratio to the Core endpoint, milliseconds of
the web processes' CPU a lead (/proc/PID/stat), and the latencies' halves and hundredths.
Fails only when a request did.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import psycopg2

from bench.load import Task

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
STARTS_WITHIN = 240  # seconds, on a busy machine
BATCH_AT = 8  # connections
GOAL_CPU, GOAL_BATCH_CPU, GOAL_RATIO, GOAL_TAIL = 1.8, 0.2, 0.9, 5.0
NO_NAMES: dict[str, str] = {}
SEED_NAMES = {"phone": "phone_number", "campaign": "advertising_company"}

Round = dict[str, float]
Found = dict[tuple[str, int], list[Round]]  # the rounds by way and connections


@dataclass
class Way:
    """One way to bring leads in. `server` says which web processes answer, None for pgbench."""

    name: str
    server: str | None = None
    path: str = ""
    names: dict[str, str] = field(default_factory=dict)
    batch: bool = False


PG, NOTHING, CORE = (
    Way("pgbench"),
    Way("no database", "bare", "/nothing"),
    Way("Core", "bare", "/core"),
)
LEADS = Way("/api/v1/leads", "ours", "/api/v1/leads")
SEED = Way("the seed's door", "ours", "/clients/potential/api/", SEED_NAMES)
IN = Way("/in/", "ours", "/in/{token}")
BATCH = Way("batch", "ours", "/api/v1/leads/batch", batch=True)


@dataclass
class Server:
    port: int
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Seconds that the process and its workers have worked so far."""
        pids = [self.process.pid, *children_of(self.process.pid)]
        return sum(cpu_of(pid) for pid in pids)


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_of(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICK


@contextmanager
def served(application: str, env: dict[str, str], log: Path) -> Iterator[Server]:
    """gunicorn with our own settings, which it finds in its folder, on a free port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", application]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        until = time.monotonic() + STARTS_WITHIN
        quick = 0
        while quick < 12:  # until every worker answers
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{application} did not start:\n{log.read_text()[-3000:]}")
            begun = time.monotonic()
            try:
                with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as one:
                    one.request("GET", "/nowhere-at-all")
                    one.getresponse().read()
            except OSError:
                time.sleep(0.2)
                continue
            quick = quick + 1 if time.monotonic() - begun < 3 else 0
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(20)


def set_up(url: str) -> tuple[str, int, int]:
    """An empty CRM with a source and a campaign: (token, campaign, source)."""
    from app import create_app
    from app.extensions import db
    from app.models.source import Scope
    from app.setup import set_up as set_up_crm
    from tests.factories import make_campaign, make_source

    app = create_app()
    set_up_crm(app)
    with app.app_context():
        session = db.session()
        source, campaign = make_source(session, name="Bench"), make_campaign(session)
        token = source.issue_token((Scope.PUSH_LEADS,))
        session.commit()
        found = token, campaign.id, source.id
        db.session.remove()
        db.engine.dispose()
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE bench_number")
    return found


@dataclass
class Bench:
    url: str
    folder: Path
    seconds: float
    token: str
    campaign: int
    source: int
    servers: dict[str, Server]
    number: int = 1
    wrong: list[str] = field(default_factory=list)

    def furnish(self) -> None:
        """Leads that are there already, and a server that knows how many: it has planned for empty
        tables otherwise, and reads them whole.
        """
        for way in (BATCH, BATCH, LEADS, SEED, IN, CORE):
            self._post(way, BATCH_AT)
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")

    def measure(self, way: Way, connections: int) -> Round:
        return self._pgbench(connections) if way.server is None else self._post(way, connections)

    def _post(self, way: Way, connections: int) -> Round:
        server = self.servers[way.server or ""]
        task = Task(
            server.port, way.path.format(token=self.token), way.names, self.campaign, self.token,
            connections, self.seconds, self.number, way.batch,
        )  # fmt: skip
        before = server.cpu()
        done = subprocess.run(
            [sys.executable, "-m", "bench.load", json.dumps(asdict(task))],
            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        cpu = server.cpu() - before
        seen = json.loads(done.stdout)
        sent = seen["next"] - self.number  # with those that were under way at the end
        self.number = seen["next"]
        self.wrong += [f"{way.name}: {one}" for one in seen["wrong"]]
        return {
            "rate": seen["leads"] / seen["seconds"],
            "cpu": cpu * 1000 / max(sent, 1),
            "p50": seen["p50"],
            "p99": seen["p99"],
        }

    def _pgbench(self, connections: int) -> Round:
        for old in self.folder.glob("pgbench.*[0-9]"):
            old.unlink()
        seconds = str(max(1, round(self.seconds)))
        done = subprocess.run(
            ["pgbench", "--no-vacuum", "--protocol", "prepared", "--client", str(connections),
             "--jobs", "1", "--time", seconds, "--file", str(ROOT / "bench" / "intake.sql"),
             "--define", f"campaign={self.campaign}", "--define", f"source={self.source}",
             "--log", "--log-prefix", str(self.folder / "pgbench"), self.url],
            capture_output=True, text=True,
        )  # fmt: skip
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode or not found or "ERROR" in done.stderr:
            self.wrong.append(f"pgbench: {done.stderr[-300:]}")
            return {"rate": 0, "cpu": 0, "p50": 0, "p99": 0}
        lines = (line.split() for log in self.folder.glob("pgbench.*[0-9]") for line in log.open())
        took = sorted(int(line[2]) / 1000 for line in lines)
        return {
            "rate": float(found[1]),
            "cpu": 0,
            "p50": statistics.median(took),
            "p99": took[int(len(took) * 0.99)],
        }


def tell_rows(url: str, source: int) -> None:
    """What the first lead through our door has left behind, so that nobody need believe us."""
    print("One accepted lead writes:")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT max(lead_id) FROM submission WHERE source_id = %s", (source,))
        (lead,) = cursor.fetchone() or (None,)
        for table, where in (
            ("lead", "id"), ("contact_point", "lead_id"), ("submission", "lead_id"),
            ("note", "lead_id"),
        ):  # fmt: skip
            cursor.execute(f"SELECT to_json(t) FROM {table} t WHERE {where} = %s", (lead,))  # noqa: S608
            rows = [row[0] for row in cursor.fetchall()]
            told = [{n: v for n, v in row.items() if v not in (None, "")} for row in rows]
            print(f"  {table}: {len(rows)} {json.dumps(told, ensure_ascii=False)[:600]}")
        cursor.execute(
            "SELECT relname, count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid"
            " WHERE relname IN ('lead', 'submission', 'note') GROUP BY 1 ORDER BY 1"
        )
        print("  indexes:", ", ".join(f"{name} {number}" for name, number in cursor.fetchall()))


def run(bench: Bench, sizes: list[int], rounds: int) -> Found:
    found: Found = {}
    bench.measure(LEADS, 2)  # caches are filled and statements made before it counts
    bench.measure(CORE, 2)
    tell_rows(bench.url, bench.source)
    for _ in range(rounds):
        for size in sizes:
            ways = [PG, NOTHING, CORE, LEADS, SEED, IN, *([BATCH] if size == BATCH_AT else [])]
            for way in ways:
                found.setdefault((way.name, size), []).append(bench.measure(way, size))
    return found


def tell(found: Found) -> None:
    heads = ("leads/s", "x Core", "CPU ms", "p50", "p99")
    print(f"{'connections':>11}  {'way':<16}" + "".join(f"{head:>9}" for head in heads))
    for (name, size), rounds in sorted(found.items(), key=lambda one: one[0][1]):
        one = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        print(
            f"{size:>11}  {name:<16}{one['rate']:>9.0f}{_ratio(found, name, size):>9.2f}"
            f"{one['cpu']:>9.2f}{one['p50']:>9.1f}{one['p99']:>9.1f}"
        )


def _ratio(found: Found, name: str, size: int) -> float:
    """The median of the rounds' own ratios to the Core endpoint."""
    pairs = zip(found[name, size], found[CORE.name, size], strict=True)
    return statistics.median(ours["rate"] / max(core["rate"], 0.001) for ours, core in pairs)


def tell_goals(found: Found, sizes: list[int]) -> None:
    def median(name: str, size: int, what: str) -> float:
        return statistics.median(one[what] for one in found[name, size])

    size = BATCH_AT if BATCH_AT in sizes else sizes[0]
    lines = [("CPU ms of an accepted lead", median(LEADS.name, size, "cpu"), GOAL_CPU)]
    if (BATCH.name, size) in found:
        lines.append(
            ("CPU ms of a lead in a batch", median(BATCH.name, size, "cpu"), GOAL_BATCH_CPU)
        )
    for one in sizes:
        tail = median(LEADS.name, one, "p99") / max(median(LEADS.name, one, "p50"), 0.001)
        lines.append((f"p99 / p50 at {one}", tail, GOAL_TAIL))
    for what, value, goal in lines:
        print(f"  {what}: {value:.2f}, at most {goal}: {'reached' if value <= goal else 'MISSED'}")
    ratio = _ratio(found, LEADS.name, size)
    told = "reached" if ratio >= GOAL_RATIO else "MISSED"
    print(f"  x the Core endpoint at {size}: {ratio:.2f}, at least {GOAL_RATIO}: {told}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="Of each measurement.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", default="1,8,32,128")
    wanted = parser.parse_args()
    sizes = [int(one) for one in wanted.connections.split(",")]
    from tests.postgres import cluster, database

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = os.environ.get("CRM_TEST_POSTGRES") or stack.enter_context(cluster())
        url = stack.enter_context(database(server))
        os.environ |= {"DATABASE_URL": url, "CRM_DATA": str(folder)}
        token, campaign, source = set_up(url)
        env = os.environ | {"BENCH_SOURCE": str(source)}
        servers = {
            name: stack.enter_context(served(application, env, folder / name))
            for name, application in (("ours", "run:app"), ("bare", "bench.bare:app"))
        }
        bench = Bench(url, folder, wanted.seconds, token, campaign, source, servers)
        load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
        print(f"{os.cpu_count()} cores, load {load}; {wanted.rounds} rounds of {wanted.seconds} s")
        bench.furnish()
        found = run(bench, sizes, wanted.rounds)
        tell(found)
        tell_goals(found, sizes)
        for one in bench.wrong[:20]:
            print(f"FAILED {one}")
    return 1 if bench.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
