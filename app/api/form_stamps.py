"""The stamp of a form that was shown: signed, so that a post without a cookie can be believed.

It says which form it was, when, with which wording of the consent, and from which page and
advertisement its visitor came. Too young it is a robot's, too old the form is shown again. Its
nonce tells a second click from a second request.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from app.intake.formats.names import CLICK_IDS, bare
from app.intake.formats.own_form import WHERE
from app.intake.formats.values import short_texts
from app.models.own_form import OwnForm

YOUNGEST = 2  # seconds; nobody reads and fills in a form sooner, not even with the browser's help
OLDEST = 24 * 3600
MOST_MARKS = 20
MARK_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Stamp:
    """`at` in seconds since 1970; `marks` hold utm_… and click ids, page and referrer."""

    form_id: int
    consent_version: int
    language: str
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    at: int = field(default_factory=lambda: int(time.time()))
    marks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: OwnForm, language: str, marks: Mapping[str, str]) -> Stamp:
        return cls(form.id, form.consent_version, language, marks=marks)

    @classmethod
    def read(cls, text: str) -> Stamp | None:
        """None for what we have not signed."""
        try:
            return cls(**_signer().loads(text))
        except (BadData, TypeError):
            return None

    def __str__(self) -> str:
        return str(_signer().dumps(asdict(self)))

    @property
    def is_too_young(self) -> bool:
        return time.time() - self.at < YOUNGEST

    @property
    def is_too_old(self) -> bool:
        return time.time() - self.at > OLDEST

    def anew(self, form: OwnForm, language: str) -> Stamp:
        """For a form that is shown once more: whoever has read it already need not wait."""
        made = Stamp.of(form, language, self.marks)
        return replace(made, at=made.at - YOUNGEST)


def marks_of(query: Mapping[str, str], referrer: str) -> dict[str, str]:
    """What the address of the form tells of the page around it; else the browser's referrer."""
    found = {name: value for name, value in query.items() if name in WHERE or _is_mark(name)}
    if not found.get("page") and referrer:
        found["page"] = referrer
    return short_texts(dict(list(found.items())[:MOST_MARKS]), MARK_LIMIT)


def _is_mark(name: str) -> bool:
    short = bare(name)
    return short.startswith("utm") or short in CLICK_IDS


def _signer() -> Any:
    return URLSafeSerializer(current_app.secret_key or "", salt="stamp of an own form")
