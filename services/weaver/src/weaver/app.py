"""The weaver's composition root: builds everything once, loads the engines, works, drains."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from redis.asyncio import Redis

from proteus import keys, licences
from proteus.engines import CARDS
from proteus.errors import EngineError, ModelUnavailable
from proteus.jobs import WorkerId
from proteus.queue import JobQueue, QueuePolicy
from proteus.registry import WorkerCard, WorkerState
from proteus.service import machine
from proteus.service.lifecycle import cancel, run_unless_stopped
from proteus.service.probes import probe_server
from proteus.service.supervision import Loops, Pulse
from proteus.storage import ObjectStore
from proteus.worker import weights as weights_source
from proteus.worker.claims import VERDICT_PATIENCE_SECONDS, Claims
from proteus.worker.heartbeat import Heartbeat
from proteus.worker.runtime import (
    STUCK_EXIT,
    WorkerStatus,
    follow_control_channel,
    keep_registered,
    leave,
    worker_client,
)
from weaver.claiming import Claimer
from weaver.control import ConfigReader
from weaver.delivery import Delivery
from weaver.engine_runner import EngineRunner
from weaver.measuring import measure
from weaver.metrics import Metrics
from weaver.pipelines import registry
from weaver.pipelines.contract import Engine
from weaver.profile import CostProfile
from weaver.progress import INTERVAL_SECONDS, ProgressReporter
from weaver.settings import Settings, WeaverSettings
from weaver.worker import Worker

log = structlog.get_logger()

GPUS: Final = "/proc/driver/nvidia/gpus"
PICTURE_BYTES: Final = 160 * 1024 * 1024
"""Of one picture of a batch, 2048 x 2048: what goes in and comes out, and that of the batch after it. Measured with
`puppet`: 278 MiB for a batch of one, 1,161 MiB for eight. A diffusion engine's pictures have the same sizes here; its
networks and canvases are in the device's memory, where a batch that does not fit is halved. That is an estimate: no GPU
was at hand."""

ON_CPU: Final = frozenset({"puppet", "timed"})


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run one weaver until `stop`.

    Raises:
        LicenceRefused: The deployment's policy forbids an engine that the settings name.
        ModelUnavailable: None of the engines that the settings name can be had.
        TooLittleMemory: The memory limit has no room for one picture.
        NoStorageKey: There is nothing to sign with.
        EngineError: An engine is broken; every job it was given is settled or handed back.
    """
    worker_id = WorkerId(settings.worker.worker_id)
    store = ObjectStore(settings.storage)
    redis = worker_client(settings.redis.url)
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(lease_ms=int(settings.lease.seconds * 1000)))
    claims = Claims(queue, worker_id)
    heartbeat = Heartbeat(
        settings.redis.url,
        keys.JOBS,
        worker=worker_id,
        policy=queue.policy,
        lease=settings.lease,
        on_gone=claims.hears_gone,
    )
    claims.attach(heartbeat)
    status, started_at = WorkerStatus("weaver"), time.time()
    profile = CostProfile(max_batch=settings.weaver.max_batch)
    engines: dict[str, Engine] = {}

    def card() -> WorkerCard:
        described = [engine.card for engine in engines.values()]
        free = settings.weaver.max_batch - claims.count if status.state is WorkerState.READY else 0
        return WorkerCard(
            id=worker_id,
            state=status.state,
            engines=tuple(engines) or settings.weaver.engines,
            weights={one.name: f"{one.name} {one.version}" for one in described},
            licence={one.name: one.weights_licence for one in described},
            device=device_of(settings.weaver),
            seconds_per_batch={key: table.to_json() for key, table in profile.tables().items()},
            measured_up_to={key: profile.measured_up_to(key) for key in profile.tables()},
            batch_spread=profile.spreads(),
            slots_used=claims.count,
            slots_free=max(0, free),
            started_at=started_at,
        )

    loops, over = Loops(), asyncio.Event()
    probes = probe_server(
        settings.probe.port, host=settings.probe.host, not_ready=status.not_ready, overdue=loops.overdue
    )
    async with redis, probes, heartbeat.beating(loops), asyncio.TaskGroup() as group:

        def beside(name: str, body: Callable[[Pulse], Awaitable[None]]) -> asyncio.Task[None]:
            return group.create_task(loops.keep(name, body, over))

        duties = [
            beside(
                "listen",
                lambda pulse: follow_control_channel(
                    redis, queue.keys, pulse, claims=claims, work_available=status.work_available
                ),
            ),
            beside("register", lambda pulse: keep_registered(redis, queue.keys, card, pulse, changed=status.changed)),
        ]
        try:
            loaded = await run_unless_stopped(partial(load_engines, settings, profile), stop)
            if loaded is not None:
                engines.update(loaded)
                settings = settings.model_copy(update={"weaver": fitting(settings.weaver)})
                progress = ProgressReporter(queue)
                worker, runner = make_worker(
                    settings,
                    engines,
                    redis=redis,
                    store=store,
                    claims=claims,
                    heartbeat=heartbeat,
                    profile=profile,
                    progress=progress,
                    work_available=status.work_available,
                )
                if not stop.is_set():
                    status.become(WorkerState.READY)
                    log.info("ready", worker=worker_id, engines=list(engines))
                duties += [
                    group.create_task(status.drain_at(stop)),
                    group.create_task(loops.repeat("progress", progress.tell, over, every_seconds=INTERVAL_SECONDS)),
                ]
                await weave(worker, stop, loops, call_seconds=longest_call_seconds(settings))
                runner.close()
                if runner.sick:
                    raise EngineError("An engine fails even its own sample: this process ends, for a fresh one.")
        finally:
            over.set()
            await cancel(*duties)
        await leave(redis, queue.keys, worker_id)  # last: a card that is still renewed would come back
    log.info("stopped", worker=worker_id)


def make_worker(
    settings: Settings,
    engines: Mapping[str, Engine],
    *,
    redis: Redis,
    store: ObjectStore,
    claims: Claims,
    heartbeat: Heartbeat,
    profile: CostProfile,
    progress: ProgressReporter,
    work_available: asyncio.Event,
) -> tuple[Worker, EngineRunner]:
    """Put the worker and its engine runner together."""
    metrics = Metrics()
    runner = EngineRunner(
        engines,
        claims=claims,
        heartbeat=heartbeat,
        profile=profile,
        progress=progress,
        metrics=metrics,
        on_stuck=lambda: os._exit(STUCK_EXIT),
        stuck_seconds=settings.lease.seconds,
    )
    worker = Worker(
        settings.weaver,
        claims=claims,
        claimer=Claimer(
            settings.weaver,
            claims=claims,
            config=ConfigReader(redis, max_age_seconds=settings.weaver.poll_seconds),
            runner=runner,
            profile=profile,
            work_available=work_available,
        ),
        store=store,
        runner=runner,
        delivery=Delivery(
            engines,
            claims=claims,
            store=store,
            progress=progress,
            heartbeat=heartbeat,
            metrics=metrics,
            patience_seconds=settings.weaver.store_patience_seconds,
        ),
        progress=progress,
        heartbeat=heartbeat,
        metrics=metrics,
        work_available=work_available,
    )
    return worker, runner


def fitting(weaver: WeaverSettings) -> WeaverSettings:
    """Return the settings with as many pictures in a batch as the memory has room for beside what is loaded.

    Raises:
        TooLittleMemory: There is room for none.
    """
    batch = machine.fitting_slots(
        weaver.max_batch,
        slot_bytes=PICTURE_BYTES,
        base_bytes=machine.resident_bytes(),
        limit_bytes=machine.memory_limit_bytes(),
        setting="WEAVER_MAX_BATCH",
    )
    return weaver.model_copy(update={"max_batch": batch})


async def weave(worker: Worker, stop: asyncio.Event, loops: Loops, *, call_seconds: float) -> None:
    """Work until `stop`, or until the engine is broken; whatever else goes wrong, work goes on."""
    done = asyncio.Event()

    async def until_done(pulse: Pulse) -> None:
        await worker.run(stop, pulse)
        done.set()

    await loops.keep("work", until_done, done, call_seconds=call_seconds)


def longest_call_seconds(settings: Settings) -> float:
    """Return how long the loop may wait for one answer: a store's, or Redis's to a verdict."""
    return max(settings.weaver.store_patience_seconds, VERDICT_PATIENCE_SECONDS)


def device_of(weaver: WeaverSettings) -> str:
    """Return what the engines run on: `cpu`, or the GPU's name as its driver tells it."""
    if weaver.device == "cpu" or set(weaver.engines) <= ON_CPU:
        return "cpu"
    for told in sorted(Path(GPUS).glob("*/information")):
        for line in told.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name == "Model":
                return value.strip()
    return "cpu" if weaver.device == "auto" else weaver.device


def load_engines(settings: Settings, profile: CostProfile) -> dict[str, Engine]:
    """Load the engines the settings name and measure what their batches cost; blocks.

    Raises:
        LicenceRefused: The deployment's policy forbids an engine it names.
        ModelUnavailable: Not one of them can be had here; of several, the missing ones are logged and left out.
    """
    engines: dict[str, Engine] = {}
    weaver = settings.weaver
    for name in weaver.engines:
        start = time.monotonic()
        try:
            if name not in ON_CPU:
                licences.require(CARDS[name], settings.worker.licence_policy)
                weights_source.bring(
                    name,
                    source=weaver.weights_source,
                    folder=weaver.weights_dir,
                    storage=settings.storage,
                    service="weaver",
                )
            engines[name] = registry.load(
                name,
                licence_policy=settings.worker.licence_policy,
                device=weaver.device,
                weights_dir=weaver.weights_dir,
                timed_curve=weaver.timed_curve,
                timed_poison=weaver.timed_poison,
            )
        except ModelUnavailable as error:
            # A fleet without the big model's weights still serves what it can; results name their engine.
            log.error("engine_unavailable", engine=name, reason=error.message, hint="make weights")
            last = error
        else:
            log.info("engine_loaded", engine=name, seconds=round(time.monotonic() - start, 2))
    if not engines:
        raise last
    for name, engine in engines.items() if weaver.profile_seconds else ():
        measure(engine, profile, budget_seconds=weaver.profile_seconds / len(engines), max_batch=weaver.max_batch)
        log.info("engine_measured", engine=name, single_seconds=_singles(profile, name))
    return engines


def _singles(profile: CostProfile, engine: str) -> dict[str, float]:
    return {key: round(table.t(1), 4) for key, table in profile.tables().items() if key.startswith(f"{engine}/")}
