"""Own forms, each with its source, and how often they are shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NUMBERED = {"sqlite_autoincrement": True}  # an id is never given twice
FORMATS = (
    "format IN ('generic', 'form', 'tilda', 'google', 'meta', 'vk', 'tiktok', 'typeform', 'yandex'"
)
TEXTS = (
    ("heading", sa.String(length=200)),
    ("button", sa.String(length=60)),
    ("consent", sa.Text()),
    ("thanks", sa.Text()),
)


def upgrade() -> None:
    _formats(f"{FORMATS}, 'own_form', 'file')")
    op.create_table(
        "own_form",
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=32), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("questions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("last_key", sa.Integer(), nullable=False),
        *(
            sa.Column(f"{name}_{language}", kind, nullable=False)
            for name, kind in TEXTS
            for language in ("en", "ru")
        ),
        sa.Column("consent_version", sa.Integer(), nullable=False),
        sa.Column("thanks_url", sa.String(length=500), nullable=False),
        sa.Column("sites", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lock_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_reason", sa.String(length=20), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("archived_by_id", sa.Integer(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_own_form_source_id")),
        *(
            sa.ForeignKeyConstraint([column], ["ab_user.id"], name=op.f(f"fk_own_form_{column}"))
            for column in ("created_by_id", "changed_by_id", "archived_by_id")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_own_form_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_form")),
        sa.UniqueConstraint("address", name=op.f("uq_own_form_address")),
        sa.UniqueConstraint("source_id", name=op.f("uq_own_form_source_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_own_form_batch_id"), "own_form", ["batch_id"])
    op.create_table(
        "own_form_day",
        sa.Column("form_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_id"], ["own_form.id"], name=op.f("fk_own_form_day_form_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("form_id", "day", name=op.f("pk_own_form_day")),
    )


def _formats(admitted: str) -> None:
    last = _last_id()
    with op.batch_alter_table("source", table_kwargs=NUMBERED) as table:
        table.drop_constraint(op.f("ck_source_format"), type_="check")
        table.create_check_constraint(op.f("ck_source_format"), admitted)
    _keep_last_id(last)


def _last_id() -> int | None:
    """SQLite copies the table; the highest id that was ever given must outlive the copy."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return None
    return bind.execute(
        sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'source'")
    ).scalar()  # fmt: skip


def _keep_last_id(last: int | None) -> None:
    if last is not None:
        bind = op.get_bind()
        bind.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'source'"))
        kept = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('source', :seq)")
        bind.execute(kept, {"seq": last})


def downgrade() -> None:
    op.drop_table("own_form_day")
    op.drop_table("own_form")
    source = sa.table("source", sa.column("format"))
    own = sa.update(source).where(source.c.format == "own_form")
    op.get_bind().execute(own.values(format="form"))
    _formats(f"{FORMATS}, 'file')")
