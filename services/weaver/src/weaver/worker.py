"""The weaver's loop: claim -> fetch -> weave -> store -> complete, one batch at a time, until told to stop.

Everything a job needs to survive this process lives in Redis and in the store: the loop may be killed at any line. One
batch is settled in one call before the next is claimed, so a worker that asks for work holds nothing, and jobs that
crashed somebody (they run alone) are never left waiting behind a busy fleet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import structlog
from redis.exceptions import RedisError

from proteus import telemetry
from proteus.claims import REDIS_AWAY, Claims, Gone, failure_of, failure_of_gone
from proteus.errors import EngineError, ProteusError
from proteus.estimates import CostTable
from proteus.heart import Heart
from proteus.jobs import Stage
from proteus.lifecycle import wait
from proteus.patience import patiently
from proteus.queue import Claimed, Completion, Failure, Verdict
from proteus.storage import ObjectStore
from weaver.batching import Load, Plan, claim_estimate_seconds, plan
from weaver.control import Config, ConfigReader
from weaver.inputs import fetch
from weaver.loom import Loom, Piece
from weaver.metrics import Metrics
from weaver.pipelines.contract import Finished
from weaver.profile import CostProfile
from weaver.progress import ProgressTeller
from weaver.results import store_picture
from weaver.settings import WeaverSettings

log = structlog.get_logger()

NEVER_WOVEN: Final = CostTable((1.0,))
"""Costs of a key that was never woven: one picture at a time until the first one is measured."""

TROUBLE_PAUSE_SECONDS: Final = 1.0
"""Pause after Redis did not answer a claim."""


class Worker:
    """One weaver.

    Args:
        bell: Set when there may be work (a wake-up, a stop); the loop sleeps on it.
    """

    def __init__(
        self,
        settings: WeaverSettings,
        *,
        claims: Claims,
        config: ConfigReader,
        store: ObjectStore,
        loom: Loom,
        profile: CostProfile,
        progress: ProgressTeller,
        heart: Heart,
        metrics: Metrics,
        bell: asyncio.Event,
    ) -> None:
        self._settings = settings
        self._claims = claims
        self._config = config
        self._store = store
        self._loom = loom
        self._profile = profile
        self._progress = progress
        self._heart = heart
        self._metrics = metrics
        self._bell = bell
        self._engines = tuple(loom.engines)
        self._last_key = next(iter(loom.engines.values())).card.batch_key("balanced")

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then hand back what has not started and finish what runs.

        Raises:
            EngineError: An engine is broken; every job it was given is settled or handed back.
        """
        while not stop.is_set():
            self._bell.clear()
            try:
                jobs = await self._take(stop)
            except RedisError as error:
                log.warning("claim_failed", reason=f"{type(error).__name__}: {error}")
                await wait(stop, seconds=TROUBLE_PAUSE_SECONDS)
                continue
            if jobs:
                await self._work(jobs, stop)
                if self._loom.sick:
                    raise EngineError("An engine fails even its own sample: this process ends, for a fresh one.")
            else:
                await wait(self._bell, seconds=self._settings.poll_seconds)

    async def _take(self, stop: asyncio.Event) -> list[Claimed]:
        """Claim as many jobs as pay in one batch; wait for company only while that pays."""
        config = await self._config.read()
        planned = self._plan(self._last_key, config).claim
        jobs = await self._claims.take(
            planned,
            engines=self._engines,
            estimate_ms=self._estimate_ms(planned, config),
            degraded_fraction=config.degraded_fraction,
        )
        if not jobs:
            return []
        key = self._last_key = jobs[0].batch_key
        surplus = jobs[self._paying(key, config) :]
        if surplus:  # The claim was planned with the costs of another key.
            await self._claims.hand_back(surplus)
            jobs = jobs[: -len(surplus)]
        claimed_at = time.monotonic()
        while not (jobs[0].solo or stop.is_set()):
            waited_seconds = time.monotonic() - claimed_at
            more = self._plan(key, config, in_hand=len(jobs), waited_seconds=waited_seconds)
            if more.claim <= 0 or more.wait_seconds <= 0:
                break
            self._bell.clear()
            await wait(self._bell, seconds=more.wait_seconds)
            jobs += await self._claims.take(
                more.claim, engines=self._engines, key=key, degraded_fraction=config.degraded_fraction
            )
        return jobs

    def _plan(self, key: str, config: Config, *, in_hand: int = 0, waited_seconds: float = 0.0) -> Plan:
        load = Load(
            in_hand=in_hand,
            waiting=0 if in_hand else config.waiting,
            arrivals_per_second=config.arrivals_per_second,
            waited_seconds=waited_seconds,
        )
        return plan(
            load,
            self._profile.table(key) or NEVER_WOVEN,
            batch_limit=min(config.batch_size, self._settings.max_batch),
            slo_seconds=self._settings.slo_seconds,
            memory_cap=self._loom.memory_cap(key),
        )

    def _paying(self, key: str, config: Config) -> int:
        limit = min(config.batch_size, self._settings.max_batch, self._loom.memory_cap(key) or config.batch_size)
        return (self._profile.table(key) or NEVER_WOVEN).paying_batch(limit)

    def _estimate_ms(self, planned: int, config: Config) -> int:
        """The least that the planned batch can take: what cannot meet its deadline even so is shed at the claim."""
        cheap = {engine.card.batch_key("balanced", degraded=True) for engine in self._loom.engines.values()}
        tables = [
            table for key, table in self._profile.tables().items() if config.degraded_fraction > 0 or key not in cheap
        ]
        return int(claim_estimate_seconds(tables, max(1, min(planned, config.waiting))) * 1000)

    async def _work(self, jobs: Sequence[Claimed], stop: asyncio.Event) -> None:
        self._metrics.held.set(len(jobs))
        for job in jobs:
            log.info(
                "claimed",
                job_id=job.id,
                trace_id=job.body.get("trace_id"),
                token=job.token,
                batch_key=job.batch_key,
                degraded=job.degraded,
                batch=len(jobs),
            )
        fetched_at = time.monotonic()
        pieces, failures = await self._fetch(jobs)
        fetch_seconds = time.monotonic() - fetched_at
        async with asyncio.TaskGroup() as group:

            def emit(done: Sequence[Piece]) -> None:
                group.create_task(self._deliver(done, fetch_seconds=fetch_seconds))

            if failures:
                group.create_task(self._settle([], failures))
            unstarted = pieces if stop.is_set() else await self._loom.weave(pieces, emit=emit, stop=stop)
            if unstarted:
                log.info("handed_back", count=len(unstarted))
                await self._claims.hand_back([piece.job for piece in unstarted])
        self._metrics.held.set(0)

    async def _fetch(self, jobs: Sequence[Claimed]) -> tuple[list[Piece], list[Failure]]:
        async def one(job: Claimed) -> Piece | Failure:
            card = self._loom.engines[job.engine].card
            self._progress.note(job, Stage.FETCHING)
            try:
                inputs = await patiently(
                    lambda: fetch(self._store, job, card),
                    seconds=self._settings.store_patience_seconds,
                    moved=self._heart.moved,
                    waiting_moves=True,
                )
            except Exception as error:  # whatever is wrong with one job's body or pictures is its own
                return self._failed(job, error)
            return Piece(job=job, inputs=inputs)

        start = time.monotonic()
        found = await asyncio.gather(*(one(job) for job in jobs))
        self._heart.moved()
        self._metrics.stage.labels("fetching").observe(time.monotonic() - start)
        return (
            [one for one in found if isinstance(one, Piece)],
            [one for one in found if isinstance(one, Failure)],
        )

    async def _deliver(self, pieces: Sequence[Piece], *, fetch_seconds: float) -> None:
        """Store the pictures of one step and settle all its jobs in one call each."""
        start = time.monotonic()
        offers = await asyncio.gather(*(self._offer(piece, fetch_seconds=fetch_seconds) for piece in pieces))
        self._metrics.stage.labels("storing").observe(time.monotonic() - start)
        await self._settle(
            [(offer, piece) for offer, piece in zip(offers, pieces, strict=True) if isinstance(offer, Completion)],
            [offer for offer in offers if isinstance(offer, Failure)],
        )

    async def _offer(self, piece: Piece, *, fetch_seconds: float) -> Completion | Failure | None:
        job, outcome = piece.job, piece.outcome
        card = self._loom.engines[job.engine].card
        if isinstance(outcome, Finished) and (why := self._claims.gone(job)):
            outcome = why
        if isinstance(outcome, Gone):
            self._progress.forget(job)
            self._metrics.jobs.labels(card.name, outcome.value).inc()
            self._metrics.wasted_seconds.labels(outcome.value).inc(piece.engine_seconds)
            return None if outcome is Gone.LOST else failure_of_gone(job, outcome)
        if not isinstance(outcome, Finished):
            self._metrics.wasted_seconds.labels("failed").inc(piece.engine_seconds)
            return self._failed(job, outcome or ProteusError("the engine gave no outcome"))
        self._progress.note(job, Stage.STORING)
        start = time.monotonic()
        try:
            described = await patiently(
                lambda: store_picture(self._store, job, outcome, card),
                seconds=self._settings.store_patience_seconds,
                moved=self._heart.moved,
                waiting_moves=True,
            )
        except Exception as error:
            self._metrics.wasted_seconds.labels("failed").inc(piece.engine_seconds)
            return self._failed(job, error)
        timings = {
            "fetch_seconds": round(fetch_seconds, 4),
            "weave_seconds": round(piece.engine_seconds, 4),
            "store_seconds": round(time.monotonic() - start, 4),
        }
        return Completion(
            id=job.id,
            token=job.token,
            result={**described, "worker": self._claims.worker, "timings": timings},
        )

    def _failed(self, job: Claimed, error: Exception) -> Failure:
        failure = failure_of(job, error)
        log.warning(
            "job_failed",
            job_id=job.id,
            trace_id=job.body.get("trace_id"),
            code=failure.code,
            retryable=failure.retryable,
            reason=failure.message,
            exc_info=None if isinstance(error, ProteusError) else error,
        )
        self._progress.forget(job)
        self._metrics.jobs.labels(job.engine, "failed").inc()
        return failure

    async def _settle(self, completions: Sequence[tuple[Completion, Piece]], failures: Sequence[Failure]) -> None:
        try:
            verdicts = await self._claims.complete([completion for completion, _ in completions])
            await self._claims.fail(failures)
        except REDIS_AWAY as error:
            # Their leases are over: the jobs come back. The objects stay, for a verdict may have been heard.
            log.error("verdicts_not_told", reason=f"{type(error).__name__}: {error}")
            return
        for (completion, piece), verdict in zip(completions, verdicts, strict=True):
            job = piece.job
            self._progress.forget(job)
            if verdict is Verdict.REFUSED:
                await self._discard(completion, piece)
                continue
            self._metrics.jobs.labels(job.engine, "completed").inc()
            with telemetry.bound(job_id=job.id, trace_id=job.body.get("trace_id")):
                log.info("completed", **completion.result["timings"], size_bytes=completion.result["size_bytes"])

    async def _discard(self, completion: Completion, piece: Piece) -> None:
        """A refused result is nobody's: its object goes."""
        log.warning("completion_refused", job_id=completion.id, token=completion.token)
        self._metrics.jobs.labels(piece.job.engine, "refused").inc()
        self._metrics.wasted_seconds.labels("refused").inc(piece.engine_seconds)
        key = completion.result["result_key"]
        await patiently(lambda: self._store.delete(key), seconds=self._settings.store_patience_seconds)
