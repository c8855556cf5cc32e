"""What each person has chosen for the interface, and their own views of the lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "user_settings",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", sa.String(length=10), nullable=False),
        sa.Column("row_height", sa.String(length=12), nullable=False),
        sa.Column("single_keys", sa.Boolean(), nullable=False),
        sa.Column("rail", sa.String(length=10), nullable=False),
        sa.Column("call_by", sa.String(length=10), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.CheckConstraint(
            "theme IN ('auto', 'light', 'dark')", name=op.f("ck_user_settings_theme")
        ),
        sa.CheckConstraint(
            "row_height IN ('compact', 'comfortable')", name=op.f("ck_user_settings_row_height")
        ),
        sa.CheckConstraint("rail IN ('wide', 'narrow')", name=op.f("ck_user_settings_rail")),
        sa.CheckConstraint("call_by IN ('tel', 'copy')", name=op.f("ck_user_settings_call_by")),
        sa.CheckConstraint("language IN ('en', 'ru')", name=op.f("ck_user_settings_language")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["ab_user.id"],
            name=op.f("fk_user_settings_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_settings")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("screen", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["ab_user.id"],
            name=op.f("fk_saved_view_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint(
            "user_id", "screen", "name", name=op.f("uq_saved_view_user_id_screen_name")
        ),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_table("user_settings")
