"""Server-sent events: the socket's events for clients without one, resumable by `Last-Event-ID`.

The framework writes the frames, and a comment after 15 s of silence that keeps proxies from closing the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.api.dependencies import CallerDep, ServicesDep, holds
from gateway.api.guarding import GuardedRouter
from gateway.rules.text import PathId, Seq
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.views import snapshot_of
from proteus.events import ClientEvent, JobEvent
from proteus.jobs import TERMINAL

router = GuardedRouter(tags=["events"])

LOOK_SECONDS: Final = 0.4
"""How soon a silent stream notices that its token or key has ended or that the process is to stop."""

QUEUE_MOST: Final = 1_000
"""Messages a slow reader may lag behind; then its stream ends, and it resumes by its last id."""

_EXAMPLE: Final = (
    'event: job\ndata: {"kind":"job","seq":7,"job_id":"job_3f2b…","status":"completed","results":[…]}\nid: 7\n\n'
)
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`job` and `progress` events of docs/events.schema.json; a `job` event's id is its `seq`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}
LastEventId = Annotated[
    Seq | None, Header(alias="Last-Event-ID", description="`seq` of the last event you have; you get what follows.")
]


@dataclass(frozen=True, kw_only=True)
class Followed:
    """One job to follow.

    Attributes:
        job_id: The job's own id, even if the client used another.
        last_seq: Events after it are sent.
        first: The job as it was at `last_seq`; None: the client has it, or it is a draft.
    """

    job_id: str
    last_seq: int
    first: JobEvent | None


async def _uncached(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


async def followed(
    services: ServicesDep, caller: CallerDep, job_id: PathId, last_event_id: LastEventId = None
) -> Followed:
    """The job to stream; a missing one is refused before the stream begins."""
    status = await services.statuses.of(caller.user_id, job_id)
    if last_event_id:
        return Followed(job_id=status.job_id, last_seq=int(last_event_id), first=None)
    async with services.ledger.read() as reads:
        last_seq = (await reads.users.last_seqs([caller.user_id])).get(caller.user_id, 0)
    status = await services.statuses.of(caller.user_id, job_id)
    first = snapshot_of(status, seq=last_seq, at=datetime.now(UTC))
    return Followed(job_id=status.job_id, last_seq=last_seq, first=first)


_LISTENING: Final = [holds("streams"), Depends(_uncached)]


@router.get(
    "/v1/events",
    dependencies=_LISTENING,
    response_class=EventSourceResponse,
    responses=_RESPONSES,
    summary="Stream all your events",
)
async def events(
    services: ServicesDep, caller: CallerDep, last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Stream `job` and `progress` events of all your jobs, from `Last-Event-ID` or from now on."""
    last_seq = int(last_event_id) if last_event_id else None
    async with aclosing(_events(services, caller, last_seq)) as news:
        async for event in news:
            yield _frame(event)


@router.get(
    "/v1/tryons/{job_id}/events",
    dependencies=_LISTENING,
    response_class=EventSourceResponse,
    responses=_RESPONSES,
    summary="Stream one try-on's events",
)
async def tryon_events(
    services: ServicesDep, caller: CallerDep, job: Annotated[Followed, Depends(followed)]
) -> AsyncIterator[ServerSentEvent]:
    """Stream one job's events until it has ended. Without `Last-Event-ID` the first event is the job as it is now."""
    if job.first is not None:
        yield _frame(job.first)
        if job.first.status in TERMINAL:
            return
    async with aclosing(_events(services, caller, job.last_seq)) as news:
        async for event in news:
            if event.job_id == job.job_id:
                yield _frame(event)
                if isinstance(event, JobEvent) and event.status in TERMINAL:
                    return


async def _events(services: Services, caller: Caller, last_seq: int | None) -> AsyncGenerator[ClientEvent, None]:
    """Yield what the relay delivers; end when the process stops, the token or user ends, or the reader is too slow."""
    queue: asyncio.Queue[ClientEvent] = asyncio.Queue(QUEUE_MOST)

    async def deliver(event: ClientEvent) -> None:
        if not queue.full():
            queue.put_nowait(event)

    subscriber = await services.relay.subscribe(caller.user_id, last_seq, deliver)
    try:
        while services.callers.still(caller) and not (services.stopping.is_set() or queue.full()):
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    event = await queue.get()
            except TimeoutError:
                continue
            yield event
    finally:
        services.relay.unsubscribe(subscriber)


def _frame(event: ClientEvent) -> ServerSentEvent:
    seq = str(event.seq) if isinstance(event, JobEvent) else None
    return ServerSentEvent(event=event.kind, id=seq, raw_data=event.wire_json())
