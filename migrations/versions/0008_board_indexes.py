"""Indexes along which the board and the queue are read, also by campaign and without a plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BY_CAMPAIGN = "ix_lead_campaign_id_status_next_contact_at_id"
UNPLANNED = {
    "ix_lead_unplanned": ["status", "received_at", "id"],
    "ix_lead_unplanned_assignee": ["assignee_id", "status", "received_at", "id"],
}


def upgrade() -> None:
    op.create_index(BY_CAMPAIGN, "lead", ["campaign_id", "status", "next_contact_at", "id"])
    for name, columns in UNPLANNED.items():
        op.create_index(
            name,
            "lead",
            columns,
            postgresql_where=sa.text("next_contact_at IS NULL"),
            sqlite_where=sa.text("next_contact_at IS NULL"),
        )


def downgrade() -> None:
    for name in (*UNPLANNED, BY_CAMPAIGN):
        op.drop_index(name, table_name="lead")
