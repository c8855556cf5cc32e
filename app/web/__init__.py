"""What surrounds every request: who acts, what it may write, its headers and its error pages."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.web import (
    acting,
    addresses,
    assets,
    compress,
    errors,
    headers,
    health,
    logs,
    texts,
    uploads,
)

__all__ = ["init"]


def init(app: Flask) -> None:
    logs.init()
    proxies = app.config["PROXIES"]
    if proxies:
        # The host is left as it came: the proxy passes it on, and TRUSTED_HOSTS checks it.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0, x_prefix=0
        )
    addresses.init(app)  # before any address is made
    compress.init(app)
    assets.init(app)
    uploads.init(app)
    texts.init(app)  # before the user is looked up: no transaction is open while a form is read
    acting.init(app)
    headers.init(app)
    errors.init(app)
    app.register_blueprint(health.health)
