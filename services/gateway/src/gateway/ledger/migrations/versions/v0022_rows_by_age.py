"""Find the oldest rows by a B-tree: a BRIN keeps the ages of rows that went, where younger ones took their place.

The indexes are built beside writers, which takes as long as reading the tables; nobody waits for it. One that was
broken off is invalid, and made anew.
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TABLES = (
    ("events", "recorded_at"),
    ("usage_records", "ended_at"),
    ("webhook_deliveries", "created_at"),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Building waits for transactions under way, and nobody waits for it.
        op.execute("SET lock_timeout = 0")
        for table, at in _TABLES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_by_age")
            op.execute(f"CREATE INDEX CONCURRENTLY ix_{table}_by_age ON {table} ({at})")
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_{at}")


def downgrade() -> None:
    for table, at in _TABLES:
        op.create_index(f"ix_{table}_{at}", table, [at], postgresql_using="brin")
        op.drop_index(f"ix_{table}_by_age", table_name=table)
