"""The worker's courier as a process of its own: `python worker_process.py URL`, killed by tests."""

from __future__ import annotations

import sys

from app import create_app
from app.documents.worker import Worker
from app.extensions import db
from app.webhooks.courier import Courier
from tests.site import settings_for

if __name__ == "__main__":
    app = create_app(settings_for(sys.argv[1]) | {"WEBHOOK_PRIVATE": True})
    with app.app_context():
        worker = Worker(db.engine)
        worker.stop_on_signals()
        with Courier(db.engine):
            worker.run()
