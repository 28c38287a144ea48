"""The backlog: unfinished jobs as the background loops see them: what should be queued, is held, is late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, or_, select

from gateway.ledger.jobs import JobRow, jobs
from gateway.ledger.statements import Statements
from gateway.ledger.users import PEOPLE, users
from gateway.rules.batches import SPARE
from proteus.jobs import ALIVE, OUTSIDE, JobState, Stage
from proteus.stages import JobKind


@dataclass(frozen=True, kw_only=True, slots=True)
class UnfinishedRow:
    """A count of unfinished pictures; `guest_id` is None for an account's, `new_tryon_id` for those of old try-ons."""

    tenant: str
    new_tryon_id: str | None
    guest_id: str | None
    origin: str | None
    stage: Stage
    many: int


class BacklogReads(Statements):
    """Reads of unfinished jobs."""

    async def outbox(self, *, updated_before: datetime, limit: int) -> list[str]:
        """Rows that should be in a queue but are not marked as submitted."""
        statement = (
            select(jobs.c.id)
            .where(
                jobs.c.state == JobState.QUEUED,
                jobs.c.stage == Stage.WAITING,
                jobs.c.submitted_epoch < jobs.c.epoch,
                jobs.c.updated_at < updated_before,
            )
            .order_by(jobs.c.created_at)
            .limit(limit)
        )
        return list((await self._connection.execute(statement)).scalars())

    async def alive(self, *, after_id: str, updated_before: datetime, limit: int) -> list[JobRow]:
        """A page of rows that are not terminal, by id."""
        statement = (
            select(jobs)
            .where(jobs.c.state.in_(ALIVE), jobs.c.id > after_id, jobs.c.updated_at < updated_before)
            .order_by(jobs.c.id)
            .limit(limit)
        )
        return await self._all(JobRow, statement)

    async def count_by_kind(self) -> dict[JobKind, int]:
        """Per kind: rows that should be in a queue."""
        statement = (
            select(jobs.c.kind, func.count().label("many"))
            .where(jobs.c.state.in_(ALIVE), jobs.c.stage.not_in(OUTSIDE))
            .group_by(jobs.c.kind)
        )
        return {row.kind: row.many for row in await self._connection.execute(statement)}

    async def unfinished(self, *, besides: Sequence[str] = (), new_since: datetime) -> list[UnfinishedRow]:
        """Unfinished pictures by owner and stage, without those of some try-ons.

        An account counts as its tenant alone. Pictures made from `new_since` on come try-on by try-on.
        """
        guest_id = case((users.c.kind.in_(PEOPLE), users.c.id)).label("guest_id")
        new_tryon_id = case((jobs.c.created_at >= new_since, jobs.c.tryon_id)).label("new_tryon_id")
        by = (jobs.c.tenant, guest_id, users.c.origin, jobs.c.stage, new_tryon_id)
        statement = (
            select(*by, func.count().label("many"))
            .join(users, users.c.id == jobs.c.user_id)
            .where(jobs.c.state.in_(ALIVE), jobs.c.kind == JobKind.TRYON, jobs.c.tryon_id.not_in(list(besides)))
            .group_by(*by)
        )
        return [UnfinishedRow(**row) for row in (await self._connection.execute(statement)).mappings()]

    async def held(
        self, *, per_tenant: int, engines: Collection[str], kinds: Collection[JobKind] = (JobKind.TRYON,)
    ) -> list[tuple[str, str, int]]:
        """(tenant, job id, priority): each tenant's next held jobs of these engines, best priority first, no batch's.

        Among equal priorities the user with least on the list comes first, and each user's pictures come in the order
        they were submitted: the next one of hundreds comes no sooner than another user's only one.
        """
        alive = (
            select(
                jobs.c.id,
                jobs.c.user_id,
                jobs.c.tenant,
                jobs.c.priority,
                jobs.c.created_at,
                jobs.c.stage,
                jobs.c.engine,
                func.count()
                .filter(jobs.c.stage.not_in(OUTSIDE))
                .over(partition_by=(jobs.c.tenant, jobs.c.user_id))
                .label("served"),
            )
            .where(jobs.c.state.in_(ALIVE), jobs.c.kind.in_(list(kinds)))
            .subquery()
        )
        turn = func.row_number().over(
            partition_by=(alive.c.tenant, alive.c.user_id),
            order_by=(alive.c.priority.desc(), alive.c.created_at, alive.c.id),
        )
        mine = (alive.c.stage == Stage.HELD, alive.c.engine.in_(list(engines)), alive.c.priority > SPARE)
        turns = select(alive, (alive.c.served + turn).label("turn")).where(*mine).subquery()
        rank = func.row_number().over(
            partition_by=turns.c.tenant,
            order_by=(turns.c.priority.desc(), turns.c.turn, turns.c.created_at, turns.c.id),
        )
        ranked = select(turns.c.tenant, turns.c.id, turns.c.priority, rank.label("place")).subquery()
        statement = select(ranked).where(ranked.c.place <= per_tenant).order_by(ranked.c.place, ranked.c.tenant)
        return [(row.tenant, row.id, row.priority) for row in await self._connection.execute(statement)]

    async def spare(self, *, limit: int, engines: Collection[str]) -> list[JobRow]:
        """Held pictures of batches, for these engines, the oldest first."""
        statement = (
            select(jobs)
            .where(
                jobs.c.state == JobState.QUEUED,
                jobs.c.kind == JobKind.TRYON,
                jobs.c.stage == Stage.HELD,
                jobs.c.priority <= SPARE,
                jobs.c.engine.in_(list(engines)),
            )
            .order_by(jobs.c.created_at, jobs.c.id)
            .limit(limit)
        )
        return await self._all(JobRow, statement)

    async def overdue(self, now: datetime, *, limit: int) -> list[JobRow]:
        """Rows that no queue holds yet and whose deadline has passed."""
        statement = (
            select(jobs)
            .where(jobs.c.state == JobState.QUEUED, jobs.c.stage.in_(OUTSIDE), jobs.c.deadline_at < now)
            .limit(limit)
        )
        return await self._all(JobRow, statement)

    async def too_old(self, *, waiting_before: datetime, held_before: datetime, limit: int) -> list[JobRow]:
        """Rows that have waited and run, or been held, since before these times; a batch ends its own."""
        since = func.coalesce(jobs.c.waiting_since, jobs.c.updated_at)
        statement = (
            select(jobs)
            .where(
                jobs.c.state.in_(ALIVE),
                or_(
                    and_(jobs.c.stage.not_in(OUTSIDE), since < waiting_before),
                    and_(jobs.c.stage == Stage.HELD, jobs.c.updated_at < held_before),
                ),
                jobs.c.priority > SPARE,
            )
            .limit(limit)
        )
        return await self._all(JobRow, statement)
