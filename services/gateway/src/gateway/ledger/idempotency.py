"""Idempotency-Keys: which job each was accepted as, for a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Column, DateTime, ForeignKey, Index, Table, Text, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements, oldest_gone
from proteus.jobs import UserId

IDEMPOTENCY_LIFE: Final = timedelta(hours=24)
"""How long a repeated submit is recognised."""

REBIND: Final = f"""ON CONFLICT (user_id, key) DO UPDATE
        SET request_hash = excluded.request_hash, job_id = excluded.job_id, created_at = now()
        WHERE idempotency.created_at <= now() - interval '{IDEMPOTENCY_LIFE.total_seconds():.0f} seconds'"""  # noqa: S608 - a number of ours.
"""End of an INSERT that binds keys: one that is bound already stays as it is for a day."""

idempotency = Table(
    "idempotency",
    METADATA,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index(None, "created_at"),
)


class IdempotencyReads(Statements):
    """Reads of Idempotency-Keys."""

    async def find(self, key: str, *, user_id: UserId) -> tuple[str, str] | None:
        """(request hash, job id) of an Idempotency-Key that is younger than a day."""
        row = (
            await self._connection.execute(
                select(idempotency.c.request_hash, idempotency.c.job_id).where(
                    idempotency.c.user_id == user_id,
                    idempotency.c.key == key,
                    idempotency.c.created_at > func.now() - IDEMPOTENCY_LIFE,
                )
            )
        ).first()
        return None if row is None else (row.request_hash, row.job_id)


class IdempotencyWrites(IdempotencyReads):
    """Changes of Idempotency-Keys."""

    async def remember(self, key: str, *, user_id: UserId, request_hash: str, job_id: str) -> bool:
        """Bind an Idempotency-Key to a job; False: it is bound already."""
        statement = (
            upsert(idempotency)
            .values(user_id=user_id, key=key, request_hash=request_hash, job_id=job_id)
            .on_conflict_do_update(
                index_elements=[idempotency.c.user_id, idempotency.c.key],
                set_={"request_hash": request_hash, "job_id": job_id, "created_at": func.now()},
                where=idempotency.c.created_at <= func.now() - IDEMPOTENCY_LIFE,
            )
        )
        return (await self._connection.execute(statement)).rowcount == 1

    async def confirm(self, key: str, *, user_id: UserId) -> None:
        """Write a binding anew as it is: this commit, and with it every earlier one, is as safe as commits are here."""
        await self._connection.execute(
            update(idempotency)
            .where(idempotency.c.user_id == user_id, idempotency.c.key == key)
            .values(job_id=idempotency.c.job_id)
        )

    async def forget(self, *, created_before: datetime, limit: int) -> int:
        """Drop Idempotency-Keys that are too old, so many at most; return how many."""
        at = idempotency.c.created_at
        return (
            await self._connection.execute(oldest_gone(idempotency, at < created_before, by=at, limit=limit))
        ).rowcount
