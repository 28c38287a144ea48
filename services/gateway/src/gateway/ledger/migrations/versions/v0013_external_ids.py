"""Keep the id that a client's own system has for a try-on, and find try-ons by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tryons", sa.Column("external_id", sa.Text()))
    op.create_index(
        "ix_tryons_user_id_external_id",
        "tryons",
        ["user_id", "external_id"],
        postgresql_where=text("external_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_tryons_user_id_external_id", table_name="tryons")
    op.drop_column("tryons", "external_id")
