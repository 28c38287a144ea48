"""One queue's event stream -> recorder, acknowledged after the commit; an event that cannot be recorded is set aside.

All replicas share one consumer group, so each event is read once, and again (here or elsewhere) until it is
acknowledged. A batch that fails through its own content is halved until the one bad event is alone: the good ones are
recorded at once. The bad one is retried a few times; then it is moved, with the reason, to the stream of bad events. If
it was the end of a job, the job ends as failed. A completion whose result cannot be read fails its job and goes there,
too. While a server is away nothing is set aside: the batch is retried.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from gateway.ledger.jobs import JobRow
from gateway.recording.halving import Refused, in_parts
from gateway.recording.recorder import Recorder
from gateway.recording.transitions import why_unreadable
from proteus.bus import EventReader
from proteus.jobs import ENDS, EventKind, JobState
from proteus.queue import QueueEvent
from proteus.replies import is_away
from proteus.service.supervision import Pulse

log = structlog.get_logger()

READ_COUNT: Final = 200
"""Events per transaction: enough to share a commit under load, few enough to stay within milliseconds."""

READ_BLOCK_MS: Final = 250
"""Longest wait for events: how soon a stopping gateway ends its reads."""

ARRIVALS_HELD_SECONDS: Final = 0.2
"""Well below the age at which the outbox is swept: an arrived job is not pushed again."""

DELIVERIES_MOST: Final = 3
"""How often an event may fail by itself: two replicas that collided on one row succeed the second time."""


class Follower:
    """Records one queue's events, for ever.

    Args:
        reader: This process's place in the group.
        recorder: Records the events.
        stop: Ends the loop.
    """

    def __init__(self, reader: EventReader, recorder: Recorder, stop: asyncio.Event) -> None:
        self._reader = reader
        self._recorder = recorder
        self._stop = stop
        self._held: list[QueueEvent] = []
        self._due_at = 0.0

    async def run(self, pulse: Pulse) -> None:
        """Record until `stop` is set. Events that a failed round held are retried first.

        No client waits for the event that a job has arrived in its queue: arrivals share a few transactions a second.
        """
        await self._settle_held()
        while not self._stop.is_set():
            pulse.turn()
            events = await self._reader.read(READ_COUNT, READ_BLOCK_MS)
            now = time.monotonic()
            self._due_at = self._due_at if self._held else now + ARRIVALS_HELD_SECONDS
            self._held += events
            if (
                now >= self._due_at
                or len(self._held) >= READ_COUNT
                or any(one.kind is not EventKind.SUBMITTED for one in events)
            ):
                await self._settle_held()

    async def _settle_held(self) -> None:
        while self._held:
            batch = self._held[:READ_COUNT]
            await self._settle(batch)
            del self._held[: len(batch)]

    async def _settle(self, events: Sequence[QueueEvent]) -> None:
        """Record the events, and acknowledge those that are; judge those that cannot be."""
        async for part in in_parts(self._recorder.settle, events):
            if isinstance(part, Refused):
                await self._judge(part.event, part.error)
            else:
                await self._acknowledge(part.events, {row.id: row for row in part.changed})

    async def _acknowledge(self, events: Sequence[QueueEvent], changed: Mapping[str, JobRow]) -> None:
        for event in events:
            row = changed.get(event.job_id)
            if event.kind is EventKind.COMPLETED and row is not None and row.state is JobState.FAILED:
                # The row is recorded; the worker's result is kept for an operator to examine.
                wrong = why_unreadable(row.kind, event.data.get("result") or {})
                await self._reader.set_aside(event.entry_id, f"the result cannot be read: {wrong}")
        await self._reader.ack(*[event.entry_id for event in events])

    async def _judge(self, event: QueueEvent, error: Exception) -> None:
        """Leave an event that failed alone for later; after a few times end the job it ends, and set it aside."""
        deliveries = await self._reader.deliveries(event.entry_id)
        reason = f"not recorded: {type(error).__name__}: {error}"
        log.error("event_not_recorded", job_id=event.job_id, kind=event.kind, deliveries=deliveries, error=reason[:500])
        if deliveries < DELIVERIES_MOST:
            return
        if event.kind in ENDS:
            try:
                await self._recorder.give_up(event.job_id)
            except Exception as error_again:
                if is_away(error_again):
                    raise
                log.error("job_not_ended", job_id=event.job_id, exc_info=error_again)  # The reconciler's turn.
        await self._reader.set_aside(event.entry_id, reason)
