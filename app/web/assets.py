"""Style sheets, scripts and pictures: addresses that carry their content's digest, kept for a year.

`url_for("static", filename=…)` adds `?v=<digest>`, so that an address never changes its content. A
browser asks once and never again; an address with an older digest, or none, is asked for each
time. Each file is read and compressed once per process.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Request, Response, abort, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from werkzeug.security import safe_join

from app.web.acting import is_static

KEPT = "public, max-age=31536000, immutable"
ASKED_AGAIN = "public, no-cache"
# Below this, the headers of a compressed answer weigh more than it saves.
WORTH_IT = 500
TOKEN_DOORS = ("/api/", "/in/", "/clients/potential/api")
TEXTS = ("text/", "image/svg", "application/json", "application/javascript")


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    small: bytes | None
    kind: str
    digest: str


def init(app: Flask) -> None:
    app.url_defaults(_add_digest)
    app.view_functions["static"] = _serve
    app.session_interface = _NotForFiles()


class _NotForFiles(SecureCookieSessionInterface):
    """A file is the same for everybody: its answer neither varies by cookie nor sets one. Programs
    that post to a token door have a token and no session.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.method == "POST" and request.path.startswith(TOKEN_DOORS):
            return self.make_null_session(app)
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not is_static():
            super().save_session(app, session, response)


def _add_digest(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values:
        asset = _asset(values["filename"])
        if asset is not None:
            values.setdefault("v", asset.digest)


def _serve(filename: str) -> Response:
    asset = _asset(filename)
    if asset is None:
        abort(404)
    zipped = asset.small is not None and request.accept_encodings["gzip"] > 0
    answer = Response(asset.small if zipped else asset.content, mimetype=asset.kind)
    answer.set_etag(f"{asset.digest}-gzip" if zipped else asset.digest)
    if asset.small is not None:
        answer.vary.add("Accept-Encoding")
    if zipped:
        answer.content_encoding = "gzip"
    right = request.args.get("v") == asset.digest
    answer.headers["Cache-Control"] = KEPT if right else ASKED_AGAIN
    answer.make_conditional(request)
    return answer


def _asset(filename: str) -> Asset | None:
    """None when there is no such file below app/static."""
    path = safe_join(current_app.static_folder or "", filename)
    if path is None:
        return None
    try:
        told = Path(path).stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return _read(path, told.st_mtime_ns, told.st_size) if Path(path).is_file() else None


@lru_cache(maxsize=256)
def _read(path: str, _changed: int, _size: int) -> Asset:
    content = Path(path).read_bytes()
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    text = kind.startswith(TEXTS) and len(content) >= WORTH_IT
    small = gzip.compress(content, 9, mtime=0) if text else None
    return Asset(content, small, kind, hashlib.sha256(content).hexdigest()[:12])
