"""What a format knows of its platform: who may send, how a request is read, what is answered."""

from __future__ import annotations

import codecs
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from app.intake.arrival import Arrival, CampaignSent, Sender
from app.intake.bodies import (
    FORM_TYPE,
    Broken,
    is_json,
    read_form,
    read_json,
    read_old,
)  # fmt: skip
from app.intake.formats.values import SentForm, id_text
from app.intake.remarks import Remark, Why
from app.models.source import SourceFormat

JSON, TEXT = "application/json", "text/plain"

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

Told = Mapping[str, list[str]]  # {field: [sentences]}
Secrets = Mapping[str, Sequence[str]]  # the live ones by name


@dataclass
class Delivery:
    """A request as it came, before anything of it is believed. `headers` by lower-case names;
    `multipart` holds the texts of such a form.
    """

    body: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    multipart: SentForm | None = None
    remarks: list[Remark] = field(default_factory=list)

    @cached_property
    def values(self) -> Any:
        """The JSON value or the form's fields. Raises Broken."""
        if self.multipart is not None:
            if self.multipart.is_old:
                self.remarks.append(Remark(Why.BAD_ENCODING))
            return self.multipart
        if is_json(self.media_type) or self.body.lstrip()[:1] in (b"{", b"["):
            return self._utf8_or_old(read_json)
        if self.media_type in (FORM_TYPE, "", TEXT):
            return self._utf8_or_old(read_form)
        raise Broken(Why.BAD_MEDIA_TYPE, 415)

    def _utf8_or_old(self, read: Callable[..., Any]) -> Any:
        try:
            return read(self.body)
        except Broken as broken:
            if broken.why is not Why.BAD_ENCODING:
                raise
        values = read_old(read, self.body, encoding_said(self.header("Content-Type")))
        self.remarks.append(Remark(Why.BAD_ENCODING))
        return values

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "").strip()

    def text_under(self, name: str) -> str:
        """A text of the JSON object; '' when there is none. Raises Broken."""
        value = self.values.get(name) if isinstance(self.values, Mapping) else None
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is a text, or a value that is sent as JSON."""

    body: Any = ""
    status: int = 200
    media_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: Any, status: int = 200) -> Reply:
        return cls(body, status, JSON)


class Format:
    """One platform. Its file says only in what it differs from this."""

    name: ClassVar[SourceFormat]
    platform: ClassVar[str | None] = None  # whose campaign ids it sends
    tells_faults: ClassVar[bool] = False  # 400 with the faulty fields; platforms would send again
    has_visitors: ClassVar[bool] = False  # whose browsers post, and show what we answer
    hidden: ClassVar[frozenset[str] | None] = None  # names of secrets in bodies; None: the usual
    sample: ClassVar[Any] = None

    # -- who may send -------------------------------------------------------------------------

    def is_signed(self, delivery: Delivery, keys: Sequence[str]) -> bool:
        """Whether the request fits one of the signing secrets. Raises Broken when the secret
        stands in a body that cannot be read.
        """
        return False

    def is_of_source(self, values: Any, sender: Sender) -> bool:
        """Whether the request may come under this source's address."""
        return True

    def handshake(self, delivery: Delivery, secrets: Secrets) -> Reply | None:
        """The answer to a GET, by which some platforms try an address; None: not taken here."""
        return None

    def greet(self, delivery: Delivery, secrets: Secrets, sender: Sender) -> Reply | None:
        """The answer to a POST that proves the address and carries no submission."""
        return None

    # -- what was sent ------------------------------------------------------------------------

    def split(self, values: Any) -> list[Any]:
        """The submissions of one request, each in the shape of a whole request."""
        return [values]

    def read(self, values: Any, arrival: Arrival) -> None:
        """Fills the arrival from one of them."""
        raise NotImplementedError

    def withhold(self, values: Any, sender: Sender) -> bool:
        """Takes out of the values what may not even be kept; whether there was something."""
        return False

    def event_of(self, values: Any) -> str | None:
        """What names this delivery beside the leads in it; seen before, it is the same again."""
        return None

    # -- what the sender reads ----------------------------------------------------------------

    def accepted(self, delivery: Delivery, sender: Sender) -> Reply:
        return Reply.json({"status": "ok"})

    def refused(self, told: Told, status: int, delivery: Delivery, sender: Sender) -> Reply:
        """The submission is kept as rejected: sending it again would change nothing."""
        return (
            self.unreadable(told, status) if self.tells_faults else self.accepted(delivery, sender)
        )

    def unreadable(self, told: Told, status: int) -> Reply:
        return Reply.json(dict(told), status)

    def later(self, told: Told) -> Reply:
        """Something of ours broke; whoever sends again is welcome."""
        answer = self.unreadable(told, 503)
        return Reply(answer.body, 503, answer.media_type, {"Retry-After": "30"})


def encoding_said(content_type: str) -> str:
    """The charset that a Content-Type names; '' for UTF-8, none and those that nobody knows."""
    found = _CHARSET.search(content_type)
    try:
        name = codecs.lookup(found[1]).name if found else ""
        "".encode(name or "utf-8")  # some codecs are of bytes alone
    except LookupError:
        return ""
    return "" if name.startswith("utf-8") else name


# -- what several formats do -------------------------------------------------------------------


def is_same(given: str, keys: Iterable[str]) -> bool:
    """In constant time for each key, and all of them are looked at."""
    sent = given.encode("utf-8", "surrogatepass")
    return sum(hmac.compare_digest(sent, key.encode()) for key in keys) > 0


def mac(key: str, message: bytes) -> bytes:
    return hmac.new(key.encode(), message, hashlib.sha256).digest()


def message_reply(told: Told, status: int) -> Reply:
    """{"message": …}, in which platforms look for a sentence."""
    sentences = [one for said in told.values() for one in said]
    return Reply.json({"message": " ".join(sentences)}, status)


def campaign_of(platform: str, campaign: Any, *others: Any) -> CampaignSent | None:
    """The campaign by its id, else by the first of the others that we know."""
    ids = [text for one in (campaign, *others) if (text := id_text(one))]
    return CampaignSent(ids[0], platform, also=tuple(ids[1:])) if ids else None
