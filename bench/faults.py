"""Ten minutes of leads and contracts while what serves them is killed every twenty seconds.

    .venv/bin/python -m bench.faults [--seconds 600] [--every 20] [--rate 100]

An ad service pushes leads at a fixed pace and sends each again until it is accepted, a manager
signs and amends contracts, on PostgreSQL and what bin/start starts and watches. In turn a web
process is killed (-9), the document worker is killed (-9), and PostgreSQL is restarted as after a
power cut. Afterwards the database is asked: every lead once, with its submission, and every version
of every signed contract with one PDF. Times are counted from when a lead was to be sent.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.pushing import CUT_OFF, Lead, Pusher, milliseconds

if TYPE_CHECKING:
    from bench.counting import Counts
    from tests.postgres import Cluster
    from tests.served import Server

WEB, WORKER, DATABASE = "web process killed", "document worker killed", "PostgreSQL restarted"
SIGNS_EVERY = 3.0  # seconds
BACK_WITHIN = 5.0  # seconds after a fault
P99 = 250.0  # milliseconds, between faults
SLOW = 0.25  # seconds
RENDERED_WITHIN = 150.0  # seconds after the last contract; a lost lease alone lasts 60


@dataclass
class Fault:
    """What was done, and when by both clocks. `renders` is when the document worker was ready
    again, in seconds after it; None where it did not notice.
    """

    what: str
    at: float
    wall: float
    took: float = 0.0  # seconds of the act: until PostgreSQL took connections again
    renders: float | None = None
    first: float = float("inf")  # seconds until the first answer to a lead that was sent after it
    whole: float = float("inf")  # seconds until one in which no lead was slow

    @property
    def back(self) -> float:
        return max(self.first, self.renders or 0.0)


@dataclass
class Report:
    leads: list[Lead]
    faults: list[Fault]
    answers: Counter[int]
    retry_after: Counter[str | None]
    pages: Counter[int]  # faults that the manager met
    counts: Counts
    broken: list[str] = field(default_factory=list)  # what may never be, each in a sentence

    @property
    def between(self) -> list[Lead]:
        """The leads that were due when nothing had been killed for some seconds, without those that
        were on their way at the moment of a fault.
        """
        return [
            lead
            for lead in self.leads
            if not any(-SLOW <= lead.due - one.at < BACK_WITHIN for one in self.faults)
        ]


def run(folder: Path, *, seconds: float, every: float, rate: float) -> Report:
    """Everything on this machine, with a PostgreSQL of its own; CRM_DATA is in the environment."""
    from bench.counting import prepare
    from bench.signing import Patient, Signing
    from tests.served import served
    from tests.site import DRIVER, PASSWORD, Site

    with durable_database() as (postgres, url):
        site = Site(url.replace("postgresql:", DRIVER))
        made = prepare(site.app, contracts=int(seconds / SIGNS_EVERY) + 1)
        with served(folder, DATABASE_URL=url, WEB_CONCURRENCY="2") as server:
            pusher = Pusher(server.port, made.token, made.campaign_id, rate)
            manager = Patient(server.url)
            manager.log_in("manager", PASSWORD)
            signing = Signing(manager, made.contracts, SIGNS_EVERY)
            pusher.start(seconds)
            signing.start()
            faults = list(break_in_turn(server, postgres, seconds=seconds, every=every))
            signing.finish()
            leads = pusher.finish()
            counts = made.count(leads, signing.versions, within=RENDERED_WITHIN)
        for fault in faults:
            _time(fault, leads, server.log, every)
    broken = counts.broken + pusher.refused[:5] + signing.failures
    for status in sorted((pusher.answers + manager.answers).keys() - {CUT_OFF, 201, 503}):
        broken.append(f"something was answered with {status}")
    return Report(
        leads, faults, pusher.answers, pusher.retry_after, manager.answers, counts, broken
    )


@contextmanager
def durable_database() -> Iterator[tuple[Cluster, str]]:
    from tests.postgres import DURABLE, database, running_cluster

    with running_cluster(settings=DURABLE) as server, database(server.url) as url:
        os.sync()  # a server that has just been made is not what is measured
        yield server, url


def break_in_turn(
    server: Server, postgres: Cluster, *, seconds: float, every: float
) -> Iterator[Fault]:
    """One fault at a time, the last one early enough for its consequences to be seen."""
    acts: list[tuple[str, Callable[[], object]]] = [
        (WEB, lambda: os.kill(random.choice(server.web_workers()), signal.SIGKILL)),
        (WORKER, lambda: _kill_worker(server)),
        (DATABASE, postgres.pull_the_plug),
    ]
    begin = time.monotonic()
    for number in range(1, int((seconds - BACK_WITHIN) / every) + 1):
        time.sleep(max(0.0, begin + number * every - time.monotonic()))
        what, act = acts[(number - 1) % len(acts)]
        fault = Fault(what, time.monotonic(), time.time())
        act()
        fault.took = time.monotonic() - fault.at
        yield fault
    time.sleep(max(0.0, begin + seconds - time.monotonic()))


def _kill_worker(server: Server) -> None:
    worker = server.worker()
    assert worker is not None, "the document worker does not run"
    os.kill(worker, signal.SIGKILL)


def _time(fault: Fault, leads: Sequence[Lead], log: str, every: float) -> None:
    after = [lead for lead in leads if lead.accepted is not None and lead.began >= fault.at]
    fault.first = min((lead.accepted or 0.0 for lead in after), default=float("inf")) - fault.at
    for second in range(60):
        begin = fault.at + second
        due = [lead for lead in leads if begin <= lead.due < begin + 1]
        if all(lead.took < SLOW for lead in due):
            fault.whole = float(second)
            break
    ready = next((at - fault.wall for at in _ready(log) if at > fault.wall), float("inf"))
    if fault.what == WORKER or (fault.what == DATABASE and ready < every):
        fault.renders = ready


def _ready(log: str) -> Iterator[float]:
    """When the document worker said that it can work, in seconds since 1970."""
    from datetime import datetime

    for line in log.splitlines():
        if "the document worker is ready" in line:
            yield datetime.fromisoformat(json.loads(line)["at"]).timestamp()


# -- what is printed -------------------------------------------------------------------------------


def told(report: Report) -> Iterator[str]:
    yield "  at s  fault                     down   first answer   no lead slow   documents again"
    begin = report.leads[0].due
    for one in report.faults:
        renders = "" if one.renders is None else f"{one.renders:13.1f} s"
        yield (
            f"{one.at - begin:6.0f}  {one.what:22} {one.took:5.2f} s {one.first:12.2f} s"
            f" {one.whole:12.0f} s "
            f"{renders}"
        )
    between = report.between
    for name, leads in (("between faults", between), ("all", report.leads)):
        figures = "  ".join(
            f"{label} {milliseconds(leads, share):.0f} ms"
            for label, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("longest", 1.0))
        )
        yield f"{name}: {len(leads):,} leads, {figures}"
    retried = [lead for lead in report.leads if lead.tries > 1]
    yield (
        f"sent again: {len(retried):,} leads, {sum(lead.tries - 1 for lead in retried):,} times,"
        f" at most {max((lead.tries for lead in report.leads), default=0)} tries"
    )
    yield f"answers: {_by_number(report.answers)}; Retry-After: {dict(report.retry_after)}"
    yield f"faults that the manager met: {_by_number(report.pages) or 'none'}"
    yield str(report.counts)


def _by_number(answers: Counter[int]) -> str:
    return ", ".join(
        f"{status or 'cut off'}: {number:,}" for status, number in sorted(answers.items())
    )


def late(report: Report) -> Iterator[str]:
    """The times that were to be reached and were not."""
    for one in report.faults:
        if one.back > BACK_WITHIN:
            yield f"{one.what}: back after {one.back:.1f} s, wanted {BACK_WITHIN:g}"
    if (p99 := milliseconds(report.between, 0.99)) > P99:
        yield f"p99 between faults {p99:.0f} ms, wanted {P99:g}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--every", type=float, default=20, help="seconds between faults")
    options.add_argument("--rate", type=float, default=100, help="leads a second")
    chosen = options.parse_args()
    every = min(chosen.every, chosen.seconds / 4)
    print(f"{chosen.rate:g} leads/s for {chosen.seconds:g} s, a fault every {every:g} s")
    print("load of the machine before:", *(f"{load:.1f}" for load in os.getloadavg()), flush=True)
    with tempfile.TemporaryDirectory(prefix="crm-faults-") as folder:
        os.environ["CRM_DATA"] = folder
        report = run(Path(folder), seconds=chosen.seconds, every=every, rate=chosen.rate)
    for line in told(report):
        print(line)
    print("load of the machine after:", *(f"{load:.1f}" for load in os.getloadavg()))
    missed = [*report.broken, *late(report)]
    for line in missed:
        print("NOT REACHED:", line)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
