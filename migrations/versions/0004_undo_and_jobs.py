"""What can be undone for ten minutes, and long acts that a worker does part by part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("act", sa.String(length=100), nullable=False),
        sa.Column("permission", sa.String(length=100), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("undo_of_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('bulk', 'undo')", name=op.f("ck_job_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_job_state"),
        ),
        sa.ForeignKeyConstraint(["undo_of_id"], ["job.id"], name=op.f("fk_job_undo_of_id")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_job_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("undo_of_id", name=op.f("uq_job_undo_of_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_job_state_id"), "job", ["state", "id"])
    op.create_index(op.f("ix_job_user_id_id"), "job", ["user_id", "id"])
    op.create_table(
        "job_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("ids", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_part_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_part")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_job_part_job_id_id"), "job_part", ["job_id", "id"])
    op.create_table(
        "undo_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(length=100), nullable=False),
        sa.Column("permission", sa.String(length=100), nullable=False),
        sa.Column("rows", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_undo_step_job_id")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_undo_step_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_step")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_undo_step_job_id"), "undo_step", ["job_id"])
    op.create_index(op.f("ix_undo_step_until"), "undo_step", ["until"])


def downgrade() -> None:
    op.drop_table("undo_step")
    op.drop_table("job_part")
    op.drop_table("job")
