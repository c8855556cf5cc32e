"""A batch: what one seed or import made, so that it can be found, counted and undone as a whole."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import TABLE_OPTIONS, Json, Model, Recorded, UtcDateTime, one_of


class BatchKind(StrEnum):
    SEED = "seed"
    IMPORT = "import"


class Batch(Recorded, Model):
    """`undone_at` says when its rows were taken out again; the row itself stays as the memory.

    `documents_waived`: contracts of this batch order no documents (a large seed); `check` counts
    them instead of calling them lost. `facts` keeps what its undoing needs beside the rows: ids of
    the demo users, the company's fields that were filled.
    """

    __tablename__ = "batch"
    __table_args__ = (one_of("kind", BatchKind), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(200))
    documents_waived: Mapped[bool] = mapped_column(Boolean, default=False)
    facts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return self.label
