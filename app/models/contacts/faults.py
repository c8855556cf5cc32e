"""What can be wrong with a contact, and the sentence that says how to put it right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.errors import N_, CrmError


class Code(StrEnum):
    """Stable words for reports, API answers and tests; people read the sentence."""

    TOO_LONG = "too_long"
    NUL = "nul"
    CONTROL = "control_character"
    LINE_BREAK = "line_break"
    BIDI = "direction_override"
    SURROGATE = "half_character"
    BAD_PHONE = "bad_phone"
    LOST_DIGITS = "lost_digits"
    PHONE_PART = "phone_part"
    PHONE_WORDS = "phone_words"
    BAD_EMAIL = "bad_email"
    SEVERAL_EMAILS = "several_emails"
    NO_CONTACT = "no_contact"


MESSAGES: dict[Code, str] = {
    Code.TOO_LONG: N_("This is longer than %(limit)s characters. Shorten it."),
    Code.NUL: N_("There is a NUL character (U+0000) here. Send the text without it."),
    Code.CONTROL: N_("There is a control character here. Send the text without it."),
    Code.LINE_BREAK: N_("There is a line break here. Write the text in one line."),
    Code.BIDI: N_("There is a character here that reverses the order of letters. Take it out."),
    Code.SURROGATE: N_("There is half a character here (a lone surrogate). Send it as UTF-8."),
    Code.BAD_PHONE: N_(
        "No phone has this number. Check it, and write it with its country code,"
        " for example +44 20 7946 0958."
    ),
    Code.LOST_DIGITS: N_(
        "A spreadsheet has rounded this phone number. Make the cell a text and type the number"
        " again."
    ),
    Code.PHONE_PART: N_("No phone has the number “%(part)s”. Check it or take it out."),
    Code.PHONE_WORDS: N_("There is more than a phone number here: “%(words)s”. Take it out."),
    Code.BAD_EMAIL: N_("This is not an e-mail address. It should look like name@example.com."),
    Code.SEVERAL_EMAILS: N_("There are several e-mail addresses here. Give one."),
    Code.NO_CONTACT: N_("Give a phone number or an e-mail address."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one value; `code` is a Code."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def message(self) -> str:
        """English with %(name)s places, as translators know it."""
        return MESSAGES[Code(self.code)]

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message

    def as_error(self, field_name: str) -> CrmError:
        """The same as a refusal of a named field, for doors that answer with `Invalid`."""
        error = CrmError(self.message, field=field_name, **self.params)
        error.status = 400
        return error
