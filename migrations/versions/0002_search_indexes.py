"""Indexes of three-letter pieces over what people search, where PostgreSQL offers pg_trgm.

Without the extension (and on SQLite) a search reads the table; it is slower and finds the same.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SEARCHED = ("lead", "client", "contract", "campaign", "service")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql" or not _trigrams():
        return
    for table in SEARCHED:
        op.create_index(
            f"ix_{table}_search_text_trgm",
            table,
            ["search_text"],
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in SEARCHED:
            op.execute(f"DROP INDEX IF EXISTS ix_{table}_search_text_trgm")


def _trigrams() -> bool:
    """Whether the extension is there, or can be: this role may lack the right to create it."""
    connection = op.get_bind()
    there = connection.execute(sa.text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"))
    if there.first() is not None:
        return True
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION pg_trgm"))
    except sa.exc.DBAPIError:
        return False
    return True
