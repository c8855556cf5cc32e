"""A person's names and contacts as a door receives them, read by the strict or the lenient rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.models.contacts.emails import EMAIL_LIMIT, Email, bare_email, read_emails
from app.models.contacts.faults import Code, Fault
from app.models.contacts.names import NAME_LIMIT, split_full_name
from app.models.contacts.phones import PHONE_LIMIT, Phone, is_rounded, read_phones
from app.models.contacts.text import clean_text, faults_in_text

Faults = dict[str, list[Fault]]


@dataclass(slots=True)
class ContactFields:
    """What was read. A phone or e-mail without a key is the text of a bad one, kept to be shown."""

    first_name: str = ""
    last_name: str = ""
    middle_name: str = ""
    phone: Phone | None = None
    email: Email | None = None
    other_phones: list[Phone] = field(default_factory=list)
    other_emails: list[Email] = field(default_factory=list)

    @property
    def phone_key(self) -> str | None:
        return self.phone.key if self.phone else None

    @property
    def email_key(self) -> str | None:
        return self.email.key if self.email else None

    @property
    def has_contact(self) -> bool:
        """One good phone or one good e-mail makes a lead."""
        return bool(self.phone_key or self.email_key)


def read_contact(
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    middle_name: str | None = None,
    name: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    region: str,
    strict: bool = False,
) -> tuple[ContactFields, Faults, Faults]:
    """(fields, errors, warnings), each fault under the name of its parameter. Any error refuses.

    `name` is one column for the whole name and counts when first and last name are empty.
    Strict: any malformed field is an error. Lenient: a bad contact beside a good one is a
    warning, and forbidden characters are taken out silently. A name over 150 characters is an
    error at both; nothing is cut.
    """
    reading = _Reading(strict, region)
    reading.names(first_name, last_name, middle_name, name)
    reading.phone(phone or "")
    reading.email(email or "")
    reading.need_a_contact()
    return reading.fields, reading.errors, reading.warnings


class _Reading:
    def __init__(self, strict: bool, region: str) -> None:
        self.strict = strict
        self.region = region
        self.fields = ContactFields()
        self.errors: Faults = {}
        self.warnings: Faults = {}

    def _tell(self, where: str, *faults: Fault) -> None:
        if faults:
            told = self.errors if self.strict else self.warnings
            told.setdefault(where, []).extend(faults)

    def _has_forbidden(self, where: str, value: str) -> bool:
        faults = faults_in_text(value) if self.strict else []
        self._tell(where, *faults)
        return bool(faults)

    def names(
        self, first: str | None, last: str | None, middle: str | None, whole: str | None
    ) -> None:
        self.fields.first_name = self._name("first_name", first)
        self.fields.last_name = self._name("last_name", last)
        self.fields.middle_name = self._name("middle_name", middle)
        if self.fields.first_name or self.fields.last_name:
            return
        self._has_forbidden("name", whole or "")
        self.fields.first_name, self.fields.last_name = split_full_name(whole or "")
        if max(len(self.fields.first_name), len(self.fields.last_name)) > NAME_LIMIT:
            self.errors.setdefault("name", []).append(_too_long(NAME_LIMIT))

    def _name(self, where: str, value: str | None) -> str:
        self._has_forbidden(where, value or "")
        text = clean_text(value or "")
        if len(text) > NAME_LIMIT:
            self.errors.setdefault(where, []).append(_too_long(NAME_LIMIT))
        return text

    def phone(self, value: str) -> None:
        if self._has_forbidden("phone", value):
            return
        phones = read_phones(value, self.region)
        if not self.strict:
            phones = [p for p in phones if p.key or _says_something(p.typed)]
        if any(len(phone.typed) > PHONE_LIMIT for phone in phones):
            self._tell("phone", _too_long(PHONE_LIMIT))
            return
        good = [phone for phone in phones if phone.key]
        bad = [phone for phone in phones if not phone.key]
        if good:
            self._tell("phone", *(Fault(Code.PHONE_PART, {"part": p.typed}) for p in bad))
        elif bad:
            lost = is_rounded(bad[0].typed)
            self._tell("phone", Fault(Code.LOST_DIGITS if lost else Code.BAD_PHONE))
        if self.strict:
            remarks = [phone.remark for phone in good if phone.remark]
            self._tell("phone", *(Fault(Code.PHONE_WORDS, {"words": r}) for r in remarks))
        if phones:
            self.fields.phone, *self.fields.other_phones = good + bad

    def email(self, value: str) -> None:
        if self._has_forbidden("email", value):
            return
        emails = read_emails(value if self.strict else bare_email(value))
        if not self.strict:
            emails = [e for e in emails if e.key or _says_something(e.typed)]
        if not emails:
            return
        main, *others = emails
        if len(main.typed) > EMAIL_LIMIT:
            self._tell("email", _too_long(EMAIL_LIMIT))
            return
        if main.key is None:
            self._tell("email", Fault(Code.BAD_EMAIL))
        elif others and self.strict:
            self._tell("email", Fault(Code.SEVERAL_EMAILS))
        self.fields.email, self.fields.other_emails = main, others

    def need_a_contact(self) -> None:
        """Without a good contact the warnings about the bad ones become errors."""
        if self.fields.has_contact:
            return
        for where in ("phone", "email"):
            self.errors.setdefault(where, []).extend(self.warnings.pop(where, []))
            if not self.errors[where]:
                del self.errors[where]
        if not {"phone", "email"} & self.errors.keys():
            for where in ("phone", "email"):
                self.errors.setdefault(where, []).append(Fault(Code.NO_CONTACT))


def _says_something(text: str) -> bool:
    """Not a dash or a dot that stands for an empty cell."""
    return any(char.isalnum() for char in text)


def _too_long(limit: int) -> Fault:
    return Fault(Code.TOO_LONG, {"limit": limit})
