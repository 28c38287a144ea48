"""Note when an upload is to be looked for; find events by their age.

Uploads of before have no such moment: the check of everything that lies there, once a day, looks after them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("sweep_at", sa.DateTime(timezone=True)))
    op.create_index("ix_images_sweep_at", "images", ["sweep_at"], postgresql_where=text("sweep_at IS NOT NULL"))
    op.create_index("ix_events_recorded_at", "events", ["recorded_at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_events_recorded_at", table_name="events")
    op.drop_index("ix_images_sweep_at", table_name="images")
    op.drop_column("images", "sweep_at")
