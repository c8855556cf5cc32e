"""Files of the import pages may be larger than other requests (IMPORT_MB)."""

from __future__ import annotations

from flask import Flask, current_app, request

PAGES = frozenset({"ImportView.leads", "ImportView.clients", "ImportView.spend"})


def init(app: Flask) -> None:
    # First of all: the check against forgery reads the form.
    app.before_request_funcs.setdefault(None, []).insert(0, _admit)


def _admit() -> None:
    if request.endpoint in PAGES:
        request.max_content_length = current_app.config["IMPORT_MB"] * 1024 * 1024
