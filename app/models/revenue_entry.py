"""A revenue entry: one dated ± amount that a contract brought; revenue is their sum."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import TABLE_OPTIONS, Batched, Model, Money, Recorded, one_of

if TYPE_CHECKING:
    from app.models.contract import Contract


class RevenueReason(StrEnum):
    SIGNED = "signed"
    AMENDED = "amended"
    TERMINATED = "terminated"
    REFUNDED = "refunded"
    VOIDED = "voided"


class RevenueEntry(Recorded, Batched, Model):
    """`day` is a company date, `amount` in the company's currency; written by contract verbs."""

    __tablename__ = "revenue_entry"
    __table_args__ = (
        one_of("reason", RevenueReason),
        Index(None, "contract_id", "day"),
        Index(None, "day"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    day: Mapped[date] = mapped_column(Date)
    amount: Mapped[Decimal] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3), default="RUB")
    reason: Mapped[str] = mapped_column(String(20))

    contract: Mapped[Contract] = relationship(back_populates="revenue_entries")

    def __repr__(self) -> str:
        return f"{self.day}: {self.amount} ({self.reason})"
