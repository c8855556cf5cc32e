"""Google Ads lead forms: the answers come as columns, and the key that we gave in the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from app.intake.arrival import Arrival, Sender
from app.intake.formats.format import (
    Delivery,
    Format,
    Reply,
    Told,
    campaign_of,
    is_same,
    message_reply,
)
from app.intake.formats.names import bare
from app.intake.formats.taking import CLICK_ID_LIMIT, Taking
from app.intake.formats.values import HIDDEN, YES, id_text, objects_in, plain_text, read_instant
from app.intake.remarks import Why, say
from app.models.source import SourceFormat

KNOWN = {
    "fullname": "name", "firstname": "first_name", "givenname": "first_name",
    "lastname": "last_name", "familyname": "last_name", "email": "email", "workemail": "email",
    "useremail": "email", "phonenumber": "phone", "workphone": "phone", "userphone": "phone",
    "companyname": "company_name", "jobtitle": "job_title",
}  # fmt: skip
# Numbers of passports and the like are kept only where the source maps them on purpose.
SENSITIVE = "GOVERNMENT_ISSUED_ID"


class Google(Format):
    """200 with {} is "accepted"; 4xx is never sent again, 5xx is."""

    name = SourceFormat.GOOGLE
    platform = "google"
    hidden = frozenset({"googlekey"})
    sample = {
        "lead_id": "SAMPLE-1",
        "user_column_data": [
            {"column_id": "FULL_NAME", "string_value": "Anna Sample", "column_name": "Full Name"},
            {"column_id": "PHONE_NUMBER", "string_value": "+79991234567"},
            {"column_id": "EMAIL", "string_value": "anna.sample@example.com"},
            {"column_id": "CITY", "string_value": "Tver"},
        ],
        "api_version": "1.0", "form_id": 40000000001, "campaign_id": 21000000001,
        "gcl_id": "Cj0sample", "is_test": False,
    }  # fmt: skip

    def is_signed(self, delivery: Delivery, keys: Sequence[str]) -> bool:
        return is_same(delivery.text_under("google_key"), keys)

    def read(self, values: Any, arrival: Arrival) -> None:
        arrival.external_id = id_text(values.get("lead_id"))
        arrival.form_id = id_text(values.get("form_id"))
        arrival.campaign = campaign_of(
            "google", values.get("campaign_id"), values.get("adgroup_id"),
            values.get("asset_group_id"), values.get("creative_id"), arrival.form_id,
        )  # fmt: skip
        click_id = plain_text(values.get("gcl_id"))
        arrival.click_id = click_id if 0 < len(click_id) <= CLICK_ID_LIMIT else None
        arrival.is_test = plain_text(values.get("is_test")).lower() in YES
        arrival.submitted_at = read_instant(values.get("lead_submit_time"))
        if arrival.submitted_at is None and values.get("lead_submit_time"):
            say(arrival.warnings, "lead_submit_time", Why.BAD_TIME)
        taking = Taking(arrival, KNOWN)
        for column in _columns(values):
            name, title = plain_text(_said(column, "id")), plain_text(_said(column, "name"))
            value = column.get("string_value", column.get("stringValue"))
            taking.take(name or title, value, sensitive=_is_sensitive(column))
        taking.finish()

    def withhold(self, values: Any, sender: Sender) -> bool:
        mapped = {bare(name) for name in sender.mapping or {}}
        found = [
            column for column in _columns(values)
            if _is_sensitive(column) and bare(plain_text(_said(column, "id"))) not in mapped
        ]  # fmt: skip
        for column in found:
            for name in {"string_value", "stringValue"} & column.keys():
                cast(dict[str, Any], column)[name] = HIDDEN
        return bool(found)

    def accepted(self, delivery: Delivery, sender: Sender) -> Reply:
        return Reply.json({})

    def unreadable(self, told: Told, status: int) -> Reply:
        return message_reply(told, status)


def _columns(values: Any) -> list[Mapping[str, Any]]:
    """Programs in between write the names as protocol buffers do in JSON: userColumnData."""
    return objects_in(values, "user_column_data") or objects_in(values, "userColumnData")


def _said(column: Mapping[str, Any], what: str) -> Any:
    return column.get(f"column_{what}", column.get(f"column{what.capitalize()}"))


def _is_sensitive(column: Mapping[str, Any]) -> bool:
    return plain_text(_said(column, "id")).upper().startswith(SENSITIVE)
