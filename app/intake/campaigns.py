"""Finds the campaign that is named: by our id, by a platform's, or the source's default; and, for
it is asked in the same breath, what the company says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, null, select, true, union_all
from sqlalchemy.orm import Session

from app.intake.arrival import Arrival, CampaignSent
from app.intake.remarks import Remark, Why, say
from app.intake.rules import RULES, Rules
from app.models.base import LARGEST_INTEGER
from app.models.campaign import Campaign, CampaignExternalId
from app.models.clock import today
from app.models.company import ONLY_ROW, Company
from app.models.contacts import clean_text
from app.models.ready import Ready, among

SENT_LIMIT = 100
# How people name the platforms on a campaign's page.
PLATFORM_NAMES = {
    "google": ("google", "googleads", "adwords"),
    "meta": ("meta", "facebook", "fb", "instagram"),
    "vk": ("vk", "vkads", "vkontakte", "вк", "вконтакте"),
    "tiktok": ("tiktok", "tt"),
    "yandex": ("yandex", "direct", "яндекс", "директ"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A campaign that exists, and what is to be warned of when it takes a lead."""

    id: int
    warning: Why | None


class Campaigns:
    """The campaigns that some arrivals name, found together. `rules` are the company's."""

    def __init__(self, session: Session, arrivals: Sequence[Arrival]) -> None:
        sent = {arrival.campaign for arrival in arrivals if arrival.campaign}
        ids = {our_id for one in sent if (our_id := _our_id(one)) is not None}
        ids |= {
            arrival.sender.default_campaign_id
            for arrival in arrivals
            if arrival.sender and arrival.sender.default_campaign_id
        }
        texts = {text.strip() for one in sent for text in _texts_of_a_platform(one)}
        rows = LOOK.ask(session.connection(), {"ids": sorted(ids), "texts": sorted(texts)})
        if not rows:
            raise RuntimeError("the company row is missing: run `flask fab setup`")
        self.rules = Rules(*rows[0][: len(RULES)])
        self._ours: dict[int | None, Known] = {}
        self._of_platforms: dict[str, dict[str, int]] = {}  # {external id: {platform: campaign}}
        for row in rows:
            self._keep(*row[len(RULES) :])

    def _keep(
        self, campaign_id: int | None, archived_at: Any, ends_on: Any, platform: Any, sent: Any
    ) -> None:
        if campaign_id is None:  # the company's row alone
            return
        warning = Why.CAMPAIGN_PUT_AWAY if archived_at else None
        if warning is None and ends_on is not None and ends_on < today():
            warning = Why.CAMPAIGN_ENDED
        self._ours[campaign_id] = Known(campaign_id, warning)
        if platform is not None:
            self._of_platforms.setdefault(sent, {})[platform] = campaign_id

    def place(self, arrival: Arrival) -> int | None:
        """The campaign's id. An unknown one: an error at strict doors, else the source's default
        or none with a warning. A source that needs a campaign and has none is refused.
        """
        label = arrival.label("campaign")
        sent, sender = arrival.campaign, arrival.sender
        found = self._named(sent) if sent else None
        if sent and found is None and not sent.is_hint:
            unknown = Remark(Why.UNKNOWN_CAMPAIGN, {"sent": kept(sent.value)})
            say(arrival.errors if arrival.strict else arrival.warnings, label, unknown)
        if found is None and sender and sender.default_campaign_id:
            found = self._ours.get(sender.default_campaign_id)
        if found is None and sender and sender.needs_campaign and label not in arrival.errors:
            say(arrival.errors, label, Why.CAMPAIGN_NEEDED)
        if found is None:
            return None
        if found.warning:
            say(arrival.warnings, label, found.warning)
        return found.id

    def _named(self, sent: CampaignSent) -> Known | None:
        our_id = _our_id(sent)
        if our_id in self._ours:
            return self._ours[our_id]
        for text in _texts_of_a_platform(sent):
            by_platform = self._of_platforms.get(text.strip(), {})
            if sent.platform is not None:
                several = {
                    campaign for name, campaign in by_platform.items()
                    if is_platform(name, sent.platform)
                }  # fmt: skip
            else:
                several = set(by_platform.values())
            # Two platforms may use one number; which of them is meant nobody can say.
            if len(several) == 1:
                return self._ours.get(several.pop())
        return None


def kept(value: str) -> str:
    """What was sent, as far as its column holds it; the body keeps the whole."""
    return clean_text(value)[:SENT_LIMIT]


def _our_id(sent: CampaignSent) -> int | None:
    text = sent.value.strip()
    if sent.platform is not None or not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return int(text) if 0 < int(text) <= LARGEST_INTEGER else None


def is_platform(written: str, platform: str) -> bool:
    """Whether people mean this platform: "Google Ads" is google, "facebook" is meta."""
    words = written.casefold().replace("_", " ").replace("-", " ").split()
    names = PLATFORM_NAMES.get(platform, (platform,))
    return any(word in names for word in words)


def _texts_of_a_platform(sent: CampaignSent) -> list[str]:
    """The ids that may be a platform's; no NUL or half character ever reaches the database."""
    if sent.only_ours:
        return []
    texts = (one.strip() for one in (sent.value, *sent.also))
    return [one for one in texts if one and len(one) <= SENT_LIMIT and clean_text(one) == one]


def _look(as_arrays: bool) -> Select[*tuple[Any, ...]]:
    """The company's one row, beside each campaign that is meant by our id or by a platform's."""
    facts = (Campaign.id, Campaign.archived_at, Campaign.ends_on)
    theirs = (CampaignExternalId.platform, CampaignExternalId.external_id)
    found = union_all(
        select(*facts, null().label("platform"), null().label("external_id")).where(
            among(Campaign.id, "ids", as_arrays)
        ),
        select(*facts, *theirs)
        .join(CampaignExternalId, CampaignExternalId.campaign_id == Campaign.id)
        .where(among(CampaignExternalId.external_id, "texts", as_arrays)),
    ).subquery("found")
    return (
        select(*RULES, *found.c)
        .select_from(Company)
        .outerjoin(found, true())
        .where(Company.id == ONLY_ROW)
    )


LOOK = Ready(_look)
