"""Redis answers errors while workers have jobs in hand: they wait, end no process, and count no crash."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from proteus import keys
from proteus.jobs import JobId, JobState
from proteus.redis_roles import RedisRole
from proteus.service import lifecycle
from workbench import assets

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[2]
LEASE = {"LEASE_SECONDS": "20", "LEASE_BEAT_SECONDS": "1"}
FAULT_SECONDS = 2.5
LEASES = keys.QueueKeys(keys.JOBS).leases

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("pose_folder"),
    pytest.mark.skipif("PROTEUS_TEST_REDIS_URL" in os.environ, reason="the faults need a server of their own"),
]


@asynccontextmanager
async def full(redis: Redis) -> AsyncIterator[None]:
    """OOM: maxmemory is reached, and nothing may be evicted."""
    await redis.config_set("maxmemory", "1mb")
    yield
    await redis.config_set("maxmemory", "0")


@asynccontextmanager
async def read_only(redis: Redis) -> AsyncIterator[None]:
    """READONLY: the server became a replica."""
    await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    yield
    await redis.execute_command("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def paused(redis: Redis) -> AsyncIterator[None]:
    """No answer: the server holds every command back, for less than a worker's client waits, so no log tells of it."""
    start = time.monotonic()
    await redis.execute_command("CLIENT", "PAUSE", int(FAULT_SECONDS * 1000), "ALL")
    await redis.ping()
    assert time.monotonic() - start > FAULT_SECONDS / 2, "a command was answered"
    yield


@asynccontextmanager
async def busy(redis: Redis) -> AsyncIterator[None]:
    """BUSY: somebody's script does not end."""
    await redis.config_set("busy-reply-threshold", "50")
    endless = asyncio.create_task(redis.execute_command("EVAL", "while true do end", 0))
    yield
    await redis.execute_command("SCRIPT", "KILL")
    await lifecycle.cancel(endless)


@asynccontextmanager
async def wrong_type(redis: Redis) -> AsyncIterator[None]:
    """WRONGTYPE: somebody wrote over the leases; the weaver's own user may set them aside, and no log tells of it."""
    await redis.set(LEASES, "a string")
    yield
    assert await redis.type("{queue:jobs}:set-aside:" + LEASES) == "string", "nobody has set it aside"


@asynccontextmanager
async def not_allowed(redis: Redis) -> AsyncIterator[None]:
    """NOPERM: the workers' users lost the right to run scripts."""
    for role in (RedisRole.WEAVER, RedisRole.TAILOR):
        await redis.execute_command("ACL", "SETUSER", role, "-evalsha")
    yield
    for role in (RedisRole.WEAVER, RedisRole.TAILOR):
        await redis.execute_command("ACL", "SETUSER", role, "+evalsha")


@asynccontextmanager
async def forgetful(redis: Redis) -> AsyncIterator[None]:
    """NOSCRIPT: the server lost its scripts; a worker loads them again, and no log tells of it."""
    before = await refusals(redis, "NOSCRIPT")
    await redis.script_flush()
    yield
    assert await refusals(redis, "NOSCRIPT") > before, "nobody asked for a lost script"


async def refusals(redis: Redis, code: str) -> int:
    """How often the server has answered with this error."""
    found = (await redis.info("errorstats")).get(f"errorstat_{code}", {"count": 0})
    return int(found["count"])


FAULTS: dict[Callable[[Redis], AbstractAsyncContextManager[None]], tuple[str, ...]] = {
    full: ("OutOfMemory",),
    read_only: ("ReadOnly",),
    paused: (),
    busy: ("BUSY", "BusyScript"),
    wrong_type: (),
    not_allowed: ("NoPermission",),
    forgetful: (),
}
"""What is done to the server -> words of which the weaver's log holds one afterwards; none: the fault proves itself."""


@pytest.mark.long
async def test_whatever_redis_answers_the_same_processes_complete_every_job(fleet: Fleet) -> None:
    await fleet.configure(batch_size=4)
    weaver = await fleet.weaver(curve="1:0.8,8:0.8", **LEASE)
    tailor = fleet.start(
        "tailor", "t1", POSE_MODEL_DIR=str(ROOT / ".proteus/models/pose"), TAILOR_HTTP_PORT="0", **LEASE
    )
    await fleet.ready(tailor, fleet.tailor_queue)
    upload = (Path(assets.__file__).parent / "garment.jpg").read_bytes()
    for n, (fault, words) in enumerate(FAULTS.items()):
        said = weaver.log.stat().st_size
        pictures = await fleet.submit(*[f"{n}-{m}" for m in range(9)])
        uploads = await ingests(fleet, upload, *[f"{n}-{m}" for m in range(6)])
        await fleet.until(partial(any_runs, fleet, pictures), what="a picture runs")
        async with fault(fleet.redis):
            await asyncio.sleep(FAULT_SECONDS)  # How long the fault lasts, not how long something is waited for.
        views = await fleet.settled(*pictures)
        views += await settled_uploads(fleet, *uploads)
        outcomes = {(view.state, view.crashes, view.attempts) for view in views}
        assert outcomes == {(JobState.COMPLETED, 0, 0)}, f"after {fault.__name__}"
        assert (weaver.popen.poll(), tailor.popen.poll()) == (None, None), f"after {fault.__name__}"
        new = weaver.log.read_bytes()[said:].decode()
        assert not words or any(word in new for word in words), f"{fault.__name__} was not felt"
    assert weaver.stop() == 0
    assert tailor.stop() == 0


async def any_runs(fleet: Fleet, ids: Sequence[JobId]) -> bool:
    """Whether one of these pictures is in a worker's hands; its progress is written too seldom to wait for."""
    return JobState.RUNNING in {view.state for view in await fleet.queue.look(*ids) if view is not None}


async def ingests(fleet: Fleet, upload: bytes, *names: str) -> list[Any]:
    ids = []
    for name in names:
        key = f"incoming/usr_1/img_{name}"
        await asyncio.to_thread(fleet.store.put, key, upload, content_type="image/jpeg")
        ids += await fleet.submit_to_tailor(name, {"task": "ingest", "incoming_key": key, "content_type": "image/jpeg"})
    return ids


async def settled_uploads(fleet: Fleet, *ids: Any) -> list[Any]:
    async def over() -> list[Any] | None:
        views = [view for view in await fleet.tailor_queue.look(*ids) if view is not None]
        return views if all(view.state.terminal for view in views) else None

    return list(await fleet.until(over, what=f"{len(ids)} uploads are over"))
