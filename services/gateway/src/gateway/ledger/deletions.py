"""Pending deletions: prefixes of the object store to empty once more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, DateTime, Index, Table, Text, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA
from gateway.ledger.statements import Statements

deletions = Table(
    "deletions",
    METADATA,
    Column("prefix", Text, primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Index(None, "due_at"),
)
"""Prefixes to empty once more: a worker that held a job while it was deleted may still have stored its picture."""


class DeletionReads(Statements):
    """Reads of pending deletions."""

    async def due(self, now: datetime, *, limit: int) -> list[str]:
        """Prefixes that are to be emptied again."""
        statement = (
            select(deletions.c.prefix).where(deletions.c.due_at <= now).order_by(deletions.c.due_at).limit(limit)
        )
        return list((await self._connection.execute(statement)).scalars())


class DeletionWrites(DeletionReads):
    """Changes of pending deletions."""

    async def schedule(self, prefix: str, *, due_at: datetime) -> None:
        """Schedule a prefix to be emptied later."""
        statement = upsert(deletions).values(prefix=prefix, due_at=due_at)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[deletions.c.prefix], set_={"due_at": due_at})
        )

    async def forget(self, prefixes: Sequence[str], *, due_before: datetime) -> None:
        """Take prefixes off the list; one that was scheduled anew meanwhile stays."""
        done = deletions.c.prefix.in_(prefixes), deletions.c.due_at <= due_before
        await self._connection.execute(delete(deletions).where(*done))
