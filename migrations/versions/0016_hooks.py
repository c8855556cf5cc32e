"""Webhooks with what they are told; click ids with their kind; when a lead was first qualified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NUMBERED = {"sqlite_autoincrement": True}  # an id is never given twice
QUALIFIED = sa.text("qualified_at IS NOT NULL")
CONVERTED = sa.text("status = 'converted'")
# Named marks whose value is the click id, the best first; what no platform can have given is other.
KINDS = (
    "gclid", "wbraid", "gbraid", "yclid", "fbc", "fbclid", "ttclid", "vkclid", "rbclickid",
    "msclkid",
)  # fmt: skip
OF_DOOR = {"google": "gclid", "meta": "fbclid", "tiktok": "ttclid", "vk": "vkclid"}
IS_ID = {
    "sqlite": "click_id GLOB '[A-Za-z0-9]*' AND click_id NOT GLOB '*[^A-Za-z0-9_.~-]*'",
    "postgresql": "click_id ~ '^[A-Za-z0-9][A-Za-z0-9_.~-]*$'",
}
MARK = {"sqlite": "json_extract(utm, '$.{}')", "postgresql": "utm ->> '{}'"}


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("events", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("with_contacts", sa.Boolean(), nullable=False),
        sa.Column("off_because", sa.String(length=20), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("old_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("old_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lock_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_reason", sa.String(length=20), nullable=True),
        sa.Column("archived_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "off_because IN ('by_hand', 'failing', 'gone')", name=op.f("ck_webhook_off_because")
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{act}_by_id"], ["ab_user.id"], name=op.f(f"fk_webhook_{act}_by_id")
            )
            for act in ("created", "changed", "archived")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("name", name=op.f("uq_webhook_name")),
        **NUMBERED,
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_token", sa.String(length=64), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_delivery_state")
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint(
            "webhook_id", "event_id", name=op.f("uq_webhook_delivery_webhook_id_event_id")
        ),
        **NUMBERED,
    )
    for columns in (["state", "next_try_at", "id"], ["webhook_id", "id"], ["ordered_at"]):
        name = "_".join(("ix_webhook_delivery", *columns))
        op.create_index(op.f(name), "webhook_delivery", columns)

    op.add_column("submission", sa.Column("click_kind", sa.String(length=20), nullable=True))
    op.add_column("submission", sa.Column("visitor_id", sa.String(length=40), nullable=True))
    _name_the_clicks()

    op.add_column("lead", sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE lead SET qualified_at = status_changed_at"
        " WHERE status IN ('qualified', 'converted')"
    )
    for name, columns, where in (
        ("ix_lead_qualified_at", ["qualified_at", "id"], QUALIFIED),
        ("ix_lead_converted_at", ["status_changed_at", "id"], CONVERTED),
    ):
        op.create_index(name, "lead", columns, postgresql_where=where, sqlite_where=where)


def _name_the_clicks() -> None:
    dialect = op.get_bind().dialect.name
    named = [f"WHEN {MARK[dialect].format(kind)} = click_id THEN '{kind}'" for kind in KINDS]
    by_door = [f"WHEN door = '{door}' THEN '{kind}'" for door, kind in OF_DOOR.items()]
    cases = " ".join([f"WHEN NOT ({IS_ID[dialect]}) THEN 'other'", *named, *by_door])
    op.execute(
        sa.text(
            f"UPDATE submission SET click_kind = CASE {cases} ELSE 'other' END"  # noqa: S608 -- ours
            " WHERE click_id IS NOT NULL"
        )
    )
    op.execute(
        "UPDATE submission SET click_kind = 'leadgen', click_id = external_id"
        " WHERE click_id IS NULL AND door = 'meta' AND external_id IS NOT NULL"
    )


def downgrade() -> None:
    for name in ("ix_lead_converted_at", "ix_lead_qualified_at"):
        op.drop_index(name, table_name="lead")
    op.drop_column("lead", "qualified_at")
    op.execute("UPDATE submission SET click_id = NULL WHERE click_kind = 'leadgen'")
    op.drop_column("submission", "visitor_id")
    op.drop_column("submission", "click_kind")
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
