"""What bin/start runs once all is installed: prepares the database, then keeps the web server and
the document worker running beside each other until it is told to stop.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import config

HOST = "127.0.0.1"
PROGRAMS = Path(sys.executable).parent
STOP_WITHIN = 15.0  # seconds to finish what is under way; gunicorn.conf.py grants itself 10
START_AGAIN_AFTER = 2.0  # seconds between two starts of a program that ends at once
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    reserved = _reserve(config.number("PORT", 8000, least=1, most=65535))
    stop = StopSignal()
    if code := _prepare_apart(stop):
        return code
    web = Service(
        "web server",
        [str(PROGRAMS / "gunicorn"), "--bind", f"fd://{reserved.fileno()}", "run:app"],
        keep_open=(reserved.fileno(),),
    )
    worker = Service("document worker", [str(PROGRAMS / "flask"), "fab", "worker"])
    return keep_running(web, worker, stop, on_first_answer=_greet, port=reserved.getsockname()[1])


def prepare() -> None:
    """`flask crm setup` and `flask crm seed --if-empty`, in one process."""
    import click
    from flask.cli import ScriptInfo

    from app import create_app
    from app.commands import crm

    app = create_app()
    script = ScriptInfo(create_app=lambda: app)
    try:
        crm.main(["setup"], prog_name="flask crm", standalone_mode=False, obj=script)
        crm.main(["seed", "--if-empty"], prog_name="flask crm", standalone_mode=False, obj=script)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


class StopSignal:
    """Remembers that somebody asked us to stop: Ctrl-C, `kill`, or the terminal was closed."""

    def __init__(self) -> None:
        self.came = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, *_: object) -> None:
        self.came = True

    @staticmethod
    def forget() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)


class Service:
    """One program that runs as long as we do, in a process group of its own, so that nothing it
    started outlives it.
    """

    def __init__(self, name: str, command: list[str], keep_open: tuple[int, ...] = ()) -> None:
        self.name = name
        self.command = command
        self.keep_open = keep_open
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = float("-inf")

    def start(self) -> None:
        parent = os.getpid()
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 -- our own two programs
            self.command,
            # Where python-dotenv is installed (with the tests' tools) `flask` would read .env, and
            # the worker use another database than the web server.
            env=os.environ | {"FLASK_APP": "run", "FLASK_SKIP_DOTENV": "1"},
            process_group=0,
            pass_fds=self.keep_open,
            preexec_fn=lambda: _end_with(parent),
        )

    @property
    def runs(self) -> bool:
        """Whether it runs; when it has ended, what it left in its group is ended too."""
        if self.process is None or self.process.returncode is not None:
            return False
        # WNOWAIT keeps the group's number from being given to somebody else before the next line.
        if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return True
        self._signal_group(signal.SIGKILL)
        self.process.wait()
        return False

    def start_again_if_due(self) -> None:
        if self.process is not None and not self.runs:
            _say(f"The {self.name} ended ({_how(self.process.returncode)}); it is started again.")
            self.process = None
        if self.process is None and time.monotonic() - self.started_at >= START_AGAIN_AFTER:
            self.start()

    def ask_to_stop(self) -> None:
        if self.process is not None and self.runs:
            self.process.terminate()

    def wait_until_stopped(self, within: float) -> None:
        until = time.monotonic() + within
        while self.process is not None and self.runs:
            if time.monotonic() > until:
                self._signal_group(signal.SIGKILL)
            time.sleep(0.05)

    def _signal_group(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def keep_running(
    web: Service,
    worker: Service,
    stop: StopSignal,
    *,
    on_first_answer: Callable[[int], None],
    port: int,
) -> int:
    """Starts both, starts again what dies, and ends both before it returns the exit code.

    A web server that dies before its first answer is not tried again: its configuration is wrong.
    """
    answered = False
    try:
        web.start()
        worker.start()
        while not stop.came:
            if not answered and _answers(port):
                answered = True
                on_first_answer(port)
            if not answered and not web.runs:
                _say("The web server ended before it first answered; its lines above say why.")
                return 1
            web.start_again_if_due()
            worker.start_again_if_due()
            time.sleep(0.2)
        return 0
    finally:
        web.ask_to_stop()
        worker.ask_to_stop()
        web.wait_until_stopped(STOP_WITHIN)
        worker.wait_until_stopped(STOP_WITHIN)


def _prepare_apart(stop: StopSignal) -> int:
    """In a child, so that the process which watches the others holds no connection and no lock."""
    parent = os.getpid()

    def child() -> None:
        _end_with(parent)
        stop.forget()
        prepare()

    process = get_context("fork").Process(target=child)
    process.start()
    while process.exitcode is None:
        process.join(0.1)
        if stop.came:
            process.terminate()
    return process.exitcode


def _reserve(port: int) -> socket.socket:
    """The address, taken before the long work begins; gunicorn is the one who listens on it."""
    address = socket.socket()
    # As gunicorn does it: connections of the last run that are still fading away do not matter.
    address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        address.bind((HOST, port))
    except OSError as error:
        address.close()
        if error.errno != errno.EADDRINUSE:
            sys.exit(f"Port {port} cannot be used: {error.strerror}.")
        sys.exit(
            f"Port {port} is in use by another program."
            f" Stop it or choose another port: PORT={port % 65535 + 1} bin/start"
        )
    return address


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/health/live")
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def _greet(port: int) -> None:
    print(f"The CRM is at http://{HOST}:{port}")
    logins = config.CRM_DATA / "demo-logins.txt"
    if logins.exists():
        print("Demo log-ins (user and password):")
        for line in logins.read_text().splitlines():
            print(f"    {line}")
    sys.stdout.flush()


def _end_with(parent: int) -> None:
    """Asks the kernel to end this process when its parent ends, be it by kill -9."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _how(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
