"""A limit of its own for a token.

What a token may do has stood in `source_token.scopes` since 0001, so every token keeps what it
could do; a token without a limit of its own has the one of the setting API_RATE_LIMIT.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source_token", sa.Column("per_minute", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("source_token", "per_minute")
