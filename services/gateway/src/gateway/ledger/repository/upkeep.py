"""What the keepers ask the ledger: what should be queued, what is held, what has ended, what may go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, and_, case, cast, func, literal_column, or_, select, tuple_

from gateway.ledger.repository.questions import ALIVE, Questions
from gateway.ledger.rows import ArrivalRow, ImageRow, JobRow, TryonRow, UnfinishedRow
from gateway.ledger.tables import deletions, engine_offers, images, job_needs, jobs, tryons, users

_ARRIVAL: Final = tuple(each.name for each in fields(ArrivalRow) if each.name not in ("degraded", "ready_at"))


class UpkeepReads(Questions):
    """Questions of the background loops and of operators."""

    async def due_deletions(self, now: datetime, *, limit: int) -> list[str]:
        """Prefixes that are to be emptied again."""
        statement = (
            select(deletions.c.prefix).where(deletions.c.due_at <= now).order_by(deletions.c.due_at).limit(limit)
        )
        return list((await self._connection.execute(statement)).scalars())

    async def outbox(self, *, updated_before: datetime, limit: int) -> list[str]:
        """Rows that should be in a queue and, as far as we know, are not."""
        statement = (
            select(jobs.c.id)
            .where(
                jobs.c.state == "queued",
                jobs.c.stage == "waiting",
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

    async def unfinished(self, *, besides: Sequence[str] = ()) -> list[UnfinishedRow]:
        """How many pictures of whom are not done, by stage, besides those of some try-ons.

        An account counts as its tenant alone.
        """
        guest_id = case((users.c.kind == "guest", users.c.id))
        statement = (
            select(jobs.c.tenant, guest_id.label("guest_id"), users.c.origin, jobs.c.stage, func.count().label("many"))
            .join(users, users.c.id == jobs.c.user_id)
            .where(jobs.c.state.in_(ALIVE), jobs.c.kind == "tryon", jobs.c.tryon_id.not_in(list(besides)))
            .group_by(jobs.c.tenant, guest_id, users.c.origin, jobs.c.stage)
        )
        return [UnfinishedRow(**row) for row in (await self._connection.execute(statement)).mappings()]

    async def held(self, *, per_tenant: int, engines: Collection[str]) -> list[tuple[str, str, int]]:
        """(tenant, job id, priority): each tenant's next held pictures of these engines, best priority first.

        Among equals the user comes first who has least on the list, and his own come in the order in which they were
        sent: whoever sent hundreds gets his next one no sooner than another his only one.
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
                .filter(jobs.c.stage.not_in(("held", "preparing")))
                .over(partition_by=(jobs.c.tenant, jobs.c.user_id))
                .label("served"),
            )
            .where(jobs.c.state.in_(ALIVE), jobs.c.kind == "tryon")
            .subquery()
        )
        turn = func.row_number().over(
            partition_by=(alive.c.tenant, alive.c.user_id),
            order_by=(alive.c.priority.desc(), alive.c.created_at, alive.c.id),
        )
        mine = (alive.c.stage == "held", alive.c.engine.in_(list(engines)))
        turns = select(alive, (alive.c.served + turn).label("turn")).where(*mine).subquery()
        rank = func.row_number().over(
            partition_by=turns.c.tenant,
            order_by=(turns.c.priority.desc(), turns.c.turn, turns.c.created_at, turns.c.id),
        )
        ranked = select(turns.c.tenant, turns.c.id, turns.c.priority, rank.label("place")).subquery()
        statement = select(ranked).where(ranked.c.place <= per_tenant).order_by(ranked.c.place, ranked.c.tenant)
        return [(row.tenant, row.id, row.priority) for row in await self._connection.execute(statement)]

    async def overdue(self, now: datetime, *, limit: int) -> list[JobRow]:
        """Rows no queue holds yet whose deadline has passed."""
        statement = (
            select(jobs)
            .where(jobs.c.state == "queued", jobs.c.stage.in_(("held", "preparing")), jobs.c.deadline_at < now)
            .limit(limit)
        )
        return await self._all(JobRow, statement)

    async def too_old(self, *, waiting_before: datetime, held_before: datetime, limit: int) -> list[JobRow]:
        """Rows that have waited and run, or been held, since before these times."""
        since = func.coalesce(jobs.c.waiting_since, jobs.c.updated_at)
        statement = (
            select(jobs)
            .where(
                jobs.c.state.in_(ALIVE),
                or_(
                    and_(jobs.c.stage.not_in(("held", "preparing")), since < waiting_before),
                    and_(jobs.c.stage == "held", jobs.c.updated_at < held_before),
                ),
            )
            .limit(limit)
        )
        return await self._all(JobRow, statement)

    async def engines_offered(self, *, since: datetime) -> frozenset[str]:
        """The engines that workers have offered since then."""
        statement = select(engine_offers.c.engine).where(engine_offers.c.offered_at >= since)
        return frozenset((await self._connection.execute(statement)).scalars())

    async def active(self) -> dict[str, int]:
        """Per kind: rows that should stand in a queue."""
        statement = (
            select(jobs.c.kind, func.count().label("many"))
            .where(jobs.c.state.in_(ALIVE), jobs.c.stage.not_in(("held", "preparing")))
            .group_by(jobs.c.kind)
        )
        return {row.kind: row.many for row in await self._connection.execute(statement)}

    async def idle_guests(self, *, seen_before: datetime, limit: int) -> list[str]:
        """Guests who have not been here since, those first who went first."""
        statement = (
            select(users.c.id)
            .where(users.c.kind == "guest", users.c.last_seen_at < seen_before)
            .order_by(users.c.last_seen_at)
            .limit(limit)
        )
        return list((await self._connection.execute(statement)).scalars())

    async def guests_seen(self) -> tuple[int, datetime | None]:
        """How many guests there are, and when the one was here who went first."""
        statement = select(func.count().label("many"), func.min(users.c.last_seen_at).label("first"))
        row = (await self._connection.execute(statement.where(users.c.kind == "guest"))).one()
        return row.many, row.first

    async def tryons_of_kind(self, kind: str, *, created_before: datetime, limit: int) -> list[TryonRow]:
        """Try-ons of users of this kind that were made before and that have ended."""
        statement = (
            select(tryons)
            .join(users, users.c.id == tryons.c.user_id)
            .where(users.c.kind == kind, tryons.c.created_at < created_before, tryons.c.status.not_in(ALIVE))
            .order_by(tryons.c.created_at)
            .limit(limit)
        )
        return await self._all(TryonRow, statement)

    async def unused_images_of_kind(self, kind: str, *, created_before: datetime, limit: int) -> list[ImageRow]:
        """Photos of users of this kind that were made before and that no try-on and no unfinished job needs."""
        named = select(tryons.c.id).where(
            or_(tryons.c.person_image_id == images.c.id, tryons.c.garment_image_id == images.c.id)
        )
        needed = select(jobs.c.id).where(jobs.c.image_id == images.c.id, jobs.c.state.in_(ALIVE))
        statement = (
            select(images)
            .join(users, users.c.id == images.c.user_id)
            .where(users.c.kind == kind, images.c.created_at < created_before, ~named.exists(), ~needed.exists())
            .order_by(images.c.created_at)
            .limit(limit)
        )
        return await self._all(ImageRow, statement)

    async def images_to_sweep(self, now: datetime, *, limit: int) -> list[ImageRow]:
        """Photos whose upload is to be looked at."""
        statement = select(images).where(images.c.sweep_at <= now).order_by(images.c.sweep_at).limit(limit)
        return await self._all(ImageRow, statement)

    async def stored(self, user_id: str) -> tuple[int, int]:
        """(photos, bytes as declared) that a user has."""
        statement = select(
            func.count().label("many"), func.coalesce(func.sum(images.c.declared_bytes), 0).label("size")
        )
        row = (await self._connection.execute(statement.where(images.c.user_id == user_id))).one()
        return row.many, int(row.size)

    async def ready_but_preparing(self, *, limit: int) -> list[str]:
        """Rows at `preparing` whose needs are all settled: their release was missed."""
        need = jobs.alias("need")
        open_needs = (
            select(literal_column("1"))
            .select_from(job_needs.join(need, need.c.id == job_needs.c.needs_id))
            .where(job_needs.c.job_id == jobs.c.id, need.c.state.in_(ALIVE))
            .exists()
        )
        statement = (
            select(jobs.c.id).where(jobs.c.state == "queued", jobs.c.stage == "preparing", ~open_needs).limit(limit)
        )
        return list((await self._connection.execute(statement)).scalars())

    async def ended_since(
        self, since: datetime, *, before: tuple[datetime, str] | None = None, limit: int
    ) -> list[JobRow]:
        """A page of rows that ended lately other than by completion, newest first: a queue may not know."""
        statement = (
            select(jobs)
            .where(jobs.c.finished_at > since, jobs.c.state.in_(("failed", "canceled", "expired")))
            .order_by(jobs.c.finished_at.desc(), jobs.c.id.desc())
            .limit(limit)
        )
        if before:
            statement = statement.where(tuple_(jobs.c.finished_at, jobs.c.id) < before)
        return await self._all(JobRow, statement)

    async def done_more_than_once(self, *, since: datetime, until: datetime, limit: int) -> list[JobRow]:
        """Pictures that ended in this time and that more than one worker may have stored, or one in vain."""
        claims = jobs.c.token % 1_000_000
        statement = (
            select(jobs)
            .where(
                jobs.c.kind == "tryon",
                jobs.c.finished_at.between(since, until),
                jobs.c.started_at.is_not(None),
                or_(jobs.c.state != "completed", claims > 1, jobs.c.epoch > 1),
            )
            .limit(limit)
        )
        return await self._all(JobRow, statement)

    async def failed_before(self, before: tuple[datetime, str] | None, *, limit: int) -> list[JobRow]:
        """A page of failed rows of all users, newest first (operators only)."""
        statement = (
            select(jobs)
            .where(jobs.c.state == "failed")
            .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
            .limit(limit)
        )
        if before:
            statement = statement.where(tuple_(jobs.c.created_at, jobs.c.id) < before)
        return await self._all(JobRow, statement)

    async def alive_before(
        self, before: tuple[datetime, str] | None, *, limit: int, stage: str | None = None
    ) -> list[JobRow]:
        """A page of living rows of all users, newest first (operators only)."""
        statement = (
            select(jobs)
            .where(jobs.c.state.in_(ALIVE))
            .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
            .limit(limit)
        )
        if stage:
            statement = statement.where(jobs.c.stage == stage)
        if before:
            statement = statement.where(tuple_(jobs.c.created_at, jobs.c.id) < before)
        return await self._all(JobRow, statement)

    async def arrivals(
        self, *, since: datetime, until: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[ArrivalRow]:
        """A page of the pictures that were asked for in [since, until), oldest first (operators only)."""
        need = jobs.alias("need")
        all_made = func.bool_and(need.c.state == "completed")
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
            .where(jobs.c.kind == "tryon", jobs.c.created_at >= since, jobs.c.created_at < until)
            .order_by(jobs.c.created_at, jobs.c.id)
            .limit(limit)
        )
        if after:
            # The first condition says nothing that the second does not, but an index understands it.
            statement = statement.where(jobs.c.created_at >= after[0], tuple_(jobs.c.created_at, jobs.c.id) > after)
        return [ArrivalRow(**row) for row in (await self._connection.execute(statement)).mappings()]
