"""The arbitrator's streams, asked by count and by time, on a real server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis as SyncRedis

from gateway.fleet.decisions import newest
from proteus import keys
from workbench.replay import recorded


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(1_770_000_000 + seconds, UTC)


def entry(policy: str, **held: Any) -> dict[str, str]:
    said = {"policy": policy, "mode": "VIP", "state": "NORMAL", "batch_size": 1, "ready": 2, "reason": "calm", **held}
    return {"by": "a1", "mode": "VIP", "decision": json.dumps(said)}


@pytest.fixture
def record(redis_url: str) -> str:
    """Decisions at 0, 10 and 20 s, one of a shadow at 5 s."""
    with SyncRedis.from_url(redis_url) as redis:
        for seconds, policy in ((0, "table"), (10, "slo"), (20, "slo")):
            redis.xadd(keys.DECISIONS, entry(policy), id=f"{int(at(seconds).timestamp() * 1000)}-0")  # type: ignore[arg-type]
        redis.xadd(keys.SHADOW_DECISIONS, entry("table", shadow=True), id=f"{int(at(5).timestamp() * 1000)}-0")  # type: ignore[arg-type]
    return redis_url


async def test_a_period_begins_with_the_decision_that_already_held(record: str, redis: Any) -> None:
    async def times(since: float, until: float) -> list[datetime]:
        return [one.at for one in await recorded.ruling(redis, since=at(since), until=at(until))]

    assert await times(5, 15) == [at(0), at(10)]
    assert await times(10, 30) == [at(10), at(20)]
    assert await times(-5, 5) == [at(0)]
    assert await times(-9, -5) == []


async def test_the_newest_are_asked_by_count_by_time_or_both(record: str, redis: Any) -> None:
    async def times(**asked: Any) -> list[datetime]:
        return [one.at for one in await newest(redis, **{"count": 100, **asked})]

    assert await times(count=2) == [at(10), at(20)]
    assert await times(since=at(10)) == [at(10), at(20)]
    assert await times(since=at(10), count=1) == [at(20)]
    assert await times(shadow=True) == [at(5)]


async def test_a_key_of_another_type_holds_no_decisions(redis: Any) -> None:
    await redis.set(keys.DECISIONS, "no stream")
    assert await newest(redis, count=5) == []
