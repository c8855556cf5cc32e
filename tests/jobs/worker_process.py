"""A worker as a process of its own: `python worker_process.py URL`, killed by tests. It takes its
time over each row, so that it is in the middle of a part when it is killed.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from app import create_app
from app.documents.worker import Worker
from app.extensions import db
from app.models import Lead
from tests.site import settings_for

PAUSE = 0.004  # seconds before each row


def slowed(act: Any) -> Any:
    def slow(*args: Any, **kwargs: Any) -> Any:
        time.sleep(PAUSE)
        return act(*args, **kwargs)

    return slow


if __name__ == "__main__":
    Lead.lose = slowed(Lead.lose)  # type: ignore[method-assign]
    app = create_app(settings_for(sys.argv[1]))
    with app.app_context():
        worker = Worker(db.engine, beside=app.extensions["crm_turn"])
        worker.stop_on_signals()
        worker.run()
