"""Which campaigns a figure is about: all, one, those put away, or none at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from app.errors import N_, Invalid
from app.models.base import LARGEST_INTEGER
from app.models.campaign import Campaign


class ScopeKind(StrEnum):
    ALL = "all"
    CAMPAIGN = "campaign"
    PUT_AWAY = "put_away"
    NO_CAMPAIGN = "none"


@dataclass(frozen=True, slots=True)
class Scope:
    kind: ScopeKind = ScopeKind.ALL
    campaign_id: int | None = None

    @classmethod
    def campaign(cls, campaign_id: int) -> Scope:
        return cls(ScopeKind.CAMPAIGN, campaign_id)

    @classmethod
    def named(cls, text: str | None) -> Scope:
        """As an address names it: all, none, put_away or a campaign's id. Raises Invalid."""
        text = text or ScopeKind.ALL.value
        if (
            text.isascii()
            and text.isdigit()
            and len(text) <= 10
            and 0 < int(text) <= LARGEST_INTEGER
        ):
            return cls.campaign(int(text))
        if text in (ScopeKind.ALL, ScopeKind.PUT_AWAY, ScopeKind.NO_CAMPAIGN):
            return cls(ScopeKind(text))
        raise Invalid.of("campaign", N_("There is no such campaign."))

    def as_text(self) -> str:
        return str(self.campaign_id) if self.kind is ScopeKind.CAMPAIGN else self.kind.value

    def of(self, campaign_id: InstrumentedAttribute[Any]) -> list[ColumnElement[bool]]:
        """Conditions on a column that names the campaign."""
        if self.kind is ScopeKind.CAMPAIGN:
            return [campaign_id == self.campaign_id]
        if self.kind is ScopeKind.NO_CAMPAIGN:
            return [campaign_id.is_(None)]
        if self.kind is ScopeKind.PUT_AWAY:
            put_away = select(Campaign.id).where(Campaign.archived_at.is_not(None))
            return [campaign_id.in_(put_away)]
        return []
