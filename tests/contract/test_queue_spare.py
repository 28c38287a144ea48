"""Spare jobs: taken when nothing else waits, and counted by nothing that scales a fleet, wherever they are."""

from __future__ import annotations

from arbitrator.fleets.bounds import Bounds
from arbitrator.fleets.scaled_object import FleetObject, scaled_object
from arbitrator.fleets.spec import parse_spec
from arbitrator.observe import Observer
from arbitrator.policies.named import POLICIES
from arbitrator.settings import ArbitratorSettings
from proteus import keys
from proteus.jobs import JobId, JobState, WorkerId
from proteus.queue import Completion, Failure, JobQueue, Verdict

SPARE, OTHER = JobId("job_spare"), JobId("job_other")
WORKER = WorkerId("worker-1")


async def take(queue, free=8, *, spare=True):
    return list((await queue.claim(WORKER, free=free, engines=["puppet"], spare=spare)).jobs)


async def test_a_spare_job_is_taken_when_asked_for_and_nothing_else_waits(rig, make_order, hands):
    await rig.queue.submit(make_order(SPARE, spare=True), make_order(OTHER))
    assert await hands.claim(engines=["catvton"], spare=True) == []
    assert [job.id for job in await hands.claim(spare=True)] == [OTHER]
    assert await hands.claim() == []
    assert await hands.claim(key="puppet/1", spare=True) == [], "no company for others"
    (job,) = await hands.claim(spare=True)
    assert (job.id, job.spare) == (SPARE, True)


async def test_spare_jobs_are_taken_in_their_order_up_to_the_batch_and_by_key(rig, make_order, hands):
    orders = [make_order(f"job_{n}", key=f"puppet/{n // 3}", spare=True) for n in range(5)]
    await rig.queue.submit(*orders)
    assert [job.id for job in await hands.claim(2, spare=True)] == ["job_0", "job_1"]
    assert [job.id for job in await hands.claim(4, spare=True)] == ["job_2"]
    assert [job.id for job in await hands.claim(4, spare=True)] == ["job_3", "job_4"]


async def test_who_holds_spare_jobs_alone_is_free_for_one_that_must_run_alone(rig, make_order, hands):
    await rig.queue.submit(make_order(SPARE, spare=True))
    await hands.claim(spare=True)
    await rig.queue.submit(make_order(OTHER, crashes=1))
    (job,) = await hands.claim(spare=True)
    assert (job.id, job.solo) == (OTHER, True)


async def test_a_spare_job_that_crashed_runs_alone_and_stops_nobody_while_it_waits(rig, make_order, hands):
    await rig.queue.submit(make_order("job_first", spare=True))
    await hands.claim(spare=True)
    await rig.queue.submit(make_order(SPARE, spare=True, crashes=1), make_order("job_last", spare=True))
    assert [job.id for job in await hands.claim(spare=True)] == ["job_last"]
    await rig.queue.submit(make_order(OTHER))
    assert [job.id for job in await hands.claim(spare=True)] == [OTHER]


async def counted(queue, redis) -> int:
    """Return how much of what KEDA's formulas count is there."""
    spec = parse_spec({"deployment": "w", "selector": {"a": "b"}, "engines": ["puppet"], "minReplicas": 0})
    bounds = Bounds(min_replicas=0, max_replicas=4)
    fleet = FleetObject(name="f", namespace="n", uid="u", labels={}, annotations={})
    triggers = scaled_object(fleet, spec, bounds)["spec"]["triggers"]
    names = {one["metadata"]["listName"] for one in triggers} | {keys.JOBS}
    names -= {keys.weavers_wanted("f")}
    assert {queue.keys.retry, queue.keys.leases, queue.keys.busy, queue.keys.index("puppet")} <= names
    return len([name for name in names if await redis.exists(name)])


async def test_no_figure_that_scales_a_fleet_counts_spare_jobs_in_any_state(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    settings = ArbitratorSettings(min_replicas=0)
    observer = Observer(redis, queue, settings, engine="puppet")
    await redis.xadd(queue.keys.events, {"kind": "nothing"})
    nothing = await observer.read()
    policy = POLICIES["slo"](settings.slo_seconds)

    async def same(spare_waiting: int, spare_running: int) -> None:
        stats = await queue.stats()
        assert (stats.spare_waiting, stats.spare_running) == (spare_waiting, spare_running)
        seen = await observer.read()
        assert {**vars(seen), "now": 0} == {**vars(nothing), "now": 0}
        assert policy.decide(seen, None).desired_replicas == 0
        assert await counted(queue, redis) == 0
        assert await queue.count() == spare_waiting + spare_running

    await queue.submit(*[make_order(f"job_{n}", spare=True) for n in range(3)])
    await same(3, 0)
    first, second = await take(queue, 2)
    await same(1, 2)
    await queue.renew(WORKER, {first.id: first.token})
    await same(1, 2)
    failure = Failure(id=first.id, token=first.token, code="c", message="m", retryable=True)
    assert await queue.fail(WORKER, [failure]) == [Verdict.RETRY]
    await same(1, 2)
    await queue.renew(WORKER, {second.id: second.token}, idle_ms=10**9)
    await queue.reap()
    stats = await queue.stats()
    await same(stats.spare_waiting, stats.spare_running)
    assert stats.spare_waiting >= 2, "the lost one is back"
    await queue.restore(first.id, second.id, JobId("job_2"))
    again = await take(queue)
    assert again
    await queue.hand_back(WORKER, {job.id: job.token for job in again})
    for job_id in (first.id, second.id, JobId("job_2")):
        await queue.cancel(job_id)
    await same(0, 0)
    assert [view.state for view in await queue.look(first.id, second.id) if view] == [JobState.CANCELED] * 2


async def test_a_worker_that_holds_both_is_busy_for_the_others_alone(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    await queue.submit(make_order(SPARE, spare=True))
    (spare,) = await take(queue)
    assert (await queue.stats()).busy_workers == 0
    await queue.submit(make_order(OTHER))
    (other,) = await take(queue, spare=False)
    held = {spare.id: spare.token, other.id: other.token}
    await queue.renew(WORKER, held)
    stats = await queue.stats()
    assert (stats.busy_workers, stats.running) == (1, 1)
    await queue.complete(WORKER, [Completion(id=other.id, token=other.token, result={"result_key": "r"})])
    stats = await queue.stats()
    assert (stats.busy_workers, stats.running, stats.spare_running) == (0, 0, 1)
    assert set(await queue.holdings(WORKER)) == {SPARE}
