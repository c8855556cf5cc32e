"""Pages go compressed to whoever takes it, except where their length could betray what they say.

A page's length after compression tells whether a word that somebody else put into it stands there
twice (BREACH). They must make the reader's browser ask many times, from a page of their own, and
see the lengths on the wire. So an answer to another site's asking is never compressed; over TLS
nor is one to a browser that does not say who asks. A few random bytes blur what is left. See
docs/adr/0012-compressed-pages.md.
"""

from __future__ import annotations

import gzip
import io
import secrets

from flask import Flask, request
from werkzeug.wrappers import Response

from app.web.assets import WORTH_IT

KINDS = {"text/html", "text/plain", "text/csv", "application/json"}
OWN = {"same-origin", "none"}
# Halves the time of 9 and comes within a hundredth of its size.
LEVEL = 6
MOST_BLUR = 100


def init(app: Flask) -> None:
    """Before others: what is registered first comes last after a request."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in KINDS or response.is_streamed:
        return response
    if response.content_encoding or response.status_code in (204, 206, 304):
        return response
    content = response.get_data()
    if len(content) < WORTH_IT:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or not _asked_by_ourselves():
        return response
    response.set_data(_blurred(content))
    response.content_encoding = "gzip"
    return response


def _asked_by_ourselves() -> bool:
    asked = request.headers.get("Sec-Fetch-Site")
    if asked is None:
        # Without TLS, who could measure the page could read it.
        return not request.is_secure
    return asked in OWN


def _blurred(content: bytes) -> bytes:
    """Compressed, with a name of random length in its head."""
    out = io.BytesIO()
    name = "a" * secrets.randbelow(MOST_BLUR)
    with gzip.GzipFile(name, "wb", LEVEL, out, mtime=0) as zipped:
        zipped.write(content)
    return out.getvalue()
