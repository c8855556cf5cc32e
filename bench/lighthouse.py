"""Measures the lead list and a client page with Lighthouse as a manager on a slow phone sees them.

    .venv/bin/python -m bench.lighthouse [--rounds 5] [--keep folder]

Starts what bin/start starts, on data of its own, logs in with Chromium and prints the median of
the rounds with what Lighthouse found wrong. It needs node: Lighthouse is installed into the user's
cache at the first run. Not part of bin/test, as its figures depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.chromium import ARGUMENTS, PROGRAM, Walker
from tests.served import Server, served

VERSION = "12.2.3"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / f"lighthouse-{VERSION}"
CHROME_FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu"]
LEADS = "/leadview/list/"
FIGURES = {
    "FCP": "first-contentful-paint",
    "LCP": "largest-contentful-paint",
    "TBT": "total-blocking-time",
    "CLS": "cumulative-layout-shift",
    "bytes": "total-byte-weight",
    "server ms": "server-response-time",
}
GOALS = {"performance": 90, "accessibility": 100, "best-practices": 95}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="a folder for the reports of the last round")
    chosen = parser.parse_args()
    program = lighthouse()
    reached = True
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        cookie, client = log_in(server)
        for page in (LEADS, client):
            rounds = [measure(program, server.url + page, cookie) for _ in range(chosen.rounds)]
            reached = tell(page, rounds) and reached
            if chosen.keep:
                chosen.keep.mkdir(parents=True, exist_ok=True)
                name = page.strip("/").replace("/", "-") + ".json"
                (chosen.keep / name).write_text(json.dumps(rounds[-1]))
    return 0 if reached else 1


# -- what is measured ------------------------------------------------------------------------------


def lighthouse() -> Path:
    """The program of the version that the goals are set for."""
    program = CACHE / "node_modules/.bin/lighthouse"
    if not program.exists():
        if shutil.which("npm") is None:
            sys.exit("Lighthouse needs node: install node 18 or later.")
        CACHE.mkdir(parents=True, exist_ok=True)
        wanted = ["npm", "install", "--prefix", str(CACHE), "--no-audit", "--no-fund"]
        subprocess.run([*wanted, "--ignore-scripts", f"lighthouse@{VERSION}"], check=True)
    return program


def log_in(server: Server) -> tuple[str, str]:
    """The manager's cookies, and the address of the first client's page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        walker = Walker(browser, server, server.folder, "en-GB")
        page = walker.log_in("manager", server.passwords["manager"]).page
        page.goto("/clientview/list/")
        link = page.locator("a[href*='/clientview/show/']").first.get_attribute("href")
        cookies = page.context.cookies()
        browser.close()
    assert link, "no client in the demo data"
    return "; ".join(f"{one['name']}={one['value']}" for one in cookies), link


def measure(program: Path, address: str, cookie: str) -> dict[str, Any]:
    """One run with the mobile preset, which is Lighthouse's own default."""
    command = [
        str(program), address, "--output=json", "--quiet",
        "--only-categories=" + ",".join(GOALS),
        "--extra-headers=" + json.dumps({"Cookie": cookie}),
        "--chrome-flags=" + " ".join(CHROME_FLAGS),
    ]  # fmt: skip
    env = os.environ | {"CHROME_PATH": PROGRAM}
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["finalDisplayedUrl"] == address, report["finalDisplayedUrl"]
    return report


# -- what is told ----------------------------------------------------------------------------------


def tell(page: str, rounds: list[dict[str, Any]]) -> bool:
    """Prints the page's medians and faults; whether every goal is reached."""
    print(f"\n{page}  (median of {len(rounds)})")
    reached = True
    for name, goal in GOALS.items():
        score = statistics.median(one["categories"][name]["score"] * 100 for one in rounds)
        reached = reached and score >= goal
        print(f"  {name:<16}{score:5.0f}   {'ok' if score >= goal else f'below {goal}'}")
    for name, audit in FIGURES.items():
        value = statistics.median(one["audits"][audit]["numericValue"] for one in rounds)
        print(f"  {name:<16}{value:8.{3 if name == 'CLS' else 0}f}")
    last = rounds[-1]
    for name in GOALS:
        for reference in last["categories"][name]["auditRefs"]:
            audit = last["audits"][reference["id"]]
            if reference["weight"] and (audit["score"] or 0) < 0.9 and audit["score"] is not None:
                print(f"  {name}: {audit['id']}: {audit.get('displayValue') or audit['title']}")
                for item in audit.get("details", {}).get("items", [])[:5]:
                    told = item.get("node", {}).get("snippet") or item.get("description")
                    print(f"      {told or item.get('url') or ''}"[:160])
    return reached


if __name__ == "__main__":
    sys.exit(main())
