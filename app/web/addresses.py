"""Ids in addresses: a number that no row can have is an address that does not exist."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = (
    2**31 - 1
)  # of PostgreSQL's integer; it and SQLite's driver refuse to be asked for more


class IdConverter(IntegerConverter):
    """`<int:pk>`, which answers 404 for what the database could only choke on."""

    def __init__(self, map: Map, **options: Any) -> None:
        super().__init__(map, **({"max": LARGEST_ID} | options))


def init(app: Flask) -> None:
    app.url_map.converters["int"] = IdConverter
