"""Tilda's forms: `test=test` when the address is connected, then one post for each visitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from app.intake.arrival import Arrival, Sender
from app.intake.formats.format import Delivery, Format, Reply
from app.intake.formats.generic import told_once
from app.intake.formats.names import bare
from app.intake.formats.taking import Taking
from app.intake.formats.values import plain_text, short_texts
from app.models.source import SourceFormat

PING = {"test": "test"}
COOKIE = "TILDAUTM"


class Tilda(Format):
    """Must be answered within 5 s, else it comes twice more: `tranid` knows it again."""

    name = SourceFormat.TILDA
    sample = {
        "Name": "Anna Sample",
        "Phone": "+7 (999) 123-45-67",
        "Email": "anna.sample@example.com",
        "Comment": "Call after six",
        "tranid": "1000001:2000001",
        "formid": "form1000001",
        "COOKIES": "_ga=GA1; TILDAUTM=utm_source%3Dyandex%7C%7C%7Cutm_campaign%3Dspring",
    }

    def split(self, values: Any) -> list[Any]:
        is_ping = isinstance(values, Mapping) and dict(values) == PING
        return [] if is_ping else [values]

    def read(self, values: Mapping[str, Any], arrival: Arrival) -> None:
        taking = Taking(arrival)
        for name, value in told_once(values, arrival).items():
            if bare(name) == "cookies":
                arrival.utm = utm_in(plain_text(value)) | arrival.utm
            else:
                taking.take(name, value)
        taking.finish()

    def accepted(self, delivery: Delivery, sender: Sender) -> Reply:
        return Reply("ok")


def utm_in(cookies: str) -> dict[str, str]:
    """The marks that Tilda keeps in a cookie: utm_source=…|||utm_campaign=…, escaped."""
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name.upper() == COOKIE:
            pairs = (pair.partition("=") for pair in unquote(value).split("|||"))
            return short_texts({key: unquote(text) for key, _, text in pairs if key})
    return {}
