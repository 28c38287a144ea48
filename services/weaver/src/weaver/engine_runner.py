"""Runs a batch through an engine, step by step, in the one thread that engines live in.

Between steps the event loop checks every job, and evicts those that were lost, cancelled or ran out of time. A session
that breaks without naming a job is bisected until the job that breaks it stands alone. Of one that does not fit in
memory half is parked with all that was done for it, and goes on when the others are done; the size that fitted is
remembered for a while. Spare jobs make way between two steps: all are parked, and go on in a later session. Others may
join between two steps.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

import structlog

from proteus.engines import canvas_of
from proteus.errors import OutOfMemory, ProteusError
from proteus.jobs import JobId, Stage
from proteus.queue import Claimed
from proteus.service.supervision import LOOP_ERRORS
from proteus.worker.run import WorkerParts
from weaver.batch_trace import BatchTrace
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem, Emit, Joiners, OpenBatch, SessionParts, settle
from weaver.pipelines.contract import Engine, Session, StepReport
from weaver.profile import CostProfile
from weaver.progress import ProgressReporter
from weaver.session_costs import SessionCosts, computed

log = structlog.get_logger()

UNKNOWN_SECONDS: Final = 3600.0
"""Expected length of a session whose canvas was never woven: its end cannot be predicted."""

CAP_SECONDS: Final = 600.0
"""How long a size that did not fit is avoided: memory is short because of what else is on the device, too."""

T = TypeVar("T")


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
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engines = engines
        self._now = now
        self._parts = parts
        self._claims = parts.claims
        self._heartbeat = parts.heartbeat
        self._profile = profile
        self._progress = progress
        self._metrics = metrics
        self._caps: dict[str, tuple[int, float]] = {}
        """Canvas -> what fitted, and until when that is remembered."""
        self.batches: Counter[int] = Counter()
        """Size -> sessions that began with so many pictures."""
        self._ends_at = 0.0
        self._leave_at: dict[JobId, float] = {}
        """When each picture of the running session should be done."""
        self._idle = asyncio.Event()
        self._idle.set()
        self.sick = False
        """An engine fails even its own sample: this process must take no more jobs."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")

    def memory_cap(self, canvas: str) -> int | None:
        """Return the largest batch that fitted; None unless one of this canvas did not fit in the last ten minutes."""
        cap, until = self._caps.get(canvas, (0, 0.0))
        return cap if self._now() < until else None

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run a call in the engines' thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    @property
    def seconds_left(self) -> float:
        """When the running session should end; 0 or less: none runs, or at any moment."""
        return 0.0 if self._idle.is_set() else self._ends_at - time.monotonic()

    async def weave(
        self,
        items: Sequence[BatchItem],
        *,
        emit: Emit,
        stop: asyncio.Event,
        make_way: asyncio.Event | None = None,
        joiners: Joiners | None = None,
    ) -> list[BatchItem]:
        """Weave batch items of one canvas; every outcome goes to `emit`.

        It checks `stop` between the groups of a split batch; it finishes a session that runs.

        Args:
            items: What to weave; those that made way go on where they stood.
            emit: Receives the outcomes.
            stop: Start nothing more.
            make_way: Park everything at the next step's end, unless `stop` is set.
            joiners: Who joins at a step's end, unless `stop` is set.

        Returns:
            Items that were not started, since `stop` was set or the engine is `sick`; and those that made way.
        """
        if not items:
            return []
        self._idle.clear()
        try:
            parts = SessionParts(emit, stop, make_way or asyncio.Event(), joiners or Joiners(closed=True))
            return await self._weave(items, parts)
        finally:
            self._idle.set()

    @property
    def idle(self) -> asyncio.Event:
        """Set while no session runs."""
        return self._idle

    def staying(self, seconds: float) -> int:
        """Return how many pictures will still be in the running session after so long."""
        return sum(leave_at > time.monotonic() + seconds for leave_at in self._leave_at.values())

    async def _weave(self, items: Sequence[BatchItem], parts: SessionParts) -> list[BatchItem]:
        canvas = canvas_of(items[0].job.batch_key)
        groups = list(_chunks(items, self.memory_cap(canvas) or len(items)))
        while groups:
            parts.joiners.closed = parts.joiners.closed or bool(groups[1:])
            if parts.stop.is_set() and not any(item.engine_seconds for item in groups[0]):
                return [item for group in groups for item in group]
            left = {item.job.id: item for item in groups.pop(0)}
            try:
                if unfinished := await self._session(canvas, left, parts):
                    return [*unfinished, *(item for group in groups for item in group)]
            except Exception as error:
                if not left:  # Every picture has left: bookkeeping failed, which costs no picture.
                    LOOP_ERRORS.labels("loom").inc()
                    log.error("batch_ended_badly", canvas=canvas, exc_info=error)
                    continue
                if len(left) == 1:
                    item = left.popitem()[1]
                    settle(item, error, parts.emit)
                    if not isinstance(error, ProteusError) and not await self._is_well(item.job):
                        self.sick = True
                        return [item for group in groups for item in group]
                    continue
                log.warning(
                    "batch_split",
                    canvas=canvas,
                    pictures=len(left),
                    reason=f"{type(error).__name__}: {error}",
                )
                groups[:0] = _chunks(list(left.values()), (len(left) + 1) // 2)
        return []

    async def _is_well(self, job: Claimed) -> bool:
        """Tell a bad job from a broken engine: a step of the engine's own sample must work."""
        engine, canvas = self.engines[job.engine], canvas_of(job.batch_key)

        def one_step() -> None:
            session = engine.open(canvas)
            try:
                session.admit(engine.sample_job(canvas))
                session.step()
            finally:
                session.close()

        try:
            await self.in_thread(one_step)
        except Exception as error:
            log.error("engine_sick", engine=job.engine, reason=f"{type(error).__name__}: {error}")
            return False
        return True

    async def _session(
        self,
        canvas: str,
        left: dict[JobId, BatchItem],
        parts: SessionParts,
    ) -> list[BatchItem]:
        """Weave until nothing is left; items that an exception leaves in `left` were neither finished nor refused.

        Returns:
            Items that wait outside without a step done when `stop` is set; all of them when they make way.
        """
        engine = self.engines[next(iter(left.values())).job.engine]
        size, seconds = len(left), 0.0
        if all(item.parked is None for item in left.values()):  # It is begun once, and may be gone on with.
            self._metrics.batch.labels(engine.card.name).observe(size)
            self.batches[size] += 1
        tables = [self._profile.table(item.job.batch_key) for item in left.values()]
        self._ends_at = time.monotonic() + max(table.t(size) if table else UNKNOWN_SECONDS for table in tables)
        trace = BatchTrace(list(left.values()), canvas, parts.emit)
        emit, stop, make_way, joiners = trace.emit, parts.stop, parts.make_way, parts.joiners
        self._leave_at = dict.fromkeys(left, math.inf)
        costs = SessionCosts(
            self._profile, canvas, [job_id for job_id, item in left.items() if item.parked is not None]
        )
        session = await self.in_thread(lambda: engine.open(canvas))
        batch = OpenBatch(session, left, in_thread=self.in_thread, emit=emit)
        unfinished, noted = list[BatchItem](), True
        try:
            while left or (joiners.items and not (joiners.closed or stop.is_set())):
                for item in [] if stop.is_set() else joiners.take(len(left)):
                    batch.join(item)
                    trace.joined(item)
                    self._metrics.joined.labels(engine.card.name).inc()
                self._leave_at = {job_id: self._leave_at.get(job_id, math.inf) for job_id in left}
                await batch.evict(self._drop_gone(left, emit))
                if stop.is_set():
                    unfinished += batch.take_not_started()
                elif make_way.is_set() and left:
                    unfinished += await batch.make_way()
                    log.info("made_way", canvas=canvas, pictures=len(unfinished))
                    break
                await batch.fill()
                if not batch.inside:
                    continue
                self._heartbeat.expect_step(self._profile.longest_step_seconds(canvas, len(batch.inside)))
                try:
                    report, step_seconds = await self._step(session, list(batch.inside.values()))
                except OutOfMemory as error:
                    await self._make_room(canvas, batch, error)
                    continue
                seconds += step_seconds
                self._account(engine, batch, report, step_seconds)
                inside = list(batch.inside)
                self._take_in(report, left, emit)
                noted = noted and self._noted(partial(costs.step, report, inside, step_seconds))
        finally:
            trace.end(seconds)
            await self._end(session)
        if noted:
            self._noted(costs.end)
        return unfinished

    async def _make_room(self, canvas: str, batch: OpenBatch, error: OutOfMemory) -> None:
        """After a step that did not fit: let half of the jobs wait, or fail the one that does not fit alone."""
        pictures, fits = len(batch.inside), await batch.halve(error)
        if fits:
            self._caps[canvas] = (min(fits, self.memory_cap(canvas) or fits), self._now() + CAP_SECONDS)
            log.warning("batch_halved", canvas=canvas, pictures=pictures, kept=fits)
            self._metrics.out_of_memory.labels(canvas.partition("/")[0]).inc()

    def _account(self, engine: Engine, batch: OpenBatch, report: StepReport, seconds: float) -> None:
        """Share a step's time among its jobs, and foresee the end."""
        inside, now, whole = batch.inside, time.monotonic(), seconds / computed(report)
        self._leave_at |= {one.id: now + one.left * whole for one in report.progress}
        steps_left = max((one.left for one in report.progress), default=0.0)
        self._ends_at = now + steps_left * whole * math.ceil(len(batch.left) / len(inside))
        for item in inside.values():
            item.engine_seconds += seconds / len(inside)
        self._metrics.busy_seconds.labels(engine.card.name).inc(seconds)

    def _noted(self, note: Callable[[], None]) -> bool:
        """Tell the profile something; an error there costs no picture, and the rest of the session is not measured."""
        try:
            note()
        except Exception as error:
            LOOP_ERRORS.labels("loom").inc()
            log.error("costs_not_noted", exc_info=error)
            return False
        return True

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
            settle(item, why, emit)
        return [item.job.id for item, _ in gone]

    async def _step(self, session: Session, items: Sequence[BatchItem]) -> tuple[StepReport, float]:
        seconds = 0.0

        def step() -> StepReport:
            nonlocal seconds
            start = time.monotonic()
            try:
                return session.step()
            finally:
                seconds = time.monotonic() - start
                self._heartbeat.moved()

        try:
            report = await self._claims.watch(
                self.in_thread(step),
                [item.job for item in items],
                stuck_seconds=self._parts.stuck_seconds,
                on_stuck=self._parts.on_stuck,
            )
        finally:  # A step that failed kept the device busy as well.
            for item in items:
                self._claims.spend(item.job, gpu=seconds / len(items), engine=seconds)
        return report, seconds

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


def _chunks(items: Sequence[BatchItem], size: int) -> Iterable[list[BatchItem]]:
    size = max(size, 1)
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
