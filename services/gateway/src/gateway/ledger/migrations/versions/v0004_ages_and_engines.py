"""When a job could first be queued, and which engines workers have offered.

Living jobs begin their age with this migration: none of them ends because of it before the limit has passed once more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("waiting_since", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE jobs SET waiting_since = now() WHERE state = 'running' OR (state = 'queued' AND stage = 'waiting')"
    )
    op.create_table(
        "engine_offers",
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("engine", name="pk_engine_offers"),
    )


def downgrade() -> None:
    op.drop_table("engine_offers")
    op.drop_column("jobs", "waiting_since")
