"""Keep the category that a user gave a garment's photo: it stands above every guess."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("category", sa.Text()))


def downgrade() -> None:
    op.drop_column("images", "category")
