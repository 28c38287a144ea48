"""Usage of jobs: a row per attempt, sums in the jobs' rows, the key that submitted; spend caps and their use.

A gateway of the version before goes on beside this one: it fills none of this, and what it inserts needs nothing of it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("key_id", sa.Text()))
    op.add_column("jobs", sa.Column("usage", postgresql.JSONB()))
    op.create_table(
        "usage_records",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("billed", sa.Boolean(), nullable=False),
        sa.Column("gpu_seconds", sa.Float(), nullable=False),
        sa.Column("engine_seconds", sa.Float(), nullable=False),
        sa.Column("queue_seconds", sa.Float(), nullable=False),
        sa.Column("store_seconds", sa.Float(), nullable=False),
        sa.Column("cost", sa.Float()),
        sa.Column("currency", sa.Text()),
        sa.PrimaryKeyConstraint("job_id", "token", name="pk_usage_records"),
    )
    op.create_index("ix_usage_records_tenant_ended_at", "usage_records", ["tenant", "ended_at"])
    op.create_index(
        "ix_usage_records_user_id_ended_at",
        "usage_records",
        ["user_id", "ended_at"],
        postgresql_where=text("user_id <> ''"),
    )
    op.create_index("ix_usage_records_ended_at", "usage_records", ["ended_at"], postgresql_using="brin")
    op.create_table(
        "spend_caps",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("per_day", sa.Float()),
        sa.Column("per_month", sa.Float()),
        sa.PrimaryKeyConstraint("subject", name="pk_spend_caps"),
    )
    op.create_table(
        "spend_days",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gpu_seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "day", name="pk_spend_days"),
    )
    op.create_table(
        "spend_reservations",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("gpu_seconds", sa.Float(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=text("now()")),
        sa.PrimaryKeyConstraint("job_id", "subject", name="pk_spend_reservations"),
    )
    op.create_index("ix_spend_reservations_subject", "spend_reservations", ["subject"])


def downgrade() -> None:
    for table in ("spend_reservations", "spend_days", "spend_caps", "usage_records"):
        op.drop_table(table)
    op.drop_column("jobs", "usage")
    op.drop_column("jobs", "key_id")
