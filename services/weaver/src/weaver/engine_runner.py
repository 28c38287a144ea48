"""Runs a batch through an engine, step by step, in the one thread that engines live in.

Between steps the event loop checks every job, and evicts those that were lost, cancelled or ran out of time. A session
that breaks without naming a job is bisected until the job that breaks it stands alone; one that does not fit in memory
is halved, and the size that fitted is remembered.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

import structlog

from proteus.errors import OutOfMemory, ProteusError
from proteus.jobs import JobId, Stage
from proteus.queue import Claimed
from proteus.service.lifecycle import wait
from proteus.service.supervision import LOOP_ERRORS
from proteus.worker.claims import Gone
from proteus.worker.run import WorkerParts
from weaver.metrics import Metrics
from weaver.pipelines.contract import Engine, Finished, Session, StepReport, WeaveJob
from weaver.profile import CostProfile
from weaver.progress import ProgressReporter

log = structlog.get_logger()

LOOK_SECONDS: Final = 0.25
"""How often the expected end of a session is checked: it moves."""

UNKNOWN_SECONDS: Final = 3600.0
"""Expected length of a session whose key was never woven: its end cannot be predicted."""

T = TypeVar("T")


@dataclass(kw_only=True)
class BatchItem:
    """One job in the engine runner. `engine_seconds` grows by its share of every step."""

    job: Claimed
    inputs: WeaveJob
    fetch_seconds: float = 0.0
    engine_seconds: float = 0.0
    outcome: Finished | Gone | Exception | None = field(default=None, repr=False)


Emit = Callable[[Sequence[BatchItem]], None]
"""Called after each step with the batch items whose outcome is known."""


class EngineRunner:
    """The engines of this worker, and the thread they run in.

    Args:
        engines: By name, loaded.
    """

    def __init__(
        self,
        engines: Mapping[str, Engine],
        parts: WorkerParts,
        *,
        profile: CostProfile,
        progress: ProgressReporter,
        metrics: Metrics,
    ) -> None:
        self.engines = engines
        self._parts = parts
        self._claims = parts.claims
        self._heartbeat = parts.heartbeat
        self._profile = profile
        self._progress = progress
        self._metrics = metrics
        self._caps: dict[str, int] = {}
        self.batches: Counter[int] = Counter()
        """Size -> sessions that began with so many pictures."""
        self._ends_at = 0.0
        self._idle = asyncio.Event()
        self._idle.set()
        self.sick = False
        """An engine fails even its own sample: this process must take no more jobs."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")

    def memory_cap(self, batch_key: str) -> int | None:
        """Return the largest batch that fitted; None until one of this key did not."""
        return self._caps.get(batch_key)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run a call in the engines' thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def weave(self, items: Sequence[BatchItem], *, emit: Emit, stop: asyncio.Event) -> list[BatchItem]:
        """Weave batch items of one key; every outcome goes to `emit`.

        It checks `stop` between the groups of a split batch; it finishes a session that runs.

        Returns:
            Items that were not started: `stop` was set, or the engine is `sick`.
        """
        if not items:
            return []
        self._idle.clear()
        try:
            return await self._weave(items, emit=emit, stop=stop)
        finally:
            self._idle.set()

    async def nearly_done(self, seconds: float) -> None:
        """Wait until the running session should end within `seconds`, or has ended."""
        while not self._idle.is_set():
            left = self._ends_at - time.monotonic() - seconds
            if left <= 0 or await wait(self._idle, seconds=min(left, LOOK_SECONDS)):
                return

    async def _weave(self, items: Sequence[BatchItem], *, emit: Emit, stop: asyncio.Event) -> list[BatchItem]:
        batch_key = items[0].job.batch_key
        groups = list(_chunks(items, self._caps.get(batch_key, len(items))))
        while groups:
            if stop.is_set() and not any(item.engine_seconds for item in groups[0]):
                return [item for group in groups for item in group]
            left = {item.job.id: item for item in groups.pop(0)}
            try:
                await self._session(batch_key, left, emit)
            except Exception as error:
                if not left:  # Every picture has left: bookkeeping failed, which costs no picture.
                    LOOP_ERRORS.labels("loom").inc()
                    log.error("batch_ended_badly", batch_key=batch_key, exc_info=error)
                    continue
                if len(left) == 1:
                    item = left.popitem()[1]
                    _settle(item, error, emit)
                    if not isinstance(error, ProteusError) and not await self._is_well(item.job):
                        self.sick = True
                        return [item for group in groups for item in group]
                    continue
                half = (len(left) + 1) // 2
                if isinstance(error, OutOfMemory):
                    self._caps[batch_key] = min(half, self._caps.get(batch_key, half))
                log.warning(
                    "batch_split",
                    batch_key=batch_key,
                    pictures=len(left),
                    reason=f"{type(error).__name__}: {error}",
                )
                groups[:0] = _chunks(list(left.values()), half)
        return []

    async def _is_well(self, job: Claimed) -> bool:
        """Tell a bad job from a broken engine: a step of the engine's own sample must work."""
        engine = self.engines[job.engine]

        def one_step() -> None:
            session = engine.open(job.batch_key)
            try:
                session.admit(engine.sample_job(job.batch_key))
                session.step()
            finally:
                session.close()

        try:
            await self.in_thread(one_step)
        except Exception as error:
            log.error("engine_sick", engine=job.engine, reason=f"{type(error).__name__}: {error}")
            return False
        return True

    async def _session(self, batch_key: str, left: dict[JobId, BatchItem], emit: Emit) -> None:
        """Weave until nothing is left; items that an exception leaves in `left` were neither finished nor refused."""
        engine = self.engines[next(iter(left.values())).job.engine]
        size, whole, seconds = len(left), True, 0.0
        self._metrics.batch.labels(engine.card.name).observe(size)
        self.batches[size] += 1
        table = self._profile.table(batch_key)
        self._ends_at = time.monotonic() + (table.t(size) if table else UNKNOWN_SECONDS)
        session = await self.in_thread(lambda: engine.open(batch_key))
        try:
            for item in list(left.values()):
                try:
                    await self.in_thread(lambda item=item: session.admit(item.inputs))  # type: ignore[misc]
                except OutOfMemory:
                    raise
                except Exception as error:
                    whole = False
                    _settle(left.pop(item.job.id), error, emit)
            while left:
                evicted = self._drop_gone(left, emit)
                whole = whole and not evicted
                if not left:
                    break
                self._heartbeat.expect_step(self._profile.step_seconds(batch_key, len(left)))
                report, step_seconds = await self._step(session, evicted, list(left.values()))
                seconds += step_seconds
                steps_left = max((one.steps - one.step for one in report.progress), default=0)
                self._ends_at = time.monotonic() + steps_left * step_seconds
                for item in left.values():
                    item.engine_seconds += step_seconds / len(left)
                self._metrics.busy_seconds.labels(engine.card.name).inc(step_seconds)
                whole = whole and not report.failed
                self._take_in(report, left, emit)
        finally:
            await self._end(session)
        if whole:
            self._profile.observe(batch_key, size, seconds)

    async def _end(self, session: Session) -> None:
        """Close a session. An error here neither hides why the session ended nor undoes what it wove."""
        try:
            await self.in_thread(session.close)
        except Exception as error:
            LOOP_ERRORS.labels("loom").inc()
            log.error("session_not_closed", exc_info=error)

    def _drop_gone(self, left: dict[JobId, BatchItem], emit: Emit) -> list[JobId]:
        gone = [(item, why) for item in left.values() if (why := self._claims.gone(item.job))]
        for item, why in gone:
            del left[item.job.id]
            log.info("evicted", job_id=item.job.id, reason=why.value)
            _settle(item, why, emit)
        return [item.job.id for item, _ in gone]

    async def _step(
        self, session: Session, evicted: Sequence[JobId], items: Sequence[BatchItem]
    ) -> tuple[StepReport, float]:
        def step() -> tuple[StepReport, float]:
            for job_id in evicted:
                session.evict(job_id)
            start = time.monotonic()
            report = session.step()
            self._heartbeat.moved()
            return report, time.monotonic() - start

        return await self._claims.watch(
            self.in_thread(step),
            [item.job for item in items],
            stuck_seconds=self._parts.stuck_seconds,
            on_stuck=self._parts.on_stuck,
        )

    def _take_in(self, report: StepReport, left: dict[JobId, BatchItem], emit: Emit) -> None:
        for progress in report.progress:
            if item := left.get(progress.id):
                self._progress.note(item.job, Stage.DENOISING, progress.step, progress.steps)
        done: list[BatchItem] = []
        for finished in report.finished:
            if item := left.pop(finished.id, None):
                item.outcome = finished
                done.append(item)
        for failed in report.failed:
            if item := left.pop(failed.id, None):
                item.outcome = failed.error
                done.append(item)
        if done:
            emit(done)

    def close(self) -> None:
        """End the thread once it is idle."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _settle(item: BatchItem, outcome: Gone | Exception, emit: Emit) -> None:
    item.outcome = outcome
    emit([item])


def _chunks(items: Sequence[BatchItem], size: int) -> Iterable[list[BatchItem]]:
    size = max(size, 1)
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
