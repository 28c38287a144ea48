"""KEDA must see what the queue holds: the same names, the same counting, the right number of pods."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from arbitrator.actuators.contract import Order
from arbitrator.actuators.redis import RedisActuator
from arbitrator.policies.contract import Observation
from arbitrator.policies.table import TablePolicy
from proteus import keys
from proteus.jobs import JobId, WorkerId
from proteus.queue import JobQueue, QueuePolicy
from proteus.queue.model import Completion, Failure, Submission

from .conftest import Objects

# What KEDA's redis scaler runs for one trigger (kedacore/keda, pkg/scalers/redis_scaler.go): the length by type.
COUNT = """
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'list' then return redis.call('LLEN', KEYS[1]) end
if kind == 'zset' then return redis.call('ZCARD', KEYS[1]) end
if kind == 'set' then return redis.call('SCARD', KEYS[1]) end
if kind == 'hash' then return redis.call('HLEN', KEYS[1]) end
if kind == 'none' then return 0 end
return redis.error_reply('KEDA cannot count a ' .. kind)
"""


def triggers(objects: Objects, component: str) -> dict[str, str]:
    [scaled] = [o for o in objects if o["kind"] == "ScaledObject" and o["metadata"]["name"] == f"demo-{component}"]
    return {t["name"]: t["metadata"]["listName"] for t in scaled["spec"]["triggers"]}


FORMULA = {"scaling": {"form": "formula", "jobsPerPod": 10}}


def formula_of(objects: Objects) -> str:
    [scaled] = [o for o in objects if o["kind"] == "ScaledObject" and o["metadata"]["name"] == "demo-weaver"]
    modifiers = scaled["spec"]["advanced"]["scalingModifiers"]
    assert (modifiers["target"], modifiers["activationTarget"]) == ("1", "0")
    return str(modifiers["formula"])


def test_the_lists_keda_counts_are_those_of_proteus_keys(rendered: Callable[..., Objects]) -> None:
    objects = rendered("cpu")
    for component, name in (("weaver", keys.JOBS), ("tailor", keys.TAILOR)):
        k = keys.QueueKeys(name)
        wanted = {"wanted": keys.WEAVERS_WANTED} if component == "weaver" else {}
        lists = {"jobs": k.list, "retry": k.retry, "inflight": k.leases, "busy": k.busy} | wanted
        assert triggers(objects, component) == lists
    assert "wanted" not in triggers(rendered("cpu", **FORMULA), "weaver")


def test_the_formula_is_the_one_this_test_computes(rendered: Callable[..., Objects]) -> None:
    formula = "max([(jobs + retry + inflight) / 10.0, busy])"
    assert formula_of(rendered("cpu", **FORMULA)) == formula
    assert formula_of(rendered("cpu", scaling={"jobsPerPod": 10})) == f"wanted > 0 ? wanted - 1 : {formula}"


@pytest.mark.parametrize(
    ("scaling", "per_pod"),
    [
        ({}, 3),  # half of 12 s at 2 s a picture
        ({"sloSeconds": 30, "pictureSeconds": 0.9}, 16),
        ({"sloSeconds": 2, "pictureSeconds": 5}, 1),
        ({"jobsPerPod": 7}, 7),
    ],
)
def test_jobs_per_pod_are_what_the_slo_leaves_room_for(
    rendered: Callable[..., Objects], scaling: dict[str, Any], per_pod: int
) -> None:
    objects = rendered("cpu", scaling=scaling)
    assert f"/ {per_pod}.0, busy" in formula_of(objects)
    slo = str(scaling.get("sloSeconds", 12))
    arbitrator = next(o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == "demo-arbitrator")
    [container] = arbitrator["spec"]["template"]["spec"]["containers"]
    assert {"name": "ARBITRATOR_SLO_SECONDS", "value": slo} in container["env"]


def decided(replicas: int, **seen: Any) -> Order:
    bounds: dict[str, Any] = {"min_replicas": 0, "max_replicas": 9, "cold_start_seconds": 120.0, "cost": None}
    counts = {"now": 0.0, "waiting": 0, "running": 0, "busy_workers": 0, "arrived": 0, "mean_wait_seconds": 0.0,
              "oldest_wait_seconds": 0.0, "ready": 0, "starting": 0, "starting_in_seconds": 0.0}  # fmt: skip
    observation = Observation(**counts | bounds | seen)
    decision = replace(TablePolicy().decide(observation, None), desired_replicas=replicas)
    return Order(decision=decision, seen=observation, policy="slo", arrivals_per_second=0.0)


async def keda_wants(redis: Redis, objects: Objects) -> float:
    """What KEDA computes: every trigger counted by its script, then the formula as it stands in the manifest."""
    count: Any = redis.register_script(COUNT)
    seen = {name: int(await count(keys=[key])) for name, key in triggers(objects, "weaver").items()}
    condition, _, rest = formula_of(objects).partition(" ? ")
    yes, _, no = rest.partition(" : ")
    chosen = yes if eval(condition, {}, seen) else no
    return float(eval(chosen, {"max": max}, seen))


@pytest.mark.parametrize(
    ("replicas", "seen", "wanted"),
    [
        (0, {}, 0),
        (4, {"waiting": 1}, 4),
        (12, {"waiting": 1}, 9),  # never more than the maximum
        (0, {"running": 1}, 1),  # the last one works
        (0, {"retrying": 1}, 1),
        (0, {"waiting": 1}, 1),
    ],
)
async def test_keda_sees_as_many_weavers_as_the_arbitrator_wants(
    rendered: Callable[..., Objects], redis: Redis, replicas: int, seen: dict[str, Any], wanted: int
) -> None:
    objects = rendered("cpu")
    actuator = RedisActuator(redis, identity="a1", lease_seconds=3)
    for before in (3, replicas, replicas):
        assert await actuator.apply(decided(before, **seen))
    assert await keda_wants(redis, objects) == wanted
    assert 0 < await redis.ttl(keys.WEAVERS_WANTED) <= keys.CONFIG_SECONDS
    assert not await redis.exists(keys.WEAVER_REPLICAS)


async def test_a_silent_arbitrator_leaves_the_formula_and_the_first_job_wakes_a_fleet_at_zero(
    rendered: Callable[..., Objects], redis: Redis
) -> None:
    objects = rendered("gpu")
    assert await keda_wants(redis, objects) == 0
    await JobQueue(redis, keys.JOBS).submit(*(job(n) for n in range(4)))
    assert await keda_wants(redis, objects) == 4 / 3
    actuator = RedisActuator(redis, identity="a1", lease_seconds=3)
    await actuator.apply(decided(5, waiting=4))
    assert await keda_wants(redis, objects) == 5
    await redis.delete(keys.WEAVERS_WANTED)  # As its 15 seconds do.
    assert await keda_wants(redis, objects) == 4 / 3


async def test_who_does_not_hold_the_lease_writes_no_signal(redis: Redis) -> None:
    first, second = (RedisActuator(redis, identity=name, lease_seconds=3) for name in ("a1", "a2"))
    await first.apply(decided(5))
    assert not await second.apply(decided(2))
    assert await redis.scard(keys.WEAVERS_WANTED) == 6


async def pods(redis: Redis, names: dict[str, str]) -> tuple[dict[str, int], int]:
    count: Any = redis.register_script(COUNT)
    seen = {name: int(await count(keys=[key])) for name, key in names.items()}
    load = max((seen["jobs"] + seen["retry"] + seen["inflight"]) / 10.0, seen["busy"])
    return seen, math.ceil(load)


def job(n: int) -> Submission:
    return Submission(
        id=JobId(f"job_{n}"),
        epoch=1,
        payload={"id": f"job_{n}"},
        body={"user_id": "u", "vton_id": None, "job_type": "tryon", "result_url": "/v1/results/x/1", "trace_id": "t"},
        engine="puppet",
        batch_key="puppet",
    )


async def test_keda_sees_waiting_running_retrying_and_idle(rendered: Callable[..., Objects], redis: Redis) -> None:
    names = triggers(rendered("cpu", **FORMULA), "weaver")
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(backoff_base_ms=60_000, backoff_cap_ms=60_000))
    a, b = WorkerId("a"), WorkerId("b")
    assert await pods(redis, names) == ({"jobs": 0, "retry": 0, "inflight": 0, "busy": 0}, 0)

    await queue.submit(*(job(n) for n in range(25)))
    assert await pods(redis, names) == ({"jobs": 25, "retry": 0, "inflight": 0, "busy": 0}, 3)

    first = await queue.claim(a, free=20, engines=["puppet"])
    second = await queue.claim(b, free=5, engines=["puppet"])
    assert await pods(redis, names) == ({"jobs": 0, "retry": 0, "inflight": 25, "busy": 2}, 3)

    await queue.complete(a, [Completion(id=j.id, token=j.token, result={}) for j in first.jobs])
    assert await pods(redis, names) == ({"jobs": 0, "retry": 0, "inflight": 5, "busy": 1}, 1)

    await queue.fail(
        b, [Failure(id=j.id, token=j.token, code="engine_failed", message="no", retryable=True) for j in second.jobs]
    )
    seen, wanted = await pods(redis, names)
    assert (seen["jobs"], seen["inflight"], seen["busy"], seen["retry"], wanted) == (0, 0, 0, 5, 1)


async def test_what_is_handed_back_waits_again_and_what_is_dead_or_canceled_asks_for_nobody(
    rendered: Callable[..., Objects], redis: Redis
) -> None:
    names = triggers(rendered("cpu", **FORMULA), "weaver")
    queue = JobQueue(redis, keys.JOBS)
    drained = WorkerId("drained")
    await queue.submit(*(job(n) for n in range(12)))
    held = (await queue.claim(drained, free=12, engines=["puppet"])).jobs
    assert await pods(redis, names) == ({"jobs": 0, "retry": 0, "inflight": 12, "busy": 1}, 2)

    await queue.hand_back(drained, {j.id: j.token for j in held})
    assert await pods(redis, names) == ({"jobs": 12, "retry": 0, "inflight": 0, "busy": 0}, 2)

    again = (await queue.claim(drained, free=2, engines=["puppet"])).jobs
    hopeless = [Failure(id=j.id, token=j.token, code="invalid_request", message="no", retryable=False) for j in again]
    await queue.fail(drained, hopeless)
    assert (await queue.stats()).dead == 2
    assert await pods(redis, names) == ({"jobs": 10, "retry": 0, "inflight": 0, "busy": 0}, 1)

    await queue.cancel(*(JobId(f"job_{n}") for n in range(12)))
    assert await pods(redis, names) == ({"jobs": 0, "retry": 0, "inflight": 0, "busy": 0}, 0)


async def test_a_dead_workers_job_keeps_its_pod_until_the_lease_ends_then_waits_at_the_head(
    rendered: Callable[..., Objects], redis: Redis
) -> None:
    names = triggers(rendered("cpu", **FORMULA), "weaver")
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(lease_ms=30_000))
    await queue.submit(job(0))
    await queue.claim(WorkerId("killed"), free=1, engines=["puppet"])
    assert await queue.reap() == 0
    assert await pods(redis, names) == ({"jobs": 0, "retry": 0, "inflight": 1, "busy": 1}, 1)
    # The lease and the last heartbeat, as they look a minute later.
    k = keys.QueueKeys(keys.JOBS)
    seconds, _ = await redis.time()
    await redis.zadd(k.leases, {"job_0": (seconds - 60) * 1000})
    await redis.zadd(k.busy, {"killed": (seconds - 60) * 1000})
    assert await queue.reap() == 1
    assert await pods(redis, names) == ({"jobs": 1, "retry": 0, "inflight": 0, "busy": 0}, 1)
