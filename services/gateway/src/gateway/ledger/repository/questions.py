"""What every question to the ledger has: a connection, and rows made of what comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.rows import ImageRow, JobRow, TryonRow, UserRow

Row = TypeVar("Row", UserRow, ImageRow, TryonRow, JobRow)

ALIVE: Final = ("queued", "running")

IDEMPOTENCY_LIFE: Final = timedelta(hours=24)
"""How long a repeated submit is recognised."""

SEEN_EVERY: Final = timedelta(hours=1)
"""How often a user's presence is written down."""

TICKET_LIFE_MOST: Final = timedelta(minutes=20)
"""Longer than any signed upload can be used."""


class Questions:
    """A session. Every public method of its children is one statement, unless it says otherwise."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _all(self, made: type[Row], statement: Select[Any]) -> list[Row]:
        return [made(**row) for row in (await self._connection.execute(statement)).mappings()]

    async def _one(self, made: type[Row], statement: Select[Any]) -> Row | None:
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else made(**found)
