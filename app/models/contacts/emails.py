"""E-mail addresses: as typed, and the key that tells whether two are one address."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from app.models.contacts.text import clean_text

EMAIL_LIMIT = 320  # of the text that is kept; a valid address has at most 254 characters
LOCAL_LIMIT = 64
MOST_ADDRESSES = 20

_NEVER = re.compile(
    "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\u037e\u1fef\u212a\ufffd]"  # NFC makes ; ` K of three; the last marks what was lost
)
# Letters, digits and what most addresses have beside them; no label with "--" (Punycode and such).
_PLAIN = re.compile(
    r"(?=.{1,254}\Z)[a-z0-9_+-]{1,64}(?:\.[a-z0-9_+-]+)*@"
    r"(?:[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,62}\.)+(?P<last>[a-z]{2,63})",
    re.IGNORECASE | re.ASCII,
)
# The last labels under which some names are nobody's.
_SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
# What people and programs write around one address; strict doors refuse it.
_AROUND = re.compile(
    r"(?:(?:e-?mail|почта|эл\. ?почта)\s*[:=]\s*)?(?:mailto:)?"
    r"(?P<address>[^\s@<>()\[\]?]+@[^\s@<>()\[\]?]+?)"
    r"(?:\?[^\s@]*)?[.,;]?(?:\s*\([^()@]*\))?",
    re.IGNORECASE,
)
_NAMED = re.compile(r"[^@<>]*<\s*(?:mailto:)?(?P<address>[^\s@<>]+@[^\s@<>]+)\s*>", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;|]+")


@dataclass(frozen=True, slots=True)
class Email:
    """`key` is None when the text is no address: such a text is shown and never written to."""

    typed: str
    key: str | None = None


def read_email(value: str) -> Email:
    """The one address in a text. Its key is lower case, the domain in Unicode, all in NFC.

    "anna+crm@" stays apart from "anna@". Control characters, line breaks and what NFC turns into
    ASCII make it no address; the text keeps U+FFFD in their place, so that it never passes later.
    """
    inner = value.strip()
    forbidden = _NEVER.search(inner)
    typed = clean_text(_NEVER.sub("\ufffd", inner) if forbidden else inner)
    if forbidden or len(typed) > EMAIL_LIMIT:
        return Email(typed)
    return Email(typed, _key(typed.removeprefix("mailto:")))


def read_emails(value: str) -> list[Email]:
    """All addresses of a cell, split at , ; | and blanks; when one of them is bad, none is read.

    Half of "victim;attacker@example.com" must not become an address.
    """
    whole = read_email(value)
    if not whole.typed:
        return []
    pieces = [p for p in _BETWEEN.split(value.strip()) if any(c.isalnum() for c in p)]
    if whole.key or not 1 <= len(pieces) <= MOST_ADDRESSES:
        return [whole]
    emails = {email.key: email for email in map(read_email, pieces)}
    return [whole] if None in emails else list(emails.values())


def bare_email(value: str) -> str:
    """The address without what stands around it: `Anna <anna@example.com>`, `mailto:`, a period at
    the end, a remark in brackets. Any other text stays as it is.
    """
    text = value.strip()
    if read_email(text).key is not None:
        return value
    found = _NAMED.fullmatch(text) or _AROUND.fullmatch(text)
    bare = found["address"] if found else value
    return bare if read_email(bare).key is not None else value


def _key(address: str) -> str | None:
    if _is_plain(address):
        return address.lower()
    try:
        key = _normalised(address)
        # NFC and lower case may have brought in characters that were not looked at.
        return key if key.isascii() else _normalised(key)
    except (EmailNotValidError, UnicodeError):
        return None


def _is_plain(address: str) -> bool:
    """Whether there is nothing to look at more closely: as most addresses are."""
    found = _PLAIN.fullmatch(address)
    return (
        found is not None
        and address.find("@") <= LOCAL_LIMIT
        and found["last"].lower() not in _SPECIAL
    )


def _normalised(address: str) -> str:
    found = validate_email(
        address,
        check_deliverability=False,  # no DNS: the door answers at once and works offline
        strict=True,  # at most 64 characters before the @
        test_environment=True,  # admits .test; .example is admitted anyway
    )
    if "." not in found.domain:
        raise EmailNotValidError("a domain without a period")
    return unicodedata.normalize("NFC", f"{found.local_part.lower()}@{found.domain.lower()}")
