"""What a door hands to intake, and what it gets back: an arrival, and the receipt for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.intake.remarks import Remarks
from app.models.actor import Actor
from app.models.clock import utc_now
from app.models.source import Assignment, Source
from app.models.submission import Outcome


@dataclass(frozen=True, slots=True)
class Sender:
    """What intake needs to know of a source."""

    id: int
    name: str
    format: str = "generic"
    default_campaign_id: int | None = None
    needs_campaign: bool = False
    assignment: str = Assignment.NOBODY.value
    assignee_id: int | None = None
    phone_region: str | None = None
    mapping: Mapping[str, str] | None = None
    honeypot: str = ""
    group_id: str = ""
    thanks_url: str = ""

    @classmethod
    def of(cls, source: Source) -> Sender:
        return cls(
            source.id,
            source.name,
            source.format,
            source.default_campaign_id,
            source.needs_campaign,
            source.assignment,
            source.assignee_id,
            source.phone_region,
            source.mapping,
            source.honeypot,
            source.group_id,
            source.thanks_url,
        )

    @property
    def actor(self) -> Actor:
        return Actor("source", self.name, self.id)


@dataclass(frozen=True, slots=True)
class CampaignSent:
    """A campaign as it was named. `platform`: an id of that platform and never ours;
    `only_ours`: never a platform's; `is_hint`: a guess (utm_campaign) that may lead nowhere.
    `also`: further ids of the platform (advertisement, form) that may stand for the campaign.
    """

    value: str
    platform: str | None = None
    only_ours: bool = False
    is_hint: bool = False
    also: tuple[str, ...] = ()


@dataclass(slots=True)
class Arrival:
    """One submission read into fields and not yet judged.

    `strict`: any malformed field refuses it; else one good contact makes the lead. `name` is one
    column for the whole name. `labels` maps our field names to the sender's, so that errors speak
    the sender's words. `is_pending`: an id came without its answers. `errors` and `warnings` are
    what the format has already found.
    """

    door: str = ""
    strict: bool = False
    sender: Sender | None = None

    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    company_name: str | None = None
    job_title: str | None = None
    language: str | None = None
    campaign: CampaignSent | None = None

    external_id: str | None = None
    form_id: str | None = None
    submitted_at: datetime | None = None
    received_at: datetime = field(default_factory=utc_now)
    answers: dict[str, Any] = field(default_factory=dict)
    click_id: str | None = None
    utm: dict[str, str] = field(default_factory=dict)
    consent_text: str | None = None
    consent_at: datetime | None = None
    is_test: bool = False
    is_pending: bool = False

    media_type: str = ""
    body: bytes = b""
    body_digest: str = ""
    batch_id: int | None = None

    labels: Mapping[str, str] = field(default_factory=dict)
    errors: Remarks = field(default_factory=dict)
    warnings: Remarks = field(default_factory=dict)

    @property
    def asked_at(self) -> datetime:
        """The person's own moment: when they submitted, else when it arrived."""
        if self.submitted_at is None:
            return self.received_at
        return min(self.submitted_at, self.received_at)

    def label(self, our_field: str) -> str:
        return self.labels.get(our_field, our_field)


@dataclass(slots=True)
class Receipt:
    """What became of an arrival. `asked_again`: the lead was there and open already."""

    outcome: Outcome
    submission_id: int
    lead_id: int | None = None
    campaign_id: int | None = None
    asked_again: bool = False
    reasons: Remarks = field(default_factory=dict)
    warnings: Remarks = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        return self.outcome in (Outcome.REJECTED, Outcome.FAILED)


def digest_of_body(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
