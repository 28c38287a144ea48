"""A weaver whose running batch others join: claimed and fetched while it runs, each with its own first step."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from proteus import imaging, keys
from proteus.engines import TIMED, Quality, canvas_of
from proteus.jobs import JobId, JobState, WorkerId
from proteus.payloads import TryonWork
from proteus.queue import MemoryJobQueue, QueuePolicy, Submission
from proteus.service.supervision import Loops
from proteus.storage import ObjectStore
from proteus.worker.claims import Claims
from waiting import until
from weaver.app import make_worker
from weaver.control import Config
from weaver.metrics import Metrics
from weaver.pipelines.contract import StepReport
from weaver.pipelines.timed import TimedEngine, TimedSession
from weaver.profile import CostProfile
from weaver.progress import ProgressReporter
from weaver.settings import WeaverSettings
from worker_parts import worker_parts

CANVAS = canvas_of(TIMED.batch_key("balanced"))
STEPS = {quality: preset.steps for quality, preset in TIMED.presets.items()}


class Gated(TimedEngine):
    """An engine whose every step waits for leave; it notes who took part in which."""

    def __init__(self) -> None:
        super().__init__({1: 0.0}, sleep=lambda _: None)
        self.steps: list[list[JobId]] = []
        self.at_gate: list[JobId] = []
        self.leave = threading.Semaphore(0)

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


class Allows:
    """What the arbitrator says: three pictures at once, and something waits."""

    async def read(self) -> Config:
        return Config(batch_size=3, waiting=1)


class Rig:
    """A worker that runs, with costs of which a further picture adds little, and the queue it takes from."""

    def __init__(self, store: ObjectStore) -> None:
        self.queue = MemoryJobQueue(policy=QueuePolicy())
        self.claims = Claims(self.queue, WorkerId("w1"))
        self.engine = Gated()
        self.stop = asyncio.Event()
        parts = worker_parts(self.claims, keys.JOBS, store=store, policy=self.queue.policy)
        self.work_available = parts.status.work_available
        profile = CostProfile(max_batch=3)
        for pictures in (1, 3):
            profile.start(CANVAS, pictures, {"step": 30.0 + pictures}, complete=3)
        self.worker, self.runner = make_worker(
            WeaverSettings(poll_seconds=0.05),
            {"timed": self.engine},
            parts,
            config=Allows(),  # type: ignore[arg-type]
            profile=profile,
            progress=ProgressReporter(self.queue),
            metrics=Metrics(CollectorRegistry()),
        )

    async def submit(self, job_id: JobId, quality: Quality = "balanced", *, version: str = "this") -> None:
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
        key = TIMED.batch_key(quality)
        await self.queue.submit(
            Submission(
                id=job_id,
                epoch=1,
                payload={"id": job_id},
                body=work.write(),
                engine="timed",
                batch_key=key,
                canvas_key=canvas_of(key) if version == "this" else "",
            )
        )
        self.work_available.set()

    async def state(self, job_id: JobId) -> JobState:
        (view,) = await self.queue.look(job_id)
        assert view is not None
        return view.state

    async def reach(self, *job_ids: JobId) -> None:
        """Let one step pass after the other until the next one is of these jobs."""

        async def there() -> bool:
            if self.engine.at_gate and self.engine.at_gate != list(job_ids) and self.claims.count >= len(job_ids):
                self.engine.leave.release()
            return self.engine.at_gate == list(job_ids)

        await until(there, what=f"a step of {job_ids}")

    async def ended(self, *job_ids: JobId) -> None:
        async def over() -> bool:
            return all([await self.state(job_id) is JobState.COMPLETED for job_id in job_ids])

        await until(over, what=f"the end of {job_ids}")


@asynccontextmanager
async def running(store: ObjectStore) -> AsyncIterator[Rig]:
    rig = Rig(store)
    with Loops().watched("work") as pulse:
        task = asyncio.create_task(rig.worker.run(rig.stop, pulse))
        try:
            yield rig
        finally:
            rig.stop.set()
            rig.engine.leave.release(1_000)
            await task
            rig.runner.close()


@pytest.fixture
async def rig(store: ObjectStore) -> AsyncIterator[Rig]:
    photo = np.full((64, 48, 3), 90, np.uint8)
    store.put("person.png", imaging.encode(photo, "png"), content_type="image/png")
    store.put("garment.png", imaging.encode(np.full((64, 48, 4), 255, np.uint8), "png"), content_type="image/png")
    async with running(store) as made:
        yield made


FIRST, SECOND, THIRD, OLD = JobId("job_first"), JobId("job_second"), JobId("job_third"), JobId("job_old")


async def test_others_of_any_preset_join_a_running_batch_and_each_takes_its_own_steps(rig: Rig) -> None:
    await rig.submit(FIRST, "best")
    await rig.reach(FIRST)
    await rig.submit(SECOND, "fast")
    await until(lambda: held(rig, 2), what="the second one is claimed")
    await rig.reach(FIRST, SECOND)
    before = len(rig.engine.steps)
    assert 0 < before < STEPS["best"]
    rig.engine.leave.release(1_000)
    await rig.ended(FIRST, SECOND)
    taken = {job_id: sum(job_id in step for step in rig.engine.steps) for job_id in (FIRST, SECOND)}
    assert taken == {FIRST: STEPS["best"], SECOND: STEPS["fast"]}
    assert rig.runner.batches == {1: 1}, "one session"


async def test_a_job_of_an_older_gateway_waits_for_a_batch_of_its_own(rig: Rig) -> None:
    await rig.submit(FIRST)
    await rig.reach(FIRST)
    await rig.submit(OLD, version="before")
    await rig.submit(SECOND)
    await until(lambda: held(rig, 2), what="the second one is claimed")
    await rig.reach(FIRST, SECOND)
    rig.engine.leave.release(1_000)
    await rig.ended(FIRST, SECOND, OLD)
    assert [step for step in rig.engine.steps if OLD in step] == [[OLD]] * STEPS["balanced"]


async def test_a_picture_that_joined_and_is_cancelled_leaves_and_the_other_goes_on(rig: Rig) -> None:
    await rig.submit(FIRST)
    await rig.reach(FIRST)
    await rig.submit(SECOND)
    await until(lambda: held(rig, 2), what="the second one is claimed")
    await rig.reach(FIRST, SECOND)
    await rig.queue.cancel(SECOND)
    rig.claims.hears_gone([], [SECOND])
    rig.engine.leave.release(1_000)
    await rig.ended(FIRST)
    assert await rig.state(SECOND) is JobState.CANCELED
    assert sum(FIRST in step for step in rig.engine.steps) == STEPS["balanced"]
    assert sum(SECOND in step for step in rig.engine.steps) == 1


async def held(rig: Rig, count: int) -> bool:
    return rig.claims.count >= count
