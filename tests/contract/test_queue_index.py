"""List and indexes: equal after whatever one of them lost, and jobs that stand nowhere are given their place again.

The list is what strangers, KEDA and older versions see; the indexes are what claims and positions are made of.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis.asyncio import Redis

from proteus import keys
from proteus.jobs import JobId, JobState, WorkerId
from proteus.queue import Failure, JobQueue, QueuePolicy, Verdict

NAMES = keys.QueueKeys(keys.JOBS)
WORKER = WorkerId("weaver-1")
LONG_MS = 10**9


async def listed(redis: Redis) -> list[str]:
    return [json.loads(one)["id"] for one in reversed(await redis.lrange(keys.JOBS, 0, -1))]


async def indexed(redis: Redis) -> list[str]:
    found: list[Any] = [
        one
        for engine in await redis.smembers(NAMES.engines)
        for one in await redis.zrange(NAMES.index(engine), 0, -1, withscores=True)
    ]
    return [job_id for job_id, _ in sorted(found, key=lambda one: one[1])]


async def settled(redis: Redis, queue: JobQueue) -> list[str]:
    """The jobs in their order once list and indexes agree, which may take a few slices."""
    for _ in range(60):
        await queue.reap()
        if await redis.exists(NAMES.sweep) == 0 and await listed(redis) == await indexed(redis):
            return await listed(redis)
    in_list, in_index = await listed(redis), await indexed(redis)
    raise AssertionError(f"{len(in_list)} in the list, {len(in_index)} in the index, of {len({*in_list, *in_index})}")


@pytest.fixture
async def filled(redis: Redis, make_order) -> JobQueue:
    """Three hundred jobs of two engines, alternating, and two of high priority: more than one slice."""
    queue = JobQueue(redis, keys.JOBS)
    await queue.submit(*(make_order(f"job_{n}", engine=["puppet", "catvton"][n % 2]) for n in range(300)))
    await queue.submit(*(make_order(f"job_h{n}", high=True) for n in range(2)))
    return queue


EXPECTED = ["job_h0", "job_h1", *(f"job_{n}" for n in range(300))]


@pytest.mark.parametrize("lost", ["list", "one index", "all indexes", "engines", "order"])
async def test_what_is_lost_as_a_whole_is_made_anew_in_its_order(redis, filled, make_order, lost):
    indexes = [NAMES.index(engine) for engine in ("puppet", "catvton")]
    gone = {
        "list": [keys.JOBS],
        "one index": indexes[:1],
        "all indexes": indexes,
        "engines": [NAMES.engines],
        "order": [NAMES.order],
    }
    await redis.delete(*gone[lost])
    assert await settled(redis, filled) == EXPECTED
    await filled.submit(make_order("job_last"))
    assert (await listed(redis))[-1] == "job_last"


@pytest.mark.parametrize("lost", [3, 150])
async def test_jobs_that_a_stranger_popped_come_back_where_they_stood(redis, filled, lost):
    for _ in range(lost):
        await redis.rpop(keys.JOBS)
    assert await settled(redis, filled) == EXPECTED


async def test_a_job_popped_from_the_middle_far_from_the_head_returns_to_the_head(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    await queue.submit(*(make_order(f"job_{n}") for n in range(900)))
    await redis.lrem(keys.JOBS, 1, (await redis.lrange(keys.JOBS, 400, 400))[0])
    rest = [f"job_{n}" for n in range(900) if n != 499]
    assert await settled(redis, queue) == ["job_499", *rest]


async def test_jobs_of_an_older_version_get_the_order_of_their_time(redis, filled, make_order):
    """It writes neither order nor index."""
    for job_id in EXPECTED:
        await redis.hdel(NAMES.job(job_id), "order")
    await redis.delete(NAMES.index("puppet"), NAMES.index("catvton"))
    assert await settled(redis, filled) == EXPECTED
    await filled.submit(make_order("job_last"))
    assert (await indexed(redis))[-1] == "job_last"
    assert (await listed(redis))[-1] == "job_last"


async def test_strangers_among_many_jobs_are_set_aside(redis, filled):
    for n in range(3):
        await redis.lpush(keys.JOBS, json.dumps({"id": f"stranger_{n}"}))
        await redis.rpush(keys.JOBS, json.dumps({"id": f"stranger_head_{n}"}))
    assert await settled(redis, filled) == EXPECTED
    assert len(await filled.peek_foreign(10)) == 6


async def test_a_worker_claims_what_the_list_has_lost(redis, filled):
    """The index is enough: nothing waits for a repair."""
    await redis.delete(keys.JOBS)
    claim = await filled.claim(WORKER, free=4, engines=["catvton"])
    assert [job.id for job in claim.jobs] == ["job_1", "job_3", "job_5", "job_7"]
    assert await settled(redis, filled) == [one for one in EXPECTED if one not in [job.id for job in claim.jobs]]


async def test_a_running_job_without_a_lease_gets_one_and_its_worker_keeps_it(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    await queue.submit(make_order("job_a"))
    (job,) = (await queue.claim(WORKER, free=1, engines=["puppet"])).jobs
    await redis.delete(NAMES.leases, NAMES.busy, NAMES.held(WORKER))
    assert (await queue.look(job.id))[0].stranded
    assert await queue.restore(job.id) == 1
    assert await queue.restore(job.id) == 0
    assert (await queue.stats()).busy_workers == 1
    assert not (await queue.renew(WORKER, {job.id: job.token})).lost
    assert not (await queue.look(job.id))[0].stranded


async def test_a_running_job_without_lease_or_worker_comes_back_when_the_new_lease_runs_out(redis, make_order):
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(lease_ms=1))
    await queue.submit(make_order("job_a"))
    (job,) = (await queue.claim(WORKER, free=1, engines=["puppet"])).jobs
    await redis.delete(NAMES.leases)
    await queue.restore(job.id)
    while await queue.reap() == 0:
        pass
    (again,) = (await queue.claim(WORKER, free=1, engines=["puppet"])).jobs
    assert (again.id, again.crashes) == (job.id, 1)
    assert again.token > job.token


async def test_a_retry_without_its_place_comes_back(redis, make_order):
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(backoff_base_ms=1, backoff_cap_ms=1))
    await queue.submit(make_order("job_a"))
    (job,) = (await queue.claim(WORKER, free=1, engines=["puppet"])).jobs
    failure = Failure(id=job.id, token=job.token, code="c", message="m", retryable=True)
    assert await queue.fail(WORKER, [failure]) == [Verdict.RETRY]
    await redis.delete(NAMES.retry)
    assert (await queue.look(job.id))[0].stranded
    assert await queue.restore(job.id) == 1
    await queue.reap()
    assert await listed(redis) == ["job_a"]


async def test_a_queued_job_in_no_list_and_no_index_gets_its_place_again(redis, filled):
    await redis.delete(keys.JOBS, NAMES.index("puppet"), NAMES.index("catvton"))
    ids = [JobId(one) for one in EXPECTED]
    assert all(view.stranded for view in await filled.look(*ids))
    assert await filled.restore(*ids) == len(ids)
    assert await settled(redis, filled) == EXPECTED


async def test_a_worker_that_was_lost_idle_but_listed_is_not_busy_for_ever(redis):
    """KEDA would keep its GPU."""
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(lease_ms=60_000))
    now_ms = int((await redis.time())[0]) * 1_000
    await redis.zadd(NAMES.busy, {"gone": now_ms - 62_000, "alive": now_ms - 30_000})
    await queue.reap()
    assert await redis.zrange(NAMES.busy, 0, -1) == ["alive"]


async def test_a_settled_or_unknown_job_is_not_restored(redis, filled):
    await filled.cancel("job_3")
    assert await filled.restore("job_3", "job_unknown", "job_4") == 0
    assert (await filled.look("job_3"))[0].state is JobState.CANCELED


async def test_jobs_that_nobody_can_serve_leave_the_list_and_come_back_to_its_head(redis, filled):
    parking = await filled.park(["puppet"])
    assert parking.parked == 150
    odd = [one for one in EXPECTED if one in {f"job_{n}" for n in range(1, 300, 2)}]
    even = [one for one in EXPECTED if one not in odd]
    assert await listed(redis) == await indexed(redis) == even
    stats = await filled.stats()
    assert (stats.waiting, stats.parked, stats.waiting_by_engine) == (152, 150, {"puppet": 152})
    (view,) = await filled.look("job_1")
    assert (view.state, view.position, view.parked, view.stranded) == (JobState.QUEUED, None, True, False)
    assert (await filled.park(["puppet", "catvton"])).returned == 150
    assert await listed(redis) == await indexed(redis) == odd + even
    assert (await filled.stats()).parked == 0


async def test_a_parked_job_can_be_cancelled_replaced_and_expire(rig, make_order):
    past = await rig.now_ms() - 1
    await rig.queue.submit(
        *(make_order(f"job_{n}") for n in range(2)), make_order("job_old", deadline_ms=past + 60_000)
    )
    await rig.queue.park([])
    assert await rig.queue.cancel("job_0") == [Verdict.DONE]
    assert await rig.queue.submit(make_order("job_1", epoch=2), make_order("job_late", age_end_ms=past)) == [True, True]
    assert (await rig.queue.stats()).parked == 1
    await rig.queue.park([])
    assert (await rig.queue.stats()).parked == 3
    await rig.queue.reap()
    (late,) = await rig.queue.look("job_late")
    assert (late.state, late.code, late.parked) == (JobState.EXPIRED, "too_old", False)
    assert (await rig.queue.stats()).parked == 2


async def test_a_job_that_an_older_version_settled_while_parked_is_forgotten_there(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    await queue.submit(make_order("job_a"))
    await queue.park([])
    await redis.hset(NAMES.job("job_a"), "state", "canceled")
    await queue.park([])
    assert (await queue.stats()).parked == 0


@pytest.mark.parametrize("way", ["waiting", "running", "handed back"])
async def test_a_job_that_is_too_old_expires_wherever_it_stands(rig, hands, make_order, way):
    end = await rig.now_ms() + 40
    await rig.queue.submit(make_order("job_a", age_end_ms=end, deadline_ms=end + 60_000))
    jobs = [] if way == "waiting" else await hands.claim()
    assert [job.deadline_ms for job in jobs] in ([], [end])
    while await rig.now_ms() <= end:
        if hasattr(rig, "clock"):
            rig.clock.advance(0.01)
    held = {job.id: job.token for job in jobs}
    if way == "running":
        failure = Failure(id=jobs[0].id, token=jobs[0].token, code="expired", message="m", retryable=True)
        await rig.queue.fail(hands.worker, [failure])
    elif way == "handed back":
        await rig.queue.hand_back(hands.worker, held)
    else:
        await rig.queue.reap()
    (view,) = await rig.queue.look("job_a")
    assert (view.state, view.code) == (JobState.EXPIRED, "too_old")


async def test_a_deadline_before_the_end_of_its_age_stays_a_deadline(rig, make_order):
    past = await rig.now_ms() - 1
    await rig.queue.submit(make_order("job_a", deadline_ms=past, age_end_ms=past + 1_000))
    await rig.queue.reap()
    assert (await rig.queue.look("job_a"))[0].code == "deadline_exceeded"
