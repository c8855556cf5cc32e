"""A campaign advertises one service through a channel; leads and contracts say what it brought."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import N_, Invalid, NotFound
from app.models.base import (
    TABLE_OPTIONS,
    Batched,
    Editable,
    Model,
    Money,
    Noun,
    PutAway,
    Recorded,
    Searchable,
)  # fmt: skip
from app.models.checks import checked_amount, checked_text, refuse_twin, required
from app.models.clock import today
from app.models.contacts import search_text_of

if TYPE_CHECKING:
    from app.models.service import Service
    from app.models.spend import Spend


class Channel(Noun, Editable, Batched, Model):
    """Through what a campaign speaks (search ads, social network, …); the list can grow."""

    __tablename__ = "channel"
    __table_args__ = (TABLE_OPTIONS,)

    title: Mapped[str] = mapped_column(String(100), unique=True)

    EDITABLE = ("title",)

    def change(self, **values: Any) -> None:
        values["title"] = checked_text("title", values["title"], limit=100)
        required("title", values["title"])
        told = N_("There is a channel with this title already.")
        refuse_twin(self, "title", values["title"], told)
        self.assign(values)

    def __repr__(self) -> str:
        return self.title


class Phase(StrEnum):
    PLANNED = "planned"
    RUNS = "runs"
    ENDED = "ended"


class Campaign(Noun, Editable, PutAway, Batched, Searchable, Model):
    """`budget` is the plan in the company's currency, over the days starts_on…ends_on if given."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("budget IS NULL OR budget >= 0", name="budget"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        TABLE_OPTIONS,
    )

    title: Mapped[str] = mapped_column(String(200), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"), index=True)
    budget: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3), default="RUB")
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)

    service: Mapped[Service] = relationship(back_populates="campaigns")
    channel: Mapped[Channel | None] = relationship()
    external_ids: Mapped[list[CampaignExternalId]] = relationship(
        back_populates="campaign", cascade="all, delete-orphan"
    )
    spends: Mapped[list[Spend]] = relationship(back_populates="campaign")

    EDITABLE = ("title", "service", "channel", "budget", "starts_on", "ends_on")

    def change(self, **values: Any) -> None:
        if "title" in values:
            values["title"] = checked_text("title", values["title"], limit=200)
            required("title", values["title"])
        if "service" in values:
            required("service", values["service"])
        if values.get("budget") is not None:
            values["budget"] = checked_amount("budget", values["budget"])
        starts = values.get("starts_on", self.starts_on)
        ends = values.get("ends_on", self.ends_on)
        if starts and ends and ends < starts:
            raise Invalid.of("ends_on", N_("The end cannot be before the start."))
        self.assign(values)
        self.search_text = search_text_of(self.title)

    @property
    def has_ended(self) -> bool:
        return self.ends_on is not None and self.ends_on < today()

    @property
    def phase(self) -> Phase:
        """By its days: without a start it runs at once, without an end it goes on."""
        if self.starts_on is not None and self.starts_on > today():
            return Phase.PLANNED
        return Phase.ENDED if self.has_ended else Phase.RUNS

    def add_external_id(self, platform: str, external_id: str) -> CampaignExternalId:
        """So that leads which name the platform's id find this campaign. Raises Invalid by field,
        also when another campaign has the id. Platforms are named in small letters.
        """
        platform = checked_text("platform", platform, limit=40).lower()
        external_id = checked_text("external_id", external_id, limit=100)
        required("platform", platform)
        required("external_id", external_id)
        with self.session.no_autoflush:
            twins = self.session.query(CampaignExternalId)
            twin = twins.filter_by(platform=platform, external_id=external_id).first()
        if twin is not None:
            raise Invalid.of(
                "external_id",
                N_("This id belongs to the campaign “%(campaign)s” already."),
                campaign=twin.campaign.title,
            )
        added = CampaignExternalId(platform=platform, external_id=external_id)
        self.external_ids.append(added)
        return added

    def remove_external_id(self, row_id: int) -> None:
        """Raises NotFound when it is none of this campaign's."""
        for one in self.external_ids:
            if one.id == row_id:
                self.external_ids.remove(one)
                return
        raise NotFound()

    def put_away(self, reason: str) -> None:
        """Leaves lists and pickers; its spend, leads and contracts still count (law 7)."""
        self._mark_put_away(reason)

    def bring_back(self) -> None:
        self._mark_brought_back()

    def __repr__(self) -> str:
        return self.title


class CampaignExternalId(Recorded, Batched, Model):
    """The campaign's id on an advertising platform, kept as text (platforms use 19 digits)."""

    __tablename__ = "campaign_external_id"
    __table_args__ = (UniqueConstraint("platform", "external_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    platform: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(100))

    campaign: Mapped[Campaign] = relationship(back_populates="external_ids")

    def __repr__(self) -> str:
        return f"{self.platform}: {self.external_id}"
