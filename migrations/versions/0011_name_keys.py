"""Keys of names, by which similar ones are found in whatever alphabet and order they are written."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.models.contacts.likeness import name_key, organisation_key

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("client", "contact_person", "lead")
KEY = sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql")
AT_ONCE = 5000


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("name_key", KEY, nullable=True))
        fill(table)
        op.create_index(op.f(f"ix_{table}_name_key_id"), table, ["name_key", "id"])


def fill(table: str) -> None:
    """The rows that are there, some thousand at a time."""
    names = ["id", "last_name", "first_name", "middle_name"]
    if table == "client":
        names += ["kind", "organisation_name"]
    rows = sa.table(table, sa.column("name_key"), *(sa.column(name) for name in names))
    bind, last = op.get_bind(), 0
    statement = (
        sa.update(rows)
        .where(rows.c.id == sa.bindparam("row_id"))
        .values(name_key=sa.bindparam("key"))
    )
    while True:
        wanted = sa.select(*(rows.c[name] for name in names)).where(rows.c.id > last)
        found = bind.execute(wanted.order_by(rows.c.id).limit(AT_ONCE)).all()
        if not found:
            return
        keys = [{"row_id": row.id, "key": key_of(row)} for row in found]
        keyed = [one for one in keys if one["key"]]
        if keyed:
            bind.execute(statement, keyed)
        last = found[-1].id


def key_of(row: sa.Row[Any]) -> str | None:
    if getattr(row, "kind", "") == "organisation":
        return organisation_key(row.organisation_name)
    return name_key(row.last_name, row.first_name, row.middle_name)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_index(op.f(f"ix_{table}_name_key_id"), table_name=table)
        op.drop_column(table, "name_key")
