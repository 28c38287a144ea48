"""The tailor's composition root: builds everything once, works, drains."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import structlog
import uvicorn

from proteus import imaging, keys, licences
from proteus.errors import PhotoRejected
from proteus.imaging import Limits
from proteus.jobs import WorkerId
from proteus.keys import TAILOR
from proteus.queue import JobQueue, QueuePolicy
from proteus.registry import WorkerCard, WorkerState
from proteus.service import machine
from proteus.service.http_protocol import headers_within
from proteus.service.lifecycle import cancel, run_unless_stopped
from proteus.service.probes import probe_server
from proteus.service.security_headers import SECURITY_HEADERS
from proteus.service.supervision import Loops, Pulse
from proteus.stages import kinds_on
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
from tailor.bench import Bench
from tailor.cutting import cut_out
from tailor.http import Door, make_app
from tailor.metrics import Metrics
from tailor.parsers.classic import ClassicParser
from tailor.parsers.clean import CleanParser
from tailor.parsers.contract import Parser
from tailor.parsers.segformer import SegformerParser, load_network
from tailor.pose import PoseModel
from tailor.settings import Settings
from tailor.worker import Worker

log = structlog.get_logger()

OWN_PLACE: Final = ".proteus/models"
"""Where parsers' folders are looked for when `weights_dir` names no place; `make weights` puts them there."""


WORK_BYTES: Final = 384 * 1024 * 1024
"""A cut or a parse of the largest ingested photo, 2048 x 2048, by `classic`: 335 MiB measured in a tailor's process."""

WORK_MARGIN: Final = 1.25
"""Of what was measured for one cut with other networks: photos differ, a parse looks for the pose, too, and an
allocator keeps some."""


class QuietServer(uvicorn.Server):
    """A uvicorn that leaves signals to the process it lives in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run one tailor until `stop`.

    Raises:
        ModelUnavailable: The parser's or the pose model's weights are missing.
        TooLittleMemory: The memory limit has no room for one slot.
        NoStorageKey: There is nothing to sign with.
    """
    worker_id = WorkerId(settings.worker.worker_id)
    store = ObjectStore(settings.storage)
    redis = worker_client(settings.redis.url)
    queue = JobQueue(redis, keys.TAILOR, policy=QueuePolicy(lease_ms=int(settings.lease.seconds * 1000)))
    claims = Claims(queue, worker_id)
    heartbeat = Heartbeat(
        settings.redis.url,
        keys.TAILOR,
        worker=worker_id,
        policy=queue.policy,
        lease=settings.lease,
        on_gone=claims.hears_gone,
    )
    claims.attach(heartbeat)
    status, metrics, started_at = WorkerStatus("tailor"), Metrics(), time.time()
    start = time.monotonic()
    bench = await run_unless_stopped(partial(make_bench, settings), stop)
    if bench is None:
        await redis.aclose()
        return
    log.info("parser_loaded", parser=bench.name, slots=bench.slots, seconds=round(time.monotonic() - start, 2))

    def card() -> WorkerCard:
        return WorkerCard(
            id=worker_id,
            state=status.state,
            engines=kinds_on(TAILOR),
            weights={bench.name: f"{bench.name} {bench.version}, {bench.pose_model}"},
            slots_used=claims.count,
            slots_free=max(0, bench.slots - claims.count) if status.state is WorkerState.READY else 0,
            started_at=started_at,
        )

    door = Door(token=settings.segment.token.get_secret_value(), host=settings.tailor.http_host)
    http = QuietServer(
        uvicorn.Config(
            make_app(bench, metrics=metrics, not_ready=status.not_ready, door=door),
            host=settings.tailor.http_host,
            port=settings.tailor.http_port,
            http=headers_within(),
            headers=list(SECURITY_HEADERS),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
    )
    loops, over, done = Loops(), asyncio.Event(), asyncio.Event()
    probes = probe_server(
        settings.probe.port, host=settings.probe.host, not_ready=status.not_ready, overdue=loops.overdue
    )
    async with redis, probes, heartbeat.beating(loops), asyncio.TaskGroup() as group:

        def beside(name: str, body: Callable[[Pulse], Awaitable[None]]) -> asyncio.Task[None]:
            return group.create_task(loops.keep(name, body, over))

        serving = group.create_task(http.serve()) if settings.tailor.http_port else None
        duties = [
            beside(
                "listen",
                lambda pulse: follow_control_channel(
                    redis, queue.keys, pulse, claims=claims, work_available=status.work_available
                ),
            ),
            beside("register", lambda pulse: keep_registered(redis, queue.keys, card, pulse, changed=status.changed)),
            group.create_task(status.drain_at(stop)),
        ]
        status.become(WorkerState.READY)
        log.info("ready", worker=worker_id)
        worker = Worker(
            settings.tailor,
            claims=claims,
            store=store,
            bench=bench,
            heartbeat=heartbeat,
            metrics=metrics,
            work_available=status.work_available,
            stuck_seconds=settings.lease.seconds,
            on_stuck=lambda: os._exit(STUCK_EXIT),
        )

        async def until_done(pulse: Pulse) -> None:
            await worker.run(stop, pulse)
            done.set()

        try:
            longest = max(settings.tailor.store_patience_seconds, VERDICT_PATIENCE_SECONDS)
            await loops.keep("work", until_done, done, call_seconds=longest)
        finally:
            http.should_exit = True
            over.set()
            await cancel(*duties)
            if serving is not None:
                await serving
            bench.close()
        await leave(redis, queue.keys, worker_id)  # last: a card that is still renewed would come back
    log.info("stopped", worker=worker_id)


def make_bench(settings: Settings) -> Bench:
    """Load one parser per slot, leave out those that the memory has no room for; blocks.

    Raises:
        TooLittleMemory: There is room for none.
        LicenceRefused: The deployment's policy forbids the parser's weights.
        ModelUnavailable: The parser's or the pose model's weights are missing and cannot be fetched.
    """
    licences.require(licences.PARSERS[settings.tailor.parser], settings.worker.licence_policy)
    folder = Path(settings.pose.model_dir)
    make_parser = _parser_maker(settings)
    parsers = [make_parser(PoseModel(folder)) for _ in range(settings.tailor.slots)]
    most = settings.tailor.image_bytes_most
    loaded = machine.resident_bytes()
    slots = machine.fitting_slots(
        len(parsers),
        slot_bytes=max(most, work_bytes(parsers[0])),
        base_bytes=loaded,
        limit_bytes=machine.memory_limit_bytes(),
        setting="TAILOR_SLOTS",
    )
    return Bench(parsers[:slots], pose_model=PoseModel.name, limits=Limits(memory_bytes=most))


def work_bytes(parser: Parser) -> int:
    """Return the most memory that a slot takes for a cut or a parse; blocks for as long as one cut.

    The networks are an operator's own files, and what they take is known only by running them.
    """
    if isinstance(parser, ClassicParser):
        return WORK_BYTES
    measured = machine.growth_bytes(partial(_cut_sample, parser))
    log.info("work_measured", parser=parser.name, cut_mib=measured // machine.MIB)
    return max(WORK_BYTES, round(WORK_MARGIN * measured))


def _cut_sample(parser: Parser) -> None:
    """Do what a cut does, to a drawn garment of the largest size that ingest leaves."""
    side = imaging.MAX_STORED_SIDE_PIXELS
    photo = np.full((side, side, 3), 250, np.uint8)
    photo[side // 8 : -side // 8, side // 4 : -side // 4] = (90, 60, 150)
    try:
        alpha = parser.find_garment(photo, category="upper").alpha
    except PhotoRejected:  # what was taken so far counts; random weights find nothing
        alpha = photo[..., 0]
    pixels, _ = cut_out(photo, alpha)
    imaging.encode(pixels, "png")


def _parser_maker(settings: Settings) -> Callable[[PoseModel], Parser]:
    tailor = settings.tailor
    if tailor.parser == "classic":
        return ClassicParser
    weights_source.bring(
        tailor.parser,
        source=tailor.weights_source,
        folder=tailor.weights_dir,
        storage=settings.storage,
        service="tailor",
    )
    folder = Path(tailor.weights_dir or OWN_PLACE) / tailor.parser
    if tailor.parser == "clean":
        return partial(CleanParser, folder=folder)
    network = load_network(
        folder, backend=tailor.segformer_backend, threads=tailor.segformer_threads, slots=tailor.slots
    )
    return partial(SegformerParser, network)
