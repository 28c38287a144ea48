"""A weaver whose every step waits for leave, and the queue it takes from."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from prometheus_client import CollectorRegistry

from proteus import imaging, keys
from proteus.engines import Quality
from proteus.jobs import JobId, JobState, WorkerId
from proteus.payloads import TryonWork
from proteus.queue import MemoryJobQueue, QueuePolicy, Submission
from proteus.service.supervision import Loops
from proteus.storage import ObjectStore
from proteus.worker.claims import Claims
from weaver.app import make_worker
from weaver.control import Config
from weaver.metrics import Metrics
from weaver.pipelines.contract import StepReport, WeaveJob
from weaver.pipelines.timed import TimedEngine, TimedSession
from weaver.profile import CostProfile
from weaver.progress import ProgressReporter
from weaver.settings import WeaverSettings
from worker_parts import worker_parts

R = TypeVar("R", bound="Rig")


class Gated(TimedEngine):
    """An engine whose every step waits for leave; it notes who took part in which."""

    def __init__(self) -> None:
        super().__init__({1: 0.0}, sleep=lambda _: None)
        self.card = replace(self.card, needs_parse=False)
        self.steps: list[list[JobId]] = []
        self.at_gate: list[JobId] = []
        self.prepared: list[JobId] = []
        self.leave = threading.Semaphore(0)

    def prepare(self, job: WeaveJob) -> WeaveJob:
        self.prepared.append(job.id)
        return job

    def open(self, canvas: str) -> TimedSession:
        session = super().open(canvas)
        step = session.step

        def gated() -> StepReport:
            self.at_gate = list(session._jobs)
            self.leave.acquire()
            self.at_gate = []
            self.steps.append(list(session._jobs))
            return step()

        session.step = gated  # type: ignore[method-assign]
        return session


@dataclass(frozen=True)
class Says:
    """What the arbitrator says."""

    config: Config

    async def read(self) -> Config:
        return self.config


class Rig:
    """A worker that runs, and the queue it takes from."""

    def __init__(self, store: ObjectStore, *, config: Config, profile: CostProfile) -> None:
        self.queue = MemoryJobQueue(policy=QueuePolicy())
        self.claims = Claims(self.queue, WorkerId("w1"))
        self.engine = Gated()
        self.stop = asyncio.Event()
        parts = worker_parts(self.claims, keys.JOBS, store=store, policy=self.queue.policy)
        self.work_available = parts.status.work_available
        self.worker, self.runner = make_worker(
            WeaverSettings(poll_seconds=0.05),
            {"timed": self.engine},
            parts,
            config=Says(config),  # type: ignore[arg-type]
            profile=profile,
            progress=ProgressReporter(self.queue),
            metrics=Metrics(CollectorRegistry()),
        )

    async def offer(self, job_id: JobId, *, batch_key: str, quality: Quality = "balanced", **more: Any) -> None:
        """Submit a picture."""
        work = TryonWork(
            user_id="u",
            tryon_job_id=job_id,
            n=1,
            person_key="person.png",
            garment_key="garment.png",
            garment_category="upper",
            mask_mode="free",
            output_format="png",
            quality=quality,
        )
        payload = {"id": job_id}
        await self.queue.submit(
            Submission(
                id=job_id, epoch=1, payload=payload, body=work.write(), engine="timed", batch_key=batch_key, **more
            )
        )
        self.work_available.set()

    async def state(self, job_id: JobId) -> JobState:
        """Return what the queue says of a job."""
        (view,) = await self.queue.look(job_id)
        assert view is not None
        return view.state


@asynccontextmanager
async def running(make: Callable[[ObjectStore], R], store: ObjectStore) -> AsyncIterator[R]:
    """Run a rig's worker, with photos in the store, for a `with` block."""
    photo = np.full((64, 48, 3), 90, np.uint8)
    store.put("person.png", imaging.encode(photo, "png"), content_type="image/png")
    store.put("garment.png", imaging.encode(np.full((64, 48, 4), 255, np.uint8), "png"), content_type="image/png")
    rig = make(store)
    with Loops().watched("work") as pulse:
        task = asyncio.create_task(rig.worker.run(rig.stop, pulse))
        try:
            yield rig
        finally:
            rig.stop.set()
            rig.engine.leave.release(1_000)
            await task
            rig.runner.close()
