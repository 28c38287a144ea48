"""Engine `timed`: sleeps t(b) and returns the person's photo. For tests, benchmarks and chaos; off unless named.

It follows the engine seam exactly, step by step, so a measurement with it covers everything but the model. A job's
`options` may make it misbehave, so that the fleet's reaction can be tested:

    {"poison": "crash"}     the process dies at the first step
    {"poison": "hang"}      the step never returns (a deadlock in the engine)
    {"poison": "raise"}     the step raises without naming a job
    {"poison": "sicken"}    the engine never works again in this process
    {"poison": "refuse"}    the session refuses to admit the job
    {"poison": "fail"}      the job fails alone, with a code that is not retryable
    {"oom_above": 2}        a session of more than two jobs runs out of memory

Jobs of the public API carry no options. For load that comes in through it a deployment may name seeds that are poison
(`WEAVER_TIMED_POISON`; none by default).

It can write down what it did (`WEAVER_TIMED_STEP_LOG`), apart from all that the fleet reports of it: a line of JSON for
each step that it ended, with its seconds and its jobs. Usage is compared with that.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import cast

import numpy as np

from proteus.engines import TIMED, EngineCard
from proteus.errors import OutOfMemory, PhotoRejected
from proteus.jobs import JobId
from weaver.pipelines.contract import Failed, Finished, Progress, StepReport, WeaveJob, preset_of
from weaver.settings import Poison

SAMPLE_HEIGHT, SAMPLE_WIDTH = 64, 48


class TimedEngine:
    """Sleeps instead of weaving.

    Args:
        curve: Seconds of a whole batch by its size, at the balanced preset's number of steps; linear between the sizes
            named, and beyond the last one by its cost per picture. Other presets cost in proportion to their steps.
        poison: Seeds of jobs that misbehave, and how; a job's own options come first.
        sleep: Waits; tests that need no time pass their own.
        step_log: File to which each step is appended; empty: none.
    """

    card: EngineCard = TIMED

    def __init__(
        self,
        curve: Mapping[int, float],
        *,
        poison: Mapping[int, Poison] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        step_log: str = "",
    ) -> None:
        self._curve = dict(sorted(curve.items()))
        self._poison = dict(poison or {})
        self._sleep = sleep
        # One write call per line, which several workers may append to one file.
        self._log = os.open(step_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if step_log else None
        self.sick = False

    def prepare(self, job: WeaveJob) -> WeaveJob:
        """Return the job as it is."""
        return job

    def open(self, canvas: str) -> TimedSession:
        """Start a session."""
        return TimedSession(self, canvas)

    def step_seconds(self, batch_size: int) -> float:
        """Return the seconds of one step of a batch of this size."""
        sizes = list(self._curve)
        last = sizes[-1]
        if batch_size > last:
            seconds = self._curve[last] * batch_size / last
        else:
            seconds = float(np.interp(batch_size, sizes, [self._curve[size] for size in sizes]))
        return seconds / TIMED.presets["balanced"].steps

    def poison_of(self, job: WeaveJob) -> str | None:
        """Return how a job misbehaves, if it does."""
        return job.options.get("poison") or self._poison.get(job.seed)

    def sleep(self, seconds: float) -> None:
        """Sleep for the batch's time."""
        self._sleep(seconds)

    def write_down(self, seconds: float, jobs: Iterable[JobId]) -> None:
        """Append a step to the log, if there is one."""
        if self._log is not None:
            line = {"at": time.time(), "pid": os.getpid(), "seconds": seconds, "jobs": list(jobs)}
            os.write(self._log, json.dumps(line).encode() + b"\n")

    def sample_job(self, canvas: str) -> WeaveJob:
        """Return a job without content; it costs the same as any other."""
        quality, degraded = self.card.sample_form(canvas)
        return WeaveJob(
            id=JobId("sample"),
            person=np.zeros((SAMPLE_HEIGHT, SAMPLE_WIDTH, 3), np.uint8),
            garment=np.zeros((SAMPLE_HEIGHT, SAMPLE_WIDTH, 4), np.uint8),
            garment_category="upper",
            quality=quality,
            degraded=degraded,
        )


class TimedSession:
    """One batch: every step sleeps, each job is done after its own number of steps."""

    def __init__(self, engine: TimedEngine, canvas: str) -> None:
        self._engine = engine
        self._canvas = canvas
        self._steps: dict[JobId, int] = {}
        self._jobs: dict[JobId, WeaveJob] = {}
        self._done: dict[JobId, int] = {}

    def admit(self, job: WeaveJob) -> None:
        """Add a job."""
        if self._engine.poison_of(job) == "refuse":
            raise PhotoRejected
        self._steps[job.id] = preset_of(job, self._engine.card, self._canvas).steps
        self._jobs[job.id] = job
        self._done[job.id] = 0

    def step(self) -> StepReport:
        """Sleep one step, then report which jobs are done."""
        began_at = time.monotonic()
        self._misbehave()
        self._engine.sleep(self._engine.step_seconds(len(self._jobs)))
        self._engine.write_down(time.monotonic() - began_at, self._jobs)
        finished: list[Finished] = []
        failed: list[Failed] = []
        progress: list[Progress] = []
        for job in list(self._jobs.values()):
            self._done[job.id] += 1
            progress.append(Progress(id=job.id, step=self._done[job.id], steps=self._steps[job.id]))
            if self._engine.poison_of(job) == "fail":
                failed.append(Failed(id=job.id, error=PhotoRejected()))
                self.evict(job.id)
            elif self._done[job.id] >= self._steps[job.id]:
                finished.append(Finished(id=job.id, picture=job.person))
                self.evict(job.id)
        return StepReport(finished=finished, failed=failed, progress=progress)

    def evict(self, job_id: JobId) -> None:
        """Drop a job."""
        self._jobs.pop(job_id, None)
        self._done.pop(job_id, None)
        self._steps.pop(job_id, None)

    def park(self, job_id: JobId) -> object:
        """Take a job out, with the steps that it has done."""
        return self._jobs.pop(job_id), self._done.pop(job_id), self._steps.pop(job_id)

    def resume(self, parked: object) -> None:
        """Take a job in again."""
        job, done, steps = cast("tuple[WeaveJob, int, int]", parked)
        self._jobs[job.id], self._done[job.id], self._steps[job.id] = job, done, steps

    def close(self) -> None:
        """Forget every job."""
        self._jobs.clear()
        self._done.clear()
        self._steps.clear()

    def _misbehave(self) -> None:
        if self._engine.sick:
            raise RuntimeError("the device does not answer any more")
        for job in self._jobs.values():
            match self._engine.poison_of(job):
                case "crash":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "hang":
                    threading.Event().wait()
                case "sicken":
                    self._engine.sick = True
                case "raise":
                    raise RuntimeError(f"the batch broke at a step of {len(self._jobs)}")
            limit = job.options.get("oom_above")
            if isinstance(limit, int) and len(self._jobs) > limit:
                raise OutOfMemory
