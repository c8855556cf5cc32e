"""What every noun stands on: column types, the mixins of the common columns, constraint names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, ClassVar

from flask_appbuilder.models.sqla import Model as Model  # re-exported: nouns import it here
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Integer,
    String,
    Text,
    inspect,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, object_session
from sqlalchemy.types import TypeDecorator

from app.errors import NotFound
from app.models.actor import current_actor
from app.models.clock import utc_now
from app.models.current_batch import current_batch_id

# By the same rule for FAB's tables: those that were declared before this line are named after it.
Model.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
for _table in Model.metadata.tables.values():
    for _constraint in [each for each in _table.constraints if not each.name]:
        _table.append_constraint(_constraint)

CENT = Decimal("0.01")
LARGEST_INTEGER = 2**31 - 1  # of PostgreSQL; both databases refuse to be asked for more
MAX_MONEY = Decimal("90000000000000.00")  # far below BIGINT, so that sums of many still fit


def rounded(value: Decimal) -> Decimal:
    """To whole minor units, half up: the one rounding rule of the product."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


class Money(TypeDecorator[Decimal]):
    """An amount in the company's currency, stored as whole hundredths (ADR 0003).

    Takes Decimal or int and gives Decimal; refuses floats, which cannot hold 0.1.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
            raise TypeError(f"money is a Decimal, not {type(value).__name__}")
        amount = Decimal(value)
        if not amount.is_finite() or abs(amount) > MAX_MONEY:
            raise ValueError("the amount is out of range")
        return int(rounded(amount) * 100)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        # PostgreSQL sums BIGINT to NUMERIC, so a Decimal of hundredths may arrive here.
        return None if value is None else Decimal(value).scaleb(-2).quantize(CENT)

    def compare_values(self, x: Any, y: Any) -> bool:
        """10 and 10.00 are one amount: setting an equal value is no change."""
        if x is None or y is None:
            return x is y
        return bool(rounded(Decimal(x)) == rounded(Decimal(y)))


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Stored in UTC, always aware in Python; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        at: datetime = value
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


Json = JSON(none_as_null=True)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """The database repeats the list of states that the enum names."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Recorded:
    """Created and changed, at and by whom; the author is empty for commands and sources."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)

    @declared_attr
    def created_by_id(self) -> Mapped[int | None]:
        return mapped_column(ForeignKey("ab_user.id"), default=lambda: current_actor().user_id)

    @declared_attr
    def changed_by_id(self) -> Mapped[int | None]:
        return mapped_column(
            ForeignKey("ab_user.id"),
            default=lambda: current_actor().user_id,
            onupdate=lambda: current_actor().user_id,
        )


class Noun(Recorded):
    """A row that people edit: an id never given twice and the version that law 8 compares."""

    id: Mapped[int] = mapped_column(Integer, primary_key=True)

    # nullable=False keeps a row from ever leaving the watch of the version counter.
    lock_version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)

    @declared_attr.directive
    def __mapper_args__(self) -> dict[str, Any]:
        return {"version_id_col": self.lock_version}

    def __init__(self, **values: Any) -> None:
        """Column defaults hold from the first line on, not only from the flush."""
        for attr in inspect(type(self)).column_attrs:
            default = attr.columns[0].default
            if default is not None and default.is_scalar:
                values.setdefault(attr.key, default.arg)
        super().__init__(**values)

    @property
    def session(self) -> Session:
        """The session that holds this row; verbs work inside its transaction and never commit."""
        session = object_session(self)
        if session is None:
            raise RuntimeError(f"{type(self).__name__} is not in a session")
        return session

    def lock(self) -> None:
        """Re-reads the row under a lock, so that a guard sees what others have committed.

        Raises NotFound when somebody has deleted it meanwhile.
        """
        self.session.flush()
        try:
            # Only this row: PostgreSQL locks no rows joined to it that a screen may have loaded.
            self.session.refresh(self, with_for_update={"of": type(self)})
        except InvalidRequestError:
            raise NotFound() from None


class Batched:
    """What a seed or an import made, so that it can be undone as a whole."""

    @declared_attr
    def batch_id(self) -> Mapped[int | None]:
        return mapped_column(ForeignKey("batch.id"), index=True, default=current_batch_id)


class Archive(StrEnum):
    """Why a record was put away (law 7)."""

    SPAM = "spam"
    DUPLICATE = "duplicate"
    MISTAKE = "mistake"
    OTHER = "other"


class PutAway:
    """Law 7: delete means put away; the columns say when, by whom and why."""

    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime, active_history=True)
    archived_reason: Mapped[str | None] = mapped_column(String(20), active_history=True)

    @declared_attr
    def archived_by_id(self) -> Mapped[int | None]:
        return mapped_column(ForeignKey("ab_user.id"))

    @property
    def is_put_away(self) -> bool:
        return self.archived_at is not None

    def _mark_put_away(self, reason: str) -> None:
        self.archived_at = utc_now()
        self.archived_by_id = current_actor().user_id
        self.archived_reason = Archive(reason).value

    def _mark_brought_back(self) -> None:
        self.archived_at = self.archived_by_id = self.archived_reason = None


class Searchable:
    """`search_text` is kept by the verbs: casefolded, ё as е, digits of each phone."""

    search_text: Mapped[str] = mapped_column(Text, default="")


TABLE_OPTIONS: dict[str, Any] = {"sqlite_autoincrement": True}


def snapshot(row: Any, fields: Iterable[str]) -> dict[str, Any]:
    """The fields' values in machine form, to compare before and after a verb."""
    return {field: machine(getattr(row, field)) for field in fields}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What changed between two snapshots, as a note keeps it: [{field, old, new}]."""
    return [
        {"field": field, "old": old, "new": after[field]}
        for field, old in before.items()
        if old != after[field]
    ]


def machine(value: Any) -> Any:
    """A value as JSON keeps it: money as decimal text, days and instants as ISO text."""
    if value is None or isinstance(value, (bool, int, str)):
        return str(value) if isinstance(value, StrEnum) else value
    if isinstance(value, Decimal):
        return str(rounded(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "id"):
        return value.id
    return str(value)


class Editable:
    """`change(**values)` for nouns whose edit needs no rule beyond their own checks."""

    EDITABLE: ClassVar[tuple[str, ...]] = ()

    def change(self, **values: Any) -> None:
        """Sets the given fields. Raises Invalid naming each field that cannot be taken."""
        self.assign(values)

    def assign(self, values: Mapping[str, Any]) -> None:
        unknown = set(values) - set(self.EDITABLE)
        if unknown:
            raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
        for field, value in values.items():
            setattr(self, field, value)
