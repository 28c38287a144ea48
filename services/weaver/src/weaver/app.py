"""The weaver's composition root: builds everything once, loads the engines, works, drains."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Final

import structlog

from proteus import keys, licences, weights_source
from proteus.claims import Claims
from proteus.duties import STUCK_EXIT, Standing, keep_registered, listen, worker_client
from proteus.engines import CARDS
from proteus.errors import ModelUnavailable
from proteus.heart import Heart
from proteus.jobs import WorkerId
from proteus.lifecycle import cancel
from proteus.probes import probe_server
from proteus.queue import JobQueue, QueuePolicy
from proteus.registry import WorkerCard, WorkerState, deregister
from proteus.storage import ObjectStore
from weaver.claiming import Claimer
from weaver.control import ConfigReader
from weaver.delivery import Delivery
from weaver.loom import Loom
from weaver.metrics import Metrics
from weaver.pipelines import registry
from weaver.pipelines.contract import Engine
from weaver.profile import CostProfile, measure
from weaver.progress import ProgressTeller
from weaver.settings import Settings, WeaverSettings
from weaver.worker import Worker

log = structlog.get_logger()

GPUS: Final = "/proc/driver/nvidia/gpus"
ON_CPU: Final = frozenset({"puppet", "timed"})


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run one weaver until `stop`.

    Raises:
        LicenceRefused: The deployment's policy forbids an engine that the settings name.
        ModelUnavailable: None of the engines that the settings name can be had.
    """
    worker_id = WorkerId(settings.worker.worker_id)
    redis = worker_client(settings.redis.url)
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(lease_ms=int(settings.lease.seconds * 1000)))
    claims = Claims(queue, worker_id)
    heart = Heart(
        settings.redis.url,
        keys.JOBS,
        worker=worker_id,
        policy=queue.policy,
        lease=settings.lease,
        on_gone=claims.hears_gone,
    )
    claims.attach(heart)
    standing, started_at = Standing("weaver"), time.time()
    profile = CostProfile(max_batch=settings.weaver.max_batch)
    engines: dict[str, Engine] = {}

    def card() -> WorkerCard:
        described = [engine.card for engine in engines.values()]
        free = settings.weaver.max_batch - claims.count if standing.state is WorkerState.READY else 0
        return WorkerCard(
            id=worker_id,
            state=standing.state,
            engines=tuple(engines) or settings.weaver.engines,
            weights={one.name: f"{one.name} {one.version}" for one in described},
            licence={one.name: one.weights_licence for one in described},
            device=device_of(settings.weaver),
            seconds_per_batch={key: table.to_json() for key, table in profile.tables().items()},
            slots_used=claims.count,
            slots_free=max(0, free),
            started_at=started_at,
        )

    probes = probe_server(settings.probe.port, host=settings.probe.host, not_ready=standing.not_ready)
    async with redis, probes, heart.beating(), asyncio.TaskGroup() as group:
        beside = [
            group.create_task(listen(redis, queue.keys, claims=claims, bell=standing.bell)),
            group.create_task(keep_registered(redis, queue.keys, card, changed=standing.changed)),
        ]
        try:
            engines.update(await asyncio.to_thread(load_engines, settings, profile))
            if not stop.is_set():
                standing.become(WorkerState.READY)
                log.info("ready", worker=worker_id, engines=list(engines))
            beside.append(group.create_task(standing.drain_at(stop)))
            progress, metrics = ProgressTeller(queue), Metrics()
            beside.append(group.create_task(progress.run()))
            loom = Loom(
                engines,
                claims=claims,
                heart=heart,
                profile=profile,
                progress=progress,
                metrics=metrics,
                on_stuck=lambda: os._exit(STUCK_EXIT),
                stuck_seconds=settings.lease.seconds,
            )
            store = ObjectStore(settings.storage)
            worker = Worker(
                settings.weaver,
                claims=claims,
                claimer=Claimer(
                    settings.weaver,
                    claims=claims,
                    config=ConfigReader(redis, max_age_seconds=settings.weaver.poll_seconds),
                    loom=loom,
                    profile=profile,
                    bell=standing.bell,
                ),
                store=store,
                loom=loom,
                delivery=Delivery(
                    engines,
                    claims=claims,
                    store=store,
                    progress=progress,
                    heart=heart,
                    metrics=metrics,
                    patience_seconds=settings.weaver.store_patience_seconds,
                ),
                progress=progress,
                heart=heart,
                metrics=metrics,
                bell=standing.bell,
            )
            await worker.run(stop)
            loom.close()
        finally:
            await cancel(*beside)
        await deregister(redis, queue.keys, worker_id)  # last: a card that is still renewed would come back
    log.info("stopped", worker=worker_id)


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
