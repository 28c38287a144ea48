"""A weaver whose Redis fails over goes on with what it weaves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from proteus import redis_client
from proteus.jobs import JobState
from proteus.settings import StorageSettings
from watched_redis import WatchedRedis

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

SLOW = "1:6,8:6"
"""A picture takes longer than a failover."""


async def test_a_job_that_runs_while_the_primary_dies_ends_in_the_same_hands(
    fleet: Fleet, storage_settings: StorageSettings, tmp_path: Path
) -> None:
    with WatchedRedis(tmp_path / "redis").running() as watched:
        await watched.followed()
        redis = redis_client.client(watched.url, decode_responses=True)
        followed: Fleet = type(fleet)(redis, lambda _: watched.url, storage_settings, tmp_path)
        try:
            await followed.weaver(curve=SLOW, **followed.long_lease)
            (job_id,) = await followed.submit("a")
            before = await followed.running(job_id)
            dead = await asyncio.to_thread(watched.kill_primary)
            await watched.moved(dead)
            (view,) = await followed.settled(job_id)
            assert (view.state, view.token) == (JobState.COMPLETED, before.token)
        finally:
            followed.close()
            await redis.aclose()
