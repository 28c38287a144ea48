"""What workers read from Redis beside their jobs, on a real server: nothing that stands there ends a loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from proteus import keys
from proteus.jobs import JobId, WorkerId
from proteus.queue import JobQueue, LeaseKeeper, QueuePolicy, Submission
from proteus.registry import WorkerCard, WorkerState, list_workers, set_drained
from proteus.service.supervision import Loops
from proteus.worker.claims import Claims
from proteus.worker.heartbeat_process import HeartbeatProcess
from proteus.worker.runtime import (
    UNREGISTERED_SECONDS,
    WorkerStatus,
    follow_control_channel,
    keep_registered,
    worker_client,
)
from weaver.control import Config, ConfigReader

NAMES = keys.QueueKeys(keys.JOBS)
WORKER = WorkerId("w1")
PATIENCE_SECONDS = 60.0

NO_MESSAGES = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"null",
    b"[1]",
    b'"work"',
    b'{"kind":"cancel"}',
    b'{"kind":"drain"}',
    b"[" * 50_000,
    b"9" * 5_000,
    b"x" * 100_000,
]


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    """Wait until it holds; the caller sets the deadline."""
    while True:
        if await condition():
            return
        await asyncio.sleep(0.01)


async def subscribed(redis: Redis) -> bool:
    return bool(dict(await redis.pubsub_numsub(NAMES.control)).get(NAMES.control))


async def failed_more(before: float) -> bool:
    return failures("register") > before


def failures(loop: str) -> float:
    return sample("proteus_loop_errors_total", loop=loop)


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    """A worker's own client."""
    async with worker_client(redis_url) as made:
        yield made


async def test_a_control_message_that_is_none_is_counted_and_the_next_one_is_heard(client: Redis, redis: Redis) -> None:
    status, stop = WorkerStatus("weaver", WorkerState.READY), asyncio.Event()
    claims = Claims(JobQueue(client, keys.JOBS), WORKER)
    counted, failed = sample("proteus_control_messages_malformed_total"), failures("listen")
    loop = asyncio.create_task(
        Loops().keep(
            "listen",
            lambda pulse: follow_control_channel(client, NAMES, pulse, claims=claims, status=status),
            stop,
        )
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until(lambda: subscribed(redis))
        status.work_available.clear()
        for message in NO_MESSAGES:
            await redis.publish(NAMES.control, message)
        await redis.publish(NAMES.control, '{"kind":"work"}')
        await status.work_available.wait()
    stop.set()
    loop.cancel()
    assert sample("proteus_control_messages_malformed_total") - counted == len(NO_MESSAGES)
    assert failures("listen") == failed


async def test_a_card_that_cannot_be_written_is_written_again_once_it_can(client: Redis, redis: Redis) -> None:
    stop, status = asyncio.Event(), WorkerStatus("weaver", WorkerState.READY)
    await redis.set(NAMES.workers, "not a sorted set")
    before = failures("register")

    def card() -> WorkerCard:
        return WorkerCard(id=WORKER, state=WorkerState.READY)

    async def ready() -> bool:
        return status.not_ready() is None

    loops = Loops(first_pause_seconds=0.01)
    loop = asyncio.create_task(
        loops.keep("register", lambda pulse: keep_registered(client, NAMES, card, pulse, status=status), stop)
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until(lambda: failed_more(before))
        assert status.not_ready() == "Redis does not take the card of the weaver"
        await redis.delete(NAMES.workers)
        await until(lambda: redis.exists(NAMES.worker(WORKER)))
        await until(ready)
    stop.set()
    loop.cancel()


async def test_a_worker_that_is_told_to_drain_says_so_on_its_next_card(client: Redis, redis: Redis) -> None:
    status, stop, loops = WorkerStatus("weaver", WorkerState.READY), asyncio.Event(), Loops()
    claims = Claims(JobQueue(client, keys.JOBS), WORKER)

    def card() -> WorkerCard:
        return WorkerCard(id=WORKER, state=status.shown)

    async def shown(state: WorkerState) -> bool:
        return [one.state for one in await list_workers(redis, NAMES)] == [state]

    tasks = [
        asyncio.create_task(loops.keep(name, turn, stop))
        for name, turn in (
            ("listen", lambda pulse: follow_control_channel(client, NAMES, pulse, claims=claims, status=status)),
            ("register", lambda pulse: keep_registered(client, NAMES, card, pulse, status=status)),
        )
    ]
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until(lambda: subscribed(redis))
        await until(lambda: shown(WorkerState.READY))
        await set_drained(redis, NAMES, WorkerId("another"), drained=True)
        await set_drained(redis, NAMES, WORKER, drained=True)
        await until(lambda: shown(WorkerState.DRAINING))
        assert status.not_ready() == "an operator drains the weaver"
        await set_drained(redis, NAMES, WORKER, drained=False)
        await until(lambda: shown(WorkerState.READY))
        assert status.not_ready() is None
    stop.set()
    for task in tasks:
        task.cancel()


def test_a_loading_worker_stays_loading_while_it_is_to_drain() -> None:
    status = WorkerStatus("weaver")
    status.drain(True)
    assert status.shown is WorkerState.LOADING
    status.become(WorkerState.READY)
    assert status.shown is WorkerState.DRAINING


def test_a_worker_whose_card_redis_no_longer_takes_is_not_ready() -> None:
    times = [100.0]
    status = WorkerStatus("tailor", WorkerState.READY, now=lambda: times[0])
    status.registered()
    assert status.not_ready() is None
    times[0] += UNREGISTERED_SECONDS
    assert status.not_ready() is None
    times[0] += 0.1
    assert status.not_ready() == "Redis does not take the card of the tailor"
    status.registered()
    assert status.not_ready() is None


async def test_config_values_of_another_type_mean_the_defaults(client: Redis, redis: Redis) -> None:
    for name in (keys.BATCH_SIZE, keys.DEGRADED_MODE, keys.DEGRADED_FRACTION, keys.STATE):
        await redis.rpush(name, "a", "list")
    await redis.set(keys.JOBS, "not a list")
    assert await ConfigReader(client, max_age_seconds=0).read() == Config()


async def test_config_values_that_are_no_text_mean_the_defaults(client: Redis, redis: Redis) -> None:
    await redis.set(keys.BATCH_SIZE, b"\xff\xfe")
    await redis.set(keys.STATE, b'{"ready": ' + b"\xc3")
    assert await ConfigReader(client, max_age_seconds=0).read() == Config()


async def test_a_job_whose_key_is_broken_takes_no_other_lease_along(
    client: Redis, redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = QueuePolicy(lease_ms=60_000)
    queue, claims = JobQueue(client, keys.JOBS, policy=policy), None
    await queue.submit(*[submission(name) for name in ("a", "b", "c")])
    claims = await queue.claim(WORKER, free=3, engines=["timed"])
    await redis.zadd(NAMES.leases, {job.id: 1e13 for job in claims.jobs})
    await redis.set(NAMES.job("b"), "not a hash")
    said: list[dict[str, object]] = []
    monkeypatch.setattr("proteus.worker.heartbeat_process.say", said.append)  # the pipe to the worker
    with SyncRedis.from_url(redis_url, decode_responses=True) as own:
        heartbeat = HeartbeatProcess(
            LeaseKeeper(own, keys.JOBS, policy=policy),
            WORKER,
            memoryview(bytearray(8)),  # type: ignore[arg-type] # shared memory's form
            {"beat_seconds": 1, "reap_seconds": 1},
        )
        heartbeat._last_progress[0] = asyncio.get_running_loop().time()
        heartbeat._held = {job.id: job.token for job in claims.jobs}
        assert heartbeat._beat()
    assert [list(one["lost"]) for one in said] == [["b"]]  # type: ignore[call-overload]
    assert set(heartbeat._held) == {"a", "c"}
    renewed = {job_id: await redis.zscore(NAMES.leases, job_id) for job_id in ("a", "b", "c")}
    assert renewed["b"] == 1e13
    assert 1e13 not in (renewed["a"], renewed["c"])


def submission(name: str) -> Submission:
    body = {"job_type": "tryon", "user_id": "u", "vton_id": None, "result_url": "/r", "trace_id": "t"}
    return Submission(
        id=JobId(name), epoch=1, payload=json.loads(f'{{"id": "{name}"}}'), body=body, engine="timed", batch_key="k"
    )
