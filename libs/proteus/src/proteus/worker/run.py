"""One worker's life, the same for every service: probed, kept alive, registered, loaded, at work, drained, gone.

    probes, heartbeat, card `loading` ─▶ weights ─▶ load ─▶ card `ready` ─▶ work ─ SIGTERM ─▶ drain ─▶ card removed

`run_worker` owns all of it. A service adds its own parts (`WorkerService`): its engines or parsers, its part of the
card, and its loop (`Work`). An error in the loop is counted, and the loop is started again; a failed load ends the
process with a sentence; the worker waits for a source of weights that is away.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog
from redis.asyncio import Redis

from proteus.errors import ModelUnavailable
from proteus.jobs import WorkerId
from proteus.marker import PLAIN, Marker
from proteus.queue import JobQueue, QueuePolicy
from proteus.registry import WorkerCard, WorkerState
from proteus.service.lifecycle import cancel, run_unless_stopped
from proteus.service.probes import probe_server
from proteus.service.supervision import Loops, Pulse
from proteus.settings import LeaseSettings, ProbeSettings, RedisSettings, StorageSettings, TracingSettings
from proteus.storage import ObjectStore
from proteus.tracing import exported
from proteus.worker.claims import Claims
from proteus.worker.fetching import fetch_weights
from proteus.worker.heartbeat import Heartbeat
from proteus.worker.runtime import (
    STUCK_EXIT,
    WorkerStatus,
    follow_control_channel,
    keep_registered,
    leave,
    worker_client,
)
from proteus.worker.safety import SafetyCheck
from proteus.worker.weights import WeightsOrder

log = structlog.get_logger()

LOAD_SECONDS: Final = 900.0
"""`/healthz` reports longer loading as stuck: a fp32 and a half form of the largest engine take minutes."""


class _Identity(Protocol):
    @property
    def worker_id(self) -> str: ...


class WorkerSettings(Protocol):
    """The part that all workers' settings share."""

    @property
    def worker(self) -> _Identity: ...
    @property
    def redis(self) -> RedisSettings: ...
    @property
    def storage(self) -> StorageSettings: ...
    @property
    def lease(self) -> LeaseSettings: ...
    @property
    def probe(self) -> ProbeSettings: ...
    @property
    def tracing(self) -> TracingSettings: ...


@dataclass(frozen=True, kw_only=True)
class WorkerParts:
    """The parts that `run_worker` makes for a service's loop.

    Attributes:
        stuck_seconds: A task whose jobs were lost so long ago never returns.
        on_stuck: Ends the process: a thread cannot be killed.
        marker: Marks the pictures that this worker makes.
        safety: Examines pictures; a service puts its own there once it is loaded.
    """

    redis: Redis
    store: ObjectStore
    claims: Claims
    heartbeat: Heartbeat
    status: WorkerStatus
    stuck_seconds: float
    on_stuck: Callable[[], None] = lambda: os._exit(STUCK_EXIT)
    marker: Marker = PLAIN
    safety: SafetyCheck = field(default_factory=SafetyCheck)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A service's work, ready to begin.

    Attributes:
        run: The loop: takes jobs until the event is set, then finishes those it has begun and returns. An error is
            counted, and it is called again.
        call_seconds: Deadline of the longest call that the loop makes between two turns.
        close: Frees the work's resources; waits for nothing.
        beside: Another loop that runs as long as the work does.
    """

    run: Callable[[asyncio.Event, Pulse], Awaitable[None]]
    call_seconds: float
    close: Callable[[], None]
    beside: Callable[[Loops, asyncio.Event], Coroutine[Any, Any, None]] | None = None


class WorkerService(Protocol):
    """The parts of one kind of worker."""

    @property
    def name(self) -> str:
        """The service: `weaver`, `tailor`."""

    @property
    def list_name(self) -> str:
        """The queue it takes jobs from."""

    @property
    def slots(self) -> int:
        """Jobs at once."""

    def weights(self) -> Sequence[WeightsOrder]:
        """Return the weights it needs.

        Raises:
            LicenceRefused: The deployment's policy forbids them; nothing is fetched.
        """

    def load(self, missing: Mapping[str, ModelUnavailable]) -> None:
        """Load the engines or parsers; blocks, in a thread.

        Args:
            missing: Models whose source refused them, and why.

        Raises:
            ModelUnavailable: No engine or parser could be loaded.
            TooLittleMemory: The memory limit has no room for one slot.
        """

    def work(self, parts: WorkerParts) -> Work:
        """Build the work. Called once, after `load`."""

    def card(self, card: WorkerCard) -> WorkerCard:
        """Add this service's offer to its card."""

    def serving(self, status: WorkerStatus, overdue: Callable[[], str | None]) -> AbstractAsyncContextManager[object]:
        """Serve the service's ports beside its queue, from the first instant to the last.

        Args:
            status: States why no work is taken.
            overdue: Returns the loops that have stopped turning.
        """


async def run_worker(service: WorkerService, settings: WorkerSettings, stop: asyncio.Event) -> None:
    """Run one worker until `stop`, or until its loop ends by itself.

    Raises:
        SettingRefused: A port is not available, or traces are asked for that cannot be sent.
        NoStorageKey: There is nothing to sign with.
        LicenceRefused: The deployment's policy forbids the weights that the settings name.
        ModelUnavailable: None of the models that the settings name could be loaded.
        TooLittleMemory: The memory limit has no room for one slot.
    """
    with exported(settings.tracing, service.name):
        await _run_worker(service, settings, stop)


async def _run_worker(service: WorkerService, settings: WorkerSettings, stop: asyncio.Event) -> None:
    worker_id = WorkerId(settings.worker.worker_id)
    store = ObjectStore(settings.storage)
    redis = worker_client(settings.redis.url)
    queue = JobQueue(redis, service.list_name, policy=QueuePolicy(lease_ms=int(settings.lease.seconds * 1000)))
    claims = Claims(queue, worker_id)
    heartbeat = Heartbeat(
        settings.redis.url,
        service.list_name,
        worker=worker_id,
        policy=queue.policy,
        lease=settings.lease,
        on_gone=claims.hears_gone,
    )
    claims.attach(heartbeat)
    status, started_at = WorkerStatus(service.name), time.time()
    parts = WorkerParts(
        redis=redis,
        store=store,
        claims=claims,
        heartbeat=heartbeat,
        status=status,
        stuck_seconds=settings.lease.seconds,
    )

    def card() -> WorkerCard:
        used, ready = claims.count - claims.spare, status.shown is WorkerState.READY
        free = max(0, service.slots - used) if ready else 0
        return service.card(
            WorkerCard(
                id=worker_id,
                state=status.shown,
                slots_used=used,
                slots_free=free,
                slots_spare=claims.spare,
                started_at=started_at,
            )
        )

    async def follow(pulse: Pulse) -> None:
        await follow_control_channel(redis, queue.keys, pulse, claims=claims, status=status)

    async def renew_card(pulse: Pulse) -> None:
        await keep_registered(redis, queue.keys, card, pulse, status=status)

    loops, over = Loops(), asyncio.Event()
    probes = probe_server(
        settings.probe.port, host=settings.probe.host, not_ready=status.not_ready, overdue=loops.overdue
    )
    async with redis:
        try:
            async with (
                probes,
                service.serving(status, loops.overdue),
                heartbeat.beating(loops),
                asyncio.TaskGroup() as group,
            ):
                beside = [
                    group.create_task(loops.keep("listen", follow, over)),
                    group.create_task(loops.keep("register", renew_card, over)),
                    group.create_task(status.drain_at(stop)),
                ]
                try:
                    if await _load(service, settings.storage, status, loops, stop):
                        log.info("ready", worker=worker_id, engines=list(card().engines))
                        await _work(service.work(parts), loops, over, stop)
                finally:
                    over.set()
                    await cancel(*beside)
        finally:
            await leave(redis, queue.keys, worker_id)  # last: a card that is still renewed would come back
    log.info("stopped", worker=worker_id)


async def _load(
    service: WorkerService, storage: StorageSettings, status: WorkerStatus, loops: Loops, stop: asyncio.Event
) -> bool:
    """Make the service ready; return whether it is: `stop` may come first."""
    orders = service.weights()
    with loops.watched("weights") as pulse:
        missing = await fetch_weights(orders, storage, stop, pulse, on_wait=status.wait_for)
    if missing is None:
        return False

    def load() -> bool:
        service.load(missing)
        return True

    with loops.watched("load", call_seconds=LOAD_SECONDS / 3):
        if not await run_unless_stopped(load, stop) or stop.is_set():
            return False
    status.become(WorkerState.READY)
    return True


async def _work(work: Work, loops: Loops, over: asyncio.Event, stop: asyncio.Event) -> None:
    """Work until `stop`, or until the loop ends by itself; no error ends it."""
    done = asyncio.Event()

    async def until_done(pulse: Pulse) -> None:
        await work.run(stop, pulse)
        done.set()

    other = asyncio.create_task(work.beside(loops, over)) if work.beside else None
    try:
        await loops.keep("work", until_done, done, call_seconds=work.call_seconds)
    finally:
        over.set()
        if other is not None:
            await cancel(other)
        work.close()
