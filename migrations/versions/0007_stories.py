"""Pinned notes are found without a look at the rest of the story."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for whose in ("lead_id", "client_id"):
        op.create_index(
            f"ix_note_{whose}_pinned",
            "note",
            [whose],
            postgresql_where=sa.text("pinned"),
            sqlite_where=sa.text("pinned = 1"),
        )


def downgrade() -> None:
    for whose in ("lead_id", "client_id"):
        op.drop_index(f"ix_note_{whose}_pinned", "note")
