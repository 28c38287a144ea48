"""The arbitrator goes on whatever stands in the place of its keys and of those it reads."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from arbitrator.actuators.contract import Order
from arbitrator.actuators.redis import RedisActuator
from arbitrator.observe import LAST_ID, Observer
from arbitrator.policies.table import TablePolicy
from arbitrator.settings import ArbitratorSettings
from proteus import keys
from proteus.queue import JobQueue
from proteus.queue.unread import UNREAD
from proteus.redis_roles import RedisRole

NAMES = keys.QueueKeys(keys.JOBS)


async def tick(redis, observer: Observer, *, local: bool = False) -> bool:
    seen = await observer.read()
    policy = TablePolicy()
    actuator = RedisActuator(redis, identity="a1", lease_seconds=5, local_replicas=local)
    before = await actuator.last_decision()
    return await actuator.apply(
        Order(decision=policy.decide(seen, before), seen=seen, policy=policy.name, arrivals_per_second=0)
    )


def observer_of(redis) -> Observer:
    return Observer(redis, JobQueue(redis, keys.JOBS), ArbitratorSettings(), engine="puppet")


@pytest.mark.parametrize(
    "key",
    [
        keys.ARBITRATOR_LEASE,
        keys.BATCH_SIZE,
        keys.DEGRADED_MODE,
        keys.DEGRADED_FRACTION,
        keys.MODE,
        keys.STATE,
        keys.DECISIONS,
        keys.WEAVER_REPLICAS,
        keys.WEAVERS_WANTED,
        keys.WARM,
        NAMES.workers,
        NAMES.worker("weaver-1"),
    ],
)
@pytest.mark.parametrize("put", ["set", "sadd", "zadd"])
async def test_a_tick_acts_whatever_the_type_of_a_key(redis, key, put):
    local = key == keys.WEAVER_REPLICAS
    await redis.zadd(NAMES.workers, {"weaver-1": 1})
    await redis.delete(key)
    value = {"strange": 1} if put == "zadd" else "strange"
    await getattr(redis, put)(key, value)
    if put == "set" and key == keys.ARBITRATOR_LEASE:
        return  # That is another holder.
    assert await tick(redis, observer_of(redis), local=local)
    assert await redis.get(keys.BATCH_SIZE) == "1"
    assert await redis.scard(keys.WEAVERS_WANTED) == (0 if local else 2)
    assert await redis.get(keys.ARBITRATOR_LEASE) == "a1"


async def test_arrivals_are_counted_again_after_the_event_stream_began_anew(redis, make_order):
    queue, observer = JobQueue(redis, keys.JOBS), observer_of(redis)
    await redis.xadd(NAMES.events, {"kind": "last"}, id=LAST_ID)
    await observer.read()
    await queue.submit(make_order("job_a"))
    await observer.read()
    await observer.read()
    await queue.submit(make_order("job_b"))
    assert (await observer.read()).arrived == 1


READ = {
    "list": (keys.JOBS, "rpush"),
    "leases": (NAMES.leases, "zadd"),
    "busy": (NAMES.busy, "zadd"),
    "retry": (NAMES.retry, "zadd"),
    "dead": (NAMES.dead, "zadd"),
    "events": (NAMES.events, "xadd"),
    "waits": (NAMES.waits, "hset"),
    "engines": (NAMES.engines, "sadd"),
    "parked": (NAMES.parked, "zadd"),
    "index": (NAMES.index("puppet"), "zadd"),
}
"""The structures of the queue that an observation is made of, and what belongs into each."""

WRITES = {"set": ["strange"], "rpush": ["strange"], "zadd": [{"strange": 1}]}


@pytest.mark.parametrize(
    ("name", "put"), [(name, put) for name, (_, own) in READ.items() for put in WRITES if put != own]
)
async def test_a_structure_that_an_arbitrator_may_not_mend_counts_as_empty_until_a_gateway_sets_it_aside(
    redis, role_url, make_order, name, put
):
    """As its own user: it reads the queue, and may write nothing there."""
    key, _ = READ[name]
    writer = JobQueue(redis, keys.JOBS)
    await writer.submit(make_order("job_a"))
    async with Redis.from_url(role_url(RedisRole.ARBITRATOR), decode_responses=True) as own:
        observer = observer_of(own)
        await observer.read()
        await redis.delete(key)
        await getattr(redis, put)(key, *WRITES[put])  # type: ignore[misc]  # each verb has its own arguments
        before = UNREAD.labels(key)._value.get()
        with capture_logs() as logs:
            assert await tick(own, observer)
            assert await tick(own, observer)
        told = [entry for entry in logs if entry.get("key") == key]
        assert [entry["event"] for entry in told] == ["key_unread"], "once while it lasts"
        assert UNREAD.labels(key)._value.get() == before + 2
        assert await redis.type(key) != "none", "it may not touch it"
        assert await writer.inspect() or await writer.stats()
        with capture_logs() as logs:
            seen = await observer.read()
        assert [entry["event"] for entry in logs if entry.get("key") == key] == ["key_read_again"]
        assert seen.waiting == (0 if name == "list" else 1)
