"""The security headers of every answer. No page holds a script or a style of its own."""

from __future__ import annotations

from flask import Flask, current_app
from werkzeug.wrappers import Response

from app.web.acting import is_static

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
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
    app.after_request(_add)


def _names_who_frames(response: Response) -> bool:
    """An own form says itself which sites may frame it (app/ui/form_page.py)."""
    policy = response.headers.get("Content-Security-Policy", "")
    _, named, by = policy.partition("frame-ancestors ")
    return bool(named) and not by.startswith("'none'")


def _add(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if _names_who_frames(response):
        del response.headers["X-Frame-Options"]  # it knows no list, and would shut everybody out
    response.headers.setdefault("Content-Security-Policy", POLICY)
    if current_app.config["HTTPS"]:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}")
    if not is_static():
        # Pages hold people's data: no copy stays with the browser or a proxy.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
