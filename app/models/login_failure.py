"""A wrong log-in, kept in the database so that every web process counts the same ones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import TABLE_OPTIONS, Model, UtcDateTime
from app.models.clock import utc_now


class LoginFailure(Model):
    """`username` is as typed, cut to 64 characters; `address` is the visitor's IP address."""

    __tablename__ = "login_failure"
    __table_args__ = (Index(None, "address", "at"), Index(None, "username", "at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    username: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
