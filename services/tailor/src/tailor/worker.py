"""The tailor's loop: claim jobs of its tasks, run them on the bench, settle each as it ends.

It claims again as soon as one slot is free, so that a cut and a parse run side by side however far apart they came.
The queue gives a job that once crashed a worker only to one that holds nothing; its patience for such a job sees to it
that some tailor becomes idle. The worker deletes a refused upload before it reports the refusal, so that nothing of a
refused picture outlives the report. The upload of a completed ingest stays until the gateway has recorded it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog

from proteus.errors import DependencyUnavailable, ProteusError
from proteus.payloads import Result
from proteus.queue import Claimed, Completion, Verdict
from proteus.retrying import Waits, retry_while_unavailable
from proteus.service import telemetry
from proteus.service.lifecycle import wait
from proteus.service.supervision import LOOP_ERRORS, Pulse
from proteus.stages import TAILOR_WORKS
from proteus.tracing import span
from proteus.worker.claims import failure_of, failure_of_gone
from proteus.worker.run import WorkerParts
from tailor import tasks
from tailor.bench import Bench
from tailor.metrics import Metrics
from tailor.settings import TailorSettings

log = structlog.get_logger()

TROUBLE_PAUSE_SECONDS: Final = 1.0
"""Pause after Redis did not answer a claim."""


class Worker:
    """One tailor: claims as many jobs as its bench has slots, runs them side by side, reports each."""

    def __init__(
        self,
        settings: TailorSettings,
        parts: WorkerParts,
        *,
        bench: Bench,
        metrics: Metrics,
        marking: tasks.Marking = tasks.UNSIGNED,
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._claims = parts.claims
        self._store = parts.store
        self._heartbeat = parts.heartbeat
        self._status = parts.status
        self._work_available = parts.status.work_available
        self._bench = bench
        self._metrics = metrics
        self._marking = marking

    async def run(self, stop: asyncio.Event, pulse: Pulse) -> None:
        """Work until `stop`, then finish what runs.

        Raises an error once it holds no job any more, so that it can be started again.
        """
        self._heartbeat.expect_step(self._settings.step_seconds)
        self._claims.on_wait = pulse.turn
        try:
            await self._work(stop, pulse)
        except Exception as error:
            await self._claims.give_up(error)
            raise

    async def _work(self, stop: asyncio.Event, pulse: Pulse) -> None:
        running: set[asyncio.Task[None]] = set()
        alone = False

        def ended(task: asyncio.Task[None]) -> None:
            running.discard(task)
            self._metrics.held.set(len(running))
            self._work_available.set()

        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                pulse.turn()
                self._work_available.clear()
                alone = alone and bool(running)
                free = 0 if alone or self._status.drained else self._bench.slots - len(running)
                try:
                    jobs = await self._take(free) if free else []
                except Exception as error:  # An edge: a failed claim is repeated, whatever the error.
                    LOOP_ERRORS.labels("work").inc()
                    log.warning("claim_failed", reason=f"{type(error).__name__}: {error}"[:500])
                    await wait(stop, seconds=TROUBLE_PAUSE_SECONDS)
                    continue
                for job in jobs:
                    alone = job.solo
                    task = group.create_task(self._do(job))
                    running.add(task)
                    task.add_done_callback(ended)
                self._metrics.held.set(len(running))
                if not jobs:
                    await wait(self._work_available, seconds=self._settings.poll_seconds)

    async def _take(self, free: int) -> list[Claimed]:
        """Fill the free slots; a claim brings jobs of one task, so there may be several."""
        jobs: list[Claimed] = []
        while len(jobs) < free:
            try:
                more = await self._claims.take(free - len(jobs), engines=tuple(TAILOR_WORKS))
            except Exception as error:
                if not jobs:
                    raise
                log.warning("claim_failed", reason=f"{type(error).__name__}: {error}"[:500])
                break  # The jobs in hand are done all the same.
            jobs += more
            if not more or more[0].solo:
                break
        return jobs

    async def _do(self, job: Claimed) -> None:
        task = job.engine
        with telemetry.bound(job_id=job.id, trace_id=job.trace_id, task=task), span(task, job.trace_id) as traced:
            traced.note(job_id=job.id, attempt=job.attempts)
            log.info("claimed", token=job.token)
            start = time.monotonic()
            try:
                result = await self._claims.watch(
                    self._run(job), [job], stuck_seconds=self._parts.stuck_seconds, on_stuck=self._parts.on_stuck
                )
            except Exception as error:  # one job's error never stops the others
                self._claims.spend(job, engine=time.monotonic() - start)
                outcome = await self._fail(job, error, began_at=start)
            else:
                self._claims.spend(job, engine=time.monotonic() - start)
                outcome = await self._complete(job, result)
            self._heartbeat.moved()
            if outcome != "completed":
                traced.fail(outcome)
            seconds = time.monotonic() - start
            self._metrics.jobs.labels(task, outcome).inc()
            self._metrics.seconds.labels(task).observe(seconds)
            log.info("settled", outcome=outcome, seconds=round(seconds, 3))

    async def _run(self, job: Claimed) -> Result:
        waits = Waits()
        store = self._store.watched(waits)
        return await retry_while_unavailable(
            lambda parser: tasks.run(store, job.body, parser, self._bench, self._marking),
            seconds=self._settings.store_patience_seconds,
            moved=self._moved,
            waits=lambda: waits.waiting,
            run=self._bench.run,
        )

    def _moved(self) -> None:
        self._heartbeat.moved()
        self._claims.on_wait()

    async def _complete(self, job: Claimed, result: Result) -> str:
        if why := self._claims.gone(job):
            await self._claims.fail([failure_of_gone(job, why)])
            return why.value
        (verdict,) = await self._claims.complete([Completion(id=job.id, token=job.token, result=result.write())])
        if verdict is None:
            return "untold"
        if verdict is Verdict.REFUSED:
            log.warning("completion_refused", token=job.token)
            return "refused"
        # An ingest's upload stays for the gateway to delete: an emptied Redis may bring the job back unrecorded.
        return "completed"

    async def _fail(self, job: Claimed, error: Exception, *, began_at: float) -> str:
        if isinstance(error, DependencyUnavailable) and self._store.answered_at < began_at:
            # The store answered no request meanwhile: no fault of the job's, so no attempt is counted against it.
            log.warning("handed_back", reason=error.message)
            await self._claims.hand_back([job])
            return "handed_back"
        failure = failure_of(job, error, of_input=tasks.is_of_upload(job.body, error))
        known = isinstance(error, ProteusError)
        log.warning("failed", code=failure.code, reason=failure.message, exc_info=None if known else error)
        if not failure.retryable:
            await self._sweep(job)
        (verdict,) = await self._claims.fail([failure])
        return "untold" if verdict is None else failure.code

    async def _sweep(self, job: Claimed) -> None:
        keys = tasks.leftovers(job.body)
        if not keys:
            return
        try:
            await retry_while_unavailable(
                lambda: self._store.delete(*keys),
                seconds=self._settings.store_patience_seconds,
                moved=self._moved,
                waits=lambda: True,
            )
        except ProteusError as error:
            log.warning("incoming_not_deleted", reason=error.message)  # the gateway sweeps stray uploads
