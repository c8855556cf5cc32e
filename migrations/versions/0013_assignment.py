"""Who gets new leads, when the company works, and until when a new lead is to be answered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OFFICE_WEEK = ";".join(["09:00-18:00"] * 5 + ["", ""])
TURN = sa.Sequence("assignment_turn")
WAITING = {
    "ix_lead_respond_by": ["respond_by", "id"],
    "ix_lead_respond_by_assignee": ["assignee_id", "respond_by", "id"],
}


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("week", sa.String(length=90), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_duty_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_duty")),
    )
    op.create_index(op.f("ix_duty_on_duty_user_id"), "duty", ["on_duty", "user_id"])
    _add("company", "working_week", sa.String(length=90), OFFICE_WEEK)
    _add("company", "days_off", sa.Text(), "")
    _add("company", "response_minutes", sa.Integer(), "30")
    last = _last_id("source")
    with op.batch_alter_table("source", table_kwargs={"sqlite_autoincrement": True}) as batch:
        assignment = sa.Column(
            "assignment", sa.String(length=20), nullable=False, server_default="nobody"
        )
        batch.add_column(assignment)
        batch.add_column(sa.Column("assignee_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_source_assignee_id"), "ab_user", ["assignee_id"], ["id"])
        batch.create_check_constraint(
            op.f("ck_source_assignment"), "assignment IN ('nobody', 'person', 'in_turn')"
        )
    with op.batch_alter_table("source", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column("assignment", server_default=None)
    _keep_last_id("source", last)
    op.add_column("lead", sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True))
    for name, columns in WAITING.items():
        op.create_index(
            name,
            "lead",
            columns,
            postgresql_where=sa.text("respond_by IS NOT NULL"),
            sqlite_where=sa.text("respond_by IS NOT NULL"),
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(CreateSequence(TURN))


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], value: str) -> None:
    """A column that is never empty; its default is the model's, not the table's."""
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column(name, kind, nullable=False, server_default=value))
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column(name, server_default=None)


def _last_id(table: str) -> int | None:
    """SQLite copies the table; the highest id that was ever given must outlive the copy."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return None
    known = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return bind.execute(known, {"name": table}).scalar()


def _keep_last_id(table: str, last: int | None) -> None:
    if last is not None:
        bind = op.get_bind()
        bind.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table})
        kept = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)")
        bind.execute(kept, {"name": table, "seq": last})


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(DropSequence(TURN))
    for name in reversed(WAITING):
        op.drop_index(name, table_name="lead")
    op.drop_column("lead", "respond_by")
    last = _last_id("source")
    with op.batch_alter_table("source", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint(op.f("ck_source_assignment"), type_="check")
        batch.drop_constraint(op.f("fk_source_assignee_id"), type_="foreignkey")
        batch.drop_column("assignee_id")
        batch.drop_column("assignment")
    _keep_last_id("source", last)
    for name in ("response_minutes", "days_off", "working_week"):
        op.drop_column("company", name)
    op.drop_table("duty")
