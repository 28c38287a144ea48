"""A weaver whose pictures of batches make way for others: parked, resumed, cancelled while parked, lost with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest

import gated_weaver
from gated_weaver import running
from proteus.jobs import JobId, JobState
from proteus.storage import ObjectStore
from waiting import until
from weaver.control import Config
from weaver.profile import CostProfile

STEPS = 8
KEY = f"timed/1/384x512/{STEPS}"
SPARE, OTHER = JobId("job_spare"), JobId("job_other")


class Rig(gated_weaver.Rig):
    """Two pictures at once, as without an arbitrator."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store, config=Config(batch_size=2), profile=CostProfile(max_batch=2))

    async def submit(self, *ids: JobId, spare: bool = False) -> None:
        for job_id in ids:
            await self.offer(job_id, batch_key=KEY, spare=spare)

    async def at_gate(self, *ids: JobId) -> None:
        await until(lambda: _as_async(self.engine.at_gate == list(ids)), what=f"a step of {ids}")

    async def ended(self, job_id: JobId, state: JobState) -> None:
        async def there() -> bool:
            return await self.state(job_id) is state

        await until(there, what=f"the end of {job_id}")

    async def other_is_next(self) -> None:
        """Let the spare jobs take one step at a time until the other job's first step is next."""
        await until(lambda: _as_async(OTHER in self.engine.prepared), what="its inputs")
        while self.engine.at_gate != [OTHER]:
            next_step = len(self.engine.steps) + 1
            self.engine.leave.release()
            await until(partial(self.at_step, next_step), what="a step")

    async def at_step(self, number: int) -> bool:
        return len(self.engine.steps) >= number and bool(self.engine.at_gate)


async def _as_async(value: bool) -> bool:
    return value


@pytest.fixture
async def rig(store: ObjectStore) -> AsyncIterator[Rig]:
    async with running(Rig, store) as made:
        yield made


async def test_a_spare_picture_makes_way_between_two_steps_and_goes_on_where_it_stood(rig: Rig) -> None:
    await rig.submit(SPARE, spare=True)
    await rig.at_gate(SPARE)
    rig.engine.leave.release(2)
    await until(lambda: _as_async(len(rig.engine.steps) == 2 and rig.engine.at_gate == [SPARE]), what="two steps")
    await rig.submit(OTHER)
    await rig.other_is_next()
    assert (await rig.state(SPARE), rig.claims.spare, rig.claims.count) == (JobState.RUNNING, 1, 2)
    before = len(rig.engine.steps)
    assert before < STEPS
    rig.engine.leave.release(STEPS)
    await rig.ended(OTHER, JobState.COMPLETED)
    await rig.at_gate(SPARE)
    rig.engine.leave.release(STEPS)
    await rig.ended(SPARE, JobState.COMPLETED)
    assert rig.engine.steps == [[SPARE]] * before + [[OTHER]] * STEPS + [[SPARE]] * (STEPS - before)


async def test_a_parked_picture_that_is_cancelled_ends_without_another_step(rig: Rig) -> None:
    await rig.submit(SPARE, spare=True)
    await rig.at_gate(SPARE)
    await rig.submit(OTHER)
    await rig.other_is_next()
    before = len(rig.engine.steps)
    await rig.queue.cancel(SPARE)
    rig.claims.hears_gone([], [SPARE])
    rig.engine.leave.release(STEPS)
    await rig.ended(SPARE, JobState.CANCELED)
    await rig.ended(OTHER, JobState.COMPLETED)
    assert rig.engine.steps == [[SPARE]] * before + [[OTHER]] * STEPS


async def test_parked_pictures_of_a_lost_worker_come_back_and_are_made_once(rig: Rig, store: ObjectStore) -> None:
    await rig.submit(SPARE, spare=True)
    await rig.at_gate(SPARE)
    await rig.submit(OTHER)
    await rig.other_is_next()
    for job_id, token in (await rig.queue.holdings(rig.claims.worker)).items():
        await rig.queue.renew(rig.claims.worker, {job_id: token}, idle_ms=10**9)
    await rig.queue.reap()
    rig.claims.hears_gone([SPARE, OTHER], [])
    assert (await rig.queue.stats()).spare_waiting == 1
    rig.engine.leave.release(1_000)
    await rig.ended(OTHER, JobState.COMPLETED)
    await rig.ended(SPARE, JobState.COMPLETED)


async def test_a_worker_that_is_to_stop_hands_its_parked_pictures_back(store: ObjectStore, rig: Rig) -> None:
    await rig.submit(SPARE, spare=True)
    await rig.at_gate(SPARE)
    await rig.submit(OTHER)
    await rig.other_is_next()
    rig.stop.set()
    rig.engine.leave.release(STEPS)
    await rig.ended(OTHER, JobState.COMPLETED)

    async def back() -> bool:
        return (await rig.queue.stats()).spare_waiting == 1

    await until(back, what="the picture in its line")
    assert rig.claims.count == 0
    assert len([jobs for jobs in rig.engine.steps if jobs == [SPARE]]) < STEPS


async def test_no_more_spare_pictures_are_claimed_while_some_are_parked_and_all_are_made(rig: Rig) -> None:
    more = [JobId(f"job_{n}") for n in range(4)]
    await rig.submit(*more, spare=True)
    await rig.at_gate(*more[:1])
    await rig.submit(OTHER)
    await rig.other_is_next()
    rig.engine.leave.release(STEPS - 1)
    await until(lambda: _as_async(rig.engine.at_gate == [OTHER] and len(rig.engine.steps) >= STEPS), what="its last")
    assert rig.claims.spare == 1, "the parked one alone"
    rig.engine.leave.release(1_000)
    for job_id in more:
        await rig.ended(job_id, JobState.COMPLETED)
    assert [sum(jobs.count(job_id) for jobs in rig.engine.steps) for job_id in [OTHER, *more]] == [STEPS] * 5
