"""The primary dies and a replica takes over: clients follow the Sentinels, and what was accepted ends once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hands import Hands
from proteus import redis_client
from proteus.settings import RedisSettings
from waiting import until
from watched_redis import WatchedRedis


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[WatchedRedis]:
    """A primary, a replica and their Sentinel."""
    with WatchedRedis(tmp_path).running() as made:
        await made.followed()
        yield made


async def test_a_dead_primary_costs_no_job_and_whoever_listens_hears_on(
    gateway_settings: Any, store: Any, serve: Any, watched: WatchedRedis
) -> None:
    redis = redis_client.client(watched.url, decode_responses=True)
    hands = Hands(redis, store, lease_ms=int(gateway_settings.lease.seconds * 1000))
    settings = gateway_settings.model_copy(update={"redis": RedisSettings(url=watched.url)})
    async with serve(settings) as gateway:
        guest = await gateway.guest()
        person, garment = await guest.upload(), await guest.upload(kind="garment")
        async with guest.listening() as heard:
            async with hands.working():
                first = await guest.snap(person, garment)
                await guest.wait(first["job_id"])
            waiting = [(await guest.snap(person, garment))["job_id"] for _ in range(3)]
            dead = await asyncio.to_thread(watched.kill_primary)

            async def follows() -> bool:
                try:
                    answer = await guest.http.get("/readyz")
                except httpx.TransportError:
                    return False
                return answer.status_code == 200

            await watched.moved(dead)
            await until(follows, what="the gateway at the new primary")
            await asyncio.to_thread(watched.come_back, dead)
            async with hands.working():
                late = (await guest.snap(person, garment))["job_id"]
                ended = [(await guest.wait(job_id))["status"] for job_id in (*waiting, late)]
                assert ended == ["completed"] * 4
            await heard.until(
                lambda heard: {job["job_id"] for job in heard.jobs if job["status"] == "completed"} >= {*waiting, late}
            )
    completed = [job["job_id"] for job in heard.jobs if job["status"] == "completed"]
    assert len(completed) == len(set(completed))
    await redis.aclose()
