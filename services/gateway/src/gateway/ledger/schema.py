"""What the tables of every noun share: their metadata, and recurring columns.

Migrations make the tables; `alembic check` holds the two together.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Generic, TypeVar, get_args

from sqlalchemy import Column, Dialect, ForeignKey, MetaData, Text, TypeDecorator, text
from sqlalchemy.dialects.postgresql import JSONB

from gateway.rules.failures import told
from proteus.engines import Quality

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


class Document(TypeDecorator[dict[str, Any]]):
    """A JSON column that holds an object. What another version or a hand wrote there is read as far as it makes sense.

    One such row must not keep a list, a round or a status from all the others.
    """

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else self.read(value if isinstance(value, dict) else {})

    def read(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return the object as this version may use it."""
        return found


class Failure(Document):
    """Why a job failed: code, message, hint, whether a retry may help."""

    cache_ok = True

    def read(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return an error with all its fields."""
        return told(found)


class Labels(Document):
    """A client's labels: texts by text."""

    cache_ok = True

    def read(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return those labels that are texts."""
        return {name: label for name, label in found.items() if isinstance(label, str)}


class Options(Document):
    """The options of a try-on: its engine and quality are always there."""

    cache_ok = True

    def read(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return options that name an engine and a quality; an unknown engine's name is no text of ours to change."""
        engine, quality = found.get("engine"), found.get("quality")
        return {
            **found,
            "engine": engine if isinstance(engine, str) else "unknown",
            "quality": quality if quality in get_args(Quality) else "balanced",
        }
