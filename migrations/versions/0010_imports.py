"""Files of rows on their way into the database, and the jobs that work them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = "kind IN ('bulk', 'undo', 'import')"
KINDS_BEFORE = "kind IN ('bulk', 'undo')"


def upgrade() -> None:
    _kinds_of_jobs(KINDS)
    op.create_table(
        "import_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("layout", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("plan", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("head", sa.JSON(none_as_null=True), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in (
                "rows", "next_row", "ready", "repeats", "wrong", "ignored", "warned", "made",
                "joined", "taken_back",
            )
        ),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('leads', 'clients', 'spend')", name=op.f("ck_import_file_kind")
        ),
        sa.CheckConstraint(
            "state IN ('uploaded', 'checking', 'checked', 'running', 'done', 'undoing', 'undone')",
            name=op.f("ck_import_file_state"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_import_file_batch_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_import_file_job_id")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_import_file_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_import_file_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index(op.f("ix_import_file_kind_id"), "import_file", ["kind", "id"])
    op.create_index(op.f("ix_import_file_batch_id"), "import_file", ["batch_id"])
    op.create_index(op.f("ix_import_file_job_id"), "import_file", ["job_id"])
    op.create_table(
        "import_piece",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_file.id"], name=op.f("fk_import_piece_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_piece")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_import_piece_import_id_id"), "import_piece", ["import_id", "id"])
    op.create_table(
        "import_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("cells", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("remarks", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("noun_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('wrong', 'repeat', 'warned', 'changed', 'kept')",
            name=op.f("ck_import_row_state"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_file.id"], name=op.f("fk_import_row_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_import_row_import_id_state_number"), "import_row", ["import_id", "state", "number"]
    )
    op.create_table(
        "import_key",
        sa.Column("import_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_file.id"], name=op.f("fk_import_key_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "key", name=op.f("pk_import_key")),
    )


def downgrade() -> None:
    for table in ("import_key", "import_row", "import_piece", "import_file"):
        op.drop_table(table)
    op.execute("DELETE FROM job_part WHERE job_id IN (SELECT id FROM job WHERE kind = 'import')")
    op.execute("DELETE FROM job WHERE kind = 'import'")
    _kinds_of_jobs(KINDS_BEFORE)


def _kinds_of_jobs(allowed: str) -> None:
    with op.batch_alter_table("job", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint(op.f("ck_job_kind"), type_="check")
        table.create_check_constraint(op.f("ck_job_kind"), allowed)
