"""The workers' registry on a real server."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from proteus import keys
from proteus.jobs import WorkerId
from proteus.registry import CARD_SECONDS, WorkerCard, WorkerState, deregister, list_workers, register

NAMES = keys.QueueKeys(keys.JOBS)
CARD = WorkerCard(
    id=WorkerId("weaver-1"),
    state=WorkerState.READY,
    engines=("catvton", "puppet"),
    weights={"catvton": "mix-48k"},
    licence={"catvton": "CC BY-NC-SA 4.0"},
    device="NVIDIA H100",
    seconds_per_batch={"catvton/1/768x1024/30": {"1": 2.46, "2": 4.64}},
    slots_used=2,
    slots_free=6,
    started_at=1_706_956_800.5,
)


async def test_a_card_comes_back_as_it_was_written(redis):
    await register(redis, NAMES, CARD)
    assert await list_workers(redis, NAMES) == [CARD]


async def test_a_client_that_does_not_decode_reads_the_same(redis_url):
    async with Redis.from_url(redis_url) as redis:
        await register(redis, NAMES, CARD)
        assert await list_workers(redis, NAMES) == [CARD]


async def test_the_latest_card_counts(redis):
    await register(redis, NAMES, CARD)
    draining = replace(CARD, state=WorkerState.DRAINING, seconds_per_batch={}, slots_free=0)
    await register(redis, NAMES, draining)
    assert await list_workers(redis, NAMES) == [draining]


async def test_workers_are_listed_by_id_and_only_those_of_the_queue(redis):
    for name in ("weaver-b", "weaver-a"):
        await register(redis, NAMES, replace(CARD, id=WorkerId(name)))
    await register(redis, keys.QueueKeys(keys.TAILOR), replace(CARD, id=WorkerId("tailor-1")))
    assert [card.id for card in await list_workers(redis, NAMES)] == ["weaver-a", "weaver-b"]


async def test_a_worker_that_goes_takes_its_card_along(redis):
    await register(redis, NAMES, CARD)
    await deregister(redis, NAMES, CARD.id)
    assert await list_workers(redis, NAMES) == []


async def test_a_silent_worker_is_gone_with_its_card(redis):
    await register(redis, NAMES, CARD)
    assert 0 < await redis.ttl(NAMES.worker(CARD.id)) <= CARD_SECONDS
    await redis.delete(NAMES.worker(CARD.id))
    assert await list_workers(redis, NAMES) == []
    await redis.zadd(NAMES.workers, {CARD.id: 1})
    await register(redis, NAMES, replace(CARD, id=WorkerId("weaver-2")))
    assert await redis.zrange(NAMES.workers, 0, -1) == ["weaver-2"]
