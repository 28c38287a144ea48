"""Arrivals: pictures as demand, for replays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, case, cast, func, select, tuple_

from gateway.ledger.jobs import jobs
from gateway.ledger.needs import job_needs
from gateway.ledger.statements import Statements
from proteus.jobs import JobId, JobState
from proteus.stages import JobKind


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrivalRow:
    """A picture as demand. `ready_at`: when all its needs were met; None: it never could be queued."""

    id: JobId
    tenant: str
    priority: int
    engine: str
    batch_key: str
    degraded_batch_key: str
    deadline_at: datetime | None
    state: JobState
    degraded: bool | None
    created_at: datetime
    ready_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


_ARRIVAL: Final = tuple(each.name for each in fields(ArrivalRow) if each.name not in ("degraded", "ready_at"))


class ArrivalReads(Statements):
    """Reads of demand."""

    async def page(
        self, *, since: datetime, until: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[ArrivalRow]:
        """A page of the pictures requested in [since, until), oldest first (operators only)."""
        need = jobs.alias("need")
        all_made = func.bool_and(need.c.state == JobState.COMPLETED)
        ready_at = (
            select(case((all_made.is_not(False), func.greatest(jobs.c.created_at, func.max(need.c.finished_at)))))
            .select_from(job_needs.join(need, need.c.id == job_needs.c.needs_id))
            .where(job_needs.c.job_id == jobs.c.id)
            .correlate(jobs)
            .scalar_subquery()
        )
        statement = (
            select(
                *(jobs.c[name] for name in _ARRIVAL),
                cast(jobs.c.result["degraded"].astext, Boolean).label("degraded"),
                ready_at.label("ready_at"),
            )
            .where(jobs.c.kind == JobKind.TRYON, jobs.c.created_at >= since, jobs.c.created_at < until)
            .order_by(jobs.c.created_at, jobs.c.id)
            .limit(limit)
        )
        if after:
            # The second condition implies the first, but only the first can use an index.
            statement = statement.where(jobs.c.created_at >= after[0], tuple_(jobs.c.created_at, jobs.c.id) > after)
        return [ArrivalRow(**row) for row in (await self._connection.execute(statement)).mappings()]
