"""How long a large import takes and how much memory, on both databases.

    .venv/bin/python -m bench.imports            # 10,000 and 100,000 rows; and a formatted workbook
    .venv/bin/python -m bench.imports 50000      # other numbers of rows

Seconds are those of the process itself, so that a busy machine counts for nothing; the database's
server is not in them. Each measurement has a process and an empty database of its own; its memory
is the peak above what the loaded application takes. The same 100,000 rows may not need more than
10,000 do. A workbook that is formatted down to its last row and holds two rows of data must be done
within 5 s.
"""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MEGABYTE = 1024
WORKBOOK = "workbook"
WORKBOOK_SECONDS = 5.0
GROWTH = 10  # MB that ten times the rows may cost: pages of the database's own cache


def write_rows(path: Path, rows: int) -> None:
    """People with a phone and an e-mail of their own."""
    with path.open("w", encoding="cp1251", newline="") as file:
        file.write("ФИО;Телефон;E-mail;Дата обращения;Комментарий;Город\r\n")
        for number in range(rows):
            file.write(
                f"Пробная{number} Анна Петровна;8 (9{number // 10_000_000:02d})"
                f" {number // 10_000 % 1000:03d}-{number // 100 % 100:02d}-{number % 100:02d};"
                f"anna{number}@example.com;{number % 28 + 1:02d}.10.2026 14:05;"
                f"Хочу «пакет №{number}»;Тверь\r\n"
            )


def write_workbook(path: Path) -> None:
    """Two rows of data in a sheet whose cells have a font down to row 1,048,576."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    page, bold = book.add_worksheet(), book.add_format({"bold": True})
    for number, row in enumerate(
        (["Имя", "Телефон"], ["Анна", "+79000000001"], ["Иван", "+79000000002"])
    ):
        for column, cell in enumerate(row):
            page.write_string(number, column, cell)
    for number in range(3, 1_048_576):
        page.write_blank(number, 0, None, bold)
        page.write_blank(number, 1, None, bold)
    book.close()


def begin_watching() -> float:
    """From here on the kernel notes this process's peak anew."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> float:
    """MB of memory that the process has held at most."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / MEGABYTE  # type: ignore[index]


def measure(path: Path) -> dict[str, Any]:
    """In a process of its own: DATABASE_URL and CRM_DATA are in the environment."""
    from app import create_app
    from app.extensions import db
    from app.imports import undoing, working
    from app.models.actor import Actor, acting_as
    from app.models.import_file import ImportKind, ImportState
    from app.setup import set_up

    app = create_app()
    set_up(app)
    found: dict[str, Any] = {}
    with app.app_context(), acting_as(Actor("command", "bench")):
        session = db.session()
        gc.collect()
        before = begin_watching()
        began = time.process_time()
        with path.open("rb") as file:
            one = working.take_file(session, ImportKind.LEADS, path.name, file)
        session.commit()
        found["take"] = time.process_time() - began
        for name, state, part in (
            ("check", ImportState.CHECKING, working.check_part),
            ("run", ImportState.RUNNING, working.run_part),
        ):
            began = time.process_time()
            one.begin(state)
            session.commit()
            while one.state == state:
                part(session, one)
                session.commit()
                number = one.id
                session.expunge_all()
                one = session.get_one(type(one), number)
            found[name] = time.process_time() - began
        found |= {"made": one.made, "wrong": one.wrong, "memory": peak() - before}
        began = time.process_time()
        one.begin(ImportState.UNDOING)
        session.commit()
        while one.state == ImportState.UNDOING:
            undoing.undo_part(session, one)
            session.commit()
        found |= {"undo": time.process_time() - began, "undone": one.taken_back}
    return found


def in_child(path: Path, url: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as data:
        env = os.environ | {"CRM_DATA": data, "DATABASE_URL": url, "COMPANY_REGION": "RU"}
        done = subprocess.run(  # noqa: S603 -- ourselves
            [sys.executable, "-m", "bench.imports", "measure", str(path)],
            env=env, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def told(name: str, database: str, found: dict[str, Any]) -> None:
    print(
        f"{name:>12} {database:<10} look {found['take']:6.1f} s  check {found['check']:6.1f} s"
        f"  run {found['run']:6.1f} s  undo {found['undo']:6.1f} s"
        f"  memory +{found['memory']:.0f} MB  made {found['made']:,}  wrong {found['wrong']:,}"
        f"  undone {found['undone']:,}",
        flush=True,
    )


def main(sizes: list[int]) -> int:
    from tests.postgres import cluster, database

    failed = []
    with tempfile.TemporaryDirectory() as folder, cluster() as server:
        files = {f"{size:,}": Path(folder) / f"{size}.csv" for size in sizes}
        for size, path in zip(sizes, files.values(), strict=True):
            write_rows(path, size)
        files[WORKBOOK] = Path(folder) / "formatted.xlsx"
        write_workbook(files[WORKBOOK])
        for name in ("sqlite", "postgresql"):
            memory = []
            for label, path in files.items():
                if name == "sqlite":
                    found = in_child(path, "")
                else:
                    with database(server) as url:
                        found = in_child(path, url)
                told(label, name, found)
                if label == WORKBOOK:
                    if found["take"] + found["check"] + found["run"] > WORKBOOK_SECONDS:
                        failed.append(f"{name}: the workbook took more than {WORKBOOK_SECONDS} s")
                else:
                    memory.append(found["memory"])
            if len(memory) > 1 and memory[-1] > memory[0] + GROWTH:
                failed.append(
                    f"{name}: memory grew with the rows by {memory[-1] - memory[0]:.0f} MB"
                )
    for line in failed:
        print(line)
    return bool(failed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
    else:
        sys.exit(main([int(one) for one in sys.argv[1:]] or [10_000, 100_000]))
