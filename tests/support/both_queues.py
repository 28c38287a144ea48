"""Lua and twin side by side, with a ledger that knows of each job what the events say, and the laws of the queue.

The state machine of `tests/contract/test_queue_machine.py` drives them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from proteus import keys
from proteus.bus import parse_event
from proteus.jobs import TERMINAL, JobId, JobState, WorkerId
from proteus.queue import (
    Claimed,
    JobQueue,
    JobView,
    MemoryJobQueue,
    QueueEvent,
    QueuePolicy,
    Submission,
)
from proteus.replies import is_away
from refusing import PROXIED, Proxied, refusing

HOUR_MS = 3_600_000
LONG_AGO_MS = 10**9
POLICY = QueuePolicy(backoff_base_ms=1, backoff_cap_ms=1, max_attempts=3, solo_crash_limit=2, solo_patience_ms=10**9)
WORKERS = [WorkerId(f"worker-{n}") for n in range(3)]
ENGINES = ["puppet", "catvton"]


@dataclass
class Seen:
    """What the machine knows of one job: as a ledger would, from the events alone."""

    order: Submission
    sequence: int
    token: int = 0
    came_back: bool = False
    settled: JobState | None = None


class BothQueues:
    """The queue in Redis and its twin."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        super().__init__()
        self.runner = runner
        self.redis: Redis = Redis.from_url(url, decode_responses=True)
        self.real = JobQueue(self.redis, keys.JOBS, policy=POLICY)
        self.proxied = Proxied(url)
        self.twin = MemoryJobQueue(keys.JOBS, policy=POLICY)
        self.seen: dict[JobId, Seen] = {}
        self.sequence = 0
        self.read_to = "-"
        self.twin_read_to = 0
        self.strangers = False
        self.fault = ""
        self.claims: list[tuple[WorkerId, Claimed]] = []
        """Every claim ever made, zombies' included."""

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def both(self, verb: str, *args: Any, **more: Any) -> Any:
        """Do the same to both; they must answer the same. What the server refuses is asked again, as callers do."""
        fault, self.fault = self.fault, ""
        if fault == "lost" and verb != "submit":
            # The script ran, and its answer did not arrive: the caller asks again.
            for queue in (self.real, self.twin):
                self.wait(getattr(queue, verb)(*args, **more))
        real = self.wait(self.refused_first(fault, lambda queue: getattr(queue, verb)(*args, **more)))
        twin = self.wait(getattr(self.twin, verb)(*args, **more))
        assert real == twin, verb
        return real

    async def refused_first(self, fault: str, call: Callable[[JobQueue], Coroutine[Any, Any, Any]]) -> Any:
        """Make the call while the server refuses it, then again."""
        if fault == "":
            return await call(self.real)
        try:
            if fault in PROXIED:
                async with self.proxied.answering(fault):
                    return await call(JobQueue(self.proxied.redis, keys.JOBS, policy=POLICY))
            async with refusing(self.redis, fault):
                return await call(self.real)  # There was nothing to write, or the client loaded its scripts again.
        except RedisError as error:
            if not is_away(error):
                raise
        return await call(self.real)

    def check_places(self, views: list[JobView | None], waiting: list[str]) -> None:
        """Nothing is lost: what is not settled stands in the list, in the retries or in a worker's hands."""
        for seen, view in zip(self.seen.values(), views, strict=True):
            if view is None:
                assert seen.settled is not None
                continue
            assert (view.state if view.state in TERMINAL else None) == seen.settled
            if view.state is JobState.QUEUED:
                assert (view.position is None) == (view.retry_at_ms is not None or view.parked or seen.order.spare)
            assert not view.stranded
            assert view.token == seen.token

    def check_index(self, waiting: list[str]) -> None:
        """List and indexes hold the same jobs, in the same order unless strangers pushed copies."""
        found: list[tuple[str, float]] = []
        for engine in ENGINES:
            found += self.wait(self.redis.zrange(self.real.keys.index(engine), 0, -1, withscores=True))
        indexed = [job_id for job_id, _ in sorted(found, key=lambda one: one[1])]
        twin = sorted(self.twin.state.index.values(), key=lambda one: one.order)
        assert indexed == [entry.submission.id for entry in twin]
        listed = [json.loads(element)["id"] for element in waiting]
        assert self.strangers or indexed == listed
        self.strangers &= indexed != listed

    def check_order(self, waiting: list[Seen], claimed: list[JobId]) -> None:
        """No job that never came back is overtaken by a younger one of its priority and key."""
        for n, job_id in enumerate(claimed):
            one = self.seen[job_id]
            rivals = [other for other in waiting if group(other) == group(one) and other.order.id not in claimed[:n]]
            assert one.came_back or all(other.sequence >= one.sequence for other in rivals)

    def waiting_untouched(self) -> list[Seen]:
        views = self.wait(self.twin.look(*self.seen))
        return [
            seen
            for seen, view in zip(self.seen.values(), views, strict=True)
            if view and view.position is not None and not seen.came_back and seen.order.crashes == 0
            if seen.order.deadline_ms is None
        ]

    def follow(self) -> None:
        """Read what both streams say, and keep the ledger."""
        real = [parse_event(*entry) for entry in self.wait(self.redis.xrange(self.real.keys.events, self.read_to))]
        twin = self.twin.state.events[self.twin_read_to :]
        assert [told(event) for event in real] == [told(event) for event in twin]
        for event in real:
            seen = self.seen[event.job_id]
            assert event.token >= seen.token, "tokens only grow"
            assert event.kind != "claimed" or event.token > seen.token
            seen.token = event.token
            seen.came_back |= event.kind == "returned"
            if event.state in TERMINAL:
                assert seen.settled is None, "visible twice"
                seen.settled = event.state
            elif seen.settled is JobState.FAILED and event.kind == "submitted":
                seen.settled = None
            else:
                assert seen.settled is None, "alive after its end"
        if real:
            self.read_to = f"({real[-1].entry_id}"
        self.twin_read_to += len(twin)

    def remember(self, order: Submission) -> None:
        self.sequence += 1
        old = self.seen.get(order.id)
        token, settled = (old.token, old.settled) if old else (0, None)
        self.seen[order.id] = Seen(order, self.sequence, token=token, settled=settled)

    def now_ms(self) -> int:
        seconds, micros = self.wait(self.redis.time())
        return int(seconds) * 1_000 + int(micros) // 1_000


def timeless(value: Claimed | JobView | None) -> Any:
    """A claim or a view without the times that two clocks cannot agree on."""
    if value is None:
        return None
    if isinstance(value, Claimed):
        return replace(value, submitted_ms=0, claimed_ms=0, queued_ms=0)
    claimed_ms = value.claimed_ms and 0
    return replace(value, submitted_ms=0, claimed_ms=claimed_ms, retry_at_ms=value.retry_at_ms and 1)


def told(event: QueueEvent) -> Any:
    data = {name: value for name, value in event.data.items() if name not in ("wait_ms", "due_ms")}
    return event.kind, event.job_id, event.token, event.state, data


def group(seen: Seen) -> Any:
    order = seen.order
    return order.spare, order.high, order.engine, order.batch_key, order.may_degrade, order.rank
