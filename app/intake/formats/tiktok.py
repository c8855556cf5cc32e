"""TikTok lead forms: the answers are inside; signed by either of the two schemes seen in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.intake.arrival import Arrival, Sender
from app.intake.formats.format import (
    Delivery,
    Format,
    Reply,
    Told,
    campaign_of,
    is_same,
    mac,
    message_reply,
)
from app.intake.formats.generic import pairs_of, unpacked
from app.intake.formats.taking import Taking
from app.intake.formats.values import id_text, mapping_in, objects_in, plain_text, read_instant
from app.models.clock import utc_now
from app.models.source import SourceFormat

STAMPED = "Tiktok-Signature"  # t=<seconds>,s=<hex of the MAC of "t.body">
OPEN = "X-Open-Signature"  # hex of the MAC of the body in ASCII
CLOCKS_APART = timedelta(minutes=5)
LEADS = ("1", "lead")


class TikTok(Format):
    """Delivered at least once, for up to 72 hours."""

    name = SourceFormat.TIKTOK
    platform = "tiktok"
    hidden = frozenset()
    sample = {
        "object": "LEAD",
        "entry": [
            {
                "id": "7400000000000000001",
                "page_id": "7300000000000000001",
                "campaign_id": "1800000000000001",
                "changes": [
                    {"field": "name", "value": "Anna Sample"},
                    {"field": "phone_number", "value": "+79991234567"},
                    {"field": "email", "value": "anna.sample@example.com"},
                    {"field": "Budget", "value": "100"},
                ],
            }
        ],
    }

    def is_signed(self, delivery: Delivery, keys: Sequence[str]) -> bool:
        stamped = delivery.header(STAMPED)
        if stamped:
            return _fits_stamp(stamped, delivery, keys)
        given = delivery.header(OPEN).removeprefix("sha256=").lower()
        bodies = {delivery.body, in_ascii(delivery.body)}
        return is_same(given, [mac(key, body).hex() for key in keys for body in bodies])

    def split(self, values: Any) -> list[Any]:
        if not isinstance(values, Mapping) or plain_text(values.get("object")).lower() not in LEADS:
            return []
        return [{**values, "entry": [entry]} for entry in objects_in(values, "entry")]

    def read(self, values: Any, arrival: Arrival) -> None:
        entry = next(iter(objects_in(values, "entry")), {})
        arrival.external_id = id_text(entry.get("id"))
        arrival.form_id = id_text(entry.get("page_id"))
        arrival.submitted_at = read_instant(entry.get("create_time"))
        arrival.campaign = campaign_of(
            "tiktok", entry.get("campaign_id"), entry.get("adgroup_id"), entry.get("ad_id"),
            arrival.form_id,
        )  # fmt: skip
        taking = Taking(arrival)
        changes = objects_in(entry, "changes") or [mapping_in(entry, "changes")]
        for change in changes:
            for name, value in _answers(plain_text(change.get("field")), change.get("value")):
                taking.take(name, value)
        taking.finish()

    def accepted(self, delivery: Delivery, sender: Sender) -> Reply:
        return Reply.json({"code": 0, "message": "OK"})

    def unreadable(self, told: Told, status: int) -> Reply:
        return message_reply(told, status)


def _answers(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """One answer under its name; or several, when the value is an object or a list of them, plain
    or in a text.
    """
    value = unpacked(value)
    if isinstance(value, Mapping):
        said = next((value[one] for one in ("value", "values") if one in value), None)
        asked = plain_text(value.get("name") or value.get("key")) or name
        inside = value.items() if said is None else [(asked, said)]
    else:
        inside = pairs_of(value) or [(name, value)]
    for inner, one in inside:
        yield str(inner), one


def _fits_stamp(header: str, delivery: Delivery, keys: Sequence[str]) -> bool:
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    stamp = parts.get("t", "")
    sent_at = read_instant(stamp) if stamp.isascii() and stamp.isdigit() else None
    if sent_at is None or abs((delivery.at or utc_now()) - sent_at) > CLOCKS_APART:
        return False
    message = f"{stamp}.".encode() + delivery.body
    return is_same(parts.get("s", "").lower(), [mac(key, message).hex() for key in keys])


def in_ascii(body: bytes) -> bytes:
    r"""Every other character as lower-case \uXXXX, above U+FFFF as a pair."""
    text = body.decode("utf-8", "replace")
    return "".join(char if char.isascii() else _escaped(char) for char in text).encode()


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
