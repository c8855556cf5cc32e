"""What a list can be filtered by: each filter reads the address's text itself and never fails.

The order within a column type is the number in `_flt_<number>_<column>`; the first one stands on
the page. A text that cannot be read leaves the list unfiltered and says so.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, g
from flask_appbuilder.models.filters import (
    BaseFilter,
    BaseFilterConverter,
    FilterRelation,
)
from flask_appbuilder.models.filters import Filters as FabFilters
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.models import clock
from app.models.contacts import clean_text, like_escape
from app.ui.fields import read_day, read_id, read_integer, read_moment, read_money
from app.ui.labels import field_label
from app.ui.pickers import matching

LONGEST_TEXT = 200


class Filter(BaseFilter):
    """`apply` takes typed values from code and texts from the address alike."""

    def read(self, value: Any) -> Any:
        """The typed value; raises ValueError."""
        if not isinstance(value, str):
            return value
        return _reader(self.datamodel, self.column_name)(value)

    def condition(self, column: Any, value: Any) -> Any:
        raise NotImplementedError

    def apply(self, query: Any, value: Any) -> Any:
        try:
            typed = self.read(value() if callable(value) else value)
        except (ValueError, OverflowError):
            say_ignored(self.column_name)
            return query
        root, dot, leaf = self.column_name.partition(".")
        if not dot:
            return query.filter(self.condition(self._column(), typed))
        relation = getattr(self.model, root)
        column = getattr(relation.property.mapper.class_, leaf)
        return query.filter(relation.has(self.condition(column, typed)))

    def _column(self) -> Any:
        return getattr(self.model, self.column_name)


def say_ignored(column: str) -> None:
    """Once per request and column: the filter could not be read and does not apply."""
    told: set[str] = g.setdefault("ignored_filters", set())
    if column not in told:
        told.add(column)
        label = str(field_label(column))
        flash(gettext("The filter “%(field)s” could not be read and was left out.", field=label),
              "warning")  # fmt: skip


def _reader(datamodel: Any, column: str) -> Any:
    if datamodel.is_numeric(column) or datamodel.is_float(column):
        return read_money
    if datamodel.is_integer(column):
        return read_integer
    if datamodel.is_boolean(column):
        return _read_flag
    if datamodel.is_datetime(column):
        return read_moment
    if datamodel.is_date(column):
        return read_day
    return _read_text


def _read_text(text: str) -> str:
    read = clean_text(text)
    if not read or len(read) > LONGEST_TEXT:
        raise ValueError(text)
    return read


def _read_flag(text: str) -> bool:
    flags = {"1": True, "y": True, "true": True, "0": False, "n": False, "false": False}
    if text.strip().lower() not in flags:
        raise ValueError(text)
    return flags[text.strip().lower()]


class Equal(Filter):
    name = _l("is")

    def condition(self, column: Any, value: Any) -> Any:
        if isinstance(value, tuple):  # any of them
            return column.in_(value)
        return column.is_(None) if value is None else column == value


class NotEqual(Filter):
    name = _l("is not")

    def condition(self, column: Any, value: Any) -> Any:
        if isinstance(value, tuple):
            return column.not_in(value)
        return column.is_not(None) if value is None else column != value


class Contains(Filter):
    name = _l("contains")

    def condition(self, column: Any, value: Any) -> Any:
        return column.ilike(f"%{like_escape(value)}%", escape="\\")


class NotContains(Contains):
    name = _l("does not contain")

    def condition(self, column: Any, value: Any) -> Any:
        return ~super().condition(column, value)


class StartsWith(Filter):
    name = _l("starts with")

    def condition(self, column: Any, value: Any) -> Any:
        return column.ilike(f"{like_escape(value)}%", escape="\\")


class AtLeast(Filter):
    name = _l("from")

    def condition(self, column: Any, value: Any) -> Any:
        return column >= value


class AtMost(Filter):
    name = _l("to")

    def condition(self, column: Any, value: Any) -> Any:
        return column <= value


class Since(AtLeast):
    """An instant by the company's clock; a day means its beginning."""

    name = _l("from")


class Until(Filter):
    """An instant by the company's clock; a day means all of it."""

    name = _l("to")

    def read(self, value: Any) -> Any:
        if isinstance(value, str) and len(value.strip()) <= len("2026-11-05"):
            return clock.start_of_day(read_day(value) + timedelta(days=1)) - timedelta(
                microseconds=1
            )
        if isinstance(value, date) and not isinstance(value, datetime):
            return self.read(value.isoformat())
        return super().read(value)

    def condition(self, column: Any, value: Any) -> Any:
        return column <= value


class RelationIs(Filter, FilterRelation):
    """Compares the foreign key, so that the related row is not loaded."""

    name = _l("is")

    def read(self, value: Any) -> int:
        number = read_id(value)
        if number is None:
            raise ValueError(value)
        return number

    def _column(self) -> Any:
        fk = self.datamodel.get_relation_fk(self.column_name)
        return getattr(self.model, self.model.__mapper__.get_property_by_column(fk).key)

    def condition(self, column: Any, value: Any) -> Any:
        return column == value


class RelationIsNot(RelationIs):
    name = _l("is not")

    def condition(self, column: Any, value: Any) -> Any:
        return (column != value) | column.is_(None)


class RelationHas(Filter, FilterRelation):
    """For lists of related rows."""

    name = _l("has")

    def read(self, value: Any) -> int:
        number = read_id(value)
        if number is None:
            raise ValueError(value)
        return number

    def condition(self, column: Any, value: Any) -> Any:
        related = column.property.mapper
        return column.any(related.primary_key[0] == value)


class NotPutAway(BaseFilter):
    """The base filter of every noun that can be put away (law 7)."""

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(self.model.archived_at.is_(None))


class OnlyPutAway(BaseFilter):
    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(self.model.archived_at.is_not(None))


class SearchText(BaseFilter):
    """The search box: every word must be in `search_text`."""

    def apply(self, query: Any, value: Any) -> Any:
        condition = matching(self.model, value)
        return query if condition is None else query.filter(condition)


class Meets(BaseFilter):
    """A condition as it stands, under the name of a screen's narrowing."""

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(value)


class AmongIds(BaseFilter):
    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(getattr(self.model, self.column_name).in_(value))


TEXT = [Contains, StartsWith, Equal, NotContains, NotEqual]
NUMBER = [AtLeast, AtMost, Equal, NotEqual]
INSTANT = [Since, Until]


class FilterConverter(BaseFilterConverter):
    conversion_table = (
        ("is_relation_many_to_one", [RelationIs, RelationIsNot]),
        ("is_relation_one_to_one", [RelationIs, RelationIsNot]),
        ("is_relation_many_to_many", [RelationHas]),
        ("is_relation_one_to_many", [RelationHas]),
        ("is_enum", [Equal, NotEqual]),
        ("is_text", TEXT),
        ("is_string", TEXT),
        ("is_numeric", NUMBER),
        ("is_float", NUMBER),
        ("is_integer", NUMBER),
        ("is_boolean", [Equal]),
        ("is_datetime", INSTANT),
        ("is_date", NUMBER),
    )

    def convert(self, col_name: str) -> list[BaseFilter] | None:
        for marker, filters in self.conversion_table:
            if getattr(self.datamodel, marker)(col_name):
                return [one(col_name, self.datamodel) for one in filters]
        return None  # JSON and bytes are not filtered by


class Filters(FabFilters):
    """FAB's list of active filters, whose copies share the table of possible ones."""

    def fresh(self) -> Filters:
        """The same possible filters, none of them active."""
        other: Filters = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.clear_filters()
        return other

    def copy(self) -> Filters:
        other = self.fresh()
        other.filters, other.values = list(self.filters), list(self.values)
        return other

    def get_joined_filters(self, filters: FabFilters) -> Filters:
        other = self.copy()
        other.filters += filters.filters
        other.values += filters.values
        return other

    def add_filter_index(self, column_name: str, filter_instance_index: int, value: Any) -> None:
        if filter_instance_index < len(self._all_filters.get(column_name, ())):
            super().add_filter_index(column_name, filter_instance_index, value)

    def possible(self, column: str, index: int) -> BaseFilter | None:
        found = self._search_filters.get(column, [])
        return found[index] if index < len(found) else None
