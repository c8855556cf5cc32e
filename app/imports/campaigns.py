"""Which campaign a row of a file means: by the id on the platform, else by its title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.imports.judging import Sight
from app.imports.tables import Row
from app.models.campaign import Campaign, CampaignExternalId
from app.models.contacts import clean_text, search_text_of


@dataclass(frozen=True, slots=True)
class Found:
    """`platform` is named when the platform's id led here."""

    id: int
    platform: str = ""


class CampaignBook:
    """The campaigns that some rows name, found by two statements."""

    @classmethod
    def of(cls, session: Session, sight: Sight, rows: Sequence[Row]) -> CampaignBook:
        """Those in the rows' columns of campaigns."""
        return cls(
            session,
            (sight.id(row, "campaign_id") for row in rows),
            (clean_text(sight.text(row, "campaign")) for row in rows),
        )

    def __init__(self, session: Session, ids: Iterable[str], titles: Iterable[str]) -> None:
        wanted = sorted({one for one in ids if one and len(one) <= 100})
        self._by_id: dict[str, set[Found]] = {}
        if wanted:
            query = select(
                CampaignExternalId.external_id,
                CampaignExternalId.campaign_id,
                CampaignExternalId.platform,
            ).where(CampaignExternalId.external_id.in_(wanted))
            for external_id, campaign_id, platform in session.execute(query):
                self._by_id.setdefault(external_id, set()).add(Found(campaign_id, platform))
        keys = sorted({search_text_of(title) for title in titles if title})
        self._by_title: dict[str, list[tuple[bool, int]]] = {}
        if keys:
            query_titles = select(Campaign.search_text, Campaign.id, Campaign.archived_at).where(
                Campaign.search_text.in_(keys)
            )
            for text, campaign_id, away in session.execute(query_titles):
                self._by_title.setdefault(text, []).append((away is not None, campaign_id))

    def by_id(self, external_id: str) -> Found | None:
        """None when nobody or two campaigns have this id."""
        found = self._by_id.get(external_id, set())
        return next(iter(found)) if len({one.id for one in found}) == 1 else None

    def by_title(self, title: str) -> list[int]:
        """Ids of those in use; of those put away where no other is."""
        found = self._by_title.get(search_text_of(title), []) if title else []
        in_use = [campaign_id for away, campaign_id in found if not away]
        return in_use or [campaign_id for _away, campaign_id in found]
