"""A rig around each implementation of the queue, so that one test holds both to the same contract."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest
from redis.asyncio import Redis

from proteus import keys
from proteus.bus import parse_event
from proteus.clock import ManualClock
from proteus.jobs import JobId, WorkerId
from proteus.queue import AnyQueue, Claimed, JobQueue, MemoryJobQueue, QueueEvent, QueuePolicy, Submission

WORKER = WorkerId("weaver-1")
OTHER = WorkerId("weaver-2")
FOR_EVER_MS = 10**9


class Rig(Protocol):
    """A queue, and what a test must see of it from outside."""

    @property
    def queue(self) -> AnyQueue: ...

    async def now_ms(self) -> int: ...
    async def events(self) -> list[QueueEvent]: ...
    async def published(self, channel: str) -> list[dict[str, Any]]: ...
    async def push_by_hand(self, element: str) -> None: ...
    async def waiting(self) -> list[str]: ...
    async def empty(self) -> None: ...


class MemoryRig:
    def __init__(self, policy: QueuePolicy) -> None:
        self.clock = ManualClock()
        self.queue = MemoryJobQueue(keys.JOBS, policy=policy, clock=self.clock)

    async def now_ms(self) -> int:
        return int(self.clock.now() * 1_000)

    async def events(self) -> list[QueueEvent]:
        return self.queue.state.events

    async def published(self, channel: str) -> list[dict[str, Any]]:
        return [message for name, message in self.queue.state.published if name == channel]

    async def push_by_hand(self, element: str) -> None:
        self.queue.push_by_hand(element)

    async def waiting(self) -> list[str]:
        return list(self.queue.state.waiting)

    async def empty(self) -> None:
        self.queue.clear()


class RedisRig:
    def __init__(self, redis: Redis, policy: QueuePolicy) -> None:
        self.redis = redis
        self.queue = JobQueue(redis, keys.JOBS, policy=policy)
        self._pubsub = redis.pubsub()
        self._heard: list[tuple[str, str]] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, redis: Redis, policy: QueuePolicy) -> AsyncIterator[RedisRig]:
        rig = cls(redis, policy)
        await rig._pubsub.subscribe(keys.JOB_DONE, keys.PROGRESS, rig.queue.keys.control, "marker")
        yield rig
        await rig._pubsub.aclose()

    async def now_ms(self) -> int:
        seconds, micros = await self.redis.time()
        return int(seconds) * 1_000 + int(micros) // 1_000

    async def events(self) -> list[QueueEvent]:
        entries = await self.redis.xrange(self.queue.keys.events)
        return [parse_event(entry_id, fields) for entry_id, fields in entries]

    async def published(self, channel: str) -> list[dict[str, Any]]:
        await self.redis.publish("marker", "here")
        while True:
            message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
            if message is not None and message["channel"] == "marker":
                break
            if message is not None:
                self._heard.append((message["channel"], message["data"]))
        return [json.loads(data) for name, data in self._heard if name == channel]

    async def push_by_hand(self, element: str) -> None:
        await self.redis.lpush(keys.JOBS, element)

    async def waiting(self) -> list[str]:
        return list(reversed(await self.redis.lrange(keys.JOBS, 0, -1)))

    async def empty(self) -> None:
        await self.redis.flushall()


@pytest.fixture
def policy() -> QueuePolicy:
    """Retries are due at once: full jitter of at most 1 ms is 0 in whole milliseconds."""
    return QueuePolicy(backoff_base_ms=1, backoff_cap_ms=1)


@pytest.fixture(params=["memory", "redis"])
async def rig(request: pytest.FixtureRequest, policy: QueuePolicy) -> AsyncIterator[Rig]:
    """Each implementation in turn."""
    if request.param == "memory":
        yield MemoryRig(policy)
        return
    # The server starts only for the tests that need it.
    url = request.getfixturevalue("redis_url")
    client: Redis = Redis.from_url(url, decode_responses=True)
    async with RedisRig.open(client, policy) as made:
        yield made
    await client.aclose()


def order(job_id: str, *, epoch: int = 1, key: str = "puppet/1", engine: str = "puppet", **more: Any) -> Submission:
    """A try-on's submission."""
    payload = {
        "id": job_id,
        "user_photo_url": "http://store/images/u/p.png",
        "cloth_clean_url": "http://store/derived/u/g/cut.png",
        "created_at": 1706956800,
    }
    body = {
        "user_id": "user_1",
        "vton_id": "vton_1",
        "job_type": "tryon",
        "result_url": f"/v1/results/{job_id}/1",
        "notes": [],
    }
    return Submission(id=JobId(job_id), epoch=epoch, payload=payload, body=body, engine=engine, batch_key=key, **more)


@pytest.fixture
def make_order() -> Callable[..., Submission]:
    return order


class Hands:
    """One worker at a rig: claims, and can lose its leases at once."""

    def __init__(self, rig: Rig, worker: WorkerId) -> None:
        self.rig = rig
        self.worker = worker

    async def claim(self, free: int = 8, *, engines: Sequence[str] = ("puppet",), **more: Any) -> list[Claimed]:
        return list((await self.rig.queue.claim(self.worker, free=free, engines=engines, **more)).jobs)

    async def crash(self, *jobs: Claimed) -> None:
        """Die holding these: their leases ended long ago."""
        await self.rig.queue.renew(self.worker, held(jobs), idle_ms=FOR_EVER_MS)


def held(jobs: Sequence[Claimed]) -> Mapping[JobId, int]:
    return {job.id: job.token for job in jobs}


@pytest.fixture
def hands(rig: Rig) -> Hands:
    return Hands(rig, WORKER)


@pytest.fixture
def other_hands(rig: Rig) -> Hands:
    return Hands(rig, OTHER)
