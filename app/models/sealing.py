"""Seals the secrets of platforms, so that a copy of the database alone opens none of them."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

_fernet: Fernet | None = None


class CannotOpen(Exception):  # noqa: N818 -- a fact, no error of ours
    """The secret was sealed with another SECRETS_KEY."""


def use_key(key: str) -> None:
    """Called once by the wiring with the setting SECRETS_KEY."""
    global _fernet
    digest = hashlib.sha256(b"secrets of sources\n" + key.encode()).digest()
    _fernet = Fernet(base64.urlsafe_b64encode(digest))


def seal(text: str) -> bytes:
    return _key().encrypt(text.encode())


def unseal(sealed: bytes) -> str:
    """Raises CannotOpen."""
    try:
        return _key().decrypt(sealed).decode()
    except InvalidToken:
        raise CannotOpen from None


def _key() -> Fernet:
    if _fernet is None:
        raise RuntimeError("the key of secrets has not been given: sealing.use_key")
    return _fernet
