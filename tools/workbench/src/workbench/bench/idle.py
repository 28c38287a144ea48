"""How long the engines' thread of a weaver is idle between batches, with a model that only sleeps.

The worker is the real one, with the diffusion engines' geometry: photos are framed before the model sees them, its
canvases are pasted back and encoded after it. Queue and store are in this process's memory, so nothing waits for a
network. Idle is the time from the second batch's first step to the last one, minus the steps; on few cores that
includes the cores' other work, for each batch decodes, frames, pastes and encodes eight photos.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import numpy as np
from PIL import Image
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from proteus import imaging, keys
from proteus.engines import TIMED, EngineCard, Preset, canvas_of
from proteus.jobs import JobId, JobState, WorkerId
from proteus.queue import MemoryJobQueue, Submission
from proteus.registry import WorkerState
from proteus.service.supervision import Pulse
from proteus.settings import LeaseSettings
from proteus.storage import ObjectStore
from proteus.worker.claims import Claims
from proteus.worker.heartbeat import Heartbeat
from proteus.worker.run import WorkerParts
from proteus.worker.runtime import WorkerStatus
from weaver.app import make_worker
from weaver.control import Config, ConfigReader
from weaver.engine_runner import EngineRunner
from weaver.metrics import Metrics
from weaver.pipelines import framing
from weaver.pipelines.contract import Finished, Pixels, Progress, StepReport, WeaveJob
from weaver.profile import CostProfile
from weaver.progress import ProgressReporter
from weaver.settings import WeaverSettings
from weaver.worker import Worker

CANVAS: Final = (768, 1024)
LOOK_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 300.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """The batches to weave.

    Attributes:
        photo: (width, height).
        steps: Of each batch, of `step_seconds` each.
    """

    batches: int = 4
    batch: int = 8
    photo: tuple[int, int] = (1536, 2048)
    steps: int = 50
    step_seconds: float = 0.05


class SleepingEngine:
    """Frames and pastes like a diffusion engine; its steps sleep.

    Args:
        noted: Called with `prepare`, `step` or `paste` when that begins.
    """

    def __init__(self, load: Load, *, noted: Callable[[str, Sequence[JobId]], None] = lambda what, jobs: None) -> None:
        preset = Preset(width=CANVAS[0], height=CANVAS[1], steps=load.steps)
        self.card: EngineCard = replace(
            TIMED, presets={"balanced": preset}, degraded=None, output_format="webp", expected_seconds={}
        )
        self.load, self.noted = load, noted
        self.spans: list[tuple[float, float]] = []

    def prepare(self, job: WeaveJob) -> WeaveJob:
        """Frame the photo and its mask."""
        self.noted("prepare", [job.id])
        height, width = job.person.shape[:2]
        mask = np.zeros((height, width), np.uint8)
        mask[height // 4 : height * 2 // 3, width // 4 : width * 3 // 4] = 255
        frame = framing.frame((width, height), canvas=CANVAS, focus=framing.bounding_box(mask))
        frame.lay_mask(mask)
        return replace(job, agnostic_mask=mask, prepared=(frame, frame.lay(job.person)))

    def open(self, canvas: str) -> SleepingSession:
        """Start a session."""
        return SleepingSession(self)

    def sample_job(self, canvas: str) -> WeaveJob:
        """Return a grey job."""
        grey = np.full((CANVAS[1], CANVAS[0], 4), 128, np.uint8)
        job = WeaveJob(id=JobId("sample"), person=grey[..., :3], garment=grey, garment_category="upper")
        return self.prepare(job)


class SleepingSession:
    """One batch; every job takes all steps."""

    def __init__(self, engine: SleepingEngine) -> None:
        self._engine = engine
        self._jobs: dict[JobId, WeaveJob] = {}
        self._done = 0

    def admit(self, job: WeaveJob) -> None:
        """Add a job."""
        self._jobs[job.id] = job

    def step(self) -> StepReport:
        """Sleep one step; after the last one every job is done."""
        start = time.monotonic()
        self._engine.noted("step", list(self._jobs))
        time.sleep(self._engine.load.step_seconds)
        self._done += 1
        steps = self._engine.load.steps
        progress = [Progress(id=job_id, step=self._done, steps=steps) for job_id in self._jobs]
        finished = [self._finished(job) for job in self._jobs.values()] if self._done == steps else []
        self._engine.spans.append((start, time.monotonic()))
        return StepReport(finished=finished, progress=progress)

    def evict(self, job_id: JobId) -> None:
        """Drop a job."""
        self._jobs.pop(job_id, None)

    def park(self, job_id: JobId) -> object:
        """Take a job out."""
        return self._jobs.pop(job_id)

    def resume(self, parked: object) -> None:
        """Take a job in again."""
        job = cast("WeaveJob", parked)
        self._jobs[job.id] = job

    def close(self) -> None:
        """Forget the batch."""
        self._jobs.clear()

    def _finished(self, job: WeaveJob) -> Finished:
        frame, canvas = job.prepared

        def picture() -> Pixels:
            self._engine.noted("paste", [job.id])
            return cast("framing.Frame", frame).paste(job.person, canvas, cast("Pixels", job.agnostic_mask))

        return Finished(id=job.id, picture=picture)


class MemoryStore(ObjectStore):
    """Objects in this process."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get(self, key: str, *, start: int = 0, limit_bytes: int | None = None, etag: str = "") -> bytes:
        return self.objects[key]

    def put(self, key: str, body: bytes, *, content_type: str) -> None:
        self.objects[key] = body


class AllAtOnce(ConfigReader):
    """The arbitrator's values: whole batches, and always enough waiting jobs."""

    def __init__(self, load: Load) -> None:
        self._whole = Config(batch_size=load.batch, waiting=load.batch)

    async def read(self) -> Config:
        return self._whole


@dataclass
class Bench:
    """A weaver in this process, and its jobs."""

    load: Load
    engine: SleepingEngine
    queue: MemoryJobQueue = field(default_factory=MemoryJobQueue)

    async def run(self) -> None:
        """Weave every job."""
        worker, runner = self._worker()
        await self.queue.submit(*[self._job(n) for n in range(self.load.batches * self.load.batch)])
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(stop, Pulse("work")))
        try:
            give_up = time.monotonic() + PATIENCE_SECONDS
            while not await self._all_done() and time.monotonic() < give_up:
                if (await asyncio.wait([running], timeout=LOOK_SECONDS))[0]:
                    break
        finally:
            stop.set()
            await running
            runner.close()

    def idle_share(self) -> float:
        """Return the share of the time from the second batch's first step to the last in which no step ran.

        During the first batch the worker learns how long fetching takes.
        """
        spans = self.engine.spans[self.load.steps :]
        return 1 - sum(end - start for start, end in spans) / (spans[-1][1] - spans[0][0])

    async def _all_done(self) -> bool:
        ids = [JobId(f"job_{n}") for n in range(self.load.batches * self.load.batch)]
        views = await self.queue.look(*ids)
        return all(view is not None and view.state is JobState.COMPLETED for view in views)

    def _job(self, n: int) -> Submission:
        body: dict[str, Any] = {
            "user_id": "u",
            "tryon_job_id": f"job_{n}",
            "n": 1,
            "job_type": "tryon",
            "person_key": "person",
            "garment_key": "garment",
            "garment_category": "upper",
        }
        key = self.engine.card.batch_key("balanced")
        return Submission(
            id=JobId(f"job_{n}"), epoch=1, payload={"id": f"job_{n}"}, body=body, engine="timed", batch_key=key
        )

    def _worker(self) -> tuple[Worker, EngineRunner]:
        claims = Claims(self.queue, WorkerId("bench"))
        heartbeat = Heartbeat(
            "redis://127.0.0.1:1",
            keys.JOBS,
            worker=claims.worker,
            policy=self.queue.policy,
            lease=LeaseSettings(),
            on_gone=claims.hears_gone,
        )
        profile, canvas = CostProfile(max_batch=self.load.batch), canvas_of(self.engine.card.batch_key("balanced"))
        status = WorkerStatus("weaver", WorkerState.READY)
        for size in (1, self.load.batch):
            profile.start(canvas, size, {"step": self.load.step_seconds}, complete=3)
        parts = WorkerParts(
            redis=Redis(host="127.0.0.1", port=1),  # Never used: queue, store and `config:*` are in this process.
            store=MemoryStore(self._objects()),
            claims=claims,
            heartbeat=heartbeat,
            status=status,
            stuck_seconds=PATIENCE_SECONDS,
            on_stuck=lambda: None,
        )
        return make_worker(
            WeaverSettings(max_batch=self.load.batch),
            {"timed": self.engine},
            parts,
            config=AllAtOnce(self.load),
            profile=profile,
            progress=ProgressReporter(self.queue),
            metrics=Metrics(CollectorRegistry()),
        )

    def _objects(self) -> dict[str, bytes]:
        coarse = np.random.default_rng(1).integers(0, 256, (24, 18, 3), np.uint8)
        photo = np.asarray(Image.fromarray(coarse).resize(self.load.photo, Image.Resampling.BICUBIC))
        cut = np.dstack([photo[::2, ::2], np.full(photo[::2, ::2].shape[:2], 255, np.uint8)])
        return {"person": imaging.encode(photo, "jpeg"), "garment": imaging.encode(cut, "png")}


def measure_idle(load: Load | None = None) -> dict[str, Any]:
    """Return the idle share of the engines' thread, and the load that it was measured with."""
    load = load or Load()
    bench = Bench(load, SleepingEngine(load))
    asyncio.run(bench.run())
    return {
        "idle_share": round(bench.idle_share(), 4),
        "cores": os.cpu_count(),
        "batches": load.batches,
        "batch": load.batch,
        "photo": "x".join(map(str, load.photo)),
        "steps": load.steps,
        "step_seconds": load.step_seconds,
    }
