"""An event is acknowledged after its commit: whoever dies between the two leaves it to another replica."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from gateway.ledger.jobs import JobRow
from gateway.recording.following import Follower
from proteus.bus import GROUP, EventReader
from proteus.errors import DependencyUnavailable
from proteus.jobs import JobId
from proteus.keys import JOBS, QueueKeys
from proteus.queue import JobQueue, QueueEvent, Submission
from proteus.service.supervision import Pulse
from waiting import PATIENCE_SECONDS

NAMES = QueueKeys(JOBS)


class Away:
    """A ledger that does not commit."""

    async def settle(self, events: Sequence[QueueEvent]) -> list[JobRow]:
        raise DependencyUnavailable


class Notes:
    """A ledger that commits once, and looks whether somebody acknowledged before."""

    def __init__(self, redis: Redis, stop: asyncio.Event) -> None:
        self.kinds: list[str] = []
        self.owed = 0
        self._redis, self._stop = redis, stop

    async def settle(self, events: Sequence[QueueEvent]) -> list[JobRow]:
        self.kinds += [event.kind for event in events]
        self.owed = (await self._redis.xpending(NAMES.events, GROUP))["pending"]
        self._stop.set()
        return []


async def test_an_event_whose_commit_failed_is_read_again_by_another_replica(redis) -> None:
    queue = JobQueue(redis, JOBS)
    payload = {"id": "job_a", "user_photo_url": "p", "cloth_clean_url": "g", "created_at": 1}
    await queue.submit(
        Submission(id=JobId("job_a"), epoch=1, payload=payload, body={}, engine="puppet", batch_key="puppet/1")
    )
    await queue.cancel(JobId("job_a"))
    stop = asyncio.Event()
    dies = Follower(EventReader(redis, NAMES, consumer="dies"), Away(), stop)
    with pytest.raises(DependencyUnavailable):
        await dies.run(Pulse("recorder"))
    notes = Notes(redis, stop)
    lives = Follower(EventReader(redis, NAMES, consumer="lives", stale_ms=1), notes, stop)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await lives.run(Pulse("recorder"))
    assert notes.kinds == ["submitted", "canceled"]
    assert notes.owed == 2
    assert (await redis.xpending(NAMES.events, GROUP))["pending"] == 0
