"""The security headers of every answer; a page's own scripts carry the nonce of `csp_nonce()`."""

from __future__ import annotations

import secrets

from flask import Flask, current_app, g
from werkzeug.wrappers import Response

from app.web.acting import is_static

# Bootstrap and Select2 write style attributes; styles and scripts themselves need the nonce.
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}';"
    " style-src-attr 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
A_YEAR = 365 * 24 * 3600


def init(app: Flask) -> None:
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.after_request(_add)


def csp_nonce() -> str:
    """The same for the whole request, another for each."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _add(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    policy = POLICY.format(nonce=csp_nonce())
    response.headers.setdefault("Content-Security-Policy", policy)
    if current_app.config["HTTPS"]:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}")
    if not is_static():
        # Pages hold people's data: no copy stays with the browser or a proxy.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
