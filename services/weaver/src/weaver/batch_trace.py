"""The spans of one session: the batch's own, and one for each picture's time in it; they link to each other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from secrets import token_hex

from proteus.jobs import JobId, JobState
from proteus.tracing import interval
from weaver.open_batch import BatchItem, Emit
from weaver.pipelines.contract import Finished


class BatchTrace:
    """Traces one session, and who joins it.

    Args:
        items: The jobs it begins with.
        canvas: Their canvas key.
        emit: Receives the batch items whose outcome is known.
    """

    def __init__(self, items: Sequence[BatchItem], canvas: str, emit: Emit) -> None:
        self._id = token_hex(16)
        self._traces = [item.job.trace_id for item in items if item.job.trace_id]
        self._canvas = canvas
        self._pictures = len(items)
        self._emit = emit
        self._began_at = time.time()
        self._joined_at: dict[JobId, float] = {}

    def joined(self, item: BatchItem) -> None:
        """Begin the span of a picture that joins."""
        self._joined_at[item.job.id] = time.time()
        self._pictures += 1
        if item.job.trace_id:
            self._traces.append(item.job.trace_id)

    def emit(self, done: Sequence[BatchItem]) -> None:
        """Send the span of each picture that leaves, and pass the pictures on."""
        now = time.time()
        for item in done:
            interval(
                "weave",
                item.job.trace_id,
                self._joined_at.get(item.job.id, self._began_at),
                now,
                links=[self._id],
                job_id=item.job.id,
                batch_key=item.job.batch_key,
                pictures=self._pictures,
                engine_seconds=round(item.engine_seconds, 4),
                outcome=JobState.COMPLETED if isinstance(item.outcome, Finished) else type(item.outcome).__name__,
            )
        self._emit(done)

    def end(self, engine_seconds: float) -> None:
        """Send the batch's span."""
        interval(
            f"batch {self._canvas.partition('/')[0]}",
            self._id,
            self._began_at,
            time.time(),
            root=True,
            links=self._traces,
            canvas=self._canvas,
            pictures=self._pictures,
            engine_seconds=round(engine_seconds, 4),
        )
