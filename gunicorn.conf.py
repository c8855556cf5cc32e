"""How gunicorn serves the CRM: `gunicorn run:app` reads this file by itself."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

from gunicorn.glogging import Logger

# Not `import config`: gunicorn would take that name for a setting of its own.
from config import SQLALCHEMY_DATABASE_URI, WEB_PROCESSES

_on_sqlite = SQLALCHEMY_DATABASE_URI.startswith("sqlite")

worker_class = "gthread"
workers = WEB_PROCESSES
threads = 8 if _on_sqlite else 4

# bin/start and compose pass their own; this is for `gunicorn run:app` by hand.
bind = "127.0.0.1:8000"

# Each process opens its own connections, and one that fails to load fails alone.
preload_app = False
timeout = 60
# Longer than any page takes, shorter than what bin/start (15 s) and docker (20 s) wait for us.
graceful_timeout = 10
# The proxy in front keeps its connections for 60 s; closing later than it avoids a lost request.
keepalive = 65 if not _on_sqlite else 5

# A session cookie, a token and a list's filters fit well within these.
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# Nobody manages this server over gunicorn's own socket, so it opens none.
control_socket_disable = True
# Heartbeat files on a slow disk stall the workers.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108


def post_worker_init(_worker: Any) -> None:
    """What was loaded stays for good, so nobody need look through it for rubbish again and again;
    and what a request leaves behind is little: looking less often costs no memory to speak of.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


# What follows it may be a source's token (app/api/inbound.py).
HIDDEN_AFTER = "/in/"


class Discreet(Logger):
    """Writes the addresses of webhooks without the token that may stand in them; and gathers what
    our lines say alone, for gunicorn would name each header of each request.
    """

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        path = str(environ.get("PATH_INFO", ""))
        return {
            "h": environ.get("REMOTE_ADDR", "-"),
            "m": environ.get("REQUEST_METHOD"),
            "U": f"{HIDDEN_AFTER}***" if path.startswith(HIDDEN_AFTER) else path,
            "s": str(resp.status).split(None, 1)[0],
            "M": int(request_time.total_seconds() * 1000),
        }


logger_class = Discreet


class JsonLines(logging.Formatter):
    """One JSON object a line, for whoever collects the logs."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name == "gunicorn.access" and isinstance(record.args, dict):
            request = record.args
            line |= {
                "method": request.get("m"),
                "path": request.get("U"),
                "status": int(str(request.get("s", 0)).split(None, 1)[0]),
                "ms": int(request.get("M") or 0),
                "peer": request.get("h"),
            }
        else:
            line["message"] = record.getMessage()
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


# Without the query string and the referrer: people search by names and phone numbers.
accesslog = "-"
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(M)s ms'

if not sys.stdout.isatty():
    logconfig_dict = {
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stdout",
            }
        },
        "root": {"level": "INFO", "handlers": ["console"]},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "propagate": True, "handlers": []},
            "gunicorn.access": {"level": "INFO", "propagate": True, "handlers": []},
        },
    }
