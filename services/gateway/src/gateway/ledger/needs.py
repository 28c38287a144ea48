"""Which job waits for which: a picture for its preparations, a preparation for its photo's ingest."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, ForeignKey, Index, Table, Text, insert, literal_column, select

from gateway.ledger.jobs import JobRow, jobs
from gateway.ledger.schema import METADATA
from gateway.ledger.statements import Statements
from proteus.jobs import ALIVE, JobId, JobState, Stage

job_needs = Table(
    "job_needs",
    METADATA,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("needs_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "needs_id"),
)


class NeedReads(Statements):
    """Reads of what jobs wait for."""

    async def of(self, ids: Iterable[str]) -> dict[JobId, list[JobRow]]:
        """What each of these jobs waits for, as it is now."""
        statement = (
            select(job_needs.c.job_id.label("dependent"), jobs)
            .join(jobs, jobs.c.id == job_needs.c.needs_id)
            .where(job_needs.c.job_id.in_(list(ids)))
        )
        found: dict[JobId, list[JobRow]] = {}
        for row in (await self._connection.execute(statement)).mappings():
            values = dict(row)
            found.setdefault(values.pop("dependent"), []).append(JobRow(**values))
        return found

    async def dependents(self, ids: Iterable[JobId]) -> list[JobId]:
        """Jobs at `preparing` that wait for any of these."""
        statement = (
            select(jobs.c.id)
            .join(job_needs, job_needs.c.job_id == jobs.c.id)
            .where(
                job_needs.c.needs_id.in_(list(ids)), jobs.c.state == JobState.QUEUED, jobs.c.stage == Stage.PREPARING
            )
            .distinct()
        )
        return list((await self._connection.execute(statement)).scalars())

    async def ready_but_preparing(self, *, limit: int) -> list[JobId]:
        """Rows at `preparing` whose needs have all ended: their release was missed."""
        need = jobs.alias("need")
        open_needs = (
            select(literal_column("1"))
            .select_from(job_needs.join(need, need.c.id == job_needs.c.needs_id))
            .where(job_needs.c.job_id == jobs.c.id, need.c.state.in_(ALIVE))
            .exists()
        )
        statement = (
            select(jobs.c.id)
            .where(jobs.c.state == JobState.QUEUED, jobs.c.stage == Stage.PREPARING, ~open_needs)
            .limit(limit)
        )
        return list((await self._connection.execute(statement)).scalars())


class NeedWrites(NeedReads):
    """Changes of what jobs wait for."""

    async def add(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Store that jobs wait for others: (job, its need)."""
        values = [{"job_id": job_id, "needs_id": needs_id} for job_id, needs_id in pairs]
        if values:
            await self._connection.execute(insert(job_needs), values)
