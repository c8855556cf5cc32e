"""The process that bin/start leaves running: it revives what dies and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from app import start
from app.start import Service, StopSignal
from bench.counting import prepare
from tests.served import Person, Server, served
from tests.site import Site

ROOT = Path(__file__).resolve().parents[1]


class StopNow(StopSignal):
    """Says stop when the test does; pytest keeps its own signal handlers."""

    def __init__(self) -> None:
        self.came = False


@pytest.fixture
def service():
    """A program that starts another one, as the document worker starts wkhtmltopdf."""
    made = Service("test program", ["sh", "-c", "sleep 60 & wait"])
    yield made
    made.ask_to_stop()
    made.wait_until_stopped(5)


def members(group: int) -> list[int]:
    """The living processes of a group."""
    living = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, process_group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(process_group) == group and state != "Z":
            living.append(int(folder.name))
    return living


def eventually(condition, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_program_killed_with_9_is_started_again(service, capfd):
    service.start()
    first = service.process.pid
    assert eventually(lambda: len(members(first)) == 2)
    os.kill(first, signal.SIGKILL)

    def revived() -> bool:
        service.start_again_if_due()
        return service.process is not None and service.process.pid != first

    assert eventually(revived)
    assert service.runs
    assert eventually(lambda: members(first) == []), "what the dead one had started is gone too"
    assert "The test program ended (SIGKILL); it is started again." in capfd.readouterr().err


def test_stopping_ends_the_whole_group(service):
    service.start()
    group = service.process.pid
    assert eventually(lambda: len(members(group)) == 2)
    service.ask_to_stop()
    service.wait_until_stopped(5)
    assert eventually(lambda: members(group) == [])


def test_a_program_that_does_not_listen_is_killed_in_the_end():
    deaf = Service("deaf program", ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"])
    deaf.start()
    time.sleep(0.2)
    deaf.ask_to_stop()
    deaf.wait_until_stopped(0.3)
    assert not deaf.runs
    assert deaf.process is not None
    assert members(deaf.process.pid) == []


def test_its_programs_end_when_it_is_killed(tmp_path):
    script = (
        "from app.start import Service; import time\n"
        "one = Service('x', ['sleep', '60']); one.start()\n"
        "print(one.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"CRM_DATA": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    assert eventually(lambda: members(child) == [])


def test_a_port_in_use_is_named_in_a_sentence():
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} is in use by another program"):
            start._reserve(port)


def test_the_two_programs_run_beside_each_other_until_it_is_told_to_stop(monkeypatch):
    stop = StopNow()
    greeted = []

    def greet(port: int) -> None:
        greeted.append(port)
        stop.came = True

    monkeypatch.setattr(start, "_answers", lambda port: True)
    web, worker = (Service(name, ["sleep", "60"]) for name in ("web server", "document worker"))
    assert start.keep_running(web, worker, stop, on_first_answer=greet, port=1) == 0
    assert greeted == [1]
    assert not web.runs
    assert not worker.runs


def test_a_web_server_that_cannot_start_ends_it_all(monkeypatch, capfd):
    monkeypatch.setattr(start, "_answers", lambda port: False)
    web, worker = Service("web server", ["false"]), Service("document worker", ["sleep", "60"])
    assert (
        start.keep_running(web, worker, StopNow(), on_first_answer=lambda port: None, port=1) == 1
    )
    assert not worker.runs
    assert "The web server ended before it first answered" in capfd.readouterr().err


# -- the product as it is served ------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    prepare(Site(f"sqlite:///{folder}/crm.sqlite3").app, contracts=0)  # no demo data comes then
    with served(folder) as running:
        yield running


def answers(server: Server) -> bool:
    try:
        return Person(server.url).get("/health/ready").status_code == 200
    except OSError:
        return False


@pytest.mark.slow
def test_a_web_server_killed_with_9_is_back_at_its_address_and_its_processes_are_gone(server):
    first, processes = server.web_server(), server.web_workers()
    assert first
    assert processes
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: server.web_server() not in (None, first), 30)
    assert eventually(lambda: answers(server), 60)
    assert members(first) == []
    assert not set(processes) & set(server.web_workers())
    assert "The web server ended (SIGKILL); it is started again." in server.log


@pytest.mark.slow  # and the last one, since the server is gone then
def test_nothing_of_it_outlives_a_kill_9_of_itself(server):
    groups = [server.web_server(), server.worker()]
    assert None not in groups
    server.process.kill()
    server.process.wait()
    assert eventually(lambda: not any(members(group) for group in groups), 30)
    assert not answers(server)
