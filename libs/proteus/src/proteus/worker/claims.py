"""The jobs that a worker holds, from claim to verdict: claimed, kept alive, dropped when gone, reported once.

Weaver and tailor share it. It hides what the two do identically: it adds every job to the heartbeat, reports a job that
was lost, cancelled or is out of time at the worker's next check, and delays a verdict, without losing it, while Redis
is away for a moment or answers errors.

No method that writes to the queue raises because of Redis. A verdict that the queue did not accept within the patience
is given up: the worker drops the job, and before the next claim it hands back all jobs that the queue still counts as
its own. So a failing server ends no worker and does not count as the crash of a job.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

import structlog
from prometheus_client import Counter
from redis.exceptions import RedisError

from proteus.errors import EngineError, PhotoRejected, ProteusError
from proteus.jobs import JobId, WorkerId
from proteus.queue import AnyQueue, Claimed, Completion, Failure, Verdict
from proteus.replies import is_away
from proteus.tracing import interval
from proteus.usage import Usage
from proteus.worker.heartbeat import Heartbeat

log = structlog.get_logger()

VERDICT_PATIENCE_SECONDS: Final = 90.0
"""How long a verdict is retried while Redis is away. By then the lease is long over and the job is done again."""

WRONG_PATIENCE_SECONDS: Final = 10.0
"""How long a verdict is retried while Redis calls the command or the key wrong: a right or a key may be repaired."""

SET_ASIDE: Final = Counter(
    "proteus_worker_verdicts_set_aside_total", "Verdicts that the queue could not take; the jobs were let go."
)

RETRY_CAP_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 1.0
"""How often work that does not return is checked."""

T = TypeVar("T")
Offer = TypeVar("Offer", Completion, Failure)


class Gone(StrEnum):
    """Why work on a job must stop."""

    LOST = "lost"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A held job. `claimed_at` is this machine's monotonic clock; with `job.claimed_ms` it gives server time."""

    job: Claimed
    claimed_at: float
    usage: Usage


class Claims:
    """The jobs that this worker holds.

    Args:
        queue: The source of jobs, and the receiver of verdicts.
        worker: The worker that holds them.
        now: A monotonic clock in seconds.
        sleep: Waits between two tries.
    """

    def __init__(
        self,
        queue: AnyQueue,
        worker: WorkerId,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.queue = queue
        self.worker = worker
        self.on_wait: Callable[[], None] = lambda: None
        """Called repeatedly while a method waits: the worker's loop turns."""
        self.device = "cpu"
        """What this worker's engines run on, for the usage of its jobs."""
        self._now = now
        self._sleep = sleep
        self._unsure = False
        self._heartbeat: Heartbeat | None = None
        self._held: dict[JobId, Held] = {}
        self._canceled: set[JobId] = set()

    def attach(self, heartbeat: Heartbeat) -> None:
        """Let this heartbeat keep the leases alive."""
        self._heartbeat = heartbeat

    @property
    def count(self) -> int:
        return len(self._held)

    @property
    def spare(self) -> int:
        """Those of them that yield to any other job."""
        return sum(held.job.spare for held in self._held.values())

    def hears_gone(self, lost: Iterable[JobId], canceled: Iterable[JobId]) -> None:
        """Record jobs that the heartbeat or the control channel reports; the worker acts at its next step."""
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

    def spend(self, job: Claimed, *, gpu: float = 0.0, engine: float = 0.0, store: float = 0.0) -> None:
        """Add seconds to what this claim used; nothing where it is lost: nobody asks for them any more."""
        held = self._held.get(job.id)
        if held is None or held.job.token != job.token:
            return
        used = held.usage.plus(gpu=gpu, engine=engine, store=store)
        self._held[job.id] = replace(held, usage=used)
        if self._heartbeat and (gpu or engine):
            self._heartbeat.spent(job.id, used)

    def usage_of(self, job_id: JobId, token: int) -> Usage | None:
        """Return what a claim used so far; None: it is lost."""
        held = self._held.get(job_id)
        return held.usage if held is not None and held.job.token == token else None

    async def take(self, free: int, *, engines: Sequence[str], **options: Any) -> list[Claimed]:
        """Claim up to `free` jobs of one batch key. Options are those of `JobQueue.claim`.

        Raises:
            RedisError: The queue cannot answer; nothing was taken.
        """
        if self._unsure:
            await self._hand_back_unknown()
        asked_at = self._now()
        try:
            claim = await self.queue.claim(self.worker, free=free, engines=engines, **options)
        except Exception:
            self._unsure = True  # The claim may have succeeded, and its answer been lost.
            raise
        for job in claim.jobs:
            waited_ms = max(0, job.claimed_ms - (job.queued_ms or job.submitted_ms))
            usage = Usage(engine=job.engine, device=self.device, queue_seconds=waited_ms / 1000)
            self._held[job.id] = Held(job=job, claimed_at=asked_at, usage=usage)
            interval(
                "queue wait",
                job.trace_id,
                (job.queued_ms or job.submitted_ms) / 1000,
                job.claimed_ms / 1000,
                job_id=job.id,
                work=job.engine,
            )
        if claim.jobs and self._heartbeat:
            self._heartbeat.hold({job.id: job.token for job in claim.jobs})
        for job_id in claim.expired:
            log.info("expired_in_queue", job_id=job_id)
        return list(claim.jobs)

    async def complete(self, completions: Sequence[Completion]) -> list[Verdict | None]:
        """Report results; each counts only while its claim is the job's newest. None: the report failed."""
        return await self._settle(self._metered(completions), lambda offers: self.queue.complete(self.worker, offers))

    async def fail(self, failures: Sequence[Failure]) -> list[Verdict | None]:
        """Report failures; the queue decides between retry and dead, and turns a cancelled job's into `canceled`."""
        return await self._settle(self._metered(failures), lambda offers: self.queue.fail(self.worker, offers))

    async def hand_back(self, jobs: Sequence[Claimed]) -> None:
        """Return jobs that have not started to the head of the queue; now or, if it cannot answer, before a claim."""
        held = {job.id: job.token for job in jobs if self.gone(job) is not Gone.LOST}
        if not held:
            return
        try:
            usage = {job.id: used for job in jobs if (used := self.usage_of(job.id, job.token))}
            await self._patiently(lambda: self.queue.hand_back(self.worker, held, usage=usage))
        except Exception as error:  # Any error: the jobs are handed back before the next claim.
            self._unsure = True
            log.error("not_handed_back", jobs=sorted(held), reason=f"{type(error).__name__}: {error}"[:500])
        self._drop(held)

    async def give_up(self, error: Exception) -> None:
        """Fail all held jobs: the loop that worked on them broke, and the jobs may be the cause."""
        await self.fail([failure_of(held.job, error) for held in list(self._held.values())])

    async def watch(
        self, work: Awaitable[T], jobs: Sequence[Claimed], *, stuck_seconds: float, on_stuck: Callable[[], None]
    ) -> T:
        """Wait for work in a thread; call `on_stuck` if it goes on although all its jobs were lost that long ago.

        A thread cannot be killed, so the process has to end; its supervisor starts a fresh one.
        """
        running = asyncio.ensure_future(work)
        lost_at: float | None = None
        while not (await asyncio.wait([running], timeout=LOOK_SECONDS))[0]:
            self.on_wait()
            if not all(self.gone(job) is Gone.LOST for job in jobs):
                continue
            lost_at = lost_at or self._now()
            if self._now() - lost_at > stuck_seconds:
                log.critical("stuck", jobs=[job.id for job in jobs])
                on_stuck()
        return running.result()

    def _metered(self, offers: Sequence[Offer]) -> list[Offer]:
        """Return the verdicts with what their claims used."""
        return [replace(offer, usage=self.usage_of(offer.id, offer.token) or offer.usage) for offer in offers]

    async def _settle(
        self, offers: Sequence[Offer], call: Callable[[Sequence[Offer]], Awaitable[list[Verdict]]]
    ) -> list[Verdict | None]:
        if not offers:
            return []
        try:
            return await self._offer(offers, call)
        finally:
            self._drop(offer.id for offer in offers)

    async def _offer(
        self, offers: Sequence[Offer], call: Callable[[Sequence[Offer]], Awaitable[list[Verdict]]]
    ) -> list[Verdict | None]:
        """Report verdicts; one that the queue does not accept blocks no other."""
        alone: bool = len(offers) == 1
        try:
            return [*await self._patiently(lambda: call(offers), wrong_too=alone)]
        except Exception as error:  # The edge: no job may break its worker.
            if not alone and not is_away(error):
                told = await asyncio.gather(*(self._offer([offer], call) for offer in offers))
                return [verdict for (verdict,) in told]
            reason = f"{type(error).__name__}: {error}"[:500]
            if alone and isinstance(offers[0], Completion) and not isinstance(error, RedisError):
                # A result that cannot be encoded is the engine's fault.
                failure = Failure(
                    id=offers[0].id,
                    token=offers[0].token,
                    code=EngineError.code,
                    message=reason,
                    retryable=True,
                    usage=offers[0].usage,
                )
                return await self._offer([failure], lambda failures: self.queue.fail(self.worker, failures))
            self._unsure = True
            SET_ASIDE.inc(len(offers))
            log.error("verdicts_set_aside", jobs=[offer.id for offer in offers], reason=reason)
            return [None] * len(offers)

    async def _hand_back_unknown(self) -> None:
        """Return the jobs that only the queue counts as this worker's: their claim's answer was lost."""
        known = {job_id: held.job.token for job_id, held in self._held.items()}
        unknown = {
            job_id: token
            for job_id, token in (await self.queue.holdings(self.worker)).items()
            if known.get(job_id) != token
        }
        if unknown:
            await self.queue.hand_back(self.worker, unknown)
            log.warning("handed_back_unknown", jobs=sorted(unknown))
        self._unsure = False

    def _drop(self, ids: Iterable[JobId]) -> None:
        ids = list(ids)
        for job_id in ids:
            self._held.pop(job_id, None)
            self._canceled.discard(job_id)
        if self._heartbeat:
            self._heartbeat.let_go(ids)

    async def _patiently(self, call: Callable[[], Awaitable[T]], *, wrong_too: bool = True) -> T:
        """Repeat a call while Redis is away. Every script is idempotent for the same token.

        Args:
            call: What to repeat.
            wrong_too: Repeat it for a while also when Redis calls the command or the key wrong.
        """
        started_at, pause = self._now(), 0.05
        while True:
            try:
                return await call()
            except (RedisError, OSError) as error:
                patience = VERDICT_PATIENCE_SECONDS if is_away(error) else WRONG_PATIENCE_SECONDS * wrong_too
                if self._now() - started_at >= patience:
                    raise
                log.warning("redis_away", reason=f"{type(error).__name__}: {error}"[:500])
            await self._sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, RETRY_CAP_SECONDS)
            self.on_wait()
            if self._heartbeat:
                self._heartbeat.moved()


def failure_of(job: Claimed, error: Exception, *, of_input: bool = False) -> Failure:
    """Return an error in the queue's form: its code and whether a retry can help.

    An unforeseen error counts as the engine's failure: retried a few times, then dead with its text.

    Args:
        job: The failed job.
        error: The cause.
        of_input: The user's upload is the cause; so it is if the photo does not show what is needed.
    """
    known = error if isinstance(error, ProteusError) else EngineError(f"{type(error).__name__}: {error}")
    return Failure(
        id=job.id,
        token=job.token,
        code=known.code,
        message=known.message[:500],
        retryable=known.retryable,
        of_input=of_input or isinstance(error, PhotoRejected),
    )


def failure_of_gone(job: Claimed, why: Gone) -> Failure:
    """Return the failure of a cancelled or late job; the queue ends it as `canceled` or `expired`."""
    message = "The job was cancelled." if why is Gone.CANCELED else "The deadline passed while the job ran."
    return Failure(id=job.id, token=job.token, code=why.value, message=message, retryable=True)
