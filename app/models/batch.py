"""A batch: what one seed or import made, so that it can be found, counted and undone as a whole."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import TABLE_OPTIONS, Model, Recorded, UtcDateTime, one_of


class BatchKind(StrEnum):
    SEED = "seed"
    IMPORT = "import"


class Batch(Recorded, Model):
    """`undone_at` says when its rows were taken out again; the row itself stays as the memory.

    `documents_waived`: contracts of this batch order no documents (a large seed); `check` counts
    them instead of calling them lost.
    """

    __tablename__ = "batch"
    __table_args__ = (one_of("kind", BatchKind), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(200))
    documents_waived: Mapped[bool] = mapped_column(Boolean, default=False)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return self.label
