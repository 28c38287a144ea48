"""The jobs in a worker's hands, from claim to verdict: taken, kept alive, dropped when gone, settled once.

Weaver and tailor share it. It hides what the two do identically: the heart is told about every job, a job that was
lost, cancelled or has run out of time is named at the worker's next look, and a Redis that is away for a moment delays
a verdict but does not lose it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from proteus.errors import EngineError, ProteusError
from proteus.heart import Heart
from proteus.jobs import JobId, WorkerId
from proteus.queue import AnyQueue, Claimed, Completion, Failure, Verdict

log = structlog.get_logger()

REDIS_AWAY: Final = (RedisConnectionError, RedisTimeoutError)
VERDICT_PATIENCE_SECONDS: Final = 90.0
"""How long a verdict is offered to a Redis that is away. By then the lease is long over and the job is done again."""

RETRY_CAP_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 1.0
"""How often work that does not return is looked at."""

T = TypeVar("T")


class Gone(StrEnum):
    """Why work on a job must stop."""

    LOST = "lost"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A job in hand. `claimed_at` is this machine's monotonic clock; with `job.claimed_ms` it tells server time."""

    job: Claimed
    claimed_at: float


class Claims:
    """What this worker holds.

    Args:
        queue: Where jobs come from and verdicts go.
        worker: Who holds them.
        now: A monotonic clock in seconds.
    """

    def __init__(self, queue: AnyQueue, worker: WorkerId, *, now: Callable[[], float] = time.monotonic) -> None:
        self.queue = queue
        self.worker = worker
        self._now = now
        self._heart: Heart | None = None
        self._held: dict[JobId, Held] = {}
        self._canceled: set[JobId] = set()

    def attach(self, heart: Heart) -> None:
        """Have this heart keep the leases alive."""
        self._heart = heart

    @property
    def count(self) -> int:
        return len(self._held)

    def hears_gone(self, lost: Iterable[JobId], canceled: Iterable[JobId]) -> None:
        """Note what the heart or the control channel says; the worker acts at its next step."""
        for job_id in lost:
            if self._held.pop(job_id, None):
                log.warning("lease_lost", job_id=job_id)
        self._canceled.update(job_id for job_id in canceled if job_id in self._held)

    def gone(self, job: Claimed) -> Gone | None:
        """Return why work on this claim must stop; None: go on."""
        held = self._held.get(job.id)
        if held is None or held.job.token != job.token:
            return Gone.LOST
        if job.id in self._canceled:
            return Gone.CANCELED
        server_now_ms = job.claimed_ms + (self._now() - held.claimed_at) * 1000
        if job.deadline_ms is not None and server_now_ms > job.deadline_ms:
            return Gone.EXPIRED
        return None

    async def take(self, free: int, *, engines: Sequence[str], **options: Any) -> list[Claimed]:
        """Claim up to `free` jobs of one batch key. Options are those of `JobQueue.claim`."""
        asked_at = self._now()
        claim = await self.queue.claim(self.worker, free=free, engines=engines, **options)
        for job in claim.jobs:
            self._held[job.id] = Held(job=job, claimed_at=asked_at)
        if claim.jobs and self._heart:
            self._heart.hold({job.id: job.token for job in claim.jobs})
        for job_id in claim.expired:
            log.info("expired_in_queue", job_id=job_id)
        return list(claim.jobs)

    async def complete(self, completions: Sequence[Completion]) -> list[Verdict]:
        """Offer results; each counts only while its claim is the job's newest."""
        return await self._settle(completions, lambda: self.queue.complete(self.worker, completions))

    async def fail(self, failures: Sequence[Failure]) -> list[Verdict]:
        """Offer failures; the queue decides between retry and dead, and turns a cancelled job's into `canceled`."""
        return await self._settle(failures, lambda: self.queue.fail(self.worker, failures))

    async def hand_back(self, jobs: Sequence[Claimed]) -> None:
        """Return jobs that have not started to the head of the queue."""
        held = {job.id: job.token for job in jobs if self.gone(job) is not Gone.LOST}
        if held:
            await self._patiently(lambda: self.queue.hand_back(self.worker, held))
            self._drop(held)

    async def watch(
        self, work: Awaitable[T], jobs: Sequence[Claimed], *, stuck_seconds: float, on_stuck: Callable[[], None]
    ) -> T:
        """Wait for work in a thread; call `on_stuck` if it goes on although all its jobs were lost that long ago.

        A thread cannot be killed, so the process has to go; its supervisor starts a fresh one.
        """
        running = asyncio.ensure_future(work)
        lost_at: float | None = None
        while not (await asyncio.wait([running], timeout=LOOK_SECONDS))[0]:
            if not all(self.gone(job) is Gone.LOST for job in jobs):
                continue
            lost_at = lost_at or self._now()
            if self._now() - lost_at > stuck_seconds:
                log.critical("stuck", jobs=[job.id for job in jobs])
                on_stuck()
        return running.result()

    async def _settle(
        self, offers: Sequence[Completion] | Sequence[Failure], call: Callable[[], Awaitable[list[Verdict]]]
    ) -> list[Verdict]:
        if not offers:
            return []
        try:
            return await self._patiently(call)
        finally:
            self._drop(offer.id for offer in offers)

    def _drop(self, ids: Iterable[JobId]) -> None:
        ids = list(ids)
        for job_id in ids:
            self._held.pop(job_id, None)
            self._canceled.discard(job_id)
        if self._heart:
            self._heart.let_go(ids)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat a call while Redis is away. Every script is idempotent for the same token."""
        give_up = self._now() + VERDICT_PATIENCE_SECONDS
        pause = 0.05
        while True:
            try:
                return await call()
            except REDIS_AWAY as error:
                if self._now() > give_up:
                    raise
                log.warning("redis_away", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, RETRY_CAP_SECONDS)
            if self._heart:
                self._heart.moved()


def failure_of(job: Claimed, error: Exception) -> Failure:
    """Return an error as the queue wants it: its code and whether trying again can help.

    What nobody foresaw counts as the engine's failure: tried again a few times, then dead with its text.
    """
    known = error if isinstance(error, ProteusError) else EngineError(f"{type(error).__name__}: {error}")
    return Failure(id=job.id, token=job.token, code=known.code, message=known.message[:500], retryable=known.retryable)


def failure_of_gone(job: Claimed, why: Gone) -> Failure:
    """Return the abort of a cancelled or late job; the queue settles it as `canceled` or `expired`."""
    message = "The job was cancelled." if why is Gone.CANCELED else "The deadline passed while the job ran."
    return Failure(id=job.id, token=job.token, code=why.value, message=message, retryable=True)
