"""What the production files promise: each name in them exists, and the proxy does its work."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.postgres import DURABLE
from tests.proxied import NGINX, free_port, our_conf, proxy, status, wait_for

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}


def dockerfile() -> dict[str, list[tuple[str, str]]]:
    """Its instructions by stage, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    stages: dict[str, list[tuple[str, str]]] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages[rest.split()[-1]] = current = []
        if word.isupper() and word.isalpha():
            current.append((word, rest))
    return stages


def debian_packages(text: str) -> set[str]:
    return set(
        re.findall(
            r"\b(?:wkhtmltopdf|fonts-[a-z-]+|postgresql|chromium|[a-z]+-utils|nginx-light)\b", text
        )
    )


def test_compose_obeys_the_compose_specification():
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))


def test_compose_names_only_files_and_targets_that_exist():
    for service in OURS.values():
        assert service["build"]["target"] in dockerfile()
        assert (ROOT / service["build"]["context"] / "Dockerfile").is_file()
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).is_file(), source


def test_every_variable_of_compose_stands_in_the_template():
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    told = set(re.findall(r"^#? ?(\w+)=", (ROOT / ".env.template").read_text(), re.MULTILINE))
    assert used - told == set()


def test_the_benches_break_a_postgresql_that_is_set_as_composes_is():
    given = dict(part.split("=") for part in COMPOSE["services"]["db"]["command"] if "=" in part)
    assert given
    assert given.items() <= DURABLE.items()
    promises = ("fsync", "synchronous_commit", "full_page_writes")
    assert {DURABLE[name] for name in promises} == {"on"}


def test_every_command_names_an_installed_program():
    commands = [service["command"] for service in OURS.values()]
    for stage in dockerfile().values():
        commands += [json.loads(rest) for word, rest in stage if word == "CMD"]
    assert len(commands) == 5
    for command in commands:
        assert (PROGRAMS / command[0]).exists(), command


def test_the_image_copies_what_exists_and_serves_without_root():
    stages = dockerfile()
    assert list(stages) == ["base", "test", "web"], "the last one is what `docker build .` makes"
    for stage in stages.values():
        for word, rest in stage:
            if word == "COPY":
                for source in [part for part in shlex.split(rest) if part[:2] != "--"][:-1]:
                    assert (ROOT / source).exists(), source
    for name in ("test", "web"):
        words = [word for word, _ in stages[name]]
        assert ("USER", "crm") in stages[name]
        assert words.index("USER") < words.index("CMD")


def test_the_image_has_the_packages_that_the_two_commands_install():
    assert debian_packages((ROOT / "Dockerfile").read_text()) == debian_packages(
        (ROOT / "bin" / "install").read_text()
    )


@pytest.mark.slow
@pytest.mark.postgres
def test_each_command_of_compose_does_its_work(postgres_database, tmp_path):
    environment = os.environ | {
        "DATABASE_URL": postgres_database,
        "CRM_DATA": str(tmp_path),
        "FLASK_APP": "run",
        "WEB_CONCURRENCY": "2",
    }
    commands = {name: service["command"] for name, service in OURS.items()}
    setup = [str(PROGRAMS / commands["setup"][0]), *commands["setup"][1:]]
    subprocess.run(setup, cwd=ROOT, env=environment, check=True, timeout=120)
    subprocess.run(setup, cwd=ROOT, env=environment, check=True, timeout=120)

    port = free_port()
    running = []
    for name in ("web", "worker"):
        program, *rest = commands[name]
        rest = [part.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for part in rest]
        running.append(
            subprocess.Popen([str(PROGRAMS / program), *rest], cwd=ROOT, env=environment)
        )
    try:
        assert wait_for(lambda: status(port, "/health/live") == 200, 120)
        assert status(port, "/health/ready") == 200
        time.sleep(1)
        assert [process.poll() for process in running] == [None, None]
    finally:
        for process in running:
            process.terminate()
        codes = [process.wait(20) for process in running]
    assert codes == [0, 0]


# -- the proxy ------------------------------------------------------------------------------------


class Backend(http.server.BaseHTTPRequestHandler):
    """Stands in for the web processes and tells what reached it."""

    seen: list[dict[str, str]]

    def do_POST(self) -> None:
        type(self).seen.append(dict(self.headers.items()))
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def backend() -> Iterator[tuple[int, list[dict[str, str]]]]:
    seen: list[dict[str, str]] = []
    handler = type("Handler", (Backend,), {"seen": seen})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_nginx_finds_no_fault_in_its_configuration(tmp_path):
    done = subprocess.run(
        [
            NGINX,
            "-t",
            "-p",
            str(tmp_path),
            "-e",
            str(tmp_path / "early.log"),
            "-c",
            str(our_conf(tmp_path)),
        ],
        capture_output=True,
        text=True,
    )
    assert "test is successful" in done.stderr, done.stderr


def test_the_proxy_gives_a_slow_request_on_only_when_it_is_whole(tmp_path):
    with backend() as (web, seen), proxy(tmp_path, web) as port:
        seen.clear()
        with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as slow:
            slow.sendall(b"POST / HTTP/1.1\r\nHost: crm\r\nContent-Length: 3\r\n\r\na")
            time.sleep(0.3)
            assert seen == []
            slow.sendall(b"bc")
            assert slow.recv(100).startswith(b"HTTP/1.1 200")
        assert len(seen) == 1


def test_the_proxy_tells_who_asked_and_believes_no_claim(tmp_path):
    with backend() as (web, seen), proxy(tmp_path, web) as port:
        status(port, "/", {"Host": "crm.example:81", "X-Forwarded-For": "6.6.6.6"})
        headers = seen[-1]
    assert headers["Host"] == headers["X-Forwarded-Host"] == "crm.example:81"
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"


def test_while_no_web_process_answers_the_sender_is_asked_to_come_again(tmp_path):
    with proxy(tmp_path, free_port()) as port:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as client:
            client.request("POST", "/api/v1/leads", b"{}")
            answer = client.getresponse()
        assert answer.status == 503
        assert int(answer.getheader("Retry-After") or 0) > 0


def test_the_proxy_refuses_a_body_larger_than_the_crm_takes(tmp_path):
    with backend() as (web, seen), proxy(tmp_path, web) as port:
        seen.clear()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as client:
            client.putrequest("POST", "/")
            client.putheader("Content-Length", str(10 * 1024 * 1024 + 1))
            client.endheaders()
            assert client.getresponse().status == 413
        assert seen == []
