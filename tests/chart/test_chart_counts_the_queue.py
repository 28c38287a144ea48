"""KEDA must see what the queue holds: the same names, the same counting, the right number of pods."""

import math
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis

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


def test_the_lists_keda_counts_are_those_of_proteus_keys(rendered: Callable[..., Objects]) -> None:
    objects = rendered("cpu")
    for component, name in (("weaver", keys.JOBS), ("tailor", keys.TAILOR)):
        k = keys.QueueKeys(name)
        assert triggers(objects, component) == {"jobs": k.list, "retry": k.retry, "inflight": k.leases, "busy": k.busy}


def test_the_formula_is_the_one_this_test_computes(rendered: Callable[..., Objects]) -> None:
    [scaled] = [o for o in rendered("cpu") if o["kind"] == "ScaledObject" and o["metadata"]["name"] == "demo-weaver"]
    modifiers = scaled["spec"]["advanced"]["scalingModifiers"]
    assert modifiers["formula"] == "max([(jobs + retry + inflight) / 10.0, busy])"
    assert modifiers["target"] == "1"


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
    names = triggers(rendered("cpu"), "weaver")
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
    names = triggers(rendered("cpu"), "weaver")
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
    names = triggers(rendered("cpu"), "weaver")
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
