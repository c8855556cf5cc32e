"""A service: what the company sells."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import N_
from app.models.base import (
    TABLE_OPTIONS,
    Batched,
    Editable,
    Model,
    Money,
    Noun,
    PutAway,
    Searchable,
)  # fmt: skip
from app.models.checks import checked_amount, checked_text, refuse_twin, required
from app.models.contacts import search_text_of

if TYPE_CHECKING:
    from app.models.campaign import Campaign
    from app.models.contract import Contract


class Service(Noun, Editable, PutAway, Batched, Searchable, Model):
    """`price` is a list price in the company's currency; `active` no = no longer sold."""

    __tablename__ = "service"
    __table_args__ = (CheckConstraint("price >= 0", name="price"), TABLE_OPTIONS)

    title: Mapped[str] = mapped_column(String(200), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    price: Mapped[Decimal] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3), default="RUB")
    active: Mapped[bool] = mapped_column(Boolean, default=True, index=True)

    campaigns: Mapped[list[Campaign]] = relationship(back_populates="service")
    contracts: Mapped[list[Contract]] = relationship(back_populates="service")

    EDITABLE = ("title", "description", "price", "active")

    def change(self, **values: Any) -> None:
        if "title" in values:
            values["title"] = checked_text("title", values["title"], limit=200)
            required("title", values["title"])
            told = N_("There is a service with this title already.")
            refuse_twin(self, "title", values["title"], told)
        if "description" in values:
            values["description"] = checked_text(
                "description", values["description"], limit=10_000, multiline=True
            )
        if "price" in values:
            values["price"] = checked_amount("price", values["price"])
        self.assign(values)
        self.search_text = search_text_of(self.title, self.description)

    def put_away(self, reason: str) -> None:
        """Leaves lists and pickers; contracts and campaigns keep it (law 7)."""
        self._mark_put_away(reason)

    def bring_back(self) -> None:
        self._mark_brought_back()

    def __repr__(self) -> str:
        return self.title
