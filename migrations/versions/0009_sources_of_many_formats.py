"""Formats, addresses and secrets that are replaced with an overlap; submissions to be fetched."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBERED = {"sqlite_autoincrement": True}  # an id is never given twice
FORMATS = (
    "format IN ('generic', 'form', 'tilda', 'google', 'meta', 'vk', 'tiktok', 'typeform', 'yandex',"
    " 'file')"
)
OUTCOMES = "outcome IN ('accepted', 'repeated', 'rejected', 'test', 'failed'"
PENDING = sa.text("outcome = 'pending'")


def upgrade() -> None:
    with op.batch_alter_table("source", table_kwargs=NUMBERED) as table:
        table.add_column(sa.Column("address", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("phone_region", sa.String(length=2), nullable=True))
        table.add_column(sa.Column("mapping", sa.JSON(none_as_null=True), nullable=True))
        for name, length in (("honeypot", 100), ("thanks_url", 500), ("group_id", 40)):
            table.add_column(
                sa.Column(name, sa.String(length=length), nullable=False, server_default="")
            )
    source = sa.table("source", sa.column("id"), sa.column("address"), sa.column("format"))
    connection = op.get_bind()
    for row_id in connection.execute(sa.select(source.c.id)).scalars().all():
        connection.execute(
            sa.update(source)
            .where(source.c.id == row_id)
            .values(address=secrets.token_urlsafe(16), format="generic")
        )
    with op.batch_alter_table("source", table_kwargs=NUMBERED) as table:
        table.alter_column("address", existing_type=sa.String(length=32), nullable=False)
        for name, length in (("honeypot", 100), ("thanks_url", 500), ("group_id", 40)):
            table.alter_column(name, existing_type=sa.String(length=length), server_default=None)
        table.create_unique_constraint(op.f("uq_source_address"), ["address"])
        table.create_check_constraint(op.f("ck_source_format"), FORMATS)

    with op.batch_alter_table("source_secret", table_kwargs=NUMBERED) as table:
        table.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))
        table.drop_constraint(op.f("uq_source_secret_source_id_name"), type_="unique")
        table.create_index(op.f("ix_source_secret_source_id"), ["source_id"])

    with op.batch_alter_table("submission", table_kwargs=NUMBERED) as table:
        table.add_column(sa.Column("form_id", sa.String(length=100), nullable=True))
        table.add_column(
            sa.Column("fetches", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        table.add_column(sa.Column("fetch_at", sa.DateTime(timezone=True), nullable=True))
        table.drop_constraint(op.f("ck_submission_outcome"), type_="check")
        table.create_check_constraint(op.f("ck_submission_outcome"), f"{OUTCOMES}, 'pending')")
    with op.batch_alter_table("submission", table_kwargs=NUMBERED) as table:
        table.alter_column("fetches", existing_type=sa.Integer(), server_default=None)
        table.create_index(
            "ix_submission_pending",
            ["source_id", "external_id"],
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        )


def downgrade() -> None:
    submission = sa.table("submission", sa.column("outcome"))
    pending = sa.update(submission).where(submission.c.outcome == "pending")
    op.get_bind().execute(pending.values(outcome="failed"))
    with op.batch_alter_table("submission", table_kwargs=NUMBERED) as table:
        table.drop_index("ix_submission_pending")
        table.drop_constraint(op.f("ck_submission_outcome"), type_="check")
        table.create_check_constraint(op.f("ck_submission_outcome"), f"{OUTCOMES})")
        for name in ("fetch_at", "fetches", "form_id"):
            table.drop_column(name)

    # One secret of a name is left: the last one that was kept.
    secret = sa.table("source_secret", *map(sa.column, ("id", "source_id", "name")))
    last = sa.select(sa.func.max(secret.c.id)).group_by(secret.c.source_id, secret.c.name)
    op.get_bind().execute(sa.delete(secret).where(secret.c.id.not_in(last)))
    with op.batch_alter_table("source_secret", table_kwargs=NUMBERED) as table:
        table.drop_index(op.f("ix_source_secret_source_id"))
        table.create_unique_constraint(
            op.f("uq_source_secret_source_id_name"), ["source_id", "name"]
        )
        for name in ("revoked_at", "expires_at"):
            table.drop_column(name)

    with op.batch_alter_table("source", table_kwargs=NUMBERED) as table:
        table.drop_constraint(op.f("ck_source_format"), type_="check")
        table.drop_constraint(op.f("uq_source_address"), type_="unique")
        for name in ("group_id", "thanks_url", "honeypot", "mapping", "phone_region", "address"):
            table.drop_column(name)
