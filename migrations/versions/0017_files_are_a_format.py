"""The source of imported files has a format of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0013"
branch_labels = None
depends_on = None

NUMBERED = {"sqlite_autoincrement": True}  # an id is never given twice
PLATFORMS = (
    "format IN ('generic', 'form', 'tilda', 'google', 'meta', 'vk', 'tiktok', 'typeform', 'yandex'"
)


def upgrade() -> None:
    _allow(f"{PLATFORMS}, 'file')")


def downgrade() -> None:
    source = sa.table("source", sa.column("format"))
    op.execute(sa.update(source).where(source.c.format == "file").values(format="generic"))
    _allow(f"{PLATFORMS})")


def _allow(formats: str) -> None:
    with op.batch_alter_table("source", table_kwargs=NUMBERED) as table:
        table.drop_constraint(op.f("ck_source_format"), type_="check")
        table.create_check_constraint(op.f("ck_source_format"), formats)
