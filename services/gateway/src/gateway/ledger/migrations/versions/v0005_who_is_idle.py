"""Note when a user was last here, and from which address a guest was made.

Users who are there already were last seen now: the days of an idle guest are counted from this upgrade on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # now() is one moment for the whole statement: Postgres keeps it as the column's default and rewrites no row.
    op.add_column(
        "users",
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
    op.add_column("users", sa.Column("origin", sa.Text()))
    op.create_index("ix_users_idle_guests", "users", ["last_seen_at"], postgresql_where=text("kind = 'guest'"))
    op.create_index("ix_users_origins", "users", ["created_at"], postgresql_where=text("origin IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_users_origins", table_name="users")
    op.drop_index("ix_users_idle_guests", table_name="users")
    op.drop_column("users", "origin")
    op.drop_column("users", "last_seen_at")
