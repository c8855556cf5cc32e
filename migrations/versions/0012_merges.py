"""Merges of two records of one person, and clients who are not the same one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NOUNS = ("client", "lead")


def upgrade() -> None:
    op.create_table(
        "people_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("noun", sa.String(length=10), nullable=False),
        sa.Column("survivor_id", sa.Integer(), nullable=False),
        sa.Column("loser_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("moved", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("made", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["ab_user.id"], name=op.f("fk_people_merge_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_merge")),
        sqlite_autoincrement=True,
    )
    for column in ("survivor_id", "loser_id"):
        op.create_index(op.f(f"ix_people_merge_noun_{column}"), "people_merge", ["noun", column])
    op.create_table(
        "clients_apart",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("other_client_id", sa.Integer(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("client_id < other_client_id", name=op.f("ck_clients_apart_ordered")),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["client.id"],
            name=op.f("fk_clients_apart_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_client_id"],
            ["client.id"],
            name=op.f("fk_clients_apart_other_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["said_by_id"], ["ab_user.id"], name=op.f("fk_clients_apart_said_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients_apart")),
        sa.UniqueConstraint(
            "client_id",
            "other_client_id",
            name=op.f("uq_clients_apart_client_id_other_client_id"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_clients_apart_other_client_id"), "clients_apart", ["other_client_id"])
    for noun in NOUNS:
        with changed(noun) as batch:
            batch.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
            batch.create_foreign_key(
                op.f(f"fk_{noun}_merged_into_id"), noun, ["merged_into_id"], ["id"]
            )
        op.create_index(
            f"ix_{noun}_merged_into_id",
            noun,
            ["merged_into_id"],
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
        )


@contextmanager
def changed(table: str) -> Iterator[BatchOperations]:
    """SQLite copies the table; the highest id that was ever given must outlive the copy."""
    bind, last = op.get_bind(), None
    on_sqlite = bind.dialect.name == "sqlite"
    if on_sqlite:
        known = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        last = bind.execute(known, {"name": table}).scalar()
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        yield batch
    if last is not None:
        bind.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table})
        kept = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)")
        bind.execute(kept, {"name": table, "seq": last})


def downgrade() -> None:
    for noun in NOUNS:
        op.drop_index(op.f(f"ix_{noun}_merged_into_id"), table_name=noun)
        with changed(noun) as batch:
            batch.drop_constraint(op.f(f"fk_{noun}_merged_into_id"), type_="foreignkey")
            batch.drop_column("merged_into_id")
    op.drop_table("clients_apart")
    op.drop_table("people_merge")
