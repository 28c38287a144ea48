"""Labels of tenants. The version before neither reads nor writes them: its pictures have the deployment's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("label", sa.Text()))


def downgrade() -> None:
    op.drop_column("tenants", "label")
