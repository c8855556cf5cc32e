"""Our datamodel: FAB's, but it knows our column types and reads no more than a page shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Text, func, select
from sqlalchemy.orm import Load, aliased, joinedload, selectinload
from sqlalchemy.types import JSON, LargeBinary

from app.models.base import Money
from app.ui.fields import read_id
from app.ui.formatters import COUNT_LIMIT, Count
from app.views.base.filters import AmongIds, FilterConverter, Filters, RelationHas, RelationIs

HEAVY = (Text, LargeBinary, JSON)


class Interface(SQLAInterface):
    """Give it to a view as `datamodel = Interface(Lead)`."""

    filter_converter_class = FilterConverter
    # The names under which FAB looks for the filters of related lists.
    FilterRelationOneToManyEqual = RelationIs
    FilterRelationManyToManyEqual = RelationHas

    # -- column types ----------------------------------------------------------------------------

    def is_money(self, col_name: str) -> bool:
        column = self.list_columns.get(col_name)
        return column is not None and isinstance(column.type, Money)

    def is_integer(self, col_name: str) -> bool:
        return not self.is_money(col_name) and super().is_integer(col_name)

    def is_numeric(self, col_name: str) -> bool:
        return self.is_money(col_name) or super().is_numeric(col_name)

    # -- reading ---------------------------------------------------------------------------------

    def get_filters(self, search_columns: Any = None, search_filters: Any = None) -> Filters:
        return Filters(self.filter_converter_class, self, search_columns or [], search_filters)

    def query_count(self, query: Any, filters: Any = None, select_columns: Any = None) -> Count:
        """Counts up to COUNT_LIMIT; behind it a list says "1,000+" (law 9)."""
        keys = self._keys(query, filters)
        return _count(self.session.scalar(select(func.count()).select_from(keys.subquery())))

    def count_once(self, filters: Filters) -> tuple[Count, Filters]:
        """The count, and filters that admit the counted rows by their ids, so that nothing need be
        searched for again; the same filters when there are more than were counted.
        """
        keys = self._keys(self.session.query(self.obj), filters)
        found = [key for (key,) in keys.all()]
        count = _count(len(found))
        if count.more:
            return count, filters
        among = filters.fresh()
        # A tuple: FAB applies a filter once for each item of a list.
        return count, among.add_filter(self.get_pk_name(), AmongIds, tuple(found))

    def _keys(self, query: Any, filters: Any) -> Any:
        found = self.apply_filters(query, filters).order_by(None)
        return found.with_entities(*self.obj.__mapper__.primary_key).limit(COUNT_LIMIT + 1)

    def rows(
        self, filters: Any = None, order_column: str = "", order_direction: str = "",
        page: int | None = None, page_size: int | None = None, columns: Iterable[str] = (),
        needs: Iterable[str] | None = None,
    ) -> list[Any]:  # fmt: skip
        """One page of rows with what `columns` need, and nothing else, loaded."""
        query = self.apply_filters(self.session.query(self.obj), filters)
        query = self.apply_order_by(query, order_column, order_direction, add_pk=True)
        query = self.apply_pagination(query, page, page_size)
        return list(query.options(*self.loading(columns, needs)).all())

    def query(
        self, filters: Any = None, order_column: str = "", order_direction: str = "",
        page: int | None = None, page_size: int | None = None, select_columns: Any = None,
        outer_default_load: bool = False,
    ) -> tuple[int, list[Any]]:  # fmt: skip
        count = self.query_count(self.session.query(self.obj), filters)
        rows = self.rows(
            filters, order_column, order_direction, page, page_size, select_columns or ()
        )
        return count, rows

    def get(
        self, id: Any, filters: Any = None, select_columns: Any = None,
        outer_default_load: bool = False,
    ) -> Any | None:  # fmt: skip
        """The row with this id that the filters admit; None for whatever is no id."""
        if self.is_pk_composite():
            return super().get(id, filters, select_columns, outer_default_load)
        found = self.get_many([id], filters, select_columns or ())
        return found[0] if found else None

    def get_many(
        self, ids: Iterable[Any], filters: Any = None, columns: Iterable[str] = (),
        needs: Iterable[str] | None = None, *, whole: bool = False,
    ) -> list[Any]:  # fmt: skip
        """The admitted rows among these ids, in the ids' order."""
        pk = self.obj.__mapper__.primary_key[0]
        keys = [key for key in (self._key(pk, given) for given in ids) if key is not None]
        query = self.apply_filters(self.session.query(self.obj).filter(pk.in_(keys)), filters)
        found = {getattr(row, self.get_pk_name()): row
                 for row in query.options(*self.loading(columns, needs, whole)).all()}  # fmt: skip
        return [found[key] for key in keys if key in found]

    def _key(self, pk: Any, given: Any) -> Any | None:
        if self.is_integer(pk.key):
            return read_id(given)
        return str(given)[:255].replace("\x00", "") or None

    def apply_order_by(
        self, query: Any, order_column: str, order_direction: str, aliases_mapping: Any = None,
        bypass_many_to_many: bool = False, add_pk: bool = False,
    ) -> Any:  # fmt: skip
        """By the column or `relation.column`, then by id, so that pages never overlap."""
        if not order_column:
            return query
        root, dot, leaf = order_column.partition(".")
        if dot:
            related = aliased(self.get_related_model(root))
            query = query.outerjoin(related, getattr(self.obj, root).of_type(related))
            column = getattr(related, leaf)
        else:
            attribute = getattr(self.obj, root)
            column = getattr(self.obj, getattr(attribute, "_col_name", root))
        keys = [column]
        pk = self.get_pk()
        if pk is not None and pk is not column:
            keys.append(pk)
        return query.order_by(*(k.asc() if order_direction == "asc" else k.desc() for k in keys))

    # -- what is loaded with a row ---------------------------------------------------------------

    def loading(
        self, columns: Iterable[str], needs: Iterable[str] | None = None, whole: bool = False
    ) -> list[Any]:
        """Loader options for shown columns and for the `needs` of the methods among them.

        Columns: only those named, and the keys. Relations, dotted or not: in the same number of
        queries for any number of rows. Without declared needs a method loads all of the row's own
        columns but long texts and bytes. `whole`: all of the row's own columns, for a single row.
        """
        names = list(dict.fromkeys([*columns, *(needs or ())]))
        if not names:
            return []
        own = {name for name in names if name in self.list_columns}
        tree: dict[str, Any] = {}
        opaque = False
        for name in names:
            root = name.split(".", 1)[0]
            if self.is_relation(root):
                _grow(tree, name.split("."))
                own |= {self._attribute_of(c) for c in self.list_properties[root].local_columns}
            elif name not in self.list_columns:
                opaque = opaque or needs is None
        load = Load(self.obj)
        options = [] if opaque or whole else [load.load_only(*self._attributes(own))]
        if opaque and not whole:
            heavy = [getattr(self.obj, k) for k in self._heavy(self.obj) if k not in own]
            options += [load.defer(column) for column in heavy]
        return options + _branches(self.obj, tree, None)

    def _attributes(self, own: set[str]) -> list[Any]:
        mapper = self.obj.__mapper__
        keys = {mapper.get_property_by_column(c).key for c in mapper.primary_key}
        keys |= {"lock_version", "currency", "archived_at"} & self.list_columns.keys()
        return [getattr(self.obj, key) for key in sorted(own | keys)]

    def _attribute_of(self, column: Any) -> str:
        return str(self.obj.__mapper__.get_property_by_column(column).key)

    @staticmethod
    def _heavy(model: Any) -> list[str]:
        return [
            prop.key for prop in model.__mapper__.column_attrs
            if isinstance(getattr(prop.columns[0], "type", None), HEAVY)
        ]  # fmt: skip


def _count(counted: int) -> Count:
    return Count(min(counted, COUNT_LIMIT), more=counted > COUNT_LIMIT)


WHOLE = "*"  # the related row itself is shown, by a name that may take any of its columns


def _grow(tree: dict[str, Any], path: list[str]) -> None:
    for part in path:
        tree = tree.setdefault(part, {})
    tree[WHOLE] = {}


def _branches(model: Any, tree: dict[str, Any], parent: Any) -> list[Any]:
    """Joined for a single related row, one more query for a list of them."""
    options = []
    for name, below in tree.items():
        prop = model.__mapper__.relationships.get(name)
        if prop is None:
            continue  # a column or a method of the related row, or the mark
        attribute, related = getattr(model, name), prop.mapper.class_
        if parent is None:
            load = selectinload(attribute) if prop.uselist else joinedload(attribute)
        else:
            load = parent.selectinload(attribute) if prop.uselist else parent.joinedload(attribute)
        leaves = [leaf for leaf in below if leaf not in related.__mapper__.relationships]
        columns = related.__mapper__.column_attrs.keys()
        if leaves and all(leaf in columns for leaf in leaves):
            foreign = [
                related.__mapper__.get_property_by_column(c).key
                for leaf in below if leaf in related.__mapper__.relationships
                for c in related.__mapper__.relationships[leaf].local_columns
            ]  # fmt: skip
            keys = [c.key for c in related.__mapper__.primary_key]
            wanted = sorted({*leaves, *foreign, *keys})
            options.append(load.load_only(*(getattr(related, leaf) for leaf in wanted)))
        else:
            heavy = [k for k in Interface._heavy(related) if k not in leaves]
            options += [load.defer(getattr(related, key)) for key in heavy] or [load]
        options += _branches(related, below, load)
    return options
