"""A weaver's end: killed, stopped, hung or broken, it takes no job with it and leaves no heart behind."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from redis.asyncio import Redis

from proteus.jobs import JobState
from proteus.service import lifecycle

if TYPE_CHECKING:
    from conftest import Fleet, Process  # type: ignore[import-not-found]

SLOW = "1:6,8:6"
"""Three quarters of a second a step: four of them are a lease, so there is time for whatever is to be done to a job."""

ROOM_SECONDS = 5.0
"""A bar of docs/contract.md: a killed worker's jobs are back within lease + 5 s."""


async def recovers(fleet: Fleet, job_id: Any, since: float) -> float:
    """Wait until the job is claimed anew or over; return how long that took."""

    async def moved() -> bool:
        view = await fleet.state(job_id)
        return view.crashes > 0 or view.state.terminal

    await fleet.until(moved, what=f"{job_id} is freed")
    return time.monotonic() - since


async def test_a_killed_weaver_frees_its_job_and_takes_its_heart_along(fleet: Fleet) -> None:
    weavers = [await fleet.weaver(name, curve=SLOW) for name in ("w1", "w2")]
    (job_id,) = await fleet.submit("kill")
    victim = (await fleet.running(job_id)).worker
    (killed,) = [weaver for weaver in weavers if weaver.id == victim]
    (heartbeat,) = killed.find_hearts()
    killed_at = time.monotonic()
    killed.send(signal.SIGKILL)
    assert await recovers(fleet, job_id, killed_at) < lease_of(fleet) + ROOM_SECONDS
    (view,) = await fleet.settled(job_id)
    assert (view.state, view.crashes) == (JobState.COMPLETED, 1)
    assert view.result["worker"] != victim
    assert await fleet.until(lambda: gone(heartbeat), what="the heart is gone")


def lease_of(fleet: Fleet) -> float:
    return fleet.policy.lease_ms / 1000


async def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_a_stopped_weaver_frees_its_job_and_is_refused_when_it_wakes(fleet: Fleet) -> None:
    weavers = [await fleet.weaver(name, curve=SLOW) for name in ("w1", "w2")]
    (job_id,) = await fleet.submit("stop")
    victim = (await fleet.running(job_id)).worker
    (zombie,) = [weaver for weaver in weavers if weaver.id == victim]
    stopped_at = time.monotonic()
    zombie.send(signal.SIGSTOP)
    assert await recovers(fleet, job_id, stopped_at) < lease_of(fleet) + ROOM_SECONDS
    (view,) = await fleet.settled(job_id)
    assert view.result["worker"] != victim
    zombie.send(signal.SIGCONT)
    await fleet.until(lambda: said(zombie, "evicted", "completion_refused"), what="the zombie notices")
    (after,) = await fleet.settled(job_id)
    assert after.result == view.result
    await fleet.until(lambda: results(fleet, 1), what="the zombie's picture is gone")
    zombie.stop()


async def said(process: Process, *texts: str) -> bool:
    return any(process.said(text) for text in texts)


async def stored(fleet: Fleet) -> list[str]:
    return await asyncio.to_thread(lambda: [info.key for info in fleet.store.list("results/")])


async def results(fleet: Fleet, number: int) -> bool:
    return len(await stored(fleet)) == number


@pytest.mark.long
async def test_the_first_picture_stays_when_redis_fell_back_and_gave_a_token_out_twice(
    fleet: Fleet, redis_url: str
) -> None:
    (job_id,) = await fleet.submit("twice")
    async with Redis.from_url(redis_url) as raw:
        before = {key: await raw.dump(key) for key in await raw.keys("*")}
        first = await fleet.weaver("w1", curve=SLOW)
        token = (await fleet.running(job_id)).token
        frozen = [psutil.Process(first.popen.pid), *first.find_hearts()]
        for process in frozen:
            process.suspend()
        await raw.flushdb()
        for key, value in before.items():
            await raw.restore(key, 0, value)
    second = await fleet.weaver("w2", curve=SLOW)
    assert (await fleet.running(job_id)).token == token
    frozen[0].resume()  # Its heart would say at once that the job is lost, and the picture would be given up.
    (view,) = await fleet.settled(job_id)
    for heartbeat in frozen[1:]:
        heartbeat.resume()

    async def other_is_done() -> bool:  # On a busy machine it learns that the job is over before its picture is made.
        return await results(fleet, 2) or first.said("lease_lost") or second.said("lease_lost")

    await fleet.until(other_is_done, what="the other one's picture lies beside it, or was given up")
    (after,) = await fleet.settled(job_id)
    assert after.result == view.result
    assert view.result["result_key"] in await stored(fleet)


async def test_a_deadlock_in_the_engine_frees_the_job_and_ends_the_process(fleet: Fleet) -> None:
    weaver = await fleet.weaver()
    (job_id,) = await fleet.submit("hang", options={"poison": "hang"})
    started_at = time.monotonic()
    # One step may take three times the expected one; then one lease later it is free.
    assert await recovers(fleet, job_id, started_at) < lease_of(fleet) + ROOM_SECONDS
    assert await asyncio.to_thread(weaver.popen.wait, 30) == 70
    assert weaver.said("stuck")


@pytest.mark.long
async def test_a_weaver_whose_heart_dies_gets_a_new_one(fleet: Fleet) -> None:
    weaver = await fleet.weaver(curve="1:12,8:12", LEASE_SECONDS="8")
    (job_id,) = await fleet.submit("heart")
    await fleet.running(job_id)
    (heartbeat,) = weaver.find_hearts()
    heartbeat.kill()
    (view,) = await fleet.settled(job_id)
    assert (view.state, view.crashes) == (JobState.COMPLETED, 0)
    assert weaver.said("heart_died")


async def test_a_weaver_whose_engine_breaks_ends_instead_of_failing_every_job_it_can_get(fleet: Fleet) -> None:
    await fleet.configure(batch_size=4)
    (culprit,) = await fleet.submit("culprit", options={"poison": "sicken"})
    mates = await fleet.submit(*[f"s{n}" for n in range(9)])
    weaver = await fleet.weaver()
    assert await asyncio.to_thread(weaver.popen.wait, 30) == 1
    assert weaver.said("engine_sick")
    views = [view for view in await fleet.queue.look(*mates) if view]
    assert sum(view.attempts for view in views) <= 1
    assert {view.crashes for view in views} == {0}
    await fleet.queue.cancel(culprit)
    await fleet.weaver("w2")
    assert {view.state for view in await fleet.settled(*mates)} == {JobState.COMPLETED}


async def test_a_job_that_kills_its_process_dies_alone(fleet: Fleet) -> None:
    await fleet.configure(batch_size=8)
    good = await fleet.submit(*[f"m{n}" for n in range(3)])
    (poison,) = await fleet.submit("poison", options={"poison": "crash"})
    restarted = asyncio.create_task(keep_running(fleet))
    views = {view.id: view for view in await fleet.settled(*good, poison)}
    await lifecycle.cancel(restarted)
    assert (views[poison].state, views[poison].code) == (JobState.FAILED, "worker_lost")
    assert {views[job_id].state for job_id in good} == {JobState.COMPLETED}


async def keep_running(fleet: Fleet) -> None:
    """Start a weaver again whenever it dies, as a supervisor would."""
    for n in range(20):
        weaver = await fleet.weaver(f"w{n}")
        await fleet.until(lambda weaver=weaver: ended(weaver), seconds=60)  # type: ignore[misc]


async def ended(process: Process) -> bool:
    return process.popen.poll() is not None
