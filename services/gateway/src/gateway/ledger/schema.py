"""What the tables of every noun share: their metadata, and columns that return.

Migrations make the tables; `alembic check` holds the two together.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, MetaData, Text, text

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

NOW: Final = text("now()")


def owner() -> Column[str]:
    """Return the column of the user to whom a row belongs, and with whom it goes."""
    return Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
