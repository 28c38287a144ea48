"""Reports the progress of running jobs, at most twice a second per job; ephemeral, so a report may fail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from proteus.jobs import JobId, Stage
from proteus.queue import AnyQueue, Claimed

INTERVAL_SECONDS: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How far a job is."""

    token: int
    stage: Stage
    step: int = 0
    steps: int = 0


class ProgressReporter:
    """Keeps the newest mark of each job; `tell`, called every half second, reports those that changed."""

    def __init__(self, queue: AnyQueue) -> None:
        self._queue = queue
        self._latest: dict[JobId, Mark] = {}

    def note(self, job: Claimed, stage: Stage, step: int = 0, steps: int = 0) -> None:
        """Remember how far the job is."""
        self._latest[job.id] = Mark(token=job.token, stage=stage, step=step, steps=steps)

    def forget(self, job: Claimed) -> None:
        """Drop the mark of a settled job."""
        self._latest.pop(job.id, None)

    async def tell(self) -> None:
        """Report the new marks. A mark that the queue refuses does not stop the others.

        Raises:
            ExceptionGroup: Some reports failed; the next marks make up for them.
        """
        marks, self._latest = self._latest, {}
        told = await asyncio.gather(*(self._tell(*mark) for mark in marks.items()), return_exceptions=True)
        if errors := [error for error in told if isinstance(error, Exception)]:
            raise ExceptionGroup("progress_not_reported", errors)

    async def _tell(self, job_id: JobId, mark: Mark) -> None:
        await self._queue.report_progress(job_id, mark.token, stage=mark.stage, step=mark.step, steps=mark.steps)
