"""The company that runs this CRM: one row whose details stand on every contract."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column

from app.errors import N_, CompanyIncomplete, Invalid
from app.models.base import TABLE_OPTIONS, Editable, Model, Noun
from app.models.checks import checked_text, required
from app.models.pictures import jpeg_size, png_size
from app.models.worktime import (
    OFFICE_WEEK,
    WEEK_LIMIT,
    Calendar,
    calendar_of,
    checked_days,
    checked_week,
)  # fmt: skip

ONLY_ROW = 1
LANGUAGES = ("en", "ru")
NO_LINES = {"address", "bank_details", "working_week", "days_off", "response_minutes"}
MOST_MINUTES = 10_000
LOGO_LIMIT = 512 * 1024
LOGO_SIDE = 4000  # points; a few bytes can unfold to more than the renderer may hold

# What a contract prints and therefore must exist before the first signature, with its label.
NEEDED_TO_SIGN = {
    "legal_name": N_("legal name"),
    "tax_id": N_("tax id"),
    "address": N_("address"),
    "bank_details": N_("bank details"),
    "signatory_name": N_("signatory"),
    "signatory_position": N_("signatory's position"),
}


class Company(Noun, Editable, Model):
    """`phone_region` (ISO 3166) reads national phones; `currency` (ISO 4217) is of all money.
    A new lead is to be called within `response_minutes` of working time (worktime.py); 0: no clock.

    The name and the time zone come from the environment first (COMPANY_NAME, COMPANY_TIMEZONE).
    """

    __tablename__ = "company"
    __table_args__ = (CheckConstraint(f"id = {ONLY_ROW}", name="one_row"), TABLE_OPTIONS)

    name: Mapped[str] = mapped_column(String(200))
    legal_name: Mapped[str] = mapped_column(String(300), default="")
    tax_id: Mapped[str] = mapped_column(String(40), default="")
    tax_registration: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(Text, default="")
    bank_details: Mapped[str] = mapped_column(Text, default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    signatory_name: Mapped[str] = mapped_column(String(200), default="")
    signatory_position: Mapped[str] = mapped_column(String(200), default="")
    signatory_basis: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(2), default="en")
    currency: Mapped[str] = mapped_column(String(3), default="RUB")
    phone_region: Mapped[str] = mapped_column(String(2), default="RU")
    working_week: Mapped[str] = mapped_column(String(WEEK_LIMIT), default=OFFICE_WEEK)
    days_off: Mapped[str] = mapped_column(Text, default="")
    response_minutes: Mapped[int] = mapped_column(Integer, default=30)
    logo_type: Mapped[str | None] = mapped_column(String(20))
    logo: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))

    EDITABLE = (
        "name", "legal_name", "tax_id", "tax_registration", "address", "bank_details", "phone",
        "email", "signatory_name", "signatory_position", "signatory_basis", "language",
        "phone_region", "working_week", "days_off", "response_minutes",
    )  # fmt: skip

    @classmethod
    def of(cls, session: Session) -> Company:
        """The one row. Raises RuntimeError when `flask fab setup` has not been run."""
        company = session.get(cls, ONLY_ROW)
        if company is None:
            raise RuntimeError("the company row is missing: run `flask fab setup`")
        return company

    def change(self, **values: Any) -> None:
        for field in ("address", "bank_details"):
            if field in values:
                values[field] = checked_text(field, values[field], limit=2000, multiline=True)
        if "working_week" in values:
            values["working_week"] = checked_week("working_week", values["working_week"])
        if "days_off" in values:
            values["days_off"] = checked_days("days_off", values["days_off"])
        if "response_minutes" in values:
            values["response_minutes"] = values["response_minutes"] or 0
        if not 0 <= values.get("response_minutes", 0) <= MOST_MINUTES:
            raise Invalid.of("response_minutes", N_("Write minutes from 0 to 10,000."))
        for field in set(self.EDITABLE) - NO_LINES:
            if field in values:
                limit = self.__table__.c[field].type.length
                values[field] = checked_text(field, values[field], limit=limit)
        if "name" in values:
            required("name", values["name"])
        if values.get("language", "en") not in LANGUAGES:
            raise Invalid.of("language", N_("Choose English or Russian."))
        self.assign(values)

    def use_logo(self, content: bytes | None) -> None:
        """Takes a PNG or JPEG of at most 512 KiB and 4000 × 4000 points; None takes it away."""
        if content is None:
            self.logo = self.logo_type = None
            return
        kinds = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
        kind = next((kind for head, kind in kinds.items() if content.startswith(head)), None)
        if kind is None:
            raise Invalid.of("logo", N_("Choose a PNG or JPEG picture."))
        if len(content) > LOGO_LIMIT:
            raise Invalid.of("logo", N_("The picture is larger than 512 KB. Choose a smaller one."))
        size = (png_size if kind == "image/png" else jpeg_size)(content)
        if size is None:
            raise Invalid.of("logo", N_("Choose a PNG or JPEG picture."))
        if max(size) > LOGO_SIDE:
            raise Invalid.of(
                "logo",
                N_("The picture has more than %(limit)s × %(limit)s points. Choose a smaller one."),
                limit=LOGO_SIDE,
            )
        self.logo, self.logo_type = content, kind

    @property
    def calendar(self) -> Calendar:
        """When the company works."""
        return calendar_of(self.working_week, self.days_off)

    def missing_to_sign(self) -> list[str]:
        """English labels of the details that a contract prints and that are still empty."""
        return [label for field, label in NEEDED_TO_SIGN.items() if not getattr(self, field)]

    def require_complete(self) -> None:
        """Raises CompanyIncomplete naming what is missing before a contract can be signed."""
        missing = self.missing_to_sign()
        if missing:
            raise CompanyIncomplete(fields=missing)

    def __repr__(self) -> str:
        return self.name


def respond_by(at: datetime, week: str, days_off: str, minutes: int) -> datetime | None:
    """Until when somebody who asked at that instant is to be called; None without such a rule."""
    if not minutes:
        return None
    return calendar_of(week, days_off).after(at, timedelta(minutes=minutes))
