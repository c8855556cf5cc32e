"""What intake has to say about a submission: codes that are stored, sentences that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.errors import N_
from app.models.contacts import Fault
from app.models.contacts.faults import MESSAGES as CONTACT_MESSAGES


class Why(StrEnum):
    """Codes beside those of contacts; they stand in `Submission.reasons` and `warnings`."""

    NOT_TEXT = "not_text"
    NOT_A_NUMBER = "not_a_number"
    NOT_YES_OR_NO = "not_yes_or_no"
    NOT_AN_OBJECT = "not_an_object"
    NOT_A_LIST = "not_a_list"
    BAD_TIME = "bad_time"
    BAD_LANGUAGE = "bad_language"
    CLEANED = "cleaned"
    SENT_TWICE = "sent_twice"
    UNKNOWN_FIELD = "unknown_field"
    TOO_MANY = "too_many"
    NOTHING = "nothing"
    UNKNOWN_CAMPAIGN = "unknown_campaign"
    CAMPAIGN_NEEDED = "campaign_needed"
    CAMPAIGN_PUT_AWAY = "campaign_put_away"
    CAMPAIGN_ENDED = "campaign_ended"
    BROKEN_JSON = "broken_json"
    BROKEN_FORM = "broken_form"
    BAD_ENCODING = "bad_encoding"
    TOO_LARGE = "too_large"
    BAD_MEDIA_TYPE = "bad_media_type"
    NO_SCOPE = "no_scope"
    BAD_KEY = "bad_key"
    KEY_USED = "key_used"
    FAILED = "failed"
    NO_ID = "no_id"
    ROBOT = "robot"
    UNREADABLE = "unreadable"
    NOT_FETCHED = "not_fetched"


MESSAGES: dict[str, str] = {
    **{str(code): message for code, message in CONTACT_MESSAGES.items()},
    Why.NOT_TEXT: N_("Send this as a text."),
    Why.NOT_A_NUMBER: N_("Send this as a whole number."),
    Why.NOT_YES_OR_NO: N_("Send true or false."),
    Why.NOT_AN_OBJECT: N_("Send an object of names and values."),
    Why.NOT_A_LIST: N_("Send a list of leads."),
    Why.BAD_TIME: N_("There is no such time. Write it as 2026-01-31T15:00:00+03:00."),
    Why.BAD_LANGUAGE: N_("Send en or ru."),
    Why.CLEANED: N_("Characters that no text should hold were taken out."),
    Why.SENT_TWICE: N_("This field was sent twice. Send it once."),
    Why.UNKNOWN_FIELD: N_("This field is not known here; it was kept with the submission only."),
    Why.TOO_MANY: N_("There are more than %(limit)s here. Send fewer at once."),
    Why.NOTHING: N_("There is nothing here. Send at least one."),
    Why.UNKNOWN_CAMPAIGN: N_("There is no campaign “%(sent)s”."),
    Why.CAMPAIGN_NEEDED: N_("This source must name a campaign."),
    Why.CAMPAIGN_PUT_AWAY: N_("This campaign has been put away."),
    Why.CAMPAIGN_ENDED: N_("This campaign has ended."),
    Why.BROKEN_JSON: N_("This is not valid JSON."),
    Why.BROKEN_FORM: N_("This form cannot be read."),
    Why.BAD_ENCODING: N_("This is not UTF-8."),
    Why.TOO_LARGE: N_("The request is larger than %(limit)s KB."),
    Why.BAD_MEDIA_TYPE: N_("Send the request as application/json or as a form."),
    Why.NO_SCOPE: N_("This token does not allow this."),
    Why.BAD_KEY: N_("Send an Idempotency-Key of 1 to 255 printable ASCII characters."),
    Why.KEY_USED: N_("This Idempotency-Key came with another request before. Use a new one."),
    Why.FAILED: N_("The request was kept but not worked yet. Send it again later."),
    Why.NO_ID: N_("There is no id by which it could be fetched."),
    Why.UNREADABLE: N_("The body of this submission cannot be read again."),
    Why.ROBOT: N_("The field that people do not see was filled in: a robot sent this."),
    Why.NOT_FETCHED: N_("The answers could not be fetched: %(reason)s."),
}


@dataclass(frozen=True, slots=True)
class Remark(Fault):
    """A fault of a value or of the request: one code with what its sentence needs."""

    @property
    def message(self) -> str:
        """English with %(name)s places; a code of an earlier version stands for itself."""
        return MESSAGES.get(self.code, self.code)


Remarks = dict[str, list[Remark]]


def say(remarks: Remarks, where: str, *said: Fault | Why) -> None:
    """Adds remarks under the name of a field ('' for the whole request)."""
    for one in said:
        remark = Remark(str(one)) if isinstance(one, Why) else Remark(str(one.code), one.params)
        known = remarks.setdefault(where, [])
        if remark not in known:
            known.append(remark)


def say_all(remarks: Remarks, more: Mapping[str, Iterable[Fault]]) -> None:
    for where, said in more.items():
        say(remarks, where, *said)


def as_stored(remarks: Remarks) -> dict[str, list[dict[str, Any]]] | None:
    """As `Submission.reasons` and `warnings` keep them: {field: [{code, params}]}."""
    stored = {
        where: [{"code": one.code, "params": dict(one.params)} for one in said]
        for where, said in remarks.items()
    }
    return stored or None


def as_read(stored: Mapping[str, Iterable[Mapping[str, Any]]] | None) -> Remarks:
    """The way back, for pages that show a stored submission."""
    return {
        where: [Remark(one["code"], one.get("params") or {}) for one in said]
        for where, said in (stored or {}).items()
    }
