"""Spend: what a campaign really cost on one company day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.errors import N_, Invalid
from app.models.base import TABLE_OPTIONS, Batched, Editable, Model, Money, Recorded
from app.models.checks import checked_amount, checked_text, required

if TYPE_CHECKING:
    from app.models.campaign import Campaign


class Spend(Recorded, Batched, Editable, Model):
    """One amount in the company's currency per campaign, day and origin (manual, import…)."""

    __tablename__ = "spend"
    __table_args__ = (
        UniqueConstraint("campaign_id", "day", "origin"),
        CheckConstraint("amount >= 0", name="amount"),
        Index(None, "day"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    day: Mapped[date] = mapped_column(Date)
    origin: Mapped[str] = mapped_column(String(40), default="manual")
    amount: Mapped[Decimal] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3), default="RUB")

    campaign: Mapped[Campaign] = relationship(back_populates="spends")

    EDITABLE = ("campaign", "day", "amount", "origin")

    def change(self, **values: Any) -> None:
        if "amount" in values:
            values["amount"] = checked_amount("amount", values["amount"])
        if "origin" in values:
            values["origin"] = checked_text("origin", values["origin"], limit=40) or "manual"
        for field in ("campaign", "day"):
            if field in values:
                required(field, values[field])
        self.assign(values)
        self._refuse_twin()

    def _refuse_twin(self) -> None:
        session = object_session(self)
        if session is None or self.campaign is None or self.day is None:
            return
        with session.no_autoflush:
            twin = self._on_that_day(session)
        if twin is not None and twin is not self:
            raise Invalid.of(
                "day", N_("The spend of this day is recorded already. Change that entry.")
            )

    def _on_that_day(self, session: Session) -> Spend | None:
        return (
            session.query(Spend)
            .filter_by(campaign_id=self.campaign.id, day=self.day, origin=self.origin or "manual")
            .first()
        )

    def __repr__(self) -> str:
        return f"{self.day}: {self.amount}"
