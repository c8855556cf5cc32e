"""Meta lead ads: a signed notice brings an id alone; the answers are fetched afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.intake.arrival import Arrival, Sender
from app.intake.formats.format import (
    Delivery,
    Format,
    Reply,
    Secrets,
    Told,
    campaign_of,
    is_same,
    mac,
    message_reply,
)
from app.intake.formats.taking import Taking
from app.intake.formats.values import id_text, mapping_in, objects_in, read_instant
from app.intake.remarks import Why, say
from app.models.source import SecretName, SourceFormat

HEADER = "X-Hub-Signature-256"
LONGEST_CHALLENGE = 64


class Meta(Format):
    """Answered at once. Reads the notice, and the lead as the Graph API gives it."""

    name = SourceFormat.META
    platform = "meta"
    hidden = frozenset()
    sample = {
        "id": "1000000000000001",
        "created_time": "2026-11-02T11:05:33+0000",
        "form_id": "2000000000000001",
        "field_data": [
            {"name": "full_name", "values": ["Anna Sample"]},
            {"name": "phone_number", "values": ["+79991234567"]},
            {"name": "email", "values": ["anna.sample@example.com"]},
            {"name": "city", "values": ["Tver"]},
        ],
    }

    def is_signed(self, delivery: Delivery, keys: Sequence[str]) -> bool:
        algorithm, _, given = delivery.header(HEADER).partition("=")
        return algorithm == "sha256" and is_same(
            given.lower(), [mac(key, delivery.body).hex() for key in keys]
        )

    def handshake(self, delivery: Delivery, secrets: Secrets) -> Reply | None:
        """Repeats the challenge to whoever knows the token that we gave; digits alone, so that
        nobody's text comes back from here.
        """
        asked = delivery.query
        challenge = asked.get("hub.challenge", "")
        known = secrets.get(SecretName.VERIFY_TOKEN.value, ())
        is_known = is_same(asked.get("hub.verify_token", ""), known)
        is_plain = challenge.isascii() and challenge.isdigit()
        if asked.get("hub.mode") != "subscribe" or not is_known or not is_plain:
            return None
        return Reply(challenge) if len(challenge) <= LONGEST_CHALLENGE else None

    def split(self, values: Any) -> list[Any]:
        if isinstance(values, Mapping) and "field_data" in values:
            return [values]
        listed = [one for one in objects_in(values, "data") if "field_data" in one]
        if listed:  # as the Graph API lists the leads of a form
            return listed
        if not isinstance(values, Mapping) or values.get("object") != "page":
            return []
        return [
            {"object": "page", "entry": [{**entry, "changes": [change]}]}
            for entry in objects_in(values, "entry")
            for change in objects_in(entry, "changes")
            if change.get("field") == "leadgen"
        ]

    def read(self, values: Any, arrival: Arrival) -> None:
        if "field_data" in values:
            _read_lead(values, arrival)
            return
        sent = next(_changes(values), {})
        arrival.strict, arrival.is_pending = False, True
        arrival.external_id = id_text(sent.get("leadgen_id"))
        arrival.form_id = id_text(sent.get("form_id"))
        arrival.submitted_at = read_instant(sent.get("created_time"))
        arrival.campaign = _campaign(sent)
        if arrival.external_id is None:
            arrival.is_pending = False
            say(arrival.errors, "leadgen_id", Why.NO_ID)

    def accepted(self, delivery: Delivery, sender: Sender) -> Reply:
        return Reply("EVENT_RECEIVED")

    def unreadable(self, told: Told, status: int) -> Reply:
        return message_reply(told, status)


def _changes(values: Any) -> Iterator[Mapping[str, Any]]:
    for entry in objects_in(values, "entry"):
        for change in objects_in(entry, "changes"):
            yield mapping_in(change, "value")


def _campaign(sent: Mapping[str, Any]) -> Any:
    return campaign_of(
        "meta", sent.get("campaign_id"), sent.get("adset_id"), sent.get("adgroup_id"),
        sent.get("ad_id"), sent.get("form_id"),
    )  # fmt: skip


def _read_lead(values: Mapping[str, Any], arrival: Arrival) -> None:
    arrival.external_id = id_text(values.get("id"))
    arrival.form_id = id_text(values.get("form_id"))
    arrival.submitted_at = read_instant(values.get("created_time"))
    arrival.campaign = _campaign(values)
    taking = Taking(arrival)
    for answer in objects_in(values, "field_data"):
        taking.take(str(answer.get("name", "")), answer.get("values"))
    taking.finish()
