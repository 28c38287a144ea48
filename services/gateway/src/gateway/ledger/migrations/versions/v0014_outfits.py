"""Outfits: what each picture of a chain is made from; and photos that are pictures of try-ons.

A gateway of the version before goes on beside this one: it makes no outfits, and shows their pictures as those of an
ordinary try-on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("made_by", sa.Text()))
    op.create_index(
        "uq_images_made_by", "images", ["made_by"], unique=True, postgresql_where=text("made_by IS NOT NULL")
    )
    table = "outfit_garments"
    op.create_table(
        table,
        sa.Column("tryon_id", sa.Text(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("person_image_id", sa.Text(), nullable=False),
        sa.Column("garment_image_id", sa.Text(), nullable=False),
        sa.Column("cut_id", sa.Text(), nullable=False),
        sa.Column("parse_id", sa.Text()),
        _goes_with("tryon_id", "tryons"),
        _goes_with("person_image_id", "images"),
        _goes_with("garment_image_id", "images"),
        sa.PrimaryKeyConstraint("tryon_id", "n", name=f"pk_{table}"),
    )
    for column in ("person_image_id", "garment_image_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    op.drop_table("outfit_garments")
    op.drop_index("uq_images_made_by", table_name="images")
    op.drop_column("images", "made_by")


def _goes_with(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_outfit_garments_{column}", ondelete="CASCADE")
