"""Who is not the same person, though a phone or an e-mail is shared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_apart",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("other_lead_id", sa.Integer(), nullable=True),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(other_lead_id IS NULL) <> (client_id IS NULL)",
            name=op.f("ck_people_apart_one_other"),
        ),
        sa.CheckConstraint(
            "other_lead_id IS NULL OR lead_id < other_lead_id",
            name=op.f("ck_people_apart_ordered"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["lead.id"], name=op.f("fk_people_apart_lead_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_lead_id"],
            ["lead.id"],
            name=op.f("fk_people_apart_other_lead_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_people_apart_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["said_by_id"], ["ab_user.id"], name=op.f("fk_people_apart_said_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_apart")),
        sa.UniqueConstraint(
            "lead_id", "other_lead_id", name=op.f("uq_people_apart_lead_id_other_lead_id")
        ),
        sa.UniqueConstraint("lead_id", "client_id", name=op.f("uq_people_apart_lead_id_client_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_people_apart_other_lead_id"), "people_apart", ["other_lead_id"])
    op.create_index(op.f("ix_people_apart_client_id"), "people_apart", ["client_id"])


def downgrade() -> None:
    op.drop_table("people_apart")
