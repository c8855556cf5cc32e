"""VK's Callback API: a confirmation of the address, then a post for each lead form filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.intake.arrival import Arrival, Sender
from app.intake.bodies import Broken
from app.intake.formats.format import (
    Delivery,
    Format,
    Reply,
    Secrets,
    Told,
    campaign_of,
    is_same,
    message_reply,
)
from app.intake.formats.taking import Taking
from app.intake.formats.values import id_text, mapping_in, objects_in, plain_text
from app.models.source import SecretName, SourceFormat

KNOWN = {"patronymicname": "middle_name", "phonenumber": "phone"}
LEAD = "lead_forms_new"


class Vk(Format):
    """Everything but the body `ok` is sent again."""

    name = SourceFormat.VK
    platform = "vk"
    hidden = frozenset({"secret"})
    sample = {
        "type": LEAD,
        "event_id": "sample",
        "group_id": 100000001,
        "object": {
            "lead_id": 1, "group_id": 100000001, "user_id": 1, "form_id": 1, "form_name": "Form",
            "answers": [
                {"key": "first_name", "question": "First name", "answer": "Anna"},
                {"key": "last_name", "question": "Last name", "answer": "Sample"},
                {"key": "phone_number", "question": "Phone", "answer": "+79991234567"},
                {"key": "custom_0", "question": "Favourite colour", "answer": "red"},
            ],
        },
    }  # fmt: skip

    def is_signed(self, delivery: Delivery, keys: Sequence[str]) -> bool:
        return is_same(delivery.text_under("secret"), keys)

    def is_of_source(self, values: Any, sender: Sender) -> bool:
        group = id_text(values.get("group_id")) if isinstance(values, Mapping) else None
        return not sender.group_id or group == sender.group_id

    def greet(self, delivery: Delivery, secrets: Secrets, sender: Sender) -> Reply | None:
        """The string that the community's settings show, and nothing else."""
        try:
            values = delivery.values
        except Broken:
            return None
        strings = secrets.get(SecretName.CONFIRMATION.value, ())
        asks = isinstance(values, Mapping) and values.get("type") == "confirmation"
        if not asks or not strings or not self.is_of_source(values, sender):
            return None
        return Reply(strings[-1])

    def split(self, values: Any) -> list[Any]:
        is_lead = isinstance(values, Mapping) and values.get("type") == LEAD
        return [values] if is_lead else []

    def event_of(self, values: Any) -> str | None:
        return plain_text(values.get("event_id")) or None if isinstance(values, Mapping) else None

    def read(self, values: Any, arrival: Arrival) -> None:
        sent = mapping_in(values, "object")
        lead, group = id_text(sent.get("lead_id")), id_text(values.get("group_id"))
        # Unique within its group: another group may use the number for another lead.
        of_one_group = arrival.sender is not None and arrival.sender.group_id
        arrival.external_id = lead if of_one_group or not (lead and group) else f"{group}:{lead}"
        arrival.form_id = id_text(sent.get("form_id"))
        arrival.campaign = campaign_of(
            "vk", sent.get("campaign_id"), sent.get("ad_id"), arrival.form_id
        )
        taking = Taking(arrival, KNOWN)
        for key, answer in mapping_in(sent, "answers").items():
            taking.take(str(key), _said(answer))
        for answer in objects_in(sent, "answers"):
            taking.take(
                plain_text(answer.get("key")), _said(answer.get("answer")),
                plain_text(answer.get("question")),
            )  # fmt: skip
        taking.finish()

    def accepted(self, delivery: Delivery, sender: Sender) -> Reply:
        return Reply("ok")

    def unreadable(self, told: Told, status: int) -> Reply:
        return message_reply(told, status)


def _said(answer: Any) -> Any:
    """A text, one {value}, or a list of them (several boxes ticked)."""
    if isinstance(answer, Mapping):
        return answer.get("value")
    if isinstance(answer, list):
        return [_said(one) for one in answer]
    return answer
