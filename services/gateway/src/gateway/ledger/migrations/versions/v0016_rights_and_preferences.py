"""What users prefer, what tenants and keys may use, and how long a tenant's work is kept.

The version before reads and writes none of these columns; without a value nothing is restricted and nothing is deleted.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("preferences", postgresql.JSONB()))
    op.add_column("tenants", sa.Column("retention_days", sa.Float()))
    for table in ("tenants", "api_keys"):
        op.add_column(table, sa.Column("qualities", sa.ARRAY(sa.Text())))
        op.add_column(table, sa.Column("priorities", sa.ARRAY(sa.Text())))


def downgrade() -> None:
    for table in ("tenants", "api_keys"):
        op.drop_column(table, "priorities")
        op.drop_column(table, "qualities")
    op.drop_column("tenants", "retention_days")
    op.drop_column("users", "preferences")
