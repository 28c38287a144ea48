"""Records a batch of facts of which one may be impossible to record: it keeps no other one from being recorded.

A batch is one transaction, so one fact that Postgres refuses fails all of them. The batch is halved until the one is
alone. A server that is away is no fault of a fact: the error passes on, and the whole batch comes again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from gateway import metrics
from gateway.ledger.jobs import JobRow
from proteus.queue import QueueEvent
from proteus.replies import is_away

log = structlog.get_logger()

Settle = Callable[[Sequence[QueueEvent]], Awaitable[list[JobRow]]]
"""Records facts in one transaction; returns the rows that changed (`Recorder.settle`)."""


@dataclass(frozen=True)
class Recorded:
    """A part of the batch that was committed."""

    events: Sequence[QueueEvent]
    changed: Sequence[JobRow]


@dataclass(frozen=True)
class Refused:
    """A fact that cannot be recorded."""

    event: QueueEvent
    error: Exception


async def in_parts(settle: Settle, events: Sequence[QueueEvent]) -> AsyncIterator[Recorded | Refused]:
    """Record the facts; yield each part as soon as it is committed, and each fact that cannot be."""
    if not events:
        return
    try:
        changed = await settle(events)
    except Exception as error:
        if is_away(error):
            raise
        refused = error
    else:
        yield Recorded(events, changed)
        return
    if len(events) == 1:
        yield Refused(events[0], refused)
        return
    middle = len(events) // 2
    for half in (events[:middle], events[middle:]):
        async for part in in_parts(settle, half):
            yield part


async def each(settle: Settle, events: Sequence[QueueEvent]) -> list[QueueEvent]:
    """Record the facts that can be and return them; count and log the others, which the next round tries again."""
    done: list[QueueEvent] = []
    async for part in in_parts(settle, events):
        if isinstance(part, Recorded):
            done += part.events
        else:
            metrics.FACTS_REFUSED.labels(part.event.kind).inc()
            error = f"{type(part.error).__name__}: {part.error}"[:500]
            log.error("fact_not_recorded", job_id=part.event.job_id, kind=part.event.kind, error=error)
    return done
