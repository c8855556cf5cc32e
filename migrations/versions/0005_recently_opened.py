"""What each person opened last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recently_opened",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("noun", sa.String(length=30), nullable=False),
        sa.Column("row_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["ab_user.id"],
            name=op.f("fk_recently_opened_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "noun", "row_id", name=op.f("pk_recently_opened")),
    )
    op.create_index(op.f("ix_recently_opened_user_id_at"), "recently_opened", ["user_id", "at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_recently_opened_user_id_at"), table_name="recently_opened")
    op.drop_table("recently_opened")
