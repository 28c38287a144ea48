"""`make calibrate`: one trace through the simulator and through the real stack, side by side.

Real are Valkey, the S3 server, the arbitrator's process and the weavers' processes (engine `timed`, which sleeps t(b));
this process is the gateway: it admits with the same rule on the same view and submits to the queue. One setting scales
every duration. The counts come from the queue's own event stream, against the scheduled arrivals.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from PIL import Image
from redis.asyncio import Redis

from arbitrator.observe import fleet_of
from arbitrator.policies.slo import SloPolicy, SloSettings
from gateway.rules.admission import Limits, QueueView, Request, Verdict, decide
from proteus import fleet_config, keys, object_keys
from proteus.engines import TIMED, canvas_of
from proteus.estimates import CostTable, Fleet, Pace
from proteus.fleet_config import FleetConfig
from proteus.jobs import EventKind, JobId
from proteus.payloads import TryonWork
from proteus.queue import JobQueue, Submission
from proteus.registry import WorkerState, list_workers
from proteus.service.lifecycle import cancel
from proteus.storage import ObjectStore
from workbench.simulate.actors import RunOptions
from workbench.simulate.curves import MAX_BATCH, Curve, measured
from workbench.simulate.scenarios import fixed
from workbench.simulate.systems.ours import GATEWAYS, VIEW_SECONDS, Ours
from workbench.simulate.traces import Trace, make
from workbench.simulate.world import World
from workbench.stack.plan import answers
from workbench.stack.ports import free_port
from workbench.stack.process import Process, Program
from workbench.stack.s3 import S3
from workbench.stack.valkey import Valkey

WEAVERS: Final = 3
LOAD: Final = 0.9
TRACE_SECONDS: Final = 360.0
SLO_SECONDS: Final = 12.0
PERSON = object_keys.photo_key("calibrate", "person", "png")
GARMENT = object_keys.cut_keys("calibrate", "garment", parser="none", parser_version="1", category="upper").picture


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of one side.

    Attributes:
        goodput: Share of all arrivals finished within the SLO.
        p95_seconds: 95th percentile from scheduled arrival to completion, of the finished ones.
    """

    goodput: float
    p95_seconds: float


def curve_at(scale: float) -> Curve:
    """Return the affine curve, scaled; the engine's degraded form takes 3 of 8 steps."""
    cost = CostTable(tuple(scale * (0.8 + 0.46 * size) for size in range(1, MAX_BATCH + 1)))
    share = (TIMED.degraded or TIMED.presets["balanced"]).steps / TIMED.presets["balanced"].steps
    return measured("timed", cost, CostTable(tuple(share * value for value in cost.seconds)))


def trace_at(scale: float, *, seed: int) -> Trace:
    """Return two spikes of five times in six minutes, scaled."""
    rate = LOAD * WEAVERS * curve_at(1.0).best_rate
    trace = make("spikes", mean_rate=rate, seconds=TRACE_SECONDS, seed=seed)
    return replace(trace, seconds=scale * trace.seconds, arrived=[scale * at for at in trace.arrived])


def simulated(trace: Trace, *, scale: float, seed: int) -> Outcome:
    """Run the simulator."""
    slo, curve = scale * SLO_SECONDS, curve_at(scale)
    system = Ours(SloPolicy(SloSettings(slo_seconds=slo)), curve, slo_seconds=slo)
    tally = World(trace, curve, fixed(WEAVERS), system, RunOptions(slo_seconds=slo, seed=seed)).run()
    return Outcome(goodput=tally.in_slo / len(trace), p95_seconds=float(np.percentile(tally.latencies, 95)))


class Bench:
    """The real side.

    Args:
        folder: For the servers' data and the logs.
        scale: Multiplies every duration.
    """

    def __init__(self, folder: Path, *, scale: float) -> None:
        self._folder = folder
        self._scale = scale
        self._slo = scale * SLO_SECONDS
        self._admitted = [0] * GATEWAYS
        self._gateway = 0
        self._waiting = self._busy = 0
        self._fleet = Fleet(pace=Pace(1, 1.0, 1.0), ready=0)
        self.cpu_share = 0.0

    async def run(self, trace: Trace) -> Outcome:
        """Start the servers and services, play the trace, count."""
        async with self._stack() as (redis, queue):
            await self._until_ready(redis, queue)
            before, start = _cpu_seconds(), time.time()
            viewer = asyncio.create_task(self._keep_viewing(redis, queue))
            try:
                await self._play(queue, trace, start)
                await asyncio.sleep(max(0.0, start + trace.seconds + 1.5 * self._slo - time.time()))
            finally:
                await cancel(viewer)
            self.cpu_share = (_cpu_seconds() - before) / (time.time() - start) / (os.cpu_count() or 1)
            return await self._count(redis, queue, trace, start)

    @asynccontextmanager
    async def _stack(self) -> AsyncIterator[tuple[Redis, JobQueue]]:
        s3 = S3(self._folder / "s3", port=free_port(with_grpc=True), access_key="cal", secret_key=secrets.token_hex(16))
        valkey = Valkey(self._folder / "valkey", port=free_port())
        running: list[Process] = []

        def start(program: Program) -> None:
            running.append(Process(program, log=self._folder / "logs" / f"{program.name}.log"))
            running[-1].wait_ready()

        try:
            for server in (valkey, s3):
                server.prepare()
                start(server.program())
            _provision(ObjectStore(s3.settings()))
            environment = self._environment(valkey, s3)
            for name in ("arbitrator", *(f"weaver-{number}" for number in range(WEAVERS))):
                start(_service(name, environment))
            async with Redis.from_url(valkey.url, decode_responses=True, socket_timeout=60) as redis:
                yield redis, JobQueue(redis, keys.JOBS)
        finally:
            for process in reversed(running):
                process.stop()

    def _environment(self, valkey: Valkey, s3: S3) -> Mapping[str, str]:
        scale, cost = self._scale, curve_at(self._scale).cost
        return {
            "REDIS_URL": valkey.url,
            "OBJECT_STORAGE_ENDPOINT": s3.endpoint,
            "OBJECT_STORAGE_ACCESS_KEY": s3.access_key,
            "OBJECT_STORAGE_SECRET_KEY": s3.secret_key,
            "PROBE_HOST": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
            "PROTEUS_DEFAULT_ENGINE": TIMED.name,
            "ARBITRATOR_POLICY": "slo",
            "ARBITRATOR_SLO_SECONDS": str(self._slo),
            "ARBITRATOR_MAX_REPLICAS": str(WEAVERS),
            "WEAVER_ENGINES": TIMED.name,
            "WEAVER_MAX_BATCH": str(MAX_BATCH),
            "WEAVER_SLO_SECONDS": str(self._slo),
            "WEAVER_POLL_SECONDS": str(0.5 * scale),
            "WEAVER_PROFILE_SECONDS": str(40 * scale),
            "WEAVER_TIMED_CURVE": ",".join(f"{size}:{value:.4f}" for size, value in enumerate(cost.seconds, start=1)),
        }

    async def _until_ready(self, redis: Redis, queue: JobQueue) -> None:
        """Wait until every weaver has measured t(b)."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            cards = await list_workers(redis, queue.keys)
            if sum(card.state is WorkerState.READY for card in cards) >= WEAVERS:
                return
            await asyncio.sleep(0.2)
        raise TimeoutError(f"the weavers were not ready within 120 s; see {self._folder / 'logs'}")

    async def _keep_viewing(self, redis: Redis, queue: JobQueue) -> None:
        """Read the gateway's view once a second."""
        while True:
            stats = await queue.stats()
            cards = await list_workers(redis, queue.keys)
            found = fleet_of(cards, engine=TIMED.name, cold_start_seconds=0.0, now=time.time())
            values = await redis.mget(fleet_config.KEYS)
            config = FleetConfig.read(dict(zip(fleet_config.KEYS, values, strict=True)))
            self._waiting, self._busy = stats.waiting, stats.busy_workers
            self._admitted = [0] * GATEWAYS
            if found.cost is not None:
                pace = Pace.of(
                    found.cost.table,
                    batch_limit=config.batch_size,
                    degraded=found.degraded.table if found.degraded else None,
                    fraction=config.degraded_share,
                )
                self._fleet = Fleet(pace=pace, ready=found.ready, max_replicas=WEAVERS)
            await asyncio.sleep(VIEW_SECONDS)

    async def _play(self, queue: JobQueue, trace: Trace, start: float) -> None:
        """Submit the jobs that admission accepts, each at its time."""
        limits = Limits(eta_limit_seconds=self._slo, tenant_queue_cap=10**9, tenant_total_cap=10**9)
        for number, at in enumerate(trace.arrived):
            ahead = start + at - time.time()
            if ahead > 0:
                await asyncio.sleep(ahead)
            now, deadline_at = time.time(), start + at + self._slo
            self._gateway = (self._gateway + 1) % GATEWAYS
            waiting = self._waiting + self._admitted[self._gateway]
            view = QueueView(waiting=waiting, busy_workers=self._busy)
            answer = decide(Request(deadline_at=deadline_at), view, self._fleet, limits, now)
            if answer.verdict is not Verdict.ACCEPT:
                continue
            self._admitted[self._gateway] += 1
            await queue.submit(_submission(number, trace, deadline_at))

    async def _count(self, redis: Redis, queue: JobQueue, trace: Trace, start: float) -> Outcome:
        """Read from the stream which jobs completed, and when."""
        latencies = []
        entries: Any = await redis.xrange(queue.keys.events)
        for entry_id, fields in entries:
            if fields.get("kind") == EventKind.COMPLETED:
                number = int(str(fields["id"]).removeprefix("job_calibrate_"))
                at_ms = int(str(entry_id).partition("-")[0])
                latencies.append(at_ms / 1000 - start - trace.arrived[number])
        in_slo = sum(latency <= self._slo for latency in latencies)
        return Outcome(goodput=in_slo / len(trace), p95_seconds=float(np.percentile(latencies or [0.0], 95)))


def _submission(number: int, trace: Trace, deadline_at: float) -> Submission:
    job_id = JobId(f"job_calibrate_{number}")
    work = TryonWork(
        user_id="calibrate",
        tryon_job_id=job_id,
        n=1,
        person_key=PERSON,
        garment_key=GARMENT,
        garment_category="upper",
        engine=TIMED.name,
        seed=number,
        output_format="png",
    )
    return Submission(
        id=job_id,
        epoch=1,
        payload={"id": job_id, "created_at": int(deadline_at)},
        body=work.write(),
        engine=TIMED.name,
        batch_key=TIMED.batch_key("balanced"),
        degraded_batch_key=TIMED.batch_key("balanced", degraded=True),
        canvas_key=canvas_of(TIMED.batch_key("balanced")),
        degraded_canvas_key=canvas_of(TIMED.batch_key("balanced", degraded=True)),
        may_degrade=trace.may_degrade[number],
        rank=trace.rank[number],
        deadline_ms=int(deadline_at * 1000),
    )


def _service(name: str, environment: Mapping[str, str]) -> Program:
    port = free_port()
    return Program(
        name=name,
        command=(sys.executable, "-m", name.split("-")[0]),
        environment={**environment, "PROBE_PORT": str(port), "PROTEUS_WORKER_ID": name},
        is_ready=answers(f"http://127.0.0.1:{port}/healthz"),
        port=port,
        ready_seconds=120,
    )


def _provision(store: ObjectStore) -> None:
    store.ensure_bucket(cors_origins=["http://127.0.0.1"])
    for key, mode in ((PERSON, "RGB"), (GARMENT, "RGBA")):
        buffer = BytesIO()
        Image.new(mode, (48, 64), "white").save(buffer, "PNG")
        store.put(key, buffer.getvalue(), content_type="image/png")


def _cpu_seconds() -> float:
    """Return the CPU time of this process and its descendants."""
    this = psutil.Process()
    total = 0.0
    for process in (this, *this.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total
