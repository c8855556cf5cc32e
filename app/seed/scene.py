"""The demo company before its first request: what it sells, who sends leads, how it advertises."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Campaign, Company, OwnForm, Service, Source
from app.models.campaign import CampaignExternalId
from app.models.clock import start_of_day, travel
from app.models.own_form import STANDARD_TEXTS
from app.models.source import Scope
from app.seed.calendar import Calendar
from app.seed.cast import Cast
from app.seed.words import Words

FIRST_CAMPAIGNS = 3
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Per campaign: service, channel, source, daily cost, first and last day as days before today.
PLANS = (
    (0, 0, 1, "1100", None, None),
    (1, 1, 0, "900", None, None),
    (2, 0, 1, "700", None, None),
    (3, 2, 2, "380", None, None),
    (0, 4, None, None, None, None),  # costs nothing, so its ROI stays empty
    (4, 3, 0, "120", None, 120),  # has ended
    (3, 1, 0, "520", 300, 240),  # has ended and is put away
    (0, 0, 1, "400", 75, None),
)


@dataclass(slots=True)
class Advert:
    """A campaign with what the plot needs to know of it."""

    campaign: Campaign
    source: Source | None
    cost: Decimal | None
    first: date
    last: date

    def runs_on(self, day: date) -> bool:
        return self.first <= day <= self.last


class Scene:
    """The same `number` draws the same scene and, in Demo, the same people, days and fates."""

    def __init__(
        self, session: Session, words: Words, cast: Cast, now: datetime, number: int = 7
    ) -> None:
        self.session = session
        self.words = words
        self.cast = cast
        self.draw = random.Random(number)  # noqa: S311 -- to be repeated, not to be secret
        self.calendar = Calendar(now, self.draw)
        self.services: list[Service] = []
        self.sources: list[Source] = []
        self.adverts: list[Advert] = []

    def set_the_scene(self) -> None:
        """Everything that stands before the first request: services, sources, campaigns."""
        with travel(start_of_day(self.calendar.first) + 8 * HOUR):
            self._offer_services()
            self._open_sources()
            self._plan_campaigns()
            self.session.flush()

    def _offer_services(self) -> None:
        for offer in self.words.services:
            service = Service()
            self.session.add(service)
            service.change(title=offer.title, description=offer.description, price=offer.price)
            service.currency = self._currency
            self.services.append(service)

    def _open_sources(self) -> None:
        for name in self.words.sources:
            source = Source()
            self.session.add(source)
            source.change(name=name)
            source.issue_token((Scope.PUSH_LEADS,))  # nobody knows its text; issue another to use
            self.sources.append(source)
        form = OwnForm()
        self.session.add(form)
        form.change(title=self.words.form, sites="https://www.example.com", **STANDARD_TEXTS)
        self.sources[1].issue_token((Scope.PUSH_LEADS, Scope.READ_STATISTICS))
        self.sources[1].tokens[0].revoke()

    def _plan_campaigns(self) -> None:
        channels = self.cast.channels(self.words.channels)
        for title, plan in zip(self.words.campaigns, PLANS, strict=True):
            service, channel, source, cost, since, until = plan
            today = self.calendar.today
            first = today - timedelta(days=since) if since else self.calendar.first
            last = today - timedelta(days=until) if until else today
            campaign = Campaign(id=self._wanted_id())
            self.session.add(campaign)
            campaign.change(
                title=title,
                service=self.services[service],
                channel=channels[channel],
                budget=Decimal(cost) * (last - first).days if cost else None,
                starts_on=first,
                ends_on=last if until else None,
            )
            campaign.currency = self._currency
            self.adverts.append(
                Advert(
                    campaign,
                    None if source is None else self.sources[source],
                    Decimal(cost) if cost else None,
                    first,
                    last,
                )
            )
            self.session.flush()
            if len(self.adverts) == FIRST_CAMPAIGNS:
                self._tell_the_counter()
        for advert, platform in zip(self.adverts, ("yandex", "vk", "yandex"), strict=False):
            number = str(self.draw.randrange(10**8, 10**9))
            advert.campaign.external_ids.append(
                CampaignExternalId(platform=platform, external_id=number)
            )

    def _wanted_id(self) -> int | None:
        """Campaigns 1–3 are part of the API's examples, so they get these ids while free."""
        number = len(self.adverts) + 1
        taken = number > FIRST_CAMPAIGNS or self.session.get(Campaign, number) is not None
        return None if taken else number

    def _tell_the_counter(self) -> None:
        """PostgreSQL counts by itself and must hear of the ids that were given."""
        if self.session.get_bind().dialect.name == "postgresql":
            sequence = func.pg_get_serial_sequence(Campaign.__tablename__, "id")
            newest = select(func.max(Campaign.id)).scalar_subquery()
            self.session.execute(
                select(func.setval(sequence, func.greatest(newest, func.nextval(sequence))))
            )

    @property
    def _currency(self) -> str:
        return Company.of(self.session).currency
