"""Turns outcomes into verdicts: stores the pictures of one step, then settles all its jobs, one call per verdict.

The object is stored before the completion is reported, so a completed job always has its picture. If a completion is
refused, the job is no longer this worker's, and its object is deleted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog
from redis.exceptions import RedisError

from proteus.errors import DependencyUnavailable, ProteusError, QualityTooLow
from proteus.jobs import Stage
from proteus.payloads import TryonResult, TryonWork
from proteus.queue import Claimed, Completion, Failure, Verdict
from proteus.retrying import retry_while_unavailable
from proteus.service import telemetry
from proteus.tracing import span
from proteus.worker.claims import Gone, failure_of, failure_of_gone
from proteus.worker.run import WorkerParts
from weaver.fallback import instead_of
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem
from weaver.pipelines.contract import DECODED_IN, Engine, Finished
from weaver.progress import ProgressReporter
from weaver.results import Treatment, store_picture

log = structlog.get_logger()


class Delivery:
    """Delivers results.

    Args:
        patience_seconds: How long a silent store is retried.
    """

    def __init__(
        self,
        engines: Mapping[str, Engine],
        parts: WorkerParts,
        *,
        progress: ProgressReporter,
        metrics: Metrics,
        patience_seconds: float,
    ) -> None:
        self._engines = engines
        self._claims = parts.claims
        self._store = parts.store
        self._redis = parts.redis
        self._treatment = Treatment(safety=parts.safety, marker=parts.marker)
        self._progress = progress
        self._heartbeat = parts.heartbeat
        self._metrics = metrics
        self._patience_seconds = patience_seconds

    async def deliver(self, items: Sequence[BatchItem]) -> None:
        """Store the pictures and report every item's outcome to the queue. Never raises."""
        try:
            await self._deliver(items)
        except Exception as error:  # No error here may end the worker or the other batches.
            log.error("delivery_failed", jobs=[item.job.id for item in items], exc_info=error)
            held = [item.job for item in items if self._claims.gone(item.job) is not Gone.LOST]
            await self.settle([], [self.failed(job, error) for job in held])

    async def _deliver(self, items: Sequence[BatchItem]) -> None:
        start = time.monotonic()
        offers = await asyncio.gather(*(self._offer(item) for item in items))
        self._metrics.stage.labels("storing").observe(time.monotonic() - start)
        completions = {offer.id: offer for offer in offers if isinstance(offer, Completion)}
        await self.settle(
            [(completions[item.job.id], item) for item in items if item.job.id in completions],
            [offer for offer in offers if not isinstance(offer, Completion)],
        )

    async def _offer(self, item: BatchItem) -> Completion | Failure | Claimed | None:
        job, outcome = item.job, item.outcome
        if isinstance(outcome, Finished) and (why := self._claims.gone(job)):
            outcome = why
        if isinstance(outcome, Gone):
            self._progress.forget(job)
            self._metrics.jobs.labels(job.engine, outcome.value).inc()
            self._metrics.wasted_seconds.labels(outcome.value).inc(item.engine_seconds)
            return None if outcome is Gone.LOST else failure_of_gone(job, outcome)
        if not isinstance(outcome, Finished):
            self._metrics.wasted_seconds.labels("failed").inc(item.engine_seconds)
            return self.failed(job, outcome or ProteusError("the engine gave no outcome"))
        self._progress.note(job, Stage.STORING)
        start = time.monotonic()
        try:
            with span("encode and store", job.trace_id, job_id=job.id):
                described = await retry_while_unavailable(
                    lambda: store_picture(
                        self._store,
                        job,
                        outcome,
                        inputs=item.inputs,
                        card=self._engines[job.engine].card,
                        worker=self._claims.worker,
                        treatment=self._treatment,
                    ),
                    seconds=self._patience_seconds,
                    moved=self._heartbeat.moved,
                    waits=lambda: True,
                )
        except Exception as error:  # an error in one job's body or picture fails only that job
            self._metrics.wasted_seconds.labels("failed").inc(item.engine_seconds)
            if isinstance(error, QualityTooLow) and error.made:
                return await self._not_shown(job, error)
            return self.failed(job, error, began_at=start)
        finally:
            self._claims.spend(job, store=time.monotonic() - start)
        if DECODED_IN in outcome.notes:
            log.warning("decoded_again", job_id=job.id, precision=outcome.notes[DECODED_IN])
            self._metrics.exact_retries.labels(job.engine).inc()
        timings = {
            "fetch_seconds": round(item.fetch_seconds, 4),
            "weave_seconds": round(item.engine_seconds, 4),
            "store_seconds": round(time.monotonic() - start, 4),
        }
        return Completion(id=job.id, token=job.token, result=replace(described, timings=timings).write())

    async def _not_shown(self, job: Claimed, error: QualityTooLow) -> Failure | Claimed:
        """Return what becomes of a job whose picture its engine's gate does not show; the job: nobody can say now."""
        try:
            other = await instead_of(self._engines[job.engine].card, TryonWork.read(job.body), self._redis)
        except (RedisError, OSError) as away:
            log.warning("handed_back", job_id=job.id, trace_id=job.trace_id, reason=f"{type(away).__name__}: {away}")
            self._progress.forget(job)
            self._metrics.jobs.labels(job.engine, "handed_back").inc()
            return job
        failure = self.failed(job, error)
        if other is None or not isinstance(failure, Failure):
            return failure
        log.info("engine_replaced", job_id=job.id, trace_id=job.trace_id, engine=other.engine)
        message = f"{failure.message} {other.engine} makes it instead."
        return replace(failure, message=message, retryable=True, instead=other)

    def failed(self, job: Claimed, error: Exception, *, began_at: float = float("-inf")) -> Failure | Claimed:
        """Log and count a job's failure; return it for the queue, or the job if it is to be handed back.

        Args:
            job: The job that failed.
            error: Why.
            began_at: When the first call to the store began (monotonic). If the store has answered no call since, it is
                away, which is no fault of the job's: no attempt is counted against it.
        """
        self._progress.forget(job)
        if isinstance(error, DependencyUnavailable) and self._store.answered_at < began_at:
            log.warning("handed_back", job_id=job.id, trace_id=job.body.get("trace_id"), reason=error.message)
            self._metrics.jobs.labels(job.engine, "handed_back").inc()
            return job
        failure = failure_of(job, error)
        log.warning(
            "job_failed",
            job_id=job.id,
            trace_id=job.trace_id,
            code=failure.code,
            retryable=failure.retryable,
            reason=failure.message,
            exc_info=None if isinstance(error, ProteusError) else error,
        )
        self._metrics.jobs.labels(job.engine, "failed").inc()
        return failure

    async def settle(
        self,
        completions: Sequence[tuple[Completion, BatchItem]],
        others: Sequence[Failure | Claimed | None],
    ) -> None:
        """Report to the queue: one call for all completions, one for all failures, one for all jobs handed back."""
        verdicts = await self._claims.complete([completion for completion, _ in completions])
        await self._claims.fail([other for other in others if isinstance(other, Failure)])
        await self._claims.hand_back([other for other in others if isinstance(other, Claimed)])
        for (completion, item), verdict in zip(completions, verdicts, strict=True):
            job = item.job
            self._progress.forget(job)
            if verdict is None:  # The job comes back. Its object stays, for the completion may have been recorded.
                self._metrics.jobs.labels(job.engine, "untold").inc()
                continue
            if verdict is not Verdict.DONE and verdict is not Verdict.REFUSED:  # It was reported as a failure.
                continue
            if verdict is Verdict.REFUSED:
                await self._discard(completion, item)
                continue
            self._metrics.jobs.labels(job.engine, "completed").inc()
            made = TryonResult.read(completion.result)
            with telemetry.bound(job_id=job.id, trace_id=job.trace_id):
                log.info("completed", **(made.timings or {}), size_bytes=made.size_bytes)

    async def _discard(self, completion: Completion, item: BatchItem) -> None:
        log.warning("completion_refused", job_id=completion.id, token=completion.token)
        self._metrics.jobs.labels(item.job.engine, "refused").inc()
        self._metrics.wasted_seconds.labels("refused").inc(item.engine_seconds)
        key = completion.result_key
        try:
            await retry_while_unavailable(lambda: self._store.delete(key), seconds=self._patience_seconds)
        except ProteusError as error:
            log.warning("orphan_left", key=key, reason=error.message)
