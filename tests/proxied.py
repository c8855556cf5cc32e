"""deploy/nginx.conf as it is shipped, in front of whatever answers on a port of this machine."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NGINX = "/usr/sbin/nginx"


def our_conf(folder: Path, *, web: int = 9, listen: int = 80, health: int = 8080) -> Path:
    """deploy/nginx.conf with this machine's paths and ports, nothing else changed."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    changes = {
        "pid /var/run/nginx.pid;": f"pid {folder}/nginx.pid;\ndaemon off;",
        "error_log /dev/stderr": f"error_log {folder}/error.log",
        "access_log /dev/stdout": f"access_log {folder}/access.log",
        "server web:8000;": f"server 127.0.0.1:{web};",
        "listen 80;": f"listen 127.0.0.1:{listen};",
        "listen 127.0.0.1:8080;": f"listen 127.0.0.1:{health};",
        "server_tokens off;": "server_tokens off;\n"
        + "\n".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ),
    }
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    conf = folder / "nginx.conf"
    conf.write_text(text)
    return conf


@contextmanager
def proxy(folder: Path, web: int) -> Iterator[int]:
    port = free_port()
    conf = our_conf(folder, web=web, listen=port, health=free_port())
    server = subprocess.Popen(
        [NGINX, "-p", str(folder), "-e", str(folder / "early.log"), "-c", str(conf)]
    )
    try:
        assert wait_for(lambda: status(port, "/") is not None, 120), (
            folder / "early.log"
        ).read_text()
        yield port
    finally:
        server.terminate()
        server.wait(10)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def status(port: int, path: str, headers: dict[str, str] | None = None) -> int | None:
    """The status that a GET gets, or None while nobody listens."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as client:
        try:
            client.request("GET", path, headers={"Content-Length": "0"} | (headers or {}))
            return client.getresponse().status
        except OSError:
            return None


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False
