"""An engine runner with an engine that only sleeps, and the hands that take jobs for it."""

from __future__ import annotations

import random
from dataclasses import replace

from prometheus_client import CollectorRegistry

from proteus import keys
from proteus.clock import ManualClock
from proteus.engines import canvas_of
from proteus.jobs import JobId, WorkerId
from proteus.queue import MemoryJobQueue, QueuePolicy, Submission
from proteus.worker.claims import Claims
from weaver.engine_runner import EngineRunner
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem
from weaver.pipelines.contract import Engine
from weaver.profile import CostProfile
from weaver.progress import ProgressReporter
from worker_parts import worker_parts

KEY = "timed/1/384x512/8"


class Bench:
    """A loom and the hands that take jobs for it."""

    def __init__(self, engine: Engine, profile: CostProfile) -> None:
        clock = ManualClock()
        self.queue = MemoryJobQueue(policy=QueuePolicy(), clock=clock, jitter=random.Random(1))
        self.claims = Claims(self.queue, WorkerId("w1"), now=clock.now)
        self.engine = engine
        self.profile = profile
        self.progress = ProgressReporter(self.queue)
        self.now = 1000.0
        self.runner = EngineRunner(
            {"timed": engine},
            worker_parts(self.claims, keys.JOBS),
            profile=profile,
            progress=self.progress,
            metrics=Metrics(CollectorRegistry()),
            now=lambda: self.now,
        )

    async def items(self, *names: str) -> list[BatchItem]:
        body = {"job_type": "tryon", "user_id": "u", "vton_id": None, "result_url": "/r", "trace_id": "t"}
        for name in names:
            await self.queue.submit(
                Submission(id=JobId(name), epoch=1, payload={"id": name}, body=body, engine="timed", batch_key=KEY)
            )
        sample = self.engine.sample_job(canvas_of(KEY))
        jobs = await self.claims.take(len(names), engines=["timed"])
        return [BatchItem(job=job, inputs=replace(sample, id=job.id)) for job in jobs]
