"""Compares rows with queues and puts right what differs: everything in Redis can be rebuilt from Postgres.

Every second `watch` compares `proteus:epoch` with the ledger's value: missing or different means that Redis was emptied
or swapped, and it compares all living rows at once. Every second `watch_counts` compares how many rows should be in a
queue with how many jobs are in its list, leases, retries and parked jobs: a difference that stays means that a part was
lost. Every minute `periodic` compares rows that have not changed for 10 s. One gateway at a time does any of it: under
an advisory lock, for which no gateway waits.

    row waiting or running, no job in Redis      -> back to the queue with the next epoch
    job in Redis in no place that would move it  -> its place again, same token
    job in Redis ended, row not                  -> recorded as in Redis
    row ended, job in Redis alive                -> cancelled there
    row preparing, its needs ended               -> released or failed
    cancel requested, job alive                  -> requested again
    job in Redis of an unknown form              -> left to the version that wrote it
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog
from redis.asyncio import Redis

from gateway import metrics
from gateway.ledger.engine import Ledger
from gateway.ledger.jobs import JobRow
from gateway.outbox import Submitter
from gateway.recording import halving
from gateway.recording.recorder import Recorder
from gateway.recording.remedies import Cancel, Push, Record, Remedy, remedy
from proteus import keys
from proteus.jobs import OUTSIDE, JobId
from proteus.queue import AnyQueue, QueueEvent
from proteus.replies import is_away

log = structlog.get_logger()

LOCK: Final = "proteus:reconcile"
EPOCH_FACT: Final = "redis_epoch"
SETTLED_AGE: Final = timedelta(seconds=10)
"""Younger rows may still be on their way to Redis, or their events to us."""

RECENT: Final = timedelta(minutes=10)
"""How far back ended rows are compared with Redis."""

PAGE: Final = 200

COUNTED_ROUNDS_SECONDS: Final = 10.0
"""Least time between two rounds that a difference starts: under load the two counts are never taken at one moment."""


class Reconciler:
    """Compares every living row with its queue, and puts right what differs."""

    def __init__(
        self,
        ledger: Ledger,
        redis: Redis,
        queues: Mapping[str, AnyQueue],
        recorder: Recorder,
        submitter: Submitter,
    ) -> None:
        self._ledger = ledger
        self._redis = redis
        self._queues = queues
        self._recorder = recorder
        self._submitter = submitter
        self._differences: dict[str, int] = {}
        self._round_at = -COUNTED_ROUNDS_SECONDS

    async def watch(self) -> bool:
        """Read the epoch; if Redis is not the one we knew, reconcile at once. Returns whether it did."""
        if await self._agrees():
            return False
        async with self._ledger.lock(LOCK) as held:
            if not held or await self._agrees():
                return False
            async with self._ledger.read() as reads:
                first, now = await reads.deployment.fact(EPOCH_FACT) is None, await reads.now()
            if first:
                log.info("first_epoch")
            else:
                log.warning("redis_was_emptied_or_swapped")
                metrics.RECONCILED.labels("new_epoch").inc()
            epoch = uuid4().hex
            # First: if Redis is emptied while we compare, it is missing again.
            await self._redis.set(keys.EPOCH, epoch)
            # A deployment's first rows are no loss: what they wait for is on its way.
            await self.compare(updated_before=now - SETTLED_AGE if first else now, emptied=not first)
            async with self._ledger.write() as writes:
                await writes.deployment.set_fact(EPOCH_FACT, epoch)
        return True

    async def watch_counts(self) -> bool:
        """Count rows and jobs; if they differ as they did before, compare every one. Returns whether it did."""
        async with self._ledger.lock(LOCK) as held:
            if not held:
                return False
            async with self._ledger.read() as reads:
                active, now = await reads.backlog.count_by_kind(), await reads.now()
            before, self._differences = self._differences, {}
            for name, queue in self._queues.items():
                rows = sum(many for kind, many in active.items() if kind.queue == name)
                self._differences[name] = rows - await queue.count()
            lasting = {name: lost for name, lost in self._differences.items() if lost * before.get(name, 0) > 0}
            if not lasting or time.monotonic() - self._round_at < COUNTED_ROUNDS_SECONDS:
                return False
            self._round_at = time.monotonic()
            log.warning("rows_and_queues_differ", missing=lasting)
            await self.compare(updated_before=now, quiet_before=now - SETTLED_AGE)
        return True

    async def periodic(self) -> None:
        """Compare rows that have not changed for a while."""
        async with self._ledger.lock(LOCK) as held:
            if held:
                async with self._ledger.read() as reads:
                    now = await reads.now()
                await self.compare(updated_before=now - SETTLED_AGE)

    async def compare(
        self, *, updated_before: datetime, quiet_before: datetime | None = None, emptied: bool = False
    ) -> int:
        """Repair every living row last changed before this time; return how many were wrong.

        Args:
            updated_before: Younger rows are left alone. By the database's clock, like `quiet_before`.
            quiet_before: Of younger rows only the job's place in Redis is put right: news on its way cannot change it.
            emptied: Redis has lost its jobs: a missing one may have been claimed, even if no row records it.
        """
        wrong, after_id = 0, ""
        while True:
            async with self._ledger.read() as reads:
                rows = await reads.backlog.alive(after_id=after_id, updated_before=updated_before, limit=PAGE)
            if not rows:
                break
            after_id = rows[-1].id
            wrong += await self._mend(
                [row for row in rows if row.stage not in OUTSIDE],
                quiet_before=quiet_before or updated_before,
                emptied=emptied,
            )
        async with self._ledger.read() as reads:
            ready = await reads.needs.ready_but_preparing(limit=PAGE)
        await self._recheck(ready)
        await self._cancel_ended_since(datetime.now(UTC) - RECENT)
        return wrong + len(ready)

    async def _mend(self, rows: Sequence[JobRow], *, quiet_before: datetime, emptied: bool) -> int:
        """Repair what differs in these rows; return how many differences there were."""
        remedies: list[tuple[JobRow, Remedy]] = []
        restored = 0
        for name, queue in self._queues.items():
            own = [row for row in rows if row.kind.queue == name]
            views = await queue.look(*[row.id for row in own], positions=False)
            restored += await self._restore(queue, [view.id for view in views if view and view.stranded])
            now = datetime.now(UTC)
            remedies += [
                (row, found)
                for row, view in zip(own, views, strict=True)
                if row.updated_at < quiet_before and (found := remedy(row, view, now=now, emptied=emptied))
            ]
        await self._record([found.event for _, found in remedies if isinstance(found, Record)])
        await self._submitter.push([row.id for row, found in remedies if isinstance(found, Push)])
        for row, found in remedies:
            if isinstance(found, Cancel):
                await self._queues[row.kind.queue].cancel(row.id)
        return len(remedies) + restored

    async def _recheck(self, ids: Sequence[JobId]) -> None:
        """Release or fail jobs by the present state of their needs; one that cannot be keeps no other one."""
        try:
            if ids:
                await self._recorder.settle([], recheck=ids)
        except Exception as error:
            if is_away(error):
                raise
            if len(ids) == 1:
                log.error("job_not_released", job_id=ids[0], error=f"{type(error).__name__}: {error}"[:500])
                return
            for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
                await self._recheck(half)

    async def _record(self, events: Sequence[QueueEvent]) -> None:
        """Settle events that rows have missed."""
        if not events:
            return
        for event in events:
            metrics.RECONCILED.labels(event.kind).inc()
        log.warning("rows_reconciled", jobs=len(events), kinds=sorted({event.kind.value for event in events}))
        await halving.each(self._recorder.settle, events)

    async def _restore(self, queue: AnyQueue, ids: Sequence[JobId]) -> int:
        """Give jobs that are in no list a place that will move them."""
        restored = await queue.restore(*ids) if ids else 0
        if restored:
            metrics.RECONCILED.labels("stranded").inc(restored)
            log.warning("jobs_restored", jobs=restored)
        return restored

    async def _cancel_ended_since(self, since: datetime) -> None:
        before: tuple[datetime, str] | None = None
        while True:
            async with self._ledger.read() as reads:
                ended = await reads.jobs.ended_since(since, before=before, limit=PAGE)
            await self._cancel_ended(ended)
            if len(ended) < PAGE or ended[-1].finished_at is None:
                return
            before = (ended[-1].finished_at, ended[-1].id)

    async def _cancel_ended(self, rows: Sequence[JobRow]) -> None:
        """Stop jobs in Redis whose rows have ended without it."""
        for name, queue in self._queues.items():
            own = [row for row in rows if row.kind.queue == name]
            views = await queue.look(*[row.id for row in own], positions=False)
            readable = [view for view in views if view and view.readable]
            alive = [view.id for view in readable if not view.state.terminal and not view.cancel_requested]
            if alive:
                metrics.RECONCILED.labels("ended_but_queued").inc(len(alive))
                await queue.cancel(*alive)

    async def _agrees(self) -> bool:
        current = await self._redis.get(keys.EPOCH)
        async with self._ledger.read() as reads:
            known = await reads.deployment.fact(EPOCH_FACT)
        return known is not None and current == known
