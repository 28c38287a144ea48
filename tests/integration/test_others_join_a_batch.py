"""A weaver whose running batch others join: claimed and fetched while it runs, each with its own first step."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import gated_weaver
from gated_weaver import running
from proteus.engines import TIMED, Quality, canvas_of
from proteus.jobs import JobId, JobState
from proteus.storage import ObjectStore
from waiting import until
from weaver.control import Config
from weaver.profile import CostProfile

CANVAS = canvas_of(TIMED.batch_key("balanced"))
STEPS = {quality: preset.steps for quality, preset in TIMED.presets.items()}


class Rig(gated_weaver.Rig):
    """Its costs are such that a further picture adds little; three at once, and something waits."""

    def __init__(self, store: ObjectStore) -> None:
        profile = CostProfile(max_batch=3)
        for pictures in (1, 3):
            profile.start(CANVAS, pictures, {"step": 30.0 + pictures}, complete=3)
        super().__init__(store, config=Config(batch_size=3, waiting=1), profile=profile)

    async def submit(self, job_id: JobId, quality: Quality = "balanced", *, version: str = "this") -> None:
        key = TIMED.batch_key(quality)
        canvas = canvas_of(key) if version == "this" else ""
        await self.offer(job_id, batch_key=key, quality=quality, canvas_key=canvas)

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


@pytest.fixture
async def rig(store: ObjectStore) -> AsyncIterator[Rig]:
    async with running(Rig, store) as made:
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
