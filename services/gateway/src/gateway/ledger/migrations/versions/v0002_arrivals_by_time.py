"""Find jobs by time: what an operator replays."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"], unique=False, postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_jobs_created_at", table_name="jobs", postgresql_using="brin")
