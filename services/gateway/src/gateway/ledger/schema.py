"""What the tables of every noun share: their metadata, and recurring columns.

Migrations make the tables; `alembic check` holds the two together.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Column, Dialect, ForeignKey, MetaData, Text, TypeDecorator, text

E = TypeVar("E", bound=StrEnum)

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
    """Return the column of the user that owns a row; deleting the user deletes the row."""
    return Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


class Words(TypeDecorator[E], Generic[E]):
    """A text column that holds members of an enum.

    Writing a value that the enum lacks is refused; reading one raises: a newer version wrote it.
    """

    impl = Text
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.members(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> E | None:
        return None if value is None else self.members(value)
