"""Usage: a row for every attempt at a job that ended. It outlives the job: who deletes a picture has used it.

A row is written once for each attempt (job and token), in the transaction that records the attempt's end. A deleted
user's rows stay without the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Float,
    Index,
    Table,
    Text,
    case,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA
from gateway.ledger.statements import Statements, oldest_gone
from proteus.jobs import JobId, UserId

usage = Table(
    "usage_records",
    METADATA,
    Column("job_id", Text, primary_key=True),
    Column("token", BigInteger, primary_key=True),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("key_id", Text),
    Column("kind", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("known", Boolean, nullable=False),
    Column("billed", Boolean, nullable=False),
    Column("gpu_seconds", Float, nullable=False),
    Column("engine_seconds", Float, nullable=False),
    Column("queue_seconds", Float, nullable=False),
    Column("store_seconds", Float, nullable=False),
    Column("cost", Float),
    Column("currency", Text),
    Index("ix_usage_records_tenant_ended_at", "tenant", "ended_at"),
    Index("ix_usage_records_user_id_ended_at", "user_id", "ended_at", postgresql_where=text("user_id <> ''")),
    Index("ix_usage_records_by_age", "ended_at"),
)
"""`outcome`: the kind of the event that ended the attempt. `billed`: its user answers for it. `key_id`: the API key
that submitted it, or whose token did. `user_id`: empty once the user is deleted."""

DIMENSIONS: Final = ("day", "tenant", "user", "key", "engine")
"""By what usage can be summed."""

_DAY: Final = func.to_char(func.timezone("UTC", usage.c.ended_at), "YYYY-MM-DD")
_BY: Final[dict[str, ColumnElement[Any]]] = {
    "day": _DAY,
    "tenant": usage.c.tenant,
    "user": usage.c.user_id,
    "key": func.coalesce(usage.c.key_id, ""),
    "engine": usage.c.engine,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageRow:
    """One attempt at a job."""

    job_id: JobId
    token: int
    ended_at: datetime
    tenant: str
    user_id: UserId
    key_id: str | None
    kind: str
    engine: str
    device: str
    outcome: str
    known: bool
    billed: bool
    gpu_seconds: float
    engine_seconds: float
    queue_seconds: float
    store_seconds: float
    cost: float | None
    currency: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageSum:
    """The sum over some attempts. `by`: the dimensions' values, in the order that was asked for."""

    by: tuple[str, ...]
    pictures: int
    attempts: int
    unknown_attempts: int
    lost_attempts: int
    gpu_seconds: float
    unbilled_seconds: float
    engine_seconds: float
    queue_seconds: float
    store_seconds: float
    cost: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageFilter:
    """Which attempts, by their ends; `until` is not included. Costs count in one currency. None: of all."""

    since: datetime
    until: datetime
    currency: str = ""
    tenant: str | None = None
    user_id: str | None = None


class UsageReads(Statements):
    """Reads of usage."""

    async def sums(
        self,
        by: Sequence[str],
        which: UsageFilter,
        *,
        limit: int,
    ) -> list[UsageSum]:
        """Sums by these dimensions, in their order. Costs in another currency are in no sum."""
        columns = [_BY[name].label(f"by_{name}") for name in by]
        billed = usage.c.billed
        statement = (
            select(
                *columns,
                func.count(func.distinct(case((billed & (usage.c.kind == "tryon"), usage.c.job_id)))).label("pictures"),
                func.count().label("attempts"),
                func.count().filter(~usage.c.known).label("unknown_attempts"),
                func.count().filter(usage.c.outcome == "returned", ~billed).label("lost_attempts"),
                _sum(case((billed, usage.c.gpu_seconds), else_=0.0), "gpu_seconds"),
                _sum(case((billed, 0.0), else_=usage.c.gpu_seconds), "unbilled_seconds"),
                _sum(usage.c.engine_seconds, "engine_seconds"),
                _sum(usage.c.queue_seconds, "queue_seconds"),
                _sum(usage.c.store_seconds, "store_seconds"),
                func.sum(usage.c.cost).filter(usage.c.currency == which.currency).label("cost"),
            )
            .where(usage.c.ended_at >= which.since, usage.c.ended_at < which.until)
            .limit(limit)
        )
        if columns:
            statement = statement.group_by(*columns).order_by(*columns)
        if which.tenant is not None:
            statement = statement.where(usage.c.tenant == which.tenant)
        if which.user_id is not None:
            statement = statement.where(usage.c.user_id == which.user_id)
        return [
            UsageSum(
                by=tuple(str(row[f"by_{name}"]) for name in by),
                **{name: row[name] for name in UsageSum.__dataclass_fields__ if name != "by"},
            )
            for row in (await self._connection.execute(statement)).mappings()
        ]

    async def of_jobs(self, job_ids: Sequence[str]) -> list[UsageRow]:
        """Every attempt at these jobs, oldest first."""
        statement = select(usage).where(usage.c.job_id.in_(list(job_ids))).order_by(usage.c.job_id, usage.c.token)
        return await self._all(UsageRow, statement)


class UsageWrites(UsageReads):
    """Changes of usage."""

    async def add(self, rows: Sequence[UsageRow]) -> set[tuple[str, int]]:
        """Store attempts; return those that were not stored before, as job and token."""
        if not rows:
            return set()
        values = [{name: getattr(row, name) for name in UsageRow.__dataclass_fields__} for row in rows]
        statement = upsert(usage).values(values).on_conflict_do_nothing().returning(usage.c.job_id, usage.c.token)
        return {(row.job_id, row.token) for row in await self._connection.execute(statement)}

    async def forget(self, *, ended_before: datetime, limit: int) -> int:
        """Delete attempts that ended long ago, so many at most; return how many."""
        at = usage.c.ended_at
        return (await self._connection.execute(oldest_gone(usage, at < ended_before, by=at, limit=limit))).rowcount

    async def forget_user(self, user_id: UserId) -> None:
        """Take a deleted user's id out of what it used."""
        await self._connection.execute(update(usage).where(usage.c.user_id == user_id).values(user_id=""))


def _sum(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column), 0.0).label(name)
