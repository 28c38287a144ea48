"""Lists of jobs of all users, by what an operator filters for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_

from gateway.ledger.jobs import JobRow, jobs
from gateway.ledger.statements import Statements
from proteus.jobs import ALIVE, JobState, Stage
from proteus.stages import JobKind


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFilter:
    """Which jobs; what is None does not count.

    Attributes:
        states: In any of these.
        code: Of the error of a failed one.
        since, until: When it was made; `until` is not included.
    """

    states: Sequence[JobState]
    stage: Stage | None = None
    kind: JobKind | None = None
    engine: str | None = None
    tenant: str | None = None
    user_id: str | None = None
    priority: int | None = None
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DepthRow:
    """Unfinished jobs of one kind, engine and priority, by where they are."""

    kind: JobKind
    engine: str
    priority: int
    state: JobState
    stage: Stage | None
    jobs: int


class JobListReads(Statements):
    """Reads of lists."""

    async def page(self, wanted: JobFilter, before: tuple[datetime, str] | None, *, limit: int) -> list[JobRow]:
        """A page of jobs of all users, newest first (operators only)."""
        statement = (
            select(jobs)
            .where(jobs.c.state.in_(list(wanted.states)))
            .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
            .limit(limit)
        )
        for column, value in (
            (jobs.c.stage, wanted.stage),
            (jobs.c.kind, wanted.kind),
            (jobs.c.engine, wanted.engine),
            (jobs.c.tenant, wanted.tenant),
            (jobs.c.user_id, wanted.user_id),
            (jobs.c.priority, wanted.priority),
            (jobs.c.error["code"].astext, wanted.code),
        ):
            if value is not None:
                statement = statement.where(column == value)
        if wanted.since is not None:
            statement = statement.where(jobs.c.created_at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(jobs.c.created_at < wanted.until)
        if before:
            # The second condition implies the first, but only the first can use an index.
            statement = statement.where(jobs.c.created_at <= before[0], tuple_(jobs.c.created_at, jobs.c.id) < before)
        return await self._all(JobRow, statement)

    async def depths(self) -> list[DepthRow]:
        """Unfinished jobs by kind, engine, priority and place."""
        by = (jobs.c.kind, jobs.c.engine, jobs.c.priority, jobs.c.state, jobs.c.stage)
        statement = (
            select(*by, func.count().label("jobs"))
            .where(jobs.c.state.in_(ALIVE))
            .group_by(*by)
            .order_by(jobs.c.kind, jobs.c.engine, jobs.c.priority.desc(), jobs.c.stage)
        )
        return await self._all(DepthRow, statement)
