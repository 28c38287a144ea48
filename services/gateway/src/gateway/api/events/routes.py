"""Server-sent events: the socket's events for clients without one, resumable by `Last-Event-ID`.

The framework writes the frames, and a comment after 15 s of silence that keeps proxies from closing the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
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


class Listening:
    """What the relay delivers to one stream; it begins before the answer does, so that it can still be refused."""

    def __init__(self, services: Services, caller: Caller) -> None:
        self._services = services
        self._caller = caller
        self._queue: asyncio.Queue[ClientEvent] = asyncio.Queue(QUEUE_MOST)

    @asynccontextmanager
    async def since(self, last_seq: int | None) -> AsyncGenerator[Listening]:
        """Listen to everything beyond `last_seq` (None: from now on).

        Raises:
            NotFound: The user does not exist any more.
        """
        subscriber = await self._services.relay.subscribe(self._caller.user_id, last_seq, self._deliver)
        try:
            yield self
        finally:
            self._services.relay.unsubscribe(subscriber)

    async def events(self) -> AsyncGenerator[ClientEvent]:
        """Yield each event; end when the process stops, the token or user ends, or the reader is too slow."""
        while self._services.callers.still(self._caller) and not (
            self._services.stopping.is_set() or self._queue.full()
        ):
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    event = await self._queue.get()
            except TimeoutError:
                continue
            yield event

    async def _deliver(self, event: ClientEvent) -> None:
        if not self._queue.full():
            self._queue.put_nowait(event)


@dataclass(frozen=True, kw_only=True)
class Followed:
    """One job to follow.

    Attributes:
        job_id: The job's own id, even if the client used another.
        first: The job as it was when the stream began; None: the client has it, or it is a draft.
        news: All events of its user from then on.
    """

    job_id: str
    first: JobEvent | None
    news: Listening


async def _uncached(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


async def listening(
    services: ServicesDep, caller: CallerDep, last_event_id: LastEventId = None
) -> AsyncIterator[Listening]:
    """All events of the caller, from `Last-Event-ID` or from now on."""
    async with Listening(services, caller).since(int(last_event_id) if last_event_id else None) as news:
        yield news


async def followed(
    services: ServicesDep, caller: CallerDep, job_id: PathId, last_event_id: LastEventId = None
) -> AsyncIterator[Followed]:
    """The job to stream; a missing one is refused before the stream begins."""
    status = await services.statuses.of(caller.user_id, job_id)
    last_seq, first = int(last_event_id or 0), None
    if not last_event_id:
        async with services.ledger.read() as reads:
            last_seq = (await reads.users.last_seqs([caller.user_id])).get(caller.user_id, 0)
        status = await services.statuses.of(caller.user_id, job_id)
        first = snapshot_of(status, seq=last_seq, at=datetime.now(UTC))
    async with Listening(services, caller).since(last_seq) as news:
        yield Followed(job_id=status.job_id, first=first, news=news)


_LISTENING: Final = [holds("streams"), Depends(_uncached)]


@router.get(
    "/v1/events",
    dependencies=_LISTENING,
    response_class=EventSourceResponse,
    responses=_RESPONSES,
    summary="Stream all your events",
)
async def events(news: Annotated[Listening, Depends(listening)]) -> AsyncIterator[ServerSentEvent]:
    """Stream `job` and `progress` events of all your jobs, from `Last-Event-ID` or from now on."""
    async with aclosing(news.events()) as each:
        async for event in each:
            yield _frame(event)


@router.get(
    "/v1/tryons/{job_id}/events",
    dependencies=_LISTENING,
    response_class=EventSourceResponse,
    responses=_RESPONSES,
    summary="Stream one try-on's events",
)
async def tryon_events(job: Annotated[Followed, Depends(followed)]) -> AsyncIterator[ServerSentEvent]:
    """Stream one job's events until it has ended. Without `Last-Event-ID` the first event is the job as it is now."""
    if job.first is not None:
        yield _frame(job.first)
        if job.first.status in TERMINAL:
            return
    async with aclosing(job.news.events()) as each:
        async for event in each:
            if event.job_id == job.job_id:
                yield _frame(event)
                if isinstance(event, JobEvent) and event.status in TERMINAL:
                    return


def _frame(event: ClientEvent) -> ServerSentEvent:
    seq = str(event.seq) if isinstance(event, JobEvent) else None
    return ServerSentEvent(event=event.kind, id=seq, raw_data=event.wire_json())
