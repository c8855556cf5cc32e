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
    "Content-Security-Policy": POLICY,
}
NO_COPY = {"Cache-Control": "no-store"}
A_YEAR = 365 * 24 * 3600


def init(app: Flask) -> None:
    app.after_request(_add)


def _names_who_frames(response: Response) -> bool:
    """An own form says itself which sites may frame it (app/ui/form_page.py)."""
    policy = response.headers.get("Content-Security-Policy", "")
    _, named, by = policy.partition("frame-ancestors ")
    return bool(named) and not by.startswith("'none'")


def _add(response: Response) -> Response:
    wanted = HEADERS
    if _names_who_frames(response):
        wanted = {name: value for name, value in HEADERS.items() if name != "X-Frame-Options"}
    if current_app.config["HTTPS"]:
        wanted = wanted | {"Strict-Transport-Security": f"max-age={A_YEAR}"}
    if not is_static():
        # Pages hold people's data: no copy stays with the browser or a proxy.
        wanted = wanted | NO_COPY
    # Looked through once: asking for each name would compare it with all the others.
    there = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 -- it gives pairs
    for name, value in wanted.items():
        if name.lower() not in there:
            response.headers.add(name, value)
    return response
