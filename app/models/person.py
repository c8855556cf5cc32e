"""What leads, clients and contact people share: a person's names and the ways to reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.errors import N_, CrmError, Invalid
from app.models.contact_point import ContactKind, ContactPoint
from app.models.contacts import (
    NAME_LIMIT,
    Email,
    Phone,
    clean_text,
    full_name,
    read_email,
    read_phones,
)  # fmt: skip
from app.models.contacts.likeness import KEY_LIMIT, name_key

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Named:
    """Names as given; each at most 150 characters, never cut. `name_key` finds similar ones."""

    first_name: Mapped[str] = mapped_column(String(NAME_LIMIT), default="")
    last_name: Mapped[str] = mapped_column(String(NAME_LIMIT), default="")
    middle_name: Mapped[str] = mapped_column(String(NAME_LIMIT), default="")
    # By bytes, so that the beginning of a key is a range of the index in every locale.
    name_key: Mapped[str | None] = mapped_column(
        String(KEY_LIMIT).with_variant(String(KEY_LIMIT, collation="C"), "postgresql")
    )

    def refresh_name_key(self) -> None:
        self.name_key = name_key(self.last_name, self.first_name, self.middle_name)


class Reachable:
    """The main phone and e-mail: as typed, and as the key that finds the same person again.

    `phone_key` is E.164 and `email_key` the lower-case address; empty when not valid.
    """

    phone: Mapped[str] = mapped_column(String(300), default="")
    phone_key: Mapped[str | None] = mapped_column(String(20))
    phone_extension: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(320), default="")
    email_key: Mapped[str | None] = mapped_column(String(320))

    if TYPE_CHECKING:
        contact_points: Mapped[list[ContactPoint]]

    def use_phone(self, phone: Phone | None) -> None:
        self.phone = phone.typed if phone else ""
        self.phone_key = phone.key if phone else None
        self.phone_extension = phone.extension if phone else None

    def use_phones(self, phones: list[Phone]) -> None:
        """What a form's phone field says: the first is the main one, the rest are further ones."""
        self.use_phone(phones[0] if phones else None)
        for phone in phones[1:]:
            self.add_phone(phone)

    def use_email(self, email: Email | None) -> None:
        self.email = email.typed if email else ""
        self.email_key = email.key if email else None

    def phone_keys(self) -> set[str]:
        points = (point.key for point in self.contact_points if point.kind == ContactKind.PHONE)
        return {key for key in (self.phone_key, *points) if key}

    def email_keys(self) -> set[str]:
        points = (point.key for point in self.contact_points if point.kind == ContactKind.EMAIL)
        return {key for key in (self.email_key, *points) if key}

    def further_contacts(self) -> str:
        """The contact points as typed, for the notes."""
        return ", ".join(point.typed for point in self.contact_points)

    def add_phone(self, phone: Phone, label: str = "") -> bool:
        """Fills the empty main phone, else keeps a differing one as a contact point."""
        if phone.key in self.phone_keys() or (phone.key is None and phone.typed == self.phone):
            return False
        if not self.phone_key and phone.key:
            had = self.phone
            self.use_phone(phone)
            if had:
                self._keep_point(ContactKind.PHONE, had, None, None, label)
            return True
        return self._keep_point(ContactKind.PHONE, phone.typed, phone.key, phone.extension, label)

    def add_email(self, email: Email, label: str = "") -> bool:
        """Fills the empty main address, else keeps a differing one as a contact point."""
        if email.key in self.email_keys() or (email.key is None and email.typed == self.email):
            return False
        if not self.email_key and email.key:
            had = self.email
            self.use_email(email)
            if had:
                self._keep_point(ContactKind.EMAIL, had, None, None, label)
            return True
        return self._keep_point(ContactKind.EMAIL, email.typed, email.key, None, label)

    def _keep_point(
        self, kind: ContactKind, typed: str, key: str | None, extension: str | None, label: str
    ) -> bool:
        if any(point.kind == kind and point.typed == typed for point in self.contact_points):
            return False
        self.contact_points.append(
            ContactPoint(kind=kind.value, typed=typed, key=key, extension=extension, label=label)
        )
        return True


def person_name(row: Named, language: str = "ru") -> str:
    return full_name(row.last_name, row.first_name, row.middle_name, language)


def checked_names(values: dict[str, Any]) -> None:
    """Cleans the name fields among the values in place; raises Invalid over the limit."""
    for field in ("first_name", "last_name", "middle_name"):
        if field in values:
            values[field] = checked_name(field, values[field])


def checked_name(field: str, value: Any) -> str:
    name = clean_text(value or "")
    if len(name) > NAME_LIMIT:
        raise Invalid.of(field, N_("Use at most %(limit)s characters."), limit=NAME_LIMIT)
    return name


def checked_phones(field: str, value: Any, region: str) -> list[Phone]:
    """Phones of a form: empty is allowed, an unreadable one raises Invalid."""
    if not (value or "").strip():
        return []
    phones = read_phones(value, region)
    if not phones or any(phone.key is None for phone in phones):
        raise Invalid.of(field, N_("Write a phone number with its area or country code."))
    return phones


def checked_email(field: str, value: Any) -> Email | None:
    """The address of a form: empty is allowed, an unreadable one raises Invalid."""
    if not (value or "").strip():
        return None
    email = read_email(value)
    if email.key is None:
        raise Invalid.of(field, N_("Write an e-mail address such as name@example.com."))
    return email


def need_a_contact(row: Reachable) -> None:
    """A lead needs one good phone or one good e-mail."""
    if not row.phone_keys() and not row.email_keys():
        message = N_("Give a phone or an e-mail.")
        raise Invalid({f: [CrmError(message, field=f)] for f in ("phone", "email")})


def company_region(session: Session) -> str:
    from app.models.company import Company

    with session.no_autoflush:
        return Company.of(session).phone_region
