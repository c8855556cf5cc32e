"""Ids in addresses: a number that no row can have is an address that does not exist."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from app.models.base import LARGEST_INTEGER


class IdConverter(IntegerConverter):
    """`<int:pk>`, which answers 404 for what the database could only choke on."""

    def __init__(self, map: Map, **options: Any) -> None:
        super().__init__(map, **({"max": LARGEST_INTEGER} | options))


def init(app: Flask) -> None:
    app.url_map.converters["int"] = IdConverter
