"""Events: what clients replay, numbered per user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements, oldest_gone
from proteus.jobs import JobId, TryonId, UserId

events = Table(
    "events",
    METADATA,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("job_id", Text, nullable=False),
    Column("data", JSONB(none_as_null=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index(None, "job_id"),
    Index("ix_events_by_age", "recorded_at"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRow:
    """One numbered event of a user."""

    user_id: UserId
    seq: int
    job_id: TryonId | JobId
    data: dict[str, Any]


class EventReads(Statements):
    """Reads of events."""

    async def after(self, cursors: Mapping[UserId, int], *, limit: int) -> list[EventRow]:
        """Events beyond each user's cursor, in order, `limit` in all."""
        after = (
            func.unnest(
                bindparam("ids", list(cursors), type_=ARRAY(Text)),
                bindparam("seqs", list(cursors.values()), type_=ARRAY(BigInteger)),
            )
            .table_valued("user_id", "seq", name="cursors")
            .render_derived()
        )
        statement = (
            select(events.c.user_id, events.c.seq, events.c.job_id, events.c.data)
            .join(after, and_(events.c.user_id == after.c.user_id, events.c.seq > after.c.seq))
            .order_by(events.c.user_id, events.c.seq)
            .limit(limit)
        )
        return [EventRow(**row) for row in (await self._connection.execute(statement)).mappings()]

    async def of_job(self, job_id: str, *, limit: int) -> list[EventRow]:
        """The first events of a try-on, or of a tailor job of its own."""
        statement = (
            select(events.c.user_id, events.c.seq, events.c.job_id, events.c.data)
            .where(events.c.job_id == job_id)
            .order_by(events.c.seq)
            .limit(limit)
        )
        return await self._all(EventRow, statement)


class EventWrites(EventReads):
    """Changes of events."""

    async def add(self, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            await self._connection.execute(insert(events), list(values))

    async def empty(self, job_ids: Sequence[str]) -> None:
        """Clear the content of past events of deleted jobs; the events keep their numbers."""
        await self._connection.execute(
            update(events)
            .where(events.c.job_id.in_(job_ids))
            .values(
                data=func.jsonb_build_object(
                    "kind", "job", "job_id", events.c.data["job_id"], "job_type", events.c.data["job_type"],
                    "status", events.c.data["status"], "at", events.c.data["at"],
                )
            )
        )  # fmt: skip

    async def forget(self, *, recorded_before: datetime, limit: int) -> int:
        """Delete events that are too old to be replayed, so many at most; return how many."""
        at = events.c.recorded_at
        return (await self._connection.execute(oldest_gone(events, at < recorded_before, by=at, limit=limit))).rowcount
