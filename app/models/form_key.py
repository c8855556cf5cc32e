"""A form's one-time key: the same form sent twice makes one row, and both senders see it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model, UtcDateTime
from app.models.clock import utc_now


class FormKey(Model):
    """Written in the transaction of the act; `row_id` is what the act made."""

    __tablename__ = "form_key"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    act: Mapped[str] = mapped_column(String(100))
    row_id: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
