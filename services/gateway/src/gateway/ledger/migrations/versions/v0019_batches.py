"""Batches: many pictures that are made when nothing else needs the fleet; their items wait here and not in a queue.

A gateway of the version before goes on beside this one: it feeds no batch, and promotes no job of one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text()),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("rights", postgresql.JSONB(), nullable=False),
        sa.Column("metadata", postgresql.JSONB()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=text("now()")),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("canceled_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_batches_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_batches_user_id_created_at_id", "batches", ["user_id", "created_at", "id"])
    op.create_index("ix_batches_open", "batches", ["created_at"], postgresql_where=text("finished_at IS NULL"))
    op.create_index("ix_batches_deleted", "batches", ["deleted_at"], postgresql_where=text("deleted_at IS NOT NULL"))
    op.create_table(
        "batch_items",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("custom_id", sa.Text()),
        sa.Column("person_image_id", sa.Text(), nullable=False),
        sa.Column("garment_image_id", sa.Text(), nullable=False),
        sa.Column("person_url", sa.Text(), nullable=False),
        sa.Column("garment_url", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=text("'waiting'")),
        sa.Column("error", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("batch_id", "n", name="pk_batch_items"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_items_batch_id", ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint([column], ["images.id"], name=f"fk_batch_items_{column}", ondelete="CASCADE")
            for column in ("person_image_id", "garment_image_id")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'taken', 'refused', 'canceled', 'expired')", name="ck_batch_items_state"
        ),
    )
    for column in ("person_image_id", "garment_image_id"):
        op.create_index(f"ix_batch_items_{column}", "batch_items", [column])
    op.create_index("uq_batch_items_job_id", "batch_items", ["job_id"], unique=True)
    op.create_index(
        "ix_batch_items_waiting", "batch_items", ["batch_id", "n"], postgresql_where=text("state = 'waiting'")
    )


def downgrade() -> None:
    op.drop_table("batch_items")
    op.drop_table("batches")
