"""The weaver's loop: claim -> fetch -> weave -> store -> complete, until `stop` is set.

Everything a job needs to survive this process lives in Redis and in the store: the process may be killed at any line.
The engine waits for the store and for pictures as little as possible: the loop claims, fetches and prepares the next
batch just before the running one ends, and pastes, encodes and stores the last one while the next is woven. It claims
no earlier, because a claimed job cannot go to a worker that is free.

Others join a batch while it runs, at a step's end (`weaver.batching.joining`): the loop claims and fetches them
meanwhile.

Spare jobs yield: while they are woven the loop goes on claiming; once others are claimed and fetched, the spare ones
are parked at the next step's end and go on, in this process, when nothing else waits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import structlog

from proteus.jobs import Stage
from proteus.queue import Claimed, Failure
from proteus.retrying import retry_while_unavailable
from proteus.service.lifecycle import wait
from proteus.service.supervision import LOOP_ERRORS, Pulse
from proteus.tracing import span
from proteus.worker.run import WorkerParts
from weaver.claiming import Claimer
from weaver.delivery import Delivery
from weaver.engine_runner import EngineRunner
from weaver.inputs import fetch
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem, Emit, Joiners, settle
from weaver.progress import ProgressReporter
from weaver.settings import WeaverSettings

log = structlog.get_logger()

TROUBLE_PAUSE_SECONDS: Final = 1.0
"""Pause after Redis did not answer a claim."""

WAIT_SECONDS: Final = 1.0
"""How long the loop waits for deliveries between two pulses."""

DELIVERIES: Final = 2
"""Batches that may still be on their way to the store when another one starts."""

FIRST_FETCH_SECONDS: Final = 0.2
"""Guess until a fetch has been measured."""

LOOK_SECONDS: Final = 0.25
"""How often a running session is looked at: who may join it, and when it should end."""

AHEAD: Final = 1.5
"""The next batch is claimed this many fetches (with preparing) before the running one should end."""


class Worker:
    """One weaver: claims a batch, fetches it, has it woven and delivers it, while it fetches the next one."""

    def __init__(
        self,
        settings: WeaverSettings,
        parts: WorkerParts,
        *,
        claimer: Claimer,
        runner: EngineRunner,
        delivery: Delivery,
        progress: ProgressReporter,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._claims = parts.claims
        self._store = parts.store
        self._heartbeat = parts.heartbeat
        self._status = parts.status
        self._work_available = parts.status.work_available
        self._claimer = claimer
        self._runner = runner
        self._delivery = delivery
        self._progress = progress
        self._metrics = metrics
        self._fetch_seconds = FIRST_FETCH_SECONDS
        self._deliveries: dict[asyncio.Task[None], int] = {}
        """With how many pictures."""
        self._parked: list[BatchItem] = []
        """Spare jobs that made way."""

    async def run(self, stop: asyncio.Event, pulse: Pulse) -> None:
        """Work until `stop`; then hand back what has not started and finish what runs.

        Returns early when an engine is broken (`EngineRunner.sick`): every job it took is settled or handed back.
        Raises any other error once it holds no job any more, so that it can be started again.
        """
        self._claims.on_wait = pulse.turn
        try:
            await self._work(stop, pulse)
        except Exception as error:
            await self._claims.give_up(error)
            raise

    async def _work(self, stop: asyncio.Event, pulse: Pulse) -> None:
        self._parked = []
        async with asyncio.TaskGroup() as group:
            batch = await self._prepare(stop)
            while not (stop.is_set() or self._runner.sick):
                pulse.turn()
                self._drop_gone(group)
                if not batch:
                    batch, self._parked = self._parked, []
                if not batch:
                    # Finish all deliveries first: a job that must run alone goes to a worker that holds nothing.
                    if self._deliveries:
                        while self._deliveries:
                            pulse.turn()
                            await asyncio.wait(self._deliveries, timeout=WAIT_SECONDS)
                    else:
                        await wait(self._work_available, seconds=self._settings.poll_seconds)
                    batch = await self._prepare(stop)
                    continue
                if batch[0].job.spare:
                    batch = await self._weave_spare(batch, group, stop)
                    continue
                await self._delivered()
                joiners = Joiners(closed=batch[0].job.solo)
                ahead = group.create_task(self._ahead(batch[0].job, joiners, stop))
                await self._hand_back(await self._weave(batch, group, stop, joiners=joiners))
                batch = await ahead
            await self._hand_back([*batch, *self._parked])

    async def _ahead(self, beside: Claimed, joiners: Joiners, stop: asyncio.Event) -> list[BatchItem]:
        """While a batch is woven, claim and fetch who joins it; near its end, what comes next.

        Args:
            beside: A job of the batch.
            joiners: Receives those that join.
            stop: Claim nothing more.
        """
        idle = self._runner.idle
        while not idle.is_set():
            self._claims.on_wait()  # A session that others join may go on for hours.
            left = self._runner.seconds_left - AHEAD * self._fetch_seconds
            if left <= 0 and not joiners.items:
                break
            if not joiners.closed and sum(self._deliveries.values()) < self._settings.max_batch:
                found = await self._claim(stop, lambda: self._joiners(beside, joiners))
                joiners.items += found
            await wait(idle, seconds=min(left, LOOK_SECONDS) if left > 0 else LOOK_SECONDS)
        return joiners.items or await self._prepare(stop, spare=not self._parked)

    async def _joiners(self, beside: Claimed, joiners: Joiners) -> Sequence[Claimed]:
        inside = self._runner.staying(AHEAD * self._fetch_seconds) + len(joiners.items)
        jobs, joiners.limit = await self._claimer.join(beside, inside)
        return jobs

    async def _weave_spare(
        self, items: Sequence[BatchItem], group: asyncio.TaskGroup, stop: asyncio.Event
    ) -> list[BatchItem]:
        """Weave spare jobs until they are done or make way; return what to weave next."""
        await self._delivered()
        make_way, ended = asyncio.Event(), asyncio.Event()
        others = group.create_task(self._others(make_way, ended, stop))
        left = await self._weave(items, group, stop, make_way=make_way)
        ended.set()
        self._work_available.set()  # The other task looks up.
        if make_way.is_set() and not (stop.is_set() or self._runner.sick):
            self._parked = left
        else:
            await self._hand_back(left)
        return await others

    async def _others(self, make_way: asyncio.Event, ended: asyncio.Event, stop: asyncio.Event) -> list[BatchItem]:
        """While spare jobs are woven, claim what they make way for; near their end, more of them, if nothing else."""
        more: list[BatchItem] = []
        while not ended.is_set():
            near = self._runner.seconds_left - AHEAD * self._fetch_seconds
            found = await self._prepare(stop, spare=near <= 0 and not more)
            if found and not found[0].job.spare:
                await self._hand_back(more)
                if stop.is_set():  # What runs is finished; these need not wait for it.
                    await self._hand_back(found)
                    return []
                make_way.set()
                return found
            more += found
            poll_seconds = self._settings.poll_seconds
            await wait(self._work_available, seconds=min(poll_seconds, near) if near > 0 else poll_seconds)
        return more

    async def _prepare(self, stop: asyncio.Event, *, spare: bool = True) -> list[BatchItem]:
        """Claim and fetch a batch; empty if there is none now."""
        self._work_available.clear()
        return await self._claim(stop, lambda: self._claimer.next(stop, spare=spare))

    async def _claim(self, stop: asyncio.Event, claim: Callable[[], Awaitable[Sequence[Claimed]]]) -> list[BatchItem]:
        if stop.is_set() or self._runner.sick or self._status.drained:
            return []
        try:
            jobs = await claim()
        except Exception as error:  # An edge: a failed claim is repeated, whatever the error.
            LOOP_ERRORS.labels("work").inc()
            log.warning("claim_failed", reason=f"{type(error).__name__}: {error}"[:500])
            await wait(stop, seconds=TROUBLE_PAUSE_SECONDS)
            return []
        self._metrics.held.set(self._claims.count)
        return await self._fetch(jobs) if jobs else []

    async def _fetch(self, jobs: Sequence[Claimed]) -> list[BatchItem]:
        async def one(job: Claimed) -> BatchItem | Failure | Claimed:
            engine = self._runner.engines[job.engine]
            self._progress.note(job, Stage.FETCHING)
            try:
                with span("fetch and prepare", job.trace_id, job_id=job.id):
                    inputs = await retry_while_unavailable(
                        lambda: engine.prepare(fetch(self._store, job, engine.card)),
                        seconds=self._settings.store_patience_seconds,
                        moved=self._moved,
                        waits=lambda: True,
                    )
            except Exception as error:  # an error in one job's body or pictures fails only that job
                return self._delivery.failed(job, error, began_at=start)
            return BatchItem(job=job, inputs=inputs)

        start = time.monotonic()
        found = await asyncio.gather(*(one(job) for job in jobs))
        took = time.monotonic() - start
        self._heartbeat.moved()
        self._metrics.stage.labels("fetching").observe(took)
        # An engine that waits costs more than a job that is claimed early: the estimate rises at once and falls slowly.
        self._fetch_seconds = max(took, self._fetch_seconds + 0.2 * (took - self._fetch_seconds))
        items = [one for one in found if isinstance(one, BatchItem)]
        for job in jobs:
            self._claims.spend(job, store=took)
        for item in items:
            item.fetch_seconds = took
        await self._delivery.settle([], [one for one in found if not isinstance(one, BatchItem)])
        return items

    async def _weave(
        self,
        items: Sequence[BatchItem],
        group: asyncio.TaskGroup,
        stop: asyncio.Event,
        **disturbed_by: Any,
    ) -> list[BatchItem]:
        """Weave a batch; return what was not finished."""
        return await self._runner.weave(items, emit=self._emit_in(group), stop=stop, **disturbed_by)

    async def _delivered(self) -> None:
        """Wait until another batch may start."""
        while len(self._deliveries) >= DELIVERIES:
            self._claims.on_wait()
            await asyncio.wait(self._deliveries, timeout=WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    def _emit_in(self, group: asyncio.TaskGroup) -> Emit:
        def emit(done: Sequence[BatchItem]) -> None:
            task = group.create_task(self._delivery.deliver(done))
            self._deliveries[task] = len(done)
            task.add_done_callback(self._deliveries.pop)

        return emit

    def _drop_gone(self, group: asyncio.TaskGroup) -> None:
        """Settle parked jobs that were cancelled or lost."""
        gone = [(item, why) for item in self._parked if (why := self._claims.gone(item.job))]
        for item, why in gone:
            self._parked.remove(item)
            settle(item, why, self._emit_in(group))

    def _moved(self) -> None:
        self._heartbeat.moved()
        self._claims.on_wait()

    async def _hand_back(self, items: Sequence[BatchItem]) -> None:
        if items:
            await self._claims.hand_back([item.job for item in items])
            log.info("handed_back", count=len(items))
